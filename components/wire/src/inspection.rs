//! What an inspection found: the rules that read more than a head, of request or response.
//!
//! ```text
//! u8  layout version      u8 outcome: 0 pass, 1 deny, 2 redirect, 3 drop
//! u16 status      u32 the rule that decided (0: a limit)      bytes location
//! u32 inbound anomaly score      u32 outbound anomaly score
//! u8  n findings: n times
//!       u32 rule, u8 severity (255: none), u8 flags: 1 it decided
//!       bytes message, bytes data
//!       u8 n values: n times (bytes variable, bytes value, u32 start, u32 end)
//! u32 findings that had no room
//! bytes state for the inspection of the response; empty where nobody wants to see it
//! u8  has native rules: u16 terminal rule (65535: none),
//!       u8 n counted: n times u16,  u8 n charges: n times (u16 rule, bytes key),
//!       u8 has answer + answer, as in a verdict
//! ```
//! A start of 4,294,967,295 means that the place in the value is not known.

use crate::cursor::{Cursor, put_bytes};
use crate::rules::{Counted, RateCharge, read_charges, write_charges};
use crate::verdict::{Answer, read_answer, write_answer};
use crate::{LAYOUT_VERSION, WireError};

/// At most this many findings are told; the others are counted.
pub const FINDINGS_MAX: usize = 64;

/// At most this many values of a finding are told.
pub const FINDING_VALUES_MAX: usize = 4;

/// "The place is not known."
const NOWHERE: u32 = u32::MAX;

/// What an inspection found and decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection<'a> {
    /// What to do.
    pub outcome: Outcome<'a>,
    /// The anomaly score of the request, where the rules keep one.
    pub inbound_score: u32,
    /// That of the response.
    pub outbound_score: u32,
    /// The rules that matched and say so, in the order of their matching.
    pub findings: Vec<Finding<'a>>,
    /// Those that had no room.
    pub findings_more: u32,
    /// For the inspection of the response; empty where the rules do not want to see it.
    pub state: &'a [u8],
    /// What the native rules said that waited for the body; it takes the place of what the verdict
    /// said of them.
    pub rules: Option<RulesSaid<'a>>,
}

/// What native rules said of a request whose body they have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesSaid<'a> {
    /// The rule that ended the evaluation (block or allow), or [`crate::NONE`].
    pub rule: u16,
    /// Rules that matched and only count.
    pub counted: Counted,
    /// As [`crate::Seen::charges`]: the inspection stands while none is over its limit.
    pub charges: Vec<RateCharge<'a>>,
    /// The answer of the rule that blocks. The outcome is then [`Outcome::Pass`], and nothing else
    /// was looked at.
    pub answer: Option<Answer<'a>>,
}

/// What to do after an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome<'a> {
    /// Go on.
    #[default]
    Pass,
    /// Answer this status.
    Deny {
        /// 400 to 599 as a rule.
        status: u16,
        /// The rule; 0 for a limit.
        rule: u32,
    },
    /// Send the client elsewhere.
    Redirect {
        /// 3xx as a rule.
        status: u16,
        /// The rule.
        rule: u32,
        /// The `Location`.
        location: &'a [u8],
    },
    /// Close the connection.
    Drop {
        /// The rule.
        rule: u32,
    },
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding<'a> {
    /// Its id.
    pub rule: u32,
    /// 0 emergency to 7 debug, as syslog has it.
    pub severity: Option<u8>,
    /// It decided.
    pub decided: bool,
    /// What it says of itself.
    pub message: &'a [u8],
    /// What it says of the request.
    pub data: &'a [u8],
    /// What matched.
    pub values: Vec<FoundValue<'a>>,
}

/// A value that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundValue<'a> {
    /// Where it was: `ARGS:q`.
    pub variable: &'a [u8],
    /// The value as the rule saw it, transformed and perhaps cut.
    pub value: &'a [u8],
    /// The bytes of it that matched: start and end.
    pub span: Option<(u32, u32)>,
}

impl Inspection<'_> {
    /// Writes it. Findings and values past their bounds are counted or left out.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.state.len());
        let (tag, status, rule, location): (u8, u16, u32, &[u8]) = match self.outcome {
            Outcome::Pass => (0, 0, 0, b""),
            Outcome::Deny { status, rule } => (1, status, rule, b""),
            Outcome::Redirect {
                status,
                rule,
                location,
            } => (2, status, rule, location),
            Outcome::Drop { rule } => (3, 0, rule, b""),
        };
        out.extend_from_slice(&[LAYOUT_VERSION, tag]);
        out.extend_from_slice(&status.to_le_bytes());
        out.extend_from_slice(&rule.to_le_bytes());
        put_bytes(&mut out, location);
        for score in [self.inbound_score, self.outbound_score] {
            out.extend_from_slice(&score.to_le_bytes());
        }
        let told = self.findings.len().min(FINDINGS_MAX);
        out.push(u8::try_from(told).unwrap_or(u8::MAX));
        for finding in self.findings.iter().take(told) {
            write_finding(&mut out, finding);
        }
        let untold = u32::try_from(self.findings.len() - told).unwrap_or(u32::MAX);
        let more = self.findings_more.saturating_add(untold);
        out.extend_from_slice(&more.to_le_bytes());
        put_bytes(&mut out, self.state);
        out.push(u8::from(self.rules.is_some()));
        if let Some(rules) = &self.rules {
            write_rules(&mut out, rules);
        }
        out
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`WireError`] where the bytes are not one.
    pub fn parse(bytes: &[u8]) -> Result<Inspection<'_>, WireError> {
        let mut cursor = Cursor::new(bytes);
        let [layout, tag] = cursor.array("head")?;
        if layout != LAYOUT_VERSION {
            return Err(WireError::Version(layout));
        }
        let (status, rule) = (cursor.u16("status")?, cursor.u32("rule")?);
        let location = cursor.bytes("location")?;
        let outcome = match tag {
            0 => Outcome::Pass,
            1 => Outcome::Deny { status, rule },
            2 => Outcome::Redirect {
                status,
                rule,
                location,
            },
            3 => Outcome::Drop { rule },
            tag => {
                return Err(WireError::Tag {
                    what: "inspection",
                    tag,
                });
            }
        };
        let (inbound_score, outbound_score) = (cursor.u32("score")?, cursor.u32("score")?);
        let count = cursor.u8("findings")?;
        let mut findings = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            findings.push(read_finding(&mut cursor)?);
        }
        Ok(Inspection {
            outcome,
            inbound_score,
            outbound_score,
            findings,
            findings_more: cursor.u32("findings")?,
            state: cursor.bytes("state")?,
            rules: match cursor.u8("rules")? {
                0 => None,
                _ => Some(read_rules(&mut cursor)?),
            },
        })
    }
}

