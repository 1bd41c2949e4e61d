//! What is told of a request, as lines that a person reads from top to bottom.

/// Writes lines into a text; that does not fail.
macro_rules! line {
    ($out:expr $(, $($arguments:tt)*)?) => {{
        let _ = writeln!($out $(, $($arguments)*)?);
    }};
}

mod excerpt;
mod native;
mod program;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use lockgate_wire::explanation::Block;

use super::Told;
use native::write_native;
use program::{score, then_only, write_program};

/// All of it. `all`: also the rules that do not match, a line each.
pub(crate) fn text(told: &Told, all: bool) -> String {
    let mut out = String::new();
    head(told, &mut out);
    for note in &told.notes {
        line!(out, "  note: {note}");
    }
    verdict(told, &mut out);
    if let Some(program) = &told.now.program {
        write_program(told, program, &mut out);
    }
    then_only(told, &mut out);
    if let Some(native) = &told.now.native {
        write_native(native, all, &mut out);
    }
    out
}

fn head(told: &Told, out: &mut String) {
    let now = &told.now;
    line!(out, "request {}", told.id);
    line!(
        out,
        "  {} {}{} at {}",
        now.method,
        now.host,
        now.path,
        told.time
    );
    let mut client = now.client.clone();
    let country = now.country.clone();
    let asn = now.asn.map(|asn| format!("AS{asn}"));
    let place: Vec<String> = country.into_iter().chain(asn).collect();
    if !place.is_empty() {
        let _ = write!(client, " ({})", place.join(", "));
    }
    let route = told
        .route
        .as_ref()
        .map_or(String::new(), |route| format!(", route {route}"));
    line!(out, "  from {client}, site {}{route}", told.site);
    let code = told
        .code
        .as_ref()
        .map_or(String::new(), |code| format!(" {code}"));
    line!(
        out,
        "  answered {}{code} at stage {}",
        told.status,
        told.stage
    );
    if let Some(cause) = &told.cause {
        line!(out, "  cause: {cause}");
    }
    if let Some(body) = &told.body {
        let more = if body.whole { "" } else { ", its beginning" };
        if body.kept {
            line!(out, "  body: {} bytes looked at{more}", body.bytes);
        }
    }
    line!(out, "  bundle {}", told.bundle);
    if told.bundle != told.bundle_in_force {
        line!(out, "  bundle in force now {}", told.bundle_in_force);
    }
}

/// One sentence on what the rules in force do.
fn verdict(told: &Told, out: &mut String) {
    line!(out);
    match told.now.block() {
        _ if told.now.refused.is_some() => {
            let code = told.now.refused.as_deref().unwrap_or_default();
            line!(
                out,
                "The gate refuses the request before its rules are through: {code}."
            );
        }
        Some(Block::Native(rule)) => {
            let why = rule.why.as_deref().unwrap_or("it matches");
            line!(out, "Refused by the site's rule {}: {why}.", rule.name);
        }
        Some(Block::Program(_, decision)) if decision.rule == 0 => {
            line!(
                out,
                "Refused by a limit of the inspection: it took too much memory or work."
            );
        }
        Some(Block::Program(program, decision)) => {
            line!(
                out,
                "Refused by rule {} of the Core Rule Set{}.",
                decision.rule,
                score(program)
            );
        }
        None => {
            let detected = told.now.program.as_ref().filter(|program| {
                program.engine == "detection_only" && !program.findings.is_empty()
            });
            match detected {
                Some(program) => line!(
                    out,
                    "The rules let the request pass; the Core Rule Set only detects{}.",
                    score(program)
                ),
                None => line!(out, "The rules let the request pass."),
            }
        }
    }
}
