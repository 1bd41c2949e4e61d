//! Exclusions from the site's own rules.

use anyhow::Context as _;
use lockgate_rules::exclude::cases;
use lockgate_rules::exclude::native::{conditions, narrow};
use lockgate_wire::explanation::{Explanation, NativeRule};

use super::ground::Side;
use super::{Also, Case, Change, Proposal, Proposed, Refusal, Tried, judge};

/// Tries conditions under which the rule does not match, until one lets the request through.
pub(super) fn propose(
    case: &Case<'_>,
    before: &mut Side,
    said: &Explanation,
    rule: &NativeRule,
) -> Result<Proposed, Refusal> {
    let name = &rule.name;
    let mut proposed = Proposed {
        id: case.kept.id.clone(),
        refused_by: format!("the site's rule {name}, which {}s it", rule.action),
        ..Proposed::default()
    };
    let (file, rules) = case
        .ground
        .file_of(name, rule.priority)
        .with_context(|| format!("no rule file of the site has the rule {name:?}"))?;
    for condition in conditions(said, rule) {
        let what = format!("{name}, where {condition}");
        let narrowed = match narrow(rules, name, &condition) {
            Ok(narrowed) => narrowed,
            Err(error) => {
                proposed.tried.push(Tried::failed(&what, error));
                continue;
            }
        };
        let mut loaded = case.ground.loaded.clone();
        loaded.rules.insert(file.clone(), narrowed.rules.clone());
        let tried = case.ground.with(&loaded, None).and_then(|mut after| {
            let said = after.explain(case.kept)?;
            Ok((after, said))
        });
        let (mut after, said) = match tried {
            Ok(tried) => tried,
            Err(error) => {
                proposed
                    .tried
                    .push(Tried::failed(&what, format!("{error:#}")));
                continue;
            }
        };
        if said.native_matches().any(|known| known.name == *name) {
            proposed
                .tried
                .push(Tried::failed(&what, "the rule still matches"));
            continue;
        }
        if said.block().is_some() {
            let why = "another rule refuses the request then";
            proposed.tried.push(Tried::failed(&what, why));
            continue;
        }
        proposed.tried.push(Tried::passes(&what));
        let (requests_asked, requests) =
            judge::requests(case.kept, case.others, before, &mut after);
        let now_s = crate::versions::now_ms() / 1000;
        let cases = cases::native(&file, rules, &narrowed.rules, now_s);
        if let Err(error) = &cases {
            proposed
                .notes
                .push(format!("the cases were not run: {error}"));
        }
        proposed.proposal = Some(Proposal {
            what,
            changes: vec![Change {
                file: file.display().to_string(),
                place: format!(
                    "in the rule {name:?}, in place of its `{}`",
                    key(&narrowed.line)
                ),
                lines: vec![narrowed.line],
            }],
            also: Also {
                requests_asked,
                requests,
                cases: cases.unwrap_or_default(),
            },
        });
        break;
    }
    Ok(proposed)
}

/// `when` or `statement`.
fn key(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}
