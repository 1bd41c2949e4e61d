//! Why a request was refused: what was recorded of it then, and what every rule in force says of it now.

mod text;

use lockgate_record::rfc3339_ms;
use lockgate_wire::explanation::{Excerpt, Explanation, Finding, FoundValue, escaped};
use lockgate_wire::{Inspection, Outcome};
use serde::{Deserialize, Serialize};

use crate::gate::findings::Kept;

pub(crate) use text::text;

/// What is told of a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// When it came (RFC 3339).
    pub time: String,
    /// The site.
    pub site: String,
    /// The route, where one was found.
    pub route: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The code of the gate's own answer.
    pub code: Option<String>,
    /// Why, as the record says it.
    pub cause: Option<String>,
    /// The stage that answered.
    pub stage: String,
    /// The digest of the bundle that decided then.
    pub bundle: String,
    /// The digest of the bundle that is in force now, and that `now` is of.
    pub bundle_in_force: String,
    /// What was recorded then.
    pub recorded: Recorded,
    /// Its body, where rules looked at one.
    pub body: Option<ToldBody>,
    /// What the rules in force say.
    pub now: Explanation,
    /// What to keep in mind.
    pub notes: Vec<String>,
}

/// What the rules said when the request came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The rule of the site's own that ended the evaluation.
    pub rule: Option<String>,
    /// Those that counted.
    pub counted: Vec<String>,
    /// Whether the counts of rate-based rules were over their limits, in the order of the rules.
    pub over: Vec<bool>,
    /// What the program of the site found, in request and response.
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub more: u32,
    /// The anomaly score of the request.
    pub inbound_score: u32,
    /// That of the response.
    pub outbound_score: u32,
    /// The response was withheld, not the request refused.
    pub response_withheld: bool,
}

/// The body of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldBody {
    /// The bytes that rules looked at and that are kept.
    pub bytes: u64,
    /// There was no more of it.
    pub whole: bool,
    /// It is kept, so that the rules can be asked again.
    pub kept: bool,
}

/// What is told of a request that was kept, with what the rules in force say of it.
#[must_use]
pub fn told(kept: &Kept, now: Explanation, bundle_in_force: &str) -> Told {
    let mut time = Vec::new();
    rfc3339_ms(kept.time_unix_ms, &mut time);
    let recorded = recorded(kept);
    let notes = notes(kept, &now, &recorded, bundle_in_force);
    Told {
        id: kept.id.clone(),
        time: String::from_utf8(time).unwrap_or_default(),
        site: kept.site.clone(),
        route: kept.route.clone(),
        status: kept.status,
        code: kept.code.clone(),
        cause: kept.cause.as_ref().map(|cause| escaped(cause.as_bytes())),
        stage: kept.stage.as_str().to_owned(),
        bundle: kept.bundle.clone(),
        bundle_in_force: bundle_in_force.to_owned(),
        recorded,
        body: body(kept),
        now,
        notes,
    }
}

fn body(kept: &Kept) -> Option<ToldBody> {
    match &kept.body {
        Some(body) => Some(ToldBody {
            bytes: body.bytes.len() as u64,
            whole: body.whole,
            kept: true,
        }),
        None => kept.body_dropped.then(ToldBody::default),
    }
}

fn recorded(kept: &Kept) -> Recorded {
    let mut recorded = Recorded {
        rule: kept.rule.clone(),
        counted: kept.counted.clone(),
        over: kept.over.clone(),
        ..Recorded::default()
    };
    let inspections: Vec<Inspection<'_>> = kept
        .inspections
        .iter()
        .filter_map(|bytes| Inspection::parse(bytes).ok())
        .collect();
    for inspection in &inspections {
        let findings = inspection.findings.iter().map(finding);
        recorded.findings.extend(findings);
        recorded.more = recorded.more.saturating_add(inspection.findings_more);
        recorded.inbound_score = recorded.inbound_score.max(inspection.inbound_score);
        recorded.outbound_score = recorded.outbound_score.max(inspection.outbound_score);
    }
    // The request's inspection lets pass what has one of its response.
    let denied = |inspection: &Inspection<'_>| inspection.outcome != Outcome::Pass;
    recorded.response_withheld =
        inspections.last().is_some_and(denied) && recorded.outbound_score > 0;
    recorded
}

fn finding(found: &lockgate_wire::Finding<'_>) -> Finding {
    Finding {
        rule: found.rule,
        severity: found.severity,
        decided: found.decided,
        message: escaped(found.message),
        data: escaped(found.data),
        values: found
            .values
            .iter()
            .map(|value| FoundValue {
                variable: escaped(value.variable),
                value: excerpt(value),
                ..FoundValue::default()
            })
            .collect(),
        ..Finding::default()
    }
}

