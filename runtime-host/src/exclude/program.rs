//! Exclusions from the Core Rule Set.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use lockgate_compile::Trial;
use lockgate_config::types::Crs;
use lockgate_rules::exclude::cases;
use lockgate_rules::exclude::program::{Directives, Excluded, Scope, directives, to_exclude};
use lockgate_wire::explanation::{Block, Explanation, Program};

use super::ground::Side;
use super::{Also, Case, Change, Proposal, Proposed, Refusal, Tried, judge};

/// Tries of one scope: each adds the rules that the one before has shown.
const ROUNDS_MAX: usize = 4;

/// Tries exclusions from narrow to wide, until one lets the request through.
pub(super) fn propose(
    case: &Case<'_>,
    before: &mut Side,
    program: &Program,
    said: &Explanation,
) -> Result<Proposed, Refusal> {
    let (file, crs) = case.ground.crs().context("the site has no Core Rule Set")?;
    let decision = program.decision.unwrap_or_default();
    let mut proposed = Proposed {
        id: case.kept.id.clone(),
        refused_by: format!("rule {} of the Core Rule Set", decision.rule),
        ..Proposed::default()
    };
    if decision.rule == 0 {
        let note = "a limit of memory or work refused the request: no exclusion of a rule helps";
        proposed.notes.push(note.to_owned());
        return Ok(proposed);
    }
    let engine = before.engine()?;
    let used: BTreeSet<u32> = engine.program().rules.iter().map(|rule| rule.id).collect();
    let mut excluded = to_exclude(program, crs.paranoia_level, &[]);
    for scope in Scope::ALL {
        for _ in 0..ROUNDS_MAX {
            let what = words(scope, &excluded);
            let Some(made) = directives(scope, &excluded, &said.path, &used) else {
                proposed
                    .tried
                    .push(Tried::failed(&what, "it cannot be written as a directive"));
                break;
            };
            let (mut after, said) = match attempt(case, &file, &made) {
                Ok(tried) => tried,
                Err(error) => {
                    proposed
                        .tried
                        .push(Tried::failed(&what, format!("{error:#}")));
                    break;
                }
            };
            match said.block() {
                None => {
                    proposed.tried.push(Tried::passes(&what));
                    let (requests_asked, requests) =
                        judge::requests(case.kept, case.others, before, &mut after);
                    let release = cases::of_release(&crs.path);
                    if release.is_empty() {
                        let note =
                            "the release has no folder `tests`: the set's cases were not run";
                        proposed.notes.push(note.to_owned());
                    }
                    proposed.proposal = Some(Proposal {
                        what,
                        changes: changes(&file, &crs, &made),
                        also: Also {
                            requests_asked,
                            requests,
                            cases: cases::program(&release, &engine, &after.engine()?),
                        },
                    });
                    return Ok(proposed);
                }
                Some(Block::Native(rule)) => {
                    let why = format!("the site's rule {} refuses it then", rule.name);
                    proposed.tried.push(Tried::failed(&what, why));
                    break;
                }
                Some(Block::Program(program, decision)) => {
                    let why = format!("rule {} still refuses it", decision.rule);
                    proposed.tried.push(Tried::failed(&what, why));
                    let more = to_exclude(program, crs.paranoia_level, &excluded);
                    if more == excluded {
                        break;
                    }
                    excluded = more;
                }
            }
        }
    }
    Ok(proposed)
}

/// The request with the exclusion, in a fresh instance.
fn attempt(case: &Case<'_>, file: &Path, made: &Directives) -> anyhow::Result<(Side, Explanation)> {
    let mut loaded = case.ground.loaded.clone();
    if let Some(crs) = loaded
        .rules
        .get_mut(file)
        .and_then(|rules| rules.crs.as_mut())
    {
        crs.exclude_rules.extend(&made.exclude_rules);
    }
    let trial = Trial {
        file: file.to_owned(),
        before: made.before.clone(),
        after: made.after.clone(),
    };
    let mut after = case.ground.with(&loaded, Some(&trial))?;
    let said = after.explain(case.kept)?;
    Ok((after, said))
}

fn words(scope: Scope, excluded: &[Excluded]) -> String {
    let rules: Vec<String> = excluded
        .iter()
        .map(|excluded| excluded.rule.to_string())
        .collect();
    format!("{}: {}", scope.words(), rules.join(", "))
}

/// What to write where.
fn changes(file: &Path, crs: &Crs, made: &Directives) -> Vec<Change> {
    let rule_file = file.display().to_string();
    let mut changes = Vec::new();
    for (key, text, own) in [
        ("before", &made.before, crs.before.as_deref()),
        ("after", &made.after, crs.after.as_deref()),
    ] {
        if text.is_empty() {
            continue;
        }
        let name = format!("exclusions-{key}.conf");
        let place = match own {
            Some(own) => own.to_owned(),
            None => {
                changes.push(Change {
                    file: rule_file.clone(),
                    place: "in [crs]".to_owned(),
                    lines: vec![format!("{key} = \"{name}\"")],
                });
                file.with_file_name(name)
            }
        };
        changes.push(Change {
            file: place.display().to_string(),
            place: "at the end".to_owned(),
            lines: text.lines().map(str::to_owned).collect(),
        });
    }
    if !made.exclude_rules.is_empty() {
        let all = crs.exclude_rules.iter().chain(&made.exclude_rules);
        let all: Vec<String> = all.map(ToString::to_string).collect();
        changes.push(Change {
            file: rule_file,
            place: "in [crs], in place of `exclude_rules`".to_owned(),
            lines: vec![format!("exclude_rules = [{}]", all.join(", "))],
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crs(more: &str) -> Crs {
        serde_json::from_str(&format!("{{\"path\": \"/crs\"{more}}}")).unwrap()
    }

    #[test]
    fn lines_name_the_file_that_they_are_for() {
        let made = Directives {
            before: "SecRule A\n".to_owned(),
            after: "SecRuleUpdate B\nSecRuleUpdate C\n".to_owned(),
            ..Directives::default()
        };
        let file = Path::new("/site/rules/crs.toml");
        let told: Vec<(String, usize)> = changes(file, &crs(""), &made)
            .into_iter()
            .map(|change| (change.file, change.lines.len()))
            .collect();
        let expected = [
            ("/site/rules/crs.toml".to_owned(), 1),
            ("/site/rules/exclusions-before.conf".to_owned(), 1),
            ("/site/rules/crs.toml".to_owned(), 1),
            ("/site/rules/exclusions-after.conf".to_owned(), 2),
        ];
        assert_eq!(told, expected);
        let own = changes(
            file,
            &crs(", \"before\": \"/site/b.conf\", \"after\": \"/site/a.conf\""),
            &made,
        );
        let files: Vec<&str> = own.iter().map(|change| change.file.as_str()).collect();
        assert_eq!(files, ["/site/b.conf", "/site/a.conf"]);
        let rules = Directives {
            exclude_rules: vec![942_100],
            ..Directives::default()
        };
        let told = changes(file, &crs(", \"exclude_rules\": [920420]"), &rules);
        assert_eq!(told[0].lines, ["exclude_rules = [920420, 942100]"]);
    }
}
