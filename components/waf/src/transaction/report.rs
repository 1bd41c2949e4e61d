//! What is told about matches.

use super::Transaction;
use crate::matched::{Matched, MatchedValue, VALUE_BYTES_MAX, VALUES_MAX};
use crate::program::{Phase, Rule};
use crate::workspace::Item;

impl Transaction<'_> {
    /// Notes a value that matched, when its rule reports.
    pub(super) fn note(
        &mut self,
        link: u16,
        item: &Item,
        span: Option<(u32, u32)>,
        values: &mut Vec<MatchedValue>,
    ) {
        if values.len() >= VALUES_MAX || !self.reports() {
            return;
        }
        let mut variable = Vec::new();
        self.write_name(item, &mut variable);
        variable.truncate(VALUE_BYTES_MAX);
        let value = self.workspace.values.get(item.value);
        let (from, to) = window(value.len(), span);
        let within = |at: u32| at.saturating_sub(number(from)).min(number(to - from));
        values.push(MatchedValue {
            link,
            variable,
            value: value.get(from..to).unwrap_or_default().to_vec(),
            span: span.map(|(start, end)| (within(start), within(end))),
            offset: number(from),
            length: number(value.len()),
        });
    }

    /// Whether the running rule reports its matches.
    fn reports(&self) -> bool {
        self.running
            .and_then(|rule| self.engine.meta(rule))
            .is_some_and(|meta| meta.log)
    }

    /// Reports a chain that has matched.
    pub(super) fn report(
        &mut self,
        head: u32,
        rule: &Rule,
        phase: Phase,
        disruptive: bool,
        values: Vec<MatchedValue>,
    ) {
        let engine = self.engine;
        let Some(meta) = engine.meta(head).filter(|meta| meta.log) else {
            return;
        };
        if self.matched.len() >= engine.program.settings.limits.matched_max as usize {
            self.matched_more = self.matched_more.saturating_add(1);
            return;
        }
        let mut msg = Vec::new();
        self.expand(&meta.msg, &mut msg);
        let mut data = Vec::new();
        self.expand(&meta.logdata, &mut data);
        if let Some(severity) = meta.severity {
            self.highest_severity = self.highest_severity.min(severity.number());
        }
        self.matched.push(Matched {
            id: rule.id,
            rule: head,
            phase,
            msg,
            data,
            severity: meta.severity,
            disruptive,
            audit_log: meta.audit_log,
            values,
        });
    }

    /// `HIGHEST_SEVERITY`: the lowest number of a severity that was reported; 255 when none was.
    #[must_use]
    pub fn highest_severity(&self) -> u8 {
        self.highest_severity
    }
}

/// Which [`VALUE_BYTES_MAX`] bytes of a value are told: its beginning, or what is around the match.
fn window(length: usize, span: Option<(u32, u32)>) -> (usize, usize) {
    let (start, end) = span.unwrap_or_default();
    let from = if end as usize <= VALUE_BYTES_MAX {
        0
    } else {
        let room = VALUE_BYTES_MAX.saturating_sub(end.saturating_sub(start) as usize);
        (start as usize).saturating_sub(room / 2).min(length)
    };
    (from, length.min(from.saturating_add(VALUE_BYTES_MAX)))
}

fn number(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn what_matched_is_told_with_what_is_around_it() {
        assert_eq!(window(10, None), (0, 10));
        assert_eq!(window(9_000, None), (0, 512));
        assert_eq!(window(9_000, Some((500, 512))), (0, 512));
        assert_eq!(window(9_000, Some((4_000, 4_012))), (3_750, 4_262));
        assert_eq!(window(9_000, Some((8_990, 9_000))), (8_739, 9_000));
        assert_eq!(window(9_000, Some((100, 8_000))), (100, 612));
    }
}