fn excerpt(found: &lockgate_wire::FoundValue<'_>) -> Excerpt {
    let end = found.value.len();
    let range = found
        .span
        .map_or((0, end), |(start, end)| (start as usize, end as usize));
    Excerpt::new(found.value, range, 0, end)
}

fn notes(kept: &Kept, now: &Explanation, then: &Recorded, bundle_in_force: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: &str| notes.push(text.to_owned());
    if kept.bundle != bundle_in_force {
        note(
            "the configuration has changed since: what the rules say now may differ from what they \
             said then",
        );
    }
    if kept.body_dropped {
        note("the body was not kept: what looks at it says less now than it did then");
    }
    if then.response_withheld {
        note("the response was withheld; it is not kept, so its rules are told as they were then");
    }
    let blocks = now.block().is_some();
    if kept.refused() && !blocks && !then.response_withheld {
        note("the rules in force let this request pass");
    }
    if !kept.refused() && blocks {
        note("the rules in force refuse this request");
    }
    if !kept.refused() && kept.status >= 400 && kept.code.is_some() {
        note("no rule refused the request: see its code and stage");
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::findings::KeptBody;
    use lockgate_wire::explanation::{Came, NativeRule, NativeRules};

    fn kept(inspections: Vec<Vec<u8>>) -> Kept {
        Kept {
            id: "one".to_owned(),
            status: 403,
            code: Some("blocked".to_owned()),
            bundle: "b1".to_owned(),
            inspections,
            ..Kept::default()
        }
    }

    fn blocking() -> Explanation {
        let rule = NativeRule {
            came: Came::Blocks,
            ..NativeRule::default()
        };
        Explanation {
            native: Some(NativeRules {
                rules: vec![rule],
                ..NativeRules::default()
            }),
            ..Explanation::default()
        }
    }

    #[test]
    fn what_was_found_then_is_told_with_its_bytes() {
        let found = lockgate_wire::Finding {
            rule: 942_100,
            message: b"SQL \x1b",
            values: vec![lockgate_wire::FoundValue {
                variable: b"ARGS:q",
                value: b"a OR b",
                span: Some((2, 4)),
            }],
            ..lockgate_wire::Finding::default()
        };
        let request = Inspection {
            inbound_score: 5,
            findings: vec![found],
            findings_more: 2,
            ..Inspection::default()
        };
        let told = told(&kept(vec![request.to_bytes()]), blocking(), "b1");
        let recorded = &told.recorded;
        assert_eq!((recorded.inbound_score, recorded.more), (5, 2));
        assert_eq!(recorded.findings[0].message, "SQL \\x1b");
        let value = &recorded.findings[0].values[0].value;
        assert_eq!((&value.before[..], &value.matched[..]), ("a ", "OR"));
        assert!(told.notes.is_empty(), "{:?}", told.notes);
        assert_eq!(told.time, "1970-01-01T00:00:00.000Z");
        let json = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Told>(&json).unwrap(), told);
    }

    #[test]
    fn what_differs_is_noted() {
        let changed = told(&kept(Vec::new()), Explanation::default(), "b2");
        assert_eq!(changed.notes.len(), 2, "{:?}", changed.notes);
        let dropped = Kept {
            body_dropped: true,
            ..kept(Vec::new())
        };
        let dropped = told(&dropped, blocking(), "b1");
        assert_eq!(dropped.body, Some(ToldBody::default()));
        assert_eq!(dropped.notes.len(), 1, "{:?}", dropped.notes);
        let with_body = Kept {
            body: Some(KeptBody {
                bytes: bytes::Bytes::from_static(b"abc"),
                whole: true,
                program_bytes: None,
            }),
            ..kept(Vec::new())
        };
        let body = told(&with_body, blocking(), "b1").body.unwrap();
        assert!(body.kept && body.whole && body.bytes == 3);
    }

    #[test]
    fn a_response_that_was_withheld_is_told_from_a_refused_request() {
        let denied = Inspection {
            outcome: Outcome::Deny {
                status: 403,
                rule: 959_100,
            },
            outbound_score: 4,
            ..Inspection::default()
        };
        let told = told(&kept(vec![denied.to_bytes()]), Explanation::default(), "b1");
        assert!(told.recorded.response_withheld);
        assert_eq!(told.notes.len(), 1, "{:?}", told.notes);
    }
}
