//! Exclusions from the Core Rule Set: as directives that its documentation recommends.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use lockgate_wire::explanation::{Decision, Finding, Program};

use super::is_plain_path;

/// Ids that are free for the rules of a site.
const OWN_IDS: std::ops::RangeInclusive<u32> = 1_000..=99_999;

/// Rules that only add up what others found.
const SUMMARIES: [&str; 2] = ["anomaly-evaluation", "reporting"];

/// A rule that is to be excluded, and where it matched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excluded {
    /// Its id.
    pub rule: u32,
    /// The variables: `ARGS:comment`.
    pub variables: BTreeSet<String>,
}

/// How wide an exclusion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The rules, for the fields where they matched, on the path.
    FieldsOnPath,
    /// The rules on the path.
    RulesOnPath,
    /// The rules, for the fields where they matched, everywhere.
    Fields,
    /// The rules everywhere.
    Rules,
}

impl Scope {
    /// All, from the narrowest.
    pub const ALL: [Self; 4] = [
        Self::FieldsOnPath,
        Self::RulesOnPath,
        Self::Fields,
        Self::Rules,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FieldsOnPath => "the rules, for the fields where they matched, on this path",
            Self::RulesOnPath => "the rules, on this path",
            Self::Fields => "the rules, for the fields where they matched, on every path",
            Self::Rules => "the rules, on every path",
        }
    }
}

/// What an exclusion is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// For the file of `before`.
    pub before: String,
    /// For the file of `after`.
    pub after: String,
    /// For `exclude_rules`.
    pub exclude_rules: Vec<u32>,
}

/// The fewest rules without which the request passes, as far as the scores tell: `known` and, if they do not
/// suffice, those that weigh most. Rules beyond the paranoia level that blocks weigh nothing.
#[must_use]
pub fn to_exclude(program: &Program, paranoia_level: u8, known: &[Excluded]) -> Vec<Excluded> {
    let mut excluded: Vec<Excluded> = known.to_vec();
    let Some(decision) = program.decision else {
        return excluded;
    };
    if let Some(alone) = acts_alone(program, decision) {
        add(&mut excluded, alone);
        return excluded;
    }
    let score = |name: &str| program.scores.get(name).copied().unwrap_or(0);
    let threshold = score("inbound_anomaly_score_threshold").max(1);
    let mut left = score("blocking_inbound_anomaly_score");
    let counts = |finding: &&Finding| !is_summary(finding) && level(finding) <= paranoia_level;
    let mut findings: Vec<&Finding> = program.findings.iter().filter(counts).collect();
    // The heaviest first; of equal weight the first that matched.
    findings.sort_by_key(|finding| std::cmp::Reverse(weight(finding)));
    for finding in findings {
        if left < threshold {
            break;
        }
        left = left.saturating_sub(weight(finding));
        add(&mut excluded, finding);
    }
    excluded
}

/// The rule that decided by itself and not by score.
fn acts_alone(program: &Program, decision: Decision) -> Option<&Finding> {
    let mut findings = program.findings.iter();
    findings.find(|finding| finding.rule == decision.rule && !is_summary(finding))
}

fn add(excluded: &mut Vec<Excluded>, finding: &Finding) {
    // What rules keep for each other is no field of the request.
    let of_request = |name: &&String| {
        !["TX:", "MATCHED_", "RULE:"]
            .iter()
            .any(|own| name.starts_with(own))
            && *name != "TX"
    };
    let values = finding.values.iter().map(|value| &value.variable);
    let variables: BTreeSet<String> = values.filter(of_request).cloned().collect();
    match excluded.iter_mut().find(|known| known.rule == finding.rule) {
        Some(known) => known.variables.extend(variables),
        None => excluded.push(Excluded {
            rule: finding.rule,
            variables,
        }),
    }
}

fn is_summary(finding: &Finding) -> bool {
    finding
        .tags
        .iter()
        .any(|tag| SUMMARIES.contains(&tag.as_str()))
}

/// The paranoia level of a rule, 1 where it says none.
fn level(finding: &Finding) -> u8 {
    let levels = finding
        .tags
        .iter()
        .filter_map(|tag| tag.strip_prefix("paranoia-level/"));
    levels
        .filter_map(|level| level.parse().ok())
        .next()
        .unwrap_or(1)
}

