//! Which rules lack cases.

use super::{Case, Failure};

/// A failure for each rule without a case that it must match, or without one that it must not.
pub(super) fn lacking<'a>(rules: impl Iterator<Item = &'a str>, cases: &[Case]) -> Vec<Failure> {
    let clean = cases.iter().any(Case::is_clean);
    let mut failures = Vec::new();
    for rule in rules {
        let lacks = |what: &str| Failure {
            rule: rule.to_owned(),
            case: String::new(),
            request: String::new(),
            expected: format!("a case that this rule must {what}"),
            got: "none".to_owned(),
            matched: None,
        };
        if !cases
            .iter()
            .any(|case| case.must_match().any(|named| named == rule))
        {
            failures.push(lacks("match"));
        }
        if !clean
            && !cases
                .iter()
                .any(|case| case.not.iter().any(|named| named == rule))
        {
            failures.push(lacks("not match"));
        }
    }
    failures
}
