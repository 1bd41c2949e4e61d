//! Operators.

use super::{Transaction, validate};
use crate::program::{Comparison, IpNet, Operator, Rule, TextMatch};
use crate::store::{TxValue, ValueId, number_of};
use lockgate_injection as injection;
use std::net::IpAddr;

/// The bit of [`crate::workspace::Workspace::injections`] keys that tells the two detectors apart.
const XSS: u64 = 1 << 32;

impl Transaction<'_> {
    /// Whether the operator of a rule says yes to a value, before `!`.
    pub(super) fn says_yes(&mut self, rule: &Rule, id: ValueId) -> bool {
        match &rule.operator {
            Operator::Always => true,
            Operator::Never => false,
            Operator::Pattern { pattern, set, .. } => {
                let (engine, workspace) = (self.engine, &mut self.workspace);
                let (scans, values) = (&mut workspace.scans, &workspace.values);
                scans.is_match(&engine.patterns, values, id, *pattern, *set)
            }
            Operator::Text(how, argument) => match argument.constant() {
                Some(argument) => text_matches(*how, self.workspace.values.get(id), argument),
                None => {
                    let mut text = std::mem::take(&mut self.workspace.text);
                    text.clear();
                    self.expand(argument, &mut text);
                    let yes = text_matches(*how, self.workspace.values.get(id), &text);
                    self.workspace.text = text;
                    yes
                }
            },
            Operator::Number(how, argument) => {
                let right = self.number(argument);
                compares(*how, number_of(self.workspace.values.get(id)), right)
            }
            Operator::IpMatch(set) => {
                let set = self.engine.program.ip_sets.get(usize::from(*set));
                set.is_some_and(|set| is_in(set, self.workspace.values.get(id)))
            }
            Operator::DetectSqli => self.injects(id, 0),
            Operator::DetectXss => self.injects(id, XSS),
            Operator::ValidateByteRange(allowed) => {
                validate::has_byte_outside(self.workspace.values.get(id), allowed)
            }
            Operator::ValidateUrlEncoding => {
                validate::has_broken_escape(self.workspace.values.get(id))
            }
            Operator::ValidateUtf8Encoding => {
                std::str::from_utf8(self.workspace.values.get(id)).is_err()
            }
            Operator::VerifyCreditCard { pattern } => {
                let (engine, workspace) = (self.engine, &mut self.workspace);
                let value = workspace.values.get(id);
                let found = workspace.scans.captures(&engine.patterns, value, *pattern);
                found
                    .and_then(|groups| groups.first().copied().flatten())
                    .and_then(|(start, end)| value.get(start..end))
                    .is_some_and(validate::is_card_number)
            }
        }
    }

    fn injects(&mut self, id: ValueId, kind: u64) -> bool {
        let workspace = &mut self.workspace;
        let value = workspace.values.get(id);
        if validate::is_plain_word(value) {
            return false;
        }
        let key = u64::from(id.0) | kind;
        if let Some(known) = workspace.injections.get(key) {
            return known == 1;
        }
        workspace.scans.work_bytes += value.len() as u64;
        let yes = if kind == XSS {
            injection::xss(value)
        } else {
            injection::sqli(value).is_some()
        };
        workspace.injections.insert(key, u32::from(yes));
        yes
    }

    /// Sets `TX:0` to `TX:9` from what an operator found in a value, and answers where it was.
    pub(super) fn capture(&mut self, rule: &Rule, id: ValueId) -> Option<(u32, u32)> {
        let value = self.workspace.values.get(id);
        let whole = Some((0, value.len()));
        let groups = match &rule.operator {
            Operator::Pattern { pattern, .. } | Operator::VerifyCreditCard { pattern } => {
                let engine = self.engine;
                self.workspace
                    .scans
                    .captures(&engine.patterns, value, *pattern)?
            }
            Operator::DetectSqli => {
                let fingerprint = injection::sqli(value)?.to_string();
                let fingerprint = self.workspace.values.intern(fingerprint.as_bytes());
                self.clear_captures();
                self.tx.set_slot(0, TxValue::Value(fingerprint));
                return None;
            }
            _ => [whole, None, None, None, None, None, None, None, None, None],
        };
        let mut room = std::mem::take(&mut self.workspace.buffer);
        for (slot, group) in groups.iter().enumerate() {
            let captured = match group {
                Some((0, end)) if *end == self.workspace.values.length(id) => TxValue::Value(id),
                Some((start, end)) => {
                    room.clear();
                    let value = self.workspace.values.get(id);
                    room.extend_from_slice(value.get(*start..*end).unwrap_or_default());
                    TxValue::Value(self.workspace.values.intern(&room))
                }
                None => TxValue::Unset,
            };
            self.tx.set_slot(slot as u16, captured);
        }
        self.workspace.buffer = room;
        let (start, end) = groups.first().copied().flatten()?;
        Some((start as u32, end as u32))
    }

    fn clear_captures(&mut self) {
        for slot in 0..crate::program::CAPTURE_SLOTS {
            self.tx.set_slot(slot, TxValue::Unset);
        }
    }
}

