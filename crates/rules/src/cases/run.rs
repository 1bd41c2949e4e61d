//! Running cases.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use lockgate_config::RulesFile;
use lockgate_firewall::{Decision, Firewall, LoadError, Match, View};

use super::coverage::lacking;
use super::request::with_view;
use super::{Case, CaseError, CaseFile, Failure, Report};

/// Why cases could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The rules are faulty.
    #[error("{0}")]
    Rules(#[from] lockgate_config::Refused),
    /// The rules cannot be compiled.
    #[error("{0}")]
    Compile(String),
    /// The compiled rules cannot be loaded.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// The file of cases cannot be read.
    #[error("{file}: {reason}")]
    Cases {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Where the cases of a rule file are: `NAME.test.toml` beside `NAME.toml`.
#[must_use]
pub fn case_file(rules: &Path) -> PathBuf {
    rules.with_extension("test.toml")
}

/// Runs the cases beside a rule file; without a file of cases every rule of it lacks them. `now_s` is the
/// clock, seconds since the Unix epoch.
///
/// # Errors
/// [`RunError`] when rules or cases cannot be read; what fails is in the report.
pub fn run_file(rules: &Path, now_s: u64) -> Result<Report, RunError> {
    run_loaded(
        rules,
        &lockgate_config::load_rules(&[rules.to_owned()])?,
        now_s,
    )
}

/// The same of a rule file that was loaded by itself already.
///
/// # Errors
/// [`RunError`] when the cases cannot be read or the rules cannot be compiled.
pub fn run_loaded(
    rules: &Path,
    loaded: &BTreeMap<PathBuf, RulesFile>,
    now_s: u64,
) -> Result<Report, RunError> {
    let file = case_file(rules);
    let wrong = |reason: String| RunError::Cases {
        file: file.clone(),
        reason,
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        // Then every rule lacks its cases, and the report says so.
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let cases: CaseFile =
        toml::from_str(&text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
    let rules: Vec<(&Path, &RulesFile)> = loaded
        .iter()
        .map(|(file, rules)| (file.as_path(), rules))
        .collect();
    run(&rules, &cases, now_s)
}

/// Runs cases against rule files that one site has together.
///
/// # Errors
/// [`RunError::Compile`], [`RunError::Load`].
pub fn run(
    rules: &[(&Path, &RulesFile)],
    cases: &CaseFile,
    now_s: u64,
) -> Result<Report, RunError> {
    let compiled = lockgate_compile::compile_rules(rules).map_err(RunError::Compile)?;
    let firewall = Firewall::load(compiled)?;
    let mut report = Report {
        cases: cases.cases.len(),
        failures: Vec::new(),
    };
    for case in &cases.cases {
        let runner = Runner {
            firewall: &firewall,
            case,
            now_s,
        };
        match runner.failures() {
            Ok(failures) => report.failures.extend(failures),
            Err(error) => {
                report
                    .failures
                    .push(runner.failure("", "a request", error.to_string(), None))
            }
        }
    }
    // A set without entries is delivered so that somebody fills it: its rules cannot match yet.
    let rules = rules.iter().flat_map(|(_, file)| {
        let waits = |rule: &&lockgate_config::Rule| !crate::check::cannot_match_yet(file, rule);
        file.rules.iter().filter(waits)
    });
    report
        .failures
        .extend(lacking(rules.map(|rule| rule.name.as_str()), &cases.cases));
    Ok(report)
}

/// One case.
struct Runner<'a> {
    firewall: &'a Firewall,
    case: &'a Case,
    now_s: u64,
}

impl Runner<'_> {
    fn failures(&self) -> Result<Vec<Failure>, CaseError> {
        for name in self
            .case
            .must_match()
            .chain(self.case.not.iter().map(String::as_str))
        {
            self.index(name)?;
        }
        let decision = self.decide()?;
        let mut failures = Vec::new();
        self.verdict(&decision, &mut failures);
        self.labels(&decision, &mut failures);
        for (names, must) in [(&self.case.matches, true), (&self.case.not, false)] {
            for name in names {
                let matched = self.alone(name)?;
                if matched.is_some() != must {
                    let expected = if must {
                        "the rule matches"
                    } else {
                        "the rule does not match"
                    };
                    let got = if must { "it does not" } else { "it does" };
                    failures.push(self.failure(name, expected, got.to_owned(), matched.as_ref()));
                }
            }
        }
        for (name, text) in &self.case.matched {
            let matched = self.alone(name)?;
            let bytes = matched.as_ref().and_then(matched_bytes);
            let holds =
                bytes.is_some_and(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes()));
            if !holds {
                let got = if matched.is_some() {
                    "other bytes"
                } else {
                    "no match"
                };
                let expected = format!("{text:?} among the bytes that matched");
                failures.push(self.failure(name, &expected, got.to_owned(), matched.as_ref()));
            }
        }
        Ok(failures)
    }

    /// The decision, with the counts that the case wants over their limits answered so.
    fn decide(&self) -> Result<Decision, CaseError> {
        for name in &self.case.over {
            let rule = self.index(name)?;
            if self
                .firewall
                .rule(rule)
                .is_none_or(|rule| rule.rate.is_none())
            {
                return Err(CaseError::NoRate(name.clone()));
            }
        }
        let mut over = Vec::new();
        loop {
            let decision = self.view(&over, |view| self.firewall.decide(view))?;
            let open = decision.charges.get(over.len()..).unwrap_or_default();
            let answers: Vec<bool> = open
                .iter()
                .map(|charge| self.is_over(charge.rule))
                .collect();
            match answers.iter().position(|over| *over) {
                // The first one over its limit ends the counting.
                Some(first) => over.extend(answers.into_iter().take(first + 1)),
                None => return Ok(decision),
            }
        }
    }

    fn is_over(&self, rule: u32) -> bool {
        self.case.over.iter().any(|name| name == self.name(rule))
    }

    fn alone(&self, name: &str) -> Result<Option<Match>, CaseError> {
        let rule = self.index(name)?;
        self.view(&[self.is_over(rule)], |view| {
            self.firewall.try_rule(rule, view)
        })
    }

    fn view<T>(&self, over: &[bool], work: impl FnOnce(&View<'_>) -> T) -> Result<T, CaseError> {
        with_view(self.case, self.firewall, over, self.now_s, work)
    }

    fn verdict(&self, decision: &Decision, failures: &mut Vec<Failure>) {
        let got = decision
            .terminal
            .as_ref()
            .map(|matched| self.name(matched.rule));
        let wanted = self.case.rule.as_deref();
        if got != wanted {
            let told = |rule: Option<&str>| {
                rule.map_or("no rule ends the firewall".to_owned(), |rule| {
                    format!("`{rule}` ends the firewall")
                })
            };
            let rule = wanted.or(got).unwrap_or_default();
            let matched = decision.terminal.as_ref();
            failures.push(self.failure(rule, &told(wanted), told(got), matched));
        }
        let counted: Vec<&str> = decision.counted.iter().map(|m| self.name(m.rule)).collect();
        if counted != self.case.counted {
            let wanted = format!(
                "counted: {}",
                listed(self.case.counted.iter().map(String::as_str))
            );
            let got = format!("counted: {}", listed(counted.iter().copied()));
            let odd = |m: &&Match| {
                !self
                    .case
                    .counted
                    .iter()
                    .any(|name| name == self.name(m.rule))
            };
            let matched = decision.counted.iter().find(odd);
            let rule = matched.map_or("", |matched| self.name(matched.rule));
            failures.push(self.failure(rule, &wanted, got, matched));
        }
    }

    fn labels(&self, decision: &Decision, failures: &mut Vec<Failure>) {
        let Some(wanted) = &self.case.labels else {
            return;
        };
        let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut got: Vec<&str> = decision
            .labels
            .iter()
            .filter_map(|label| self.firewall.label(*label))
            .collect();
        wanted.sort_unstable();
        got.sort_unstable();
        if wanted != got {
            let expected = format!("labels: {}", listed(wanted.into_iter()));
            let got = format!("labels: {}", listed(got.into_iter()));
            failures.push(self.failure("", &expected, got, None));
        }
    }

    fn failure(&self, rule: &str, expected: &str, got: String, matched: Option<&Match>) -> Failure {
        let place = |matched: &Match| match &matched.place {
            Some(place) => format!("{} in {place}", matched.why),
            None => matched.why.to_string(),
        };
        Failure {
            rule: rule.to_owned(),
            case: self.case.title.clone(),
            request: format!("{} {}", self.case.method, self.case.target),
            expected: expected.to_owned(),
            got,
            matched: matched.map(place),
        }
    }

    fn index(&self, name: &str) -> Result<u32, CaseError> {
        let mut rules = (0..).map_while(|index| Some((index, self.firewall.rule(index)?)));
        let found = rules.find(|(_, rule)| rule.name == name);
        found
            .map(|(index, _)| index)
            .ok_or_else(|| CaseError::NoRule(name.to_owned()))
    }

    fn name(&self, rule: u32) -> &str {
        self.firewall.rule(rule).map_or("?", |rule| &rule.name)
    }
}

fn matched_bytes(matched: &Match) -> Option<&[u8]> {
    let place = matched.place.as_ref()?;
    place.excerpt.get(place.range.0..place.range.1)
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
