//! What the program of a site says.

use lockgate_waf::program::{EngineMode, Phase};
use lockgate_waf::{Engine, Matched, MatchedValue, Transaction, Verdict};
use lockgate_wire::explanation::{self, Decision, Excerpt, Finding, FoundValue, escaped};
use lockgate_wire::{Input, Seen};

use crate::inspect::{fields, request, run_request};
use crate::policy::Policy;
use crate::programs::Program;

/// A program that a rule of the site's own has kept from running.
pub(super) fn not_run(program: &Program) -> explanation::Program {
    let engine = &program.engine;
    explanation::Program {
        name: program.name.clone(),
        engine: mode(engine.program().settings.engine).to_owned(),
        rules: rules(engine),
        ..explanation::Program::default()
    }
}

/// Runs the phases of the request.
pub(super) fn tell(
    policy: &Policy,
    program: &Program,
    (input, seen): (&Input<'_>, &Seen<'_>),
    request_id: &str,
    body: Option<&[u8]>,
) -> explanation::Program {
    let engine = &*program.engine;
    let headers = fields(input);
    let request = request(input, seen, &headers, request_id);
    let mut transaction = Transaction::with(engine, policy.take_workspace(), &request);
    run_request(&mut transaction, body);
    transaction.run_phase(Phase::Logging);
    let told = explanation::Program {
        ran: true,
        engine: mode(transaction.mode()).to_owned(),
        asked: transaction.rules_asked(),
        decision: decision(transaction.verdict()),
        scores: transaction
            .scores()
            .map(|(name, score)| (name.to_owned(), score))
            .collect(),
        findings: transaction
            .matched()
            .iter()
            .map(|matched| finding(engine, matched))
            .collect(),
        more: transaction.matched_more(),
        ..not_run(program)
    };
    policy.leave_workspace(transaction.finish());
    told
}

/// How many rules there are, chains as one.
fn rules(engine: &Engine) -> u32 {
    let heads = engine.program().phases.iter().map(Vec::len).sum::<usize>();
    u32::try_from(heads).unwrap_or(u32::MAX)
}

fn mode(mode: EngineMode) -> &'static str {
    match mode {
        EngineMode::On => "on",
        EngineMode::DetectionOnly => "detection_only",
        EngineMode::Off => "off",
    }
}

fn decision(verdict: &Verdict) -> Option<Decision> {
    match verdict {
        Verdict::Pass => None,
        Verdict::Deny { status, rule } | Verdict::Redirect { status, rule, .. } => Some(Decision {
            status: *status,
            rule: *rule,
        }),
        Verdict::Drop { rule } => Some(Decision {
            status: 0,
            rule: *rule,
        }),
    }
}

fn finding(engine: &Engine, matched: &Matched) -> Finding {
    Finding {
        rule: matched.id,
        phase: matched.phase.number(),
        severity: matched.severity.map(|severity| severity.number()),
        decided: matched.disruptive,
        message: escaped(&matched.msg),
        data: escaped(&matched.data),
        tags: engine.tags(matched.rule).map(str::to_owned).collect(),
        values: matched
            .values
            .iter()
            .map(|value| found(engine, matched.rule, value))
            .collect(),
    }
}

fn found(engine: &Engine, head: u32, value: &MatchedValue) -> FoundValue {
    let end = value.value.len();
    // Where a rule does not say which bytes, it is all of them.
    let range = value
        .span
        .map_or((0, end), |(start, end)| (start as usize, end as usize));
    FoundValue {
        link: value.link,
        variable: escaped(&value.variable),
        transformations: transformations(engine, head.saturating_add(value.link.into())),
        value: Excerpt::new(
            &value.value,
            range,
            value.offset as usize,
            value.length as usize,
        ),
    }
}

/// What is done to the values of a rule before it looks at them.
fn transformations(engine: &Engine, rule: u32) -> Vec<String> {
    let program = engine.program();
    let rule = program.rules.get(rule as usize);
    let chain = rule.and_then(|rule| program.chains.get(usize::from(rule.chain)));
    let steps = chain.into_iter().flatten();
    steps.map(|step| step.name().to_owned()).collect()
}