/// A comparison of numbers.
pub(super) fn compares(how: Comparison, left: i64, right: i64) -> bool {
    match how {
        Comparison::Equal => left == right,
        Comparison::AtLeast => left >= right,
        Comparison::Greater => left > right,
        Comparison::AtMost => left <= right,
        Comparison::Less => left < right,
    }
}

fn text_matches(how: TextMatch, value: &[u8], argument: &[u8]) -> bool {
    match how {
        TextMatch::BeginsWith => value.starts_with(argument),
        TextMatch::EndsWith => value.ends_with(argument),
        TextMatch::Equals => value == argument,
        TextMatch::Contains => contains(value, argument),
        TextMatch::Within => contains(argument, value),
        TextMatch::ContainsWord => contains_word(value, argument),
    }
}

/// Whether `part` stands in `whole`; the empty text stands in every text.
fn contains(whole: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(whole, part).is_some()
}

fn contains_word(value: &[u8], word: &[u8]) -> bool {
    let is_part =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if word.is_empty() {
        return true;
    }
    memchr::memmem::find_iter(value, word).any(|start| {
        let before = start.checked_sub(1).and_then(|at| value.get(at));
        !is_part(before) && !is_part(value.get(start + word.len()))
    })
}

/// Whether an address written as text is in a set of networks that is sorted and does not overlap.
fn is_in(set: &[IpNet], text: &[u8]) -> bool {
    let Some(ip) = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<IpAddr>().ok())
    else {
        return false;
    };
    let ip = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let number = u128::from(ip);
    let after = set.partition_point(|net| net.first <= number);
    after
        .checked_sub(1)
        .and_then(|at| set.get(at))
        .is_some_and(|net| number <= net.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (how, value, argument, yes) in [
            (TextMatch::Within, "GET", "GET HEAD", true),
            (TextMatch::Within, "", "GET", true),
            (TextMatch::Within, "PUT", "GET", false),
            (TextMatch::Contains, "a#b", "#", true),
            (TextMatch::ContainsWord, "a select b", "select", true),
            (TextMatch::ContainsWord, "aselect select", "select", true),
            (TextMatch::ContainsWord, "selected", "select", false),
            (TextMatch::BeginsWith, "abc", "ab", true),
            (TextMatch::EndsWith, "abc", "bc", true),
            (TextMatch::Equals, "abc", "ABC", false),
        ] {
            let answer = text_matches(how, value.as_bytes(), argument.as_bytes());
            assert_eq!(answer, yes, "{how:?} {value} {argument}");
        }
    }

    #[test]
    fn addresses() {
        let mapped = 0xffff_0000_0000_u128;
        let set = [
            IpNet {
                first: mapped | 0x0a00_0000,
                last: mapped | 0x0aff_ffff,
            },
            IpNet {
                first: 1 << 127,
                last: (1 << 127) + 5,
            },
        ];
        for (text, yes) in [
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("9.255.255.255", false),
            ("8000::5", true),
            ("8000::6", false),
            ("::ffff:10.1.1.1", true),
            ("10.1.1", false),
        ] {
            assert_eq!(is_in(&set, text.as_bytes()), yes, "{text}");
        }
    }
}
