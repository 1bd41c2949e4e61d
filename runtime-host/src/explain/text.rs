//! What is told of a request, as lines that a person reads from top to bottom.

use std::fmt::Write as _;

use lockgate_wire::explanation::{
    Block, Came, Excerpt, Finding, FoundValue, NativeRule, NativeRules, Program,
};

use super::Told;

/// Characters of an excerpt that are shown before and behind what matched.
const AROUND_MAX: usize = 60;

/// Writes lines into a text; that does not fail.
macro_rules! line {
    ($out:expr $(, $($arguments:tt)*)?) => {{
        let _ = writeln!($out $(, $($arguments)*)?);
    }};
}

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
                "The gate refuses the request before any rule is asked: {code}."
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

/// `: its score is 10, the threshold 5`.
fn score(program: &Program) -> String {
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

fn write_program(told: &Told, program: &Program, out: &mut String) {
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

fn steps(transformations: &[String]) -> String {
    transformations
        .iter()
        .map(|step| format!(" | {step}"))
        .collect()
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
fn then_only(told: &Told, out: &mut String) {
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

fn write_native(native: &NativeRules, all: bool, out: &mut String) {
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

/// `"1 [union select] 2"`, cut around what matched.
fn marked(excerpt: &Excerpt) -> String {
    let before: Vec<char> = excerpt.before.chars().collect();
    let from = before.len().saturating_sub(AROUND_MAX);
    let shown: String = before.into_iter().skip(from).collect();
    let start = if from > 0 || excerpt.cut_before {
        "..."
    } else {
        ""
    };
    let after: String = excerpt.after.chars().take(AROUND_MAX).collect();
    let cut = after.len() < excerpt.after.len() || excerpt.cut_after;
    let end = if cut { "..." } else { "" };
    format!("\"{start}{shown}[{}]{after}{end}\"", excerpt.matched)
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

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_wire::explanation::{Decision, Explanation, Place, Rate};

    fn told(now: Explanation) -> Told {
        Told {
            id: "0190".to_owned(),
            time: "2026-11-21T20:00:00.000Z".to_owned(),
            site: "shop".to_owned(),
            route: Some("/{*rest}".to_owned()),
            status: 403,
            code: Some("blocked".to_owned()),
            cause: Some("rule x".to_owned()),
            stage: "firewall".to_owned(),
            bundle: "b1".to_owned(),
            bundle_in_force: "b1".to_owned(),
            now: Explanation {
                method: "GET".to_owned(),
                host: "shop.test".to_owned(),
                path: "/products".to_owned(),
                client: "203.0.113.9".to_owned(),
                country: Some("DE".to_owned()),
                ..now
            },
            ..Told::default()
        }
    }

    fn rule(name: &str, came: Came) -> NativeRule {
        NativeRule {
            name: name.to_owned(),
            priority: 10,
            action: "block".to_owned(),
            came,
            ..NativeRule::default()
        }
    }

    #[test]
    fn a_block_of_the_set_reads_from_top_to_bottom() {
        let program = Program {
            name: "rules/crs.toml".to_owned(),
            engine: "on".to_owned(),
            ran: true,
            rules: 712,
            asked: 300,
            decision: Some(Decision {
                status: 403,
                rule: 949_110,
            }),
            scores: [
                ("blocking_inbound_anomaly_score".to_owned(), 5),
                ("critical_anomaly_score".to_owned(), 5),
                ("inbound_anomaly_score_threshold".to_owned(), 5),
            ]
            .into(),
            findings: vec![
                Finding {
                    rule: 942_100,
                    severity: Some(2),
                    message: "SQL Injection".to_owned(),
                    values: vec![FoundValue {
                        variable: "ARGS:q".to_owned(),
                        transformations: vec!["urlDecodeUni".to_owned()],
                        value: Excerpt::new(b"a' OR 1=1", (1, 9), 0, 9),
                        ..FoundValue::default()
                    }],
                    ..Finding::default()
                },
                Finding {
                    rule: 949_110,
                    decided: true,
                    message: "Exceeded".to_owned(),
                    ..Finding::default()
                },
            ],
            ..Program::default()
        };
        let text = text(
            &told(Explanation {
                program: Some(program),
                ..Explanation::default()
            }),
            false,
        );
        let expected = "\
request 0190
  GET shop.test/products at 2026-11-21T20:00:00.000Z
  from 203.0.113.9 (DE), site shop, route /{*rest}
  answered 403 blocked at stage firewall
  cause: rule x
  bundle b1

Refused by rule 949110 of the Core Rule Set: its score is 5, the threshold 5.

Core Rule Set (rules/crs.toml)
  300 of 712 rules were asked, 2 matched and say so
  942100  critical  SQL Injection
            ARGS:q | urlDecodeUni: \"a[' OR 1=1]\"
  949110            Exceeded  <- decided
  scores: blocking_inbound_anomaly_score 5
";
        assert_eq!(text, expected);
    }

    #[test]
    fn own_rules_are_short_and_with_all_they_are_long() {
        let blocks = NativeRule {
            status: Some(404),
            why: Some("it has the text".to_owned()),
            place: Some(Place {
                field: "path".to_owned(),
                value: Excerpt::whole(b"/admin"),
                ..Place::default()
            }),
            ..rule("admin", Came::Blocks)
        };
        let rate = NativeRule {
            rate: Some(Rate {
                limit: 10,
                window_s: 60,
                counted: true,
                over: false,
                key: "04cb007109".to_owned(),
            }),
            ..rule("many", Came::NoMatch)
        };
        let native = NativeRules {
            labels: vec!["shop:x".to_owned()],
            rules: vec![rate, blocks, rule("late", Came::NotReached)],
            ..NativeRules::default()
        };
        let told = told(Explanation {
            native: Some(native),
            ..Explanation::default()
        });
        let short = text(&told, false);
        assert!(
            short.contains("Refused by the site's rule admin: it has the text."),
            "{short}"
        );
        let lines = "\
     10  admin (block) matches: blocks with 404, it has the text
         path: \"[/admin]\"
  1 do not match: many
  1 were not reached: late
         many counted this request, within its limit of 10 in 60 s, key 04cb007109
  labels: shop:x
";
        assert!(short.ends_with(lines), "{short}");
        let long = text(&told, true);
        assert!(
            long.contains("     10  late (block) was not reached\n"),
            "{long}"
        );
        assert!(!long.contains("do not match:"), "{long}");
    }

    #[test]
    fn long_values_are_cut_around_what_matched() {
        let value = format!("{}evil{}", "a".repeat(100), "b".repeat(100));
        let excerpt = Excerpt::new(value.as_bytes(), (100, 104), 0, 204);
        let expected = format!("\"...{}[evil]{}...\"", "a".repeat(60), "b".repeat(60));
        assert_eq!(marked(&excerpt), expected);
    }
}
