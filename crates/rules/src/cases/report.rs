//! What came of cases.

use std::fmt;

use serde::Serialize;

/// What came of the cases of one rule file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many cases were run.
    pub cases: usize,
    /// Those that failed, and rules without cases.
    pub failures: Vec<Failure>,
}

impl Report {
    /// Whether every case passed and every rule has its cases.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// A case that failed, or a rule that lacks one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The rule in question; empty where none is.
    pub rule: String,
    /// The case's title; empty where a case is lacking.
    pub case: String,
    /// The request: `GET /search?q=1`.
    pub request: String,
    /// What had to be.
    pub expected: String,
    /// What was.
    pub got: String,
    /// Where in the request the rule matched, if it did: field, transformations and bytes.
    pub matched: Option<String>,
}

impl fmt::Display for Failure {
    /// One block of lines: rule, case, request, expected, got, matched bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("rule", self.rule.as_str()),
            ("case", &self.case),
            ("request", &self.request),
            ("expected", &self.expected),
            ("got", &self.got),
            ("matched", self.matched.as_deref().unwrap_or_default()),
        ];
        let mut first = true;
        for (name, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            if !first {
                f.write_str("\n")?;
            }
            first = false;
            write!(f, "{name:>9}: {text}")?;
        }
        Ok(())
    }
}
