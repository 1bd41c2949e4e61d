//! What else an exclusion makes a difference to, among the requests that are kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_record::rfc3339_ms;
use lockgate_wire::explanation::Explanation;

use super::RequestLost;
use super::ground::Side;
use crate::gate::findings::Kept;

/// Longest time for all requests together.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Asks every request twice: how many were asked, and those with a difference.
pub(super) fn requests(
    but: &Kept,
    others: &[Arc<Kept>],
    before: &mut Side,
    after: &mut Side,
) -> (usize, Vec<RequestLost>) {
    let begun = Instant::now();
    let mut asked = 0_usize;
    let mut lost = Vec::new();
    for kept in others.iter().filter(|kept| kept.id != but.id) {
        if begun.elapsed() > TIME_MAX {
            break;
        }
        let (Ok(was), Ok(is)) = (before.explain(kept), after.explain(kept)) else {
            continue;
        };
        asked = asked.saturating_add(1);
        lost.extend(difference(kept, &was, &is));
    }
    (asked, lost)
}

/// What a request loses: rules that matched and do not any more.
fn difference(kept: &Kept, was: &Explanation, is: &Explanation) -> Option<RequestLost> {
    let passes = was.block().is_some() && is.block().is_none();
    let still = matching(is);
    let rules: Vec<String> = matching(was)
        .into_iter()
        .filter(|rule| !still.contains(rule))
        .collect();
    if !passes && rules.is_empty() {
        return None;
    }
    let mut time = Vec::new();
    rfc3339_ms(kept.time_unix_ms, &mut time);
    Some(RequestLost {
        id: kept.id.clone(),
        time: String::from_utf8(time).unwrap_or_default(),
        method: was.method.clone(),
        path: was.path.clone(),
        rules,
        passes,
    })
}

/// The rules that match, without those that only add up what others found.
fn matching(explanation: &Explanation) -> Vec<String> {
    let native = explanation.native_matches().map(|rule| rule.name.clone());
    let findings = explanation.findings().iter().filter(|finding| {
        let summary = |tag: &String| tag == "anomaly-evaluation" || tag == "reporting";
        !finding.tags.iter().any(summary)
    });
    native
        .chain(findings.map(|finding| finding.rule.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_wire::explanation::{Came, Decision, Finding, NativeRule, NativeRules, Program};

    fn said(native: &[(&str, Came)], findings: &[u32], blocked: bool) -> Explanation {
        let rule = |(name, came): &(&str, Came)| NativeRule {
            name: (*name).to_owned(),
            came: *came,
            ..NativeRule::default()
        };
        let finding = |id: &u32| Finding {
            rule: *id,
            tags: match id {
                949_110 => vec!["anomaly-evaluation".to_owned()],
                _ => Vec::new(),
            },
            ..Finding::default()
        };
        Explanation {
            native: Some(NativeRules {
                rules: native.iter().map(rule).collect(),
                ..NativeRules::default()
            }),
            program: Some(Program {
                decision: blocked.then_some(Decision {
                    status: 403,
                    rule: 949_110,
                }),
                findings: findings.iter().map(finding).collect(),
                ..Program::default()
            }),
            ..Explanation::default()
        }
    }

    #[test]
    fn what_is_lost_is_told_and_whether_it_lets_the_request_through() {
        let kept = Kept::default();
        let was = said(&[("a", Came::Counts)], &[942_100, 949_110], true);
        assert_eq!(difference(&kept, &was, &was), None);
        let is = said(&[("a", Came::Counts)], &[], false);
        let lost = difference(&kept, &was, &is).unwrap();
        assert_eq!((lost.rules, lost.passes), (vec!["942100".to_owned()], true));
        // Others still refuse it.
        let is = said(&[("a", Came::NoMatch)], &[941_100, 949_110], true);
        let lost = difference(&kept, &was, &is).unwrap();
        assert_eq!(lost.rules, ["a", "942100"]);
        assert!(!lost.passes);
    }
}
