//! What the rules found: for the record, and for the client that they refuse.

use lockgate_wire::{Inspection, Outcome, WireError};

/// What inspections of a request and its response found, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspected {
    /// The ids of the rules that matched, in the order of their matching.
    pub rules: Vec<u32>,
    /// How many of them had no room.
    pub more: u32,
    /// The anomaly score of the request.
    pub inbound_score: u32,
    /// That of the response.
    pub outbound_score: u32,
    /// How long the request waited for it, microseconds.
    pub us: u32,
    /// For the inspection of the response; empty where there is none to come.
    pub state: Vec<u8>,
}

/// The rules refuse a request or withhold its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The status of the answer.
    pub status: u16,
    /// For the record.
    pub cause: String,
    /// The `Location` of the answer.
    pub location: Option<Vec<u8>>,
    /// The connection ends after it.
    pub close: bool,
}

impl Blocked {
    /// The stable code of the answer.
    pub const CODE: &'static str = "blocked";

    /// What an inspection decided; `None`: the request goes on.
    #[must_use]
    pub fn by(inspection: &Inspection<'_>) -> Option<Self> {
        let blocked = |status: u16, rule: u32| Self {
            status,
            cause: cause(inspection, rule),
            location: None,
            close: false,
        };
        match inspection.outcome {
            Outcome::Pass => None,
            Outcome::Deny { status, rule } => Some(blocked(status, rule)),
            Outcome::Redirect {
                status,
                rule,
                location,
            } => Some(Self {
                location: Some(location.to_vec()),
                ..blocked(status, rule)
            }),
            Outcome::Drop { rule } => Some(Self {
                close: true,
                ..blocked(403, rule)
            }),
        }
    }
}

fn cause(inspection: &Inspection<'_>, rule: u32) -> String {
    match inspection.findings.iter().find(|finding| finding.decided) {
        Some(finding) => format!("rule {rule}: {}", String::from_utf8_lossy(finding.message)),
        None if rule == 0 => "a limit of the inspection".to_owned(),
        None => format!("rule {rule}"),
    }
}

impl Inspected {
    /// Adds what one inspection found; the request waited so many microseconds for it.
    pub fn add(&mut self, inspection: &Inspection<'_>, waited_us: u32) {
        self.inbound_score = self.inbound_score.max(inspection.inbound_score);
        self.outbound_score = self.outbound_score.max(inspection.outbound_score);
        let rules = inspection.findings.iter().map(|finding| finding.rule);
        self.rules.extend(rules);
        self.more = self.more.saturating_add(inspection.findings_more);
        self.us = self.us.saturating_add(waited_us);
        self.state = inspection.state.to_vec();
    }

    /// Adds what the bytes of an inspection say, and gives what it decided.
    ///
    /// # Errors
    /// [`WireError`] where the bytes are none.
    pub fn note(
        noted: &mut Option<Self>,
        bytes: &[u8],
        waited_us: u32,
    ) -> Result<Option<Blocked>, WireError> {
        let inspection = Inspection::parse(bytes)?;
        let noted = noted.get_or_insert_with(Self::default);
        noted.add(&inspection, waited_us);
        Ok(Blocked::by(&inspection))
    }
}

#[cfg(test)]
mod tests {
    use lockgate_wire::Finding;

    use super::*;

    fn inspection(outcome: Outcome<'_>) -> Inspection<'_> {
        let finding = |rule, decided| Finding {
            rule,
            decided,
            message: b"Inbound Anomaly Score Exceeded",
            ..Finding::default()
        };
        Inspection {
            outcome,
            inbound_score: 5,
            findings: vec![finding(942_100, false), finding(949_110, true)],
            findings_more: 1,
            state: b"state",
            ..Inspection::default()
        }
    }

    #[test]
    fn what_two_inspections_found_is_added_up() {
        let mut noted = None;
        let first = inspection(Outcome::Pass).to_bytes();
        assert_eq!(Inspected::note(&mut noted, &first, 400), Ok(None));
        assert_eq!(
            noted.as_ref().map(|noted| &noted.state[..]),
            Some(&b"state"[..])
        );
        let second = Inspection {
            outcome: Outcome::Deny {
                status: 403,
                rule: 0,
            },
            outbound_score: 4,
            ..Inspection::default()
        };
        let blocked = Inspected::note(&mut noted, &second.to_bytes(), u32::MAX);
        let cause = blocked.unwrap().map(|blocked| blocked.cause);
        assert_eq!(cause.as_deref(), Some("a limit of the inspection"));
        let expected = Inspected {
            rules: vec![942_100, 949_110],
            more: 1,
            inbound_score: 5,
            outbound_score: 4,
            us: u32::MAX,
            state: Vec::new(),
        };
        assert_eq!(noted, Some(expected));
        assert!(Inspected::note(&mut None, b"other", 0).is_err());
    }

    #[test]
    fn refusals_name_the_rule_that_decided() {
        let denied = Blocked::by(&inspection(Outcome::Deny {
            status: 400,
            rule: 949_110,
        }));
        let expected = Blocked {
            status: 400,
            cause: "rule 949110: Inbound Anomaly Score Exceeded".to_owned(),
            location: None,
            close: false,
        };
        assert_eq!(denied, Some(expected.clone()));
        let redirected = Blocked::by(&inspection(Outcome::Redirect {
            status: 302,
            rule: 949_110,
            location: b"/sorry",
        }));
        let to = Blocked {
            status: 302,
            location: Some(b"/sorry".to_vec()),
            ..expected.clone()
        };
        assert_eq!(redirected, Some(to));
        let dropped = Blocked::by(&inspection(Outcome::Drop { rule: 949_110 }));
        let ended = Blocked {
            status: 403,
            close: true,
            ..expected
        };
        assert_eq!(dropped, Some(ended));
    }
}
