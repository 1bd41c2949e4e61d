//! What the site's own rules say of a request.

use std::fmt::Write as _;

use lockgate_wire::explanation::{Came, NativeRule, NativeRules};

use super::excerpt::{marked, steps};

pub(super) fn write_native(native: &NativeRules, all: bool, out: &mut String) {
    line!(out);
    line!(out, "The site's own rules");
    let (matching, others): (Vec<&NativeRule>, Vec<&NativeRule>) = native
        .rules
        .iter()
        .partition(|rule| all || rule.came.matches());
    for rule in matching {
        write_rule(rule, out);
    }
    for (came, what) in [
        (Came::NoMatch, "do not match"),
        (Came::Expired, "have expired"),
        (Came::WaitsForBody, "wait for the body"),
        (Came::NotReached, "were not reached"),
    ] {
        let names = others.iter().filter(|rule| rule.came == came);
        let names: Vec<&str> = names.map(|rule| rule.name.as_str()).collect();
        if !names.is_empty() {
            line!(out, "  {} {what}: {}", names.len(), names.join(", "));
        }
    }
    for rule in native
        .rules
        .iter()
        .filter(|rule| !all && !rule.came.matches())
    {
        // What a count says is worth a line also where it is within its limit.
        write_rate(rule, out);
    }
    if !native.labels.is_empty() {
        line!(out, "  labels: {}", native.labels.join(", "));
    }
}

fn write_rule(rule: &NativeRule, out: &mut String) {
    let came = match rule.came {
        Came::NotReached => "was not reached",
        Came::Expired => "has expired",
        Came::NoMatch => "does not match",
        Came::WaitsForBody => "waits for the body",
        Came::Blocks => "matches: blocks",
        Came::Allows => "matches: allows",
        Came::Counts => "matches: counts",
        Came::Labels => "matches: labels",
    };
    let status = rule.status.filter(|_| rule.came == Came::Blocks);
    let status = status.map_or(String::new(), |status| format!(" with {status}"));
    let why = rule
        .why
        .as_ref()
        .map_or(String::new(), |why| format!(", {why}"));
    line!(
        out,
        "  {:>5}  {} ({}) {came}{status}{why}",
        rule.priority,
        rule.name,
        rule.action
    );
    if let Some(place) = &rule.place {
        let name = if place.name.is_empty() {
            String::new()
        } else {
            format!(" ({})", place.name)
        };
        let steps = steps(&place.transformations);
        line!(
            out,
            "         {}{name}{steps}: {}",
            place.field,
            marked(&place.value)
        );
    }
    if let Some(canary) = rule.canary {
        let side = if canary.within { "is" } else { "is not" };
        let percent = f64::from(canary.share) / 100.0;
        line!(
            out,
            "         it acts for {percent} % of the clients; this one {side} one of them"
        );
    }
    write_rate(rule, out);
}

fn write_rate(rule: &NativeRule, out: &mut String) {
    let Some(rate) = &rule.rate else {
        return;
    };
    let state = match (rate.counted, rate.over) {
        (false, _) => "did not count this request",
        (true, false) => "counted this request, within its limit",
        (true, true) => "counted this request, over its limit",
    };
    let key = if rate.key.is_empty() {
        String::new()
    } else {
        format!(", key {}", rate.key)
    };
    let (limit, window_s) = (rate.limit, rate.window_s);
    line!(
        out,
        "         {} {state} of {limit} in {window_s} s{key}",
        rule.name
    );
}
