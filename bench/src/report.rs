//! The figures: a short table for people, JSON for everything else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::rounds::round_to;

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// None: it is told beside the others.
    Reported,
}

impl Target {
    /// Whether `value` is good enough; `None` where nothing is asked of it.
    pub(crate) fn met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(most) => Some(value <= most),
            Self::AtLeast(least) => Some(value >= least),
            Self::Reported => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("<= {most}"),
            Self::AtLeast(least) => format!(">= {least}"),
            Self::Reported => "-".to_owned(),
        }
    }
}

/// One figure of the issue, under its key there.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The key in the JSON.
    pub(crate) key: &'static str,
    /// What was measured.
    pub(crate) what: &'static str,
    /// What it should be.
    pub(crate) target: Target,
    /// What it is, or why it is not known.
    pub(crate) outcome: std::result::Result<Measured, String>,
}

/// What came out.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Compared with the target.
    pub(crate) value: f64,
    /// Ours and the peer's, in `unit`, where the value is a ratio.
    pub(crate) compared: Option<(f64, f64)>,
    /// Of `compared`, or of the value.
    pub(crate) unit: &'static str,
    /// Further facts and raw rounds.
    pub(crate) detail: Value,
}

impl Measured {
    /// Whether it is good enough for `target`. What was measured under conditions (`detail` says
    /// whether they hold, under `conditions_met`) is not where they do not hold.
    fn met(&self, target: Target) -> Option<bool> {
        let holds = self.detail.get("conditions_met") != Some(&Value::Bool(false));
        target.met(self.value).map(|met| met && holds)
    }
}

impl Figure {
    fn to_json(&self) -> Value {
        let target = match self.target {
            Target::AtMost(most) => json!({ "at_most": most }),
            Target::AtLeast(least) => json!({ "at_least": least }),
            Target::Reported => Value::Null,
        };
        match &self.outcome {
            Ok(measured) => json!({
                "what": self.what,
                "measured": true,
                "value": round_to(measured.value, 3),
                "target": target,
                "met": measured.met(self.target),
                "unit": measured.unit,
                "lockgate": measured.compared.map(|(ours, _)| round_to(ours, 3)),
                "peer": measured.compared.map(|(_, peer)| round_to(peer, 3)),
                "detail": measured.detail,
            }),
            Err(why) => json!({
                "what": self.what,
                "measured": false,
                "target": target,
                "why": why,
            }),
        }
    }

    fn row(&self) -> [String; 6] {
        let number = |value: f64| match value.abs() {
            0.0..10.0 => format!("{value:.2}"),
            10.0..1_000.0 => format!("{value:.1}"),
            _ => format!("{value:.0}"),
        };
        let (ours, peer, value, met) = match &self.outcome {
            Ok(measured) => {
                let (ours, peer) = match measured.compared {
                    Some((ours, peer)) => (
                        format!("{} {}", number(ours), measured.unit),
                        format!("{} {}", number(peer), measured.unit),
                    ),
                    None => (
                        format!("{} {}", number(measured.value), measured.unit),
                        String::new(),
                    ),
                };
                let met = match measured.met(self.target) {
                    Some(true) => "yes",
                    Some(false) => "NO",
                    None => "-",
                };
                (ours, peer, number(measured.value), met.to_owned())
            }
            Err(_) => (
                "not measured".to_owned(),
                String::new(),
                String::new(),
                "-".to_owned(),
            ),
        };
        [
            self.key.to_owned(),
            ours,
            peer,
            value,
            self.target.text(),
            met,
        ]
    }
}

/// The table, and below it why something was not measured.
pub(crate) fn table(figures: &[Figure]) -> String {
    let heads = ["figure", "ours", "peer", "value", "target", "met"].map(str::to_owned);
    let mut rows = vec![heads];
    rows.extend(figures.iter().map(Figure::row));
    let mut text = String::from("\n");
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            let width = rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default();
            text.push_str(&format!("{cell:<width$}  "));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    for figure in figures {
        if let Err(why) = &figure.outcome {
            text.push_str(&format!("\n{} was not measured: {why}", figure.key));
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Writes `about` and the figures, under `figures` by key.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, mut about: Map<String, Value>, figures: &[Figure]) -> Result<()> {
    let by_key: Map<String, Value> = figures
        .iter()
        .map(|figure| (figure.key.to_owned(), figure.to_json()))
        .collect();
    about.insert("figures".to_owned(), Value::Object(by_key));
    let text = serde_json::to_string_pretty(&Value::Object(about))?;
    fs::write(path, text + "\n").with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(outcome: std::result::Result<f64, &str>) -> Figure {
        Figure {
            key: "hit_vs_nginx",
            what: "a hit",
            target: Target::AtMost(1.3),
            outcome: outcome.map_err(str::to_owned).map(|value| Measured {
                value,
                compared: Some((value * 20.0, 20.0)),
                unit: "µs",
                detail: json!({}),
            }),
        }
    }

    #[test]
    fn the_table_says_what_was_met_missed_and_not_measured() {
        let text = table(&[figure(Ok(1.25)), figure(Ok(1.5)), figure(Err("no nginx"))]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[2].contains("25.0 µs") && lines[2].ends_with("<= 1.3  yes"),
            "{text}"
        );
        assert!(lines[3].ends_with("NO"), "{text}");
        assert!(
            text.ends_with("hit_vs_nginx was not measured: no nginx\n"),
            "{text}"
        );
    }

    #[test]
    fn the_json_has_what_is_needed_to_judge() {
        let json = figure(Ok(1.25)).to_json();
        assert_eq!(json["met"], true);
        assert_eq!(json["value"], 1.25);
        assert_eq!(json["target"]["at_most"], 1.3);
        assert_eq!(figure(Err("x")).to_json()["measured"], false);
    }

    #[test]
    fn a_figure_whose_conditions_do_not_hold_is_not_met() {
        let mut judged = figure(Ok(1.25));
        for (holds, met) in [(true, "yes"), (false, "NO")] {
            let measured = judged.outcome.as_mut().unwrap();
            measured.detail = json!({ "conditions_met": holds });
            assert_eq!(judged.to_json()["met"], holds);
            assert_eq!(judged.row()[5], met);
        }
    }

    #[test]
    fn targets_include_their_edge() {
        assert_eq!(Target::AtMost(1.0).met(1.0), Some(true));
        assert_eq!(Target::AtMost(1.0).met(1.01), Some(false));
        assert_eq!(Target::AtLeast(1.0).met(1.0), Some(true));
        assert_eq!(Target::AtLeast(1.0).met(0.99), Some(false));
        assert_eq!(Target::Reported.met(1.0), None);
    }
}
