//! What an exclusion lets through among the cases: those of a site's own rules, and those of the Core Rule Set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_config::RulesFile;
use lockgate_seclang::ftw::{self, Case};
use lockgate_waf::{Engine, Verdict};
use serde::{Deserialize, Serialize};

use crate::cases::{Failure, RunError, run_loaded};

/// Folders in folders of cases, at most.
const FOLDER_DEPTH_MAX: u32 = 6;

/// Files of cases, at most.
const FILES_MAX: usize = 5_000;

/// A case that an exclusion makes a difference to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLost {
    /// `942100-3`, or the title of a case of the site's own.
    pub name: String,
    /// What it shows: the request, or the set's own words.
    pub about: String,
    /// The rules that do not match any more.
    pub rules: Vec<String>,
    /// It was refused, and passes with the exclusion.
    pub passes: bool,
}

/// What came of the cases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesLost {
    /// How many cases were run.
    pub asked: usize,
    /// Those with a difference.
    pub lost: Vec<CaseLost>,
}

/// The cases of a release: every `*.yaml` below `tests`; none where the folder is not there. Files that hold no
/// cases are passed over.
#[must_use]
pub fn of_release(folder: &Path) -> Vec<Case> {
    let mut files = Vec::new();
    collect(&folder.join("tests"), FOLDER_DEPTH_MAX, &mut files);
    files.sort();
    files
        .iter()
        .filter_map(|file| ftw::read(&std::fs::read_to_string(file).ok()?).ok())
        .flatten()
        .collect()
}

fn collect(folder: &Path, depth: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files);
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
            && files.len() < FILES_MAX
        {
            files.push(path);
        }
    }
}

/// What the cases of the set say of an exclusion: the request of each, with the program before and after.
#[must_use]
pub fn program(cases: &[Case], before: &Engine, after: &Engine) -> CasesLost {
    CasesLost {
        asked: cases.len(),
        lost: cases
            .iter()
            .filter_map(|case| lost(case, before, after))
            .collect(),
    }
}

fn lost(case: &Case, before: &Engine, after: &Engine) -> Option<CaseLost> {
    let mut rules: Vec<String> = Vec::new();
    let mut passes = false;
    for stage in &case.stages {
        let message = ftw::read_message(&ftw::bytes(stage));
        let (was, is) = (
            ftw::request(before, &message),
            ftw::request(after, &message),
        );
        // What is not an attack is meant to pass.
        let attacks = !stage.expect.is_empty() || stage.log_has.is_some();
        passes |= attacks && was.verdict != Verdict::Pass && is.verdict == Verdict::Pass;
        let gone = was
            .ids
            .iter()
            .filter(|id| !is.ids.contains(id) && stage.expect.contains(id));
        rules.extend(gone.map(ToString::to_string));
    }
    rules.dedup();
    (passes || !rules.is_empty()).then(|| CaseLost {
        name: case.name.clone(),
        about: case.about.clone(),
        rules,
        passes,
    })
}

/// What the cases beside a rule file say of a narrower rule: those that fail, and did not before.
///
/// # Errors
/// Where the cases cannot be read or the rules cannot be compiled.
pub fn native(
    file: &Path,
    before: &RulesFile,
    after: &RulesFile,
    now_s: u64,
) -> Result<CasesLost, RunError> {
    let run = |rules: &RulesFile| {
        let loaded = BTreeMap::from([(file.to_owned(), rules.clone())]);
        run_loaded(file, &loaded, now_s)
    };
    let (was, is) = (run(before)?, run(after)?);
    let new = is
        .failures
        .iter()
        .filter(|failure| !was.failures.contains(failure));
    Ok(CasesLost {
        asked: is.cases,
        lost: new.map(of_failure).collect(),
    })
}

fn of_failure(failure: &Failure) -> CaseLost {
    CaseLost {
        name: failure.case.clone(),
        about: failure.request.clone(),
        rules: vec![failure.rule.clone()],
        passes: failure.got.starts_with("no rule ends"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exclude::native::narrow;

    #[test]
    fn a_case_that_an_exclusion_lets_through_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.toml");
        let rule = "[[rules]]\nname = \"bak\"\npriority = 1\naction = \"block\"\nwhen = 'path ends_with \".bak\"'\n";
        std::fs::write(&file, rule).unwrap();
        let case = |target: &str| {
            format!("[[cases]]\ntitle = \"{target}\"\ntarget = \"{target}\"\nrule = \"bak\"\n")
        };
        let cases = [
            case("/a.bak"),
            case("/b.bak"),
            "[[cases]]\ntitle = \"fine\"\n".to_owned(),
        ]
        .concat();
        std::fs::write(dir.path().join("a.test.toml"), cases).unwrap();
        let loaded = lockgate_config::load_rules(std::slice::from_ref(&file)).unwrap();
        let before = &loaded[&file];
        let after = narrow(before, "bak", "path == \"/b.bak\"").unwrap().rules;
        let said = native(&file, before, &after, 1_800_000_000).unwrap();
        assert_eq!(said.asked, 3);
        let expected = CaseLost {
            name: "/b.bak".to_owned(),
            about: "GET /b.bak".to_owned(),
            rules: vec!["bak".to_owned()],
            passes: true,
        };
        assert_eq!(said.lost, [expected]);
    }

    #[test]
    fn the_cases_of_a_release_are_found_wherever_they_lie() {
        let dir = tempfile::tempdir().unwrap();
        assert!(of_release(dir.path()).is_empty());
        let below = dir.path().join("tests/regression/tests/REQUEST-942");
        std::fs::create_dir_all(&below).unwrap();
        let text =
            "rule_id: 942100\ntests:\n- test_id: 1\n  stages:\n  - input:\n      uri: \"/x\"\n";
        std::fs::write(below.join("942100.yaml"), text).unwrap();
        std::fs::write(dir.path().join("tests/other.yaml"), "{not: [cases").unwrap();
        let found = of_release(dir.path());
        assert_eq!(
            found
                .iter()
                .map(|case| case.name.as_str())
                .collect::<Vec<_>>(),
            ["942100-1"]
        );
    }
}
