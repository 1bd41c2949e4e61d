//! What the Core Rule Set says of a request.

use std::fmt::Write as _;

use lockgate_wire::explanation::{Finding, FoundValue, Program};

use super::excerpt::{marked, steps};
use crate::explain::Told;

/// `: its score is 10, the threshold 5`.
pub(super) fn score(program: &Program) -> String {
    let of = |name: &str| program.scores.get(name);
    match (
        of("blocking_inbound_anomaly_score"),
        of("inbound_anomaly_score_threshold"),
    ) {
        (Some(score), Some(threshold)) => {
            format!(": its score is {score}, the threshold {threshold}")
        }
        _ => String::new(),
    }
}

pub(super) fn write_program(told: &Told, program: &Program, out: &mut String) {
    line!(out);
    line!(out, "Core Rule Set ({})", program.name);
    if !program.ran {
        line!(
            out,
            "  did not run: a rule of the site's own refused the request before"
        );
        return;
    }
    let (asked, rules) = (program.asked, program.rules);
    let matched = program.findings.len();
    line!(
        out,
        "  {asked} of {rules} rules were asked, {matched} matched and say so"
    );
    for finding in &program.findings {
        write_finding(finding, out);
    }
    if program.more > 0 {
        line!(out, "  and {} more", program.more);
    }
    write_scores(program, out);
    if told.bundle == told.bundle_in_force && told.recorded.inbound_score > 0 {
        line!(
            out,
            "  recorded then: inbound score {}",
            told.recorded.inbound_score
        );
    }
}

fn write_finding(finding: &Finding, out: &mut String) {
    let severity = finding.severity.map_or("", severity);
    let decided = if finding.decided { "  <- decided" } else { "" };
    line!(
        out,
        "  {}  {severity:8}  {}{decided}",
        finding.rule,
        finding.message
    );
    let mut shown: Vec<&FoundValue> = Vec::new();
    for value in &finding.values {
        if !shown.contains(&value) {
            write_value(value, out);
            shown.push(value);
        }
    }
    if !finding.data.is_empty() {
        line!(out, "            {}", finding.data);
    }
}

fn write_value(value: &FoundValue, out: &mut String) {
    let steps = steps(&value.transformations);
    line!(
        out,
        "            {}{steps}: {}",
        value.variable,
        marked(&value.value)
    );
}

/// Those that are not 0: the total first.
fn write_scores(program: &Program, out: &mut String) {
    let scores = program.scores.iter().filter(|(name, score)| {
        **score != 0
            && !name.ends_with("_threshold")
            && !name.starts_with("critical_")
            && !name.starts_with("error_")
            && !name.starts_with("warning_")
            && !name.starts_with("notice_")
    });
    let scores: Vec<String> = scores
        .map(|(name, score)| format!("{name} {score}"))
        .collect();
    if !scores.is_empty() {
        line!(out, "  scores: {}", scores.join(", "));
    }
}

/// What was found then and is not found now: rules of responses, or rules that have changed.
pub(super) fn then_only(told: &Told, out: &mut String) {
    let now = told.now.findings();
    let known = |rule: u32| now.iter().any(|finding| finding.rule == rule);
    let gone = told
        .recorded
        .findings
        .iter()
        .filter(|finding| !known(finding.rule));
    let gone: Vec<&Finding> = gone.collect();
    if gone.is_empty() {
        return;
    }
    line!(out);
    line!(
        out,
        "Found then, in the response or by rules that are others now"
    );
    for finding in gone {
        write_finding(finding, out);
    }
    if told.recorded.outbound_score > 0 {
        line!(out, "  outbound score {}", told.recorded.outbound_score);
    }
}

fn severity(number: u8) -> &'static str {
    match number {
        0 => "emergency",
        1 => "alert",
        2 => "critical",
        3 => "error",
        4 => "warning",
        5 => "notice",
        6 => "info",
        _ => "debug",
    }
}
