//! Programs, written rule by rule.

use crate::program::{
    Action, CAPTURE_SLOTS, Collection, Comparison, Disruption, Exclusion, Key, Macro, Meta,
    Operator, Part, PatternKind, Phase, Program, Rule, SetVar, Target, TextMatch, TxChange, TxName,
};
use crate::{Engine, Request, Transaction};
use lockgate_patterns::{GroupId, Options, PatternId, PatternSetBuilder};
use lockgate_transform::Transformation;

/// A program on its way.
pub(super) struct Build {
    pub(super) program: Program,
    patterns: PatternSetBuilder,
    sets: Vec<(u16, Vec<PatternId>)>,
}

impl Build {
    pub(super) fn new() -> Self {
        let program = Program {
            tx_names: (0..CAPTURE_SLOTS).map(|slot| slot.to_string()).collect(),
            chains: vec![Vec::new()],
            metas: vec![Meta {
                log: true,
                ..Meta::default()
            }],
            ..Program::default()
        };
        Self {
            program,
            patterns: PatternSetBuilder::new(),
            sets: Vec::new(),
        }
    }

    /// The slot of a TX variable.
    pub(super) fn slot(&mut self, name: &str) -> u16 {
        let names = &mut self.program.tx_names;
        let at = names.iter().position(|known| known == name);
        let at = at.unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        at as u16
    }

    /// The index of a list of transformations.
    pub(super) fn chain(&mut self, names: &[&str]) -> u16 {
        let list: Vec<Transformation> = names
            .iter()
            .map(|name| Transformation::from_seclang(name).expect("a transformation"))
            .collect();
        let chains = &mut self.program.chains;
        let at = chains.iter().position(|known| *known == list);
        let at = at.unwrap_or_else(|| {
            chains.push(list);
            chains.len() - 1
        });
        at as u16
    }

    /// An expression outside of sets.
    pub(super) fn pattern(&mut self, text: &str) -> u32 {
        let options = Options {
            dot_matches_new_line: true,
            ..Options::default()
        };
        self.patterns
            .add_regex(text, options)
            .expect("an expression")
            .0
    }

    /// `@rx`, scanned with all others of the same set.
    pub(super) fn rx(&mut self, text: &str, set: u16) -> Operator {
        let pattern = self.pattern(text);
        match self.sets.iter_mut().find(|(known, _)| *known == set) {
            Some((_, members)) => members.push(PatternId(pattern)),
            None => self.sets.push((set, vec![PatternId(pattern)])),
        }
        Operator::Pattern {
            pattern,
            set: Some(set),
            kind: PatternKind::Regex,
        }
    }

    /// `@rx` by itself.
    pub(super) fn rx_alone(&mut self, text: &str) -> Operator {
        Operator::Pattern {
            pattern: self.pattern(text),
            set: None,
            kind: PatternKind::Regex,
        }
    }

    /// Adds a rule; one that heads a chain becomes a step of its phase. Answers its index.
    pub(super) fn add(&mut self, rule: Rule) -> u32 {
        let index = self.program.rules.len() as u32;
        let link = self.program.rules.last().is_some_and(|last| last.chained);
        if !link {
            self.program.phases[rule.phase.index()].push(index);
        }
        self.program.rules.push(rule);
        index
    }

    pub(super) fn engine(mut self) -> Engine {
        self.sets.sort_by_key(|(number, _)| *number);
        for (number, members) in &self.sets {
            let set = self.patterns.add_set_in(GroupId(0), members);
            assert_eq!(set.0, u32::from(*number), "sets are numbered from 0");
        }
        self.program.patterns = self.patterns.build().expect("tables");
        let image = self.program.to_image().expect("an image");
        Engine::load(&image).expect("a sound program")
    }
}

/// A rule that reports and passes: `SecRule TARGET "@..." "id:...,phase:2,pass,log"`.
pub(super) fn rule(id: u32, target: Target, operator: Operator) -> Rule {
    Rule {
        id,
        phase: Phase::RequestBody,
        targets: vec![target],
        exclusions: Vec::new(),
        chain: 0,
        multi_match: false,
        operator,
        negated: false,
        capture: false,
        chained: false,
        actions: Vec::new(),
        disruption: Disruption::Pass,
        skip_to: None,
        meta: Some(0),
    }
}

pub(super) fn all(collection: Collection) -> Target {
    Target {
        collection,
        key: Key::All,
        count: false,
    }
}

pub(super) fn named(collection: Collection, name: &str) -> Target {
    Target {
        collection,
        key: Key::Name(name.to_owned()),
        count: false,
    }
}

pub(super) fn tx(slot: u16) -> Target {
    Target {
        collection: Collection::Tx,
        key: Key::Slot(slot),
        count: false,
    }
}

pub(super) fn count(target: Target) -> Target {
    Target {
        count: true,
        ..target
    }
}

pub(super) fn without(collection: Collection, name: &str) -> Exclusion {
    Exclusion {
        collection,
        key: Key::Name(name.to_owned()),
    }
}

pub(super) fn text(how: TextMatch, argument: &str) -> Operator {
    Operator::Text(how, Macro::text(argument.as_bytes()))
}

pub(super) fn number(how: Comparison, argument: i64) -> Operator {
    Operator::Number(how, Macro::text(argument.to_string().as_bytes()))
}

pub(super) fn set(slot: u16, change: TxChange) -> Action {
    Action::SetVar(SetVar {
        name: TxName::Slot(slot),
        change,
    })
}

pub(super) fn of_slot(slot: u16) -> Macro {
    Macro {
        parts: vec![Part::Tx(slot)],
    }
}

/// A request with this target and these headers.
pub(super) fn get<'a>(uri: &'a str, headers: &'a [(&'a [u8], &'a [u8])]) -> Request<'a> {
    Request {
        uri: uri.as_bytes(),
        headers,
        ..Request::default()
    }
}

/// The phases of a request without a body.
pub(super) fn run<'e>(engine: &'e Engine, request: &Request<'_>) -> Transaction<'e> {
    run_with(engine, request, b"")
}

pub(super) fn run_with<'e>(
    engine: &'e Engine,
    request: &Request<'_>,
    body: &[u8],
) -> Transaction<'e> {
    let mut transaction = Transaction::new(engine, request);
    transaction.run_phase(Phase::RequestHeaders);
    transaction.set_body(body);
    transaction.run_phase(Phase::RequestBody);
    transaction
}

/// The ids that were reported.
pub(super) fn ids(transaction: &Transaction<'_>) -> Vec<u32> {
    transaction
        .matched()
        .iter()
        .map(|matched| matched.id)
        .collect()
}