fn write_rules(out: &mut Vec<u8>, rules: &RulesSaid<'_>) {
    out.extend_from_slice(&rules.rule.to_le_bytes());
    rules.counted.write(out);
    write_charges(out, &rules.charges);
    out.push(u8::from(rules.answer.is_some()));
    if let Some(answer) = &rules.answer {
        write_answer(out, answer);
    }
}

fn read_rules<'a>(cursor: &mut Cursor<'a>) -> Result<RulesSaid<'a>, WireError> {
    Ok(RulesSaid {
        rule: cursor.u16("rule")?,
        counted: Counted::read(cursor)?,
        charges: read_charges(cursor)?,
        answer: match cursor.u8("answer")? {
            0 => None,
            _ => Some(read_answer(cursor)?),
        },
    })
}

fn write_finding(out: &mut Vec<u8>, finding: &Finding<'_>) {
    out.extend_from_slice(&finding.rule.to_le_bytes());
    out.extend_from_slice(&[
        finding.severity.unwrap_or(u8::MAX),
        u8::from(finding.decided),
    ]);
    put_bytes(out, finding.message);
    put_bytes(out, finding.data);
    let told = finding.values.len().min(FINDING_VALUES_MAX);
    out.push(u8::try_from(told).unwrap_or(u8::MAX));
    for value in finding.values.iter().take(told) {
        put_bytes(out, value.variable);
        put_bytes(out, value.value);
        let (start, end) = value.span.unwrap_or((NOWHERE, NOWHERE));
        out.extend_from_slice(&start.to_le_bytes());
        out.extend_from_slice(&end.to_le_bytes());
    }
}

fn read_finding<'a>(cursor: &mut Cursor<'a>) -> Result<Finding<'a>, WireError> {
    let rule = cursor.u32("finding")?;
    let [severity, flags] = cursor.array("finding")?;
    let (message, data) = (cursor.bytes("message")?, cursor.bytes("data")?);
    let count = cursor.u8("values")?;
    let mut values = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (variable, value) = (cursor.bytes("variable")?, cursor.bytes("value")?);
        let (start, end) = (cursor.u32("start")?, cursor.u32("end")?);
        values.push(FoundValue {
            variable,
            value,
            span: (start != NOWHERE).then_some((start, end)),
        });
    }
    Ok(Finding {
        rule,
        severity: (severity != u8::MAX).then_some(severity),
        decided: flags & 1 != 0,
        message,
        data,
        values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Inspection<'static> {
        Inspection {
            outcome: Outcome::Deny {
                status: 403,
                rule: 949_110,
            },
            inbound_score: 10,
            outbound_score: 0,
            findings: vec![
                Finding {
                    rule: 942_100,
                    severity: Some(2),
                    decided: false,
                    message: b"SQL Injection",
                    data: b"found",
                    values: vec![FoundValue {
                        variable: b"ARGS:q",
                        value: b"1 or 1=1",
                        span: Some((2, 8)),
                    }],
                },
                Finding {
                    rule: 949_110,
                    decided: true,
                    ..Finding::default()
                },
            ],
            findings_more: 3,
            state: b"state",
            rules: Some(RulesSaid {
                rule: 7,
                counted: {
                    let mut counted = Counted::default();
                    counted.push(3);
                    counted
                },
                charges: vec![RateCharge { rule: 2, key: b"k" }],
                answer: Some(Answer {
                    status: 403,
                    code: b"blocked",
                    ..Answer::default()
                }),
            }),
        }
    }

    #[test]
    fn it_reads_back_as_written() {
        for outcome in [
            sample().outcome,
            Outcome::Pass,
            Outcome::Drop { rule: 7 },
            Outcome::Redirect {
                status: 302,
                rule: 8,
                location: b"/sorry",
            },
        ] {
            let inspection = Inspection {
                outcome,
                ..sample()
            };
            let bytes = inspection.to_bytes();
            assert_eq!(Inspection::parse(&bytes), Ok(inspection));
        }
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let many = Inspection {
            findings: vec![sample().findings[0].clone(); FINDINGS_MAX + 5],
            ..sample()
        };
        let bytes = many.to_bytes();
        let read = Inspection::parse(&bytes).unwrap();
        assert_eq!(read.findings.len(), FINDINGS_MAX);
        assert_eq!(read.findings_more, 8);
    }

    #[test]
    fn cut_bytes_are_refused() {
        let bytes = sample().to_bytes();
        for cut in 0..bytes.len() {
            assert!(Inspection::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