/// What a match adds to the score: the set's defaults.
fn weight(finding: &Finding) -> i64 {
    match finding.severity {
        Some(0..=2) => 5,
        Some(3) => 4,
        Some(4) => 3,
        Some(5) => 2,
        Some(_) | None => 0,
    }
}

/// The exclusion of these rules; `None` where it cannot be written so. `used` are the ids of all rules.
#[must_use]
pub fn directives(
    scope: Scope,
    excluded: &[Excluded],
    path: &str,
    used: &BTreeSet<u32>,
) -> Option<Directives> {
    let on_path = |control: &[String]| {
        if control.is_empty() || !is_plain_path(path) {
            return None;
        }
        let mut ids = OWN_IDS;
        let id = ids.find(|id| !used.contains(id))?;
        let control: String = control
            .iter()
            .map(|control| format!(",ctl:{control}"))
            .collect();
        Some(format!(
            "SecRule REQUEST_FILENAME \"@streq {path}\" \"id:{id},phase:1,pass,nolog,t:none{control}\"\n"
        ))
    };
    let mut made = Directives::default();
    match scope {
        Scope::FieldsOnPath => {
            let control: Vec<String> = targets(excluded)?
                .into_iter()
                .map(|(rule, variable)| format!("ruleRemoveTargetById={rule};{variable}"))
                .collect();
            made.before = on_path(&control)?;
        }
        Scope::RulesOnPath => {
            let control: Vec<String> = excluded
                .iter()
                .map(|excluded| format!("ruleRemoveById={}", excluded.rule))
                .collect();
            made.before = on_path(&control)?;
        }
        Scope::Fields => {
            for (rule, variable) in targets(excluded)? {
                // Formatting into a string does not fail.
                let _ = writeln!(made.after, "SecRuleUpdateTargetById {rule} \"!{variable}\"");
            }
        }
        Scope::Rules => {
            made.exclude_rules = excluded.iter().map(|excluded| excluded.rule).collect()
        }
    }
    Some(made)
}

