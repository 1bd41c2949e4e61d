//! Whether a program is sound: every number points into the table that it is for.

use super::LoadError;
use crate::program::{
    Action, CAPTURE_SLOTS, Collection, Control, Disruption, Exclusion, Key, Macro, Operator, Part,
    Program, Rule, SetVar, Target, TxChange, TxName,
};
use lockgate_patterns::Patterns;

/// How many patterns and sets a program uses: one more than the highest number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) patterns: u32,
    pub(crate) sets: u32,
}

/// Numbers of patterns and sets that no program needs; they bound what a transaction keeps.
const PATTERNS_MAX: u32 = 1 << 16;
const SETS_MAX: u32 = 1 << 10;

struct Checker<'p> {
    program: &'p Program,
    counts: Counts,
}

type Checked = Result<(), LoadError>;

fn require(holds: bool, otherwise: &'static str) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(LoadError::Unsound(otherwise))
    }
}

/// Checks a program.
pub(crate) fn check(program: &Program, patterns: &Patterns) -> Result<Counts, LoadError> {
    let mut checker = Checker {
        program,
        counts: Counts::default(),
    };
    for slot in 0..CAPTURE_SLOTS {
        let name = program.tx_names.get(usize::from(slot));
        let digit = slot.to_string();
        require(name == Some(&digit), "the capture slots are not the first")?;
    }
    require(
        program.tx_names.len() < usize::from(u16::MAX),
        "too many TX variables",
    )?;
    for phase in &program.phases {
        require(phase.is_sorted(), "the steps of a phase are out of order")?;
        for index in phase {
            require(
                (*index as usize) < program.rules.len(),
                "a step without a rule",
            )?;
        }
    }
    for rule in &program.rules {
        checker.rule(rule)?;
    }
    for meta in &program.metas {
        checker.text(&meta.msg)?;
        checker.text(&meta.logdata)?;
        for string in meta.tags.iter().chain(&meta.rev).chain(&meta.ver) {
            require(
                (*string as usize) < program.strings.len(),
                "a tag without a text",
            )?;
        }
    }
    let counts = checker.counts;
    require(counts.patterns <= PATTERNS_MAX, "too many patterns")?;
    require(
        counts.patterns as usize <= patterns.len(),
        "a pattern that is none",
    )?;
    require(counts.sets <= SETS_MAX, "too many sets of patterns")?;
    Ok(counts)
}

impl Checker<'_> {
    fn rule(&mut self, rule: &Rule) -> Checked {
        let chain = usize::from(rule.chain);
        require(
            chain < self.program.chains.len(),
            "a rule without transformations",
        )?;
        let meta = rule
            .meta
            .is_none_or(|meta| (meta as usize) < self.program.metas.len());
        require(meta, "a rule without its texts")?;
        for target in &rule.targets {
            self.target(target)?;
        }
        for exclusion in &rule.exclusions {
            self.exclusion(exclusion)?;
        }
        self.operator(&rule.operator)?;
        for action in &rule.actions {
            match action {
                Action::SetVar(set) => self.set_var(set)?,
                Action::Control(Control::RemoveTarget { target, .. }) => self.exclusion(target)?,
                Action::Control(_) => {}
            }
        }
        if let Disruption::Redirect(_, location) = &rule.disruption {
            self.text(location)?;
        }
        Ok(())
    }

    fn target(&mut self, target: &Target) -> Checked {
        self.key(&target.key)
    }

    fn exclusion(&mut self, exclusion: &Exclusion) -> Checked {
        self.key(&exclusion.key)
    }

    fn key(&mut self, key: &Key) -> Checked {
        match key {
            Key::All | Key::Name(_) => Ok(()),
            Key::Pattern(pattern) => {
                self.pattern(*pattern);
                Ok(())
            }
            Key::Slot(slot) => self.slot(*slot),
        }
    }

    fn slot(&self, slot: u16) -> Checked {
        let known = usize::from(slot) < self.program.tx_names.len();
        require(known, "a TX slot without a name")
    }

    fn pattern(&mut self, pattern: u32) {
        self.counts.patterns = self.counts.patterns.max(pattern.saturating_add(1));
    }

    fn operator(&mut self, operator: &Operator) -> Checked {
        match operator {
            Operator::Pattern { pattern, set, .. } => {
                self.pattern(*pattern);
                if let Some(set) = set {
                    self.counts.sets = self.counts.sets.max(u32::from(*set) + 1);
                }
                Ok(())
            }
            Operator::VerifyCreditCard { pattern } => {
                self.pattern(*pattern);
                Ok(())
            }
            Operator::Text(_, argument) | Operator::Number(_, argument) => self.text(argument),
            Operator::IpMatch(set) => {
                let known = usize::from(*set) < self.program.ip_sets.len();
                require(known, "an address set that is none")
            }
            _ => Ok(()),
        }
    }

    fn set_var(&mut self, set: &SetVar) -> Checked {
        match &set.name {
            TxName::Slot(slot) => self.slot(*slot)?,
            TxName::Dynamic(name) => self.text(name)?,
        }
        match &set.change {
            TxChange::Set(text) | TxChange::Add(text) | TxChange::Subtract(text) => self.text(text),
            TxChange::Unset => Ok(()),
        }
    }

    fn text(&self, text: &Macro) -> Checked {
        for part in &text.parts {
            if let Part::Tx(slot) = part {
                self.slot(*slot)?;
            }
        }
        Ok(())
    }
}

/// Whether rules of the phases after the request's body read what was in that body. If none does,
/// the body is not carried from one instance to another.
pub(crate) fn reads_request_body_late(program: &Program) -> bool {
    let late = program.phases.iter().skip(2).flatten();
    late.filter_map(|index| program.rules.get(*index as usize..))
        .flat_map(|rules| {
            let end = rules.iter().position(|rule| !rule.chained);
            rules.iter().take(end.map_or(rules.len(), |end| end + 1))
        })
        .flat_map(|rule| &rule.targets)
        .any(|target| {
            matches!(
                target.collection,
                Collection::Args
                    | Collection::ArgsNames
                    | Collection::ArgsPost
                    | Collection::ArgsPostNames
                    | Collection::Files
                    | Collection::FilesNames
                    | Collection::FullRequest
                    | Collection::RequestBody
                    | Collection::XmlText
                    | Collection::XmlAttributes
                    | Collection::MultipartPartHeaders
            )
        })
}