/// Every rule with every field; `None` where one has no field that can be written.
fn targets(excluded: &[Excluded]) -> Option<Vec<(u32, String)>> {
    let mut targets = Vec::new();
    for Excluded { rule, variables } in excluded {
        if variables.is_empty() {
            return None;
        }
        for variable in variables {
            let target = (*rule, target(variable)?);
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    (!targets.is_empty()).then_some(targets)
}

/// A variable as directives name it. Of a name with unusual characters the whole collection.
fn target(variable: &str) -> Option<String> {
    if variable.starts_with("XML:") {
        return Some(variable.to_owned());
    }
    let (collection, name) = match variable.split_once(':') {
        None => (variable, ""),
        Some(parts) => parts,
    };
    let is_collection = |b: u8| b.is_ascii_uppercase() || b == b'_';
    if collection.is_empty() || !collection.bytes().all(is_collection) {
        return None;
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b);
    if name.is_empty() || !name.bytes().all(plain) {
        return Some(collection.to_owned());
    }
    Some(variable.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_wire::explanation::FoundValue;

    fn finding(rule: u32, severity: u8, variable: &str, tags: &[&str]) -> Finding {
        Finding {
            rule,
            severity: Some(severity),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            values: vec![FoundValue {
                variable: variable.to_owned(),
                ..FoundValue::default()
            }],
            ..Finding::default()
        }
    }

    fn program(findings: Vec<Finding>, score: i64, decided: u32) -> Program {
        let mut findings = findings;
        findings.push(Finding {
            decided: true,
            ..finding(
                949_110,
                2,
                "TX:blocking_inbound_anomaly_score",
                &["anomaly-evaluation"],
            )
        });
        Program {
            decision: Some(Decision {
                status: 403,
                rule: decided,
            }),
            scores: [
                ("blocking_inbound_anomaly_score".to_owned(), score),
                ("inbound_anomaly_score_threshold".to_owned(), 5),
            ]
            .into(),
            findings,
            ..Program::default()
        }
    }

    fn ids(excluded: &[Excluded]) -> Vec<u32> {
        excluded.iter().map(|excluded| excluded.rule).collect()
    }

    #[test]
    fn as_few_rules_as_the_score_asks_for() {
        let sqli = || finding(942_100, 2, "ARGS:q", &["paranoia-level/1"]);
        let odd = || finding(920_300, 5, "REQUEST_HEADERS:Accept", &[]);
        let higher = || finding(942_430, 4, "ARGS:q", &["paranoia-level/2"]);
        let excluded = to_exclude(&program(vec![odd(), higher(), sqli()], 7, 949_110), 1, &[]);
        assert_eq!(ids(&excluded), [942_100]);
        assert_eq!(excluded[0].variables, ["ARGS:q".to_owned()].into());
        // Two heavy ones are two.
        let xss = finding(941_100, 2, "ARGS:q", &[]);
        let excluded = to_exclude(&program(vec![sqli(), xss], 10, 949_110), 1, &[]);
        assert_eq!(ids(&excluded), [942_100, 941_100]);
        // One that acts by itself is excluded by itself.
        let body = finding(200_002, 2, "REQBODY_ERROR", &[]);
        assert_eq!(
            ids(&to_exclude(
                &program(vec![sqli(), body], 5, 200_002),
                1,
                &[]
            )),
            [200_002]
        );
    }

    #[test]
    fn further_fields_of_a_known_rule_are_added() {
        let known = [Excluded {
            rule: 942_100,
            variables: ["ARGS:a".to_owned()].into(),
        }];
        let found = program(vec![finding(942_100, 2, "ARGS:b", &[])], 5, 949_110);
        let excluded = to_exclude(&found, 1, &known);
        assert_eq!(excluded.len(), 1);
        assert_eq!(
            excluded[0].variables,
            ["ARGS:a".to_owned(), "ARGS:b".to_owned()].into()
        );
    }

    #[test]
    fn directives_are_as_wide_as_their_scope() {
        let excluded = [Excluded {
            rule: 942_100,
            variables: ["ARGS:q".to_owned(), "ARGS:a b".to_owned()].into(),
        }];
        let used: BTreeSet<u32> = [1_000, 1_001].into();
        let made = |scope| directives(scope, &excluded, "/search", &used).unwrap();
        assert_eq!(
            made(Scope::FieldsOnPath).before,
            "SecRule REQUEST_FILENAME \"@streq /search\" \"id:1002,phase:1,pass,nolog,t:none,\
             ctl:ruleRemoveTargetById=942100;ARGS,ctl:ruleRemoveTargetById=942100;ARGS:q\"\n"
        );
        assert_eq!(
            made(Scope::RulesOnPath).before,
            "SecRule REQUEST_FILENAME \"@streq /search\" \"id:1002,phase:1,pass,nolog,t:none,\
             ctl:ruleRemoveById=942100\"\n"
        );
        let after = "SecRuleUpdateTargetById 942100 \"!ARGS\"\nSecRuleUpdateTargetById 942100 \"!ARGS:q\"\n";
        assert_eq!(made(Scope::Fields).after, after);
        assert_eq!(made(Scope::Rules).exclude_rules, [942_100]);
    }

    #[test]
    fn what_cannot_be_written_is_not_proposed() {
        let of = |variable: &str| {
            [Excluded {
                rule: 1,
                variables: [variable.to_owned()].into(),
            }]
        };
        let used = BTreeSet::new();
        for path in ["/a b", "/a%20b", "a", "/a\"", "/%{tx.x}"] {
            assert_eq!(
                directives(Scope::FieldsOnPath, &of("ARGS:q"), path, &used),
                None,
                "{path}"
            );
            assert!(directives(Scope::Fields, &of("ARGS:q"), path, &used).is_some());
        }
        let nowhere = [Excluded {
            rule: 1,
            variables: BTreeSet::new(),
        }];
        assert_eq!(directives(Scope::Fields, &nowhere, "/", &used), None);
        assert_eq!(directives(Scope::Fields, &of("\\x00:q"), "/", &used), None);
        assert!(directives(Scope::Fields, &of("XML:/*"), "/", &used).is_some());
    }
}
