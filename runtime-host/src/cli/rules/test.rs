//! `lockgate rules test`: the cases of rule files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lockgate_rules::cases::{Report, run_file};
use serde_json::{Value, json};

use super::sources::RuleSources;
use super::{counted, now_s};
use crate::cli::config::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    rules: RuleSources,
    /// As JSON: an object with what came of each file
    #[arg(long)]
    json: bool,
}

/// What came of a file: a report, or why its cases could not be run.
type Outcome = (PathBuf, Result<Report, String>);

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let now_s = now_s()?;
    let files = args.rules.files()?.into_iter();
    let outcomes: Vec<Outcome> = files
        .map(|file| {
            let report = run_file(&file, now_s).map_err(|error| error.to_string());
            (file, report)
        })
        .collect();
    let text = if args.json {
        as_json(&outcomes)?
    } else {
        as_lines(&outcomes)
    };
    print(&text)?;
    let (_, wrong) = sums(&outcomes);
    anyhow::ensure!(wrong == 0, "{}", summary(&outcomes));
    if !args.json {
        print(&format!("ok: {}\n", summary(&outcomes)))?;
    }
    Ok(())
}

/// Cases that were run, and all that is wrong.
fn sums(outcomes: &[Outcome]) -> (usize, usize) {
    outcomes
        .iter()
        .fold((0, 0), |(cases, wrong), (_, outcome)| {
            let of = outcome.as_ref();
            let own = of.map_or((0, 1), |report| (report.cases, report.failures.len()));
            (cases + own.0, wrong + own.1)
        })
}

fn summary(outcomes: &[Outcome]) -> String {
    let (cases, wrong) = sums(outcomes);
    let (cases, files) = (counted(cases, "case"), counted(outcomes.len(), "rule file"));
    if wrong == 0 {
        format!("{cases} of {files} passed")
    } else {
        format!("{} in {cases} of {files}", counted(wrong, "failure"))
    }
}

/// A paragraph for each failure.
fn as_lines(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    // Formatting into a string does not fail.
    for (file, outcome) in outcomes {
        let file = file.display();
        match outcome {
            Err(error) => {
                let _ = writeln!(text, "{file}: {error}\n");
            }
            Ok(report) => {
                for failure in &report.failures {
                    let _ = writeln!(text, "{file}\n{failure}\n");
                }
            }
        }
    }
    text
}

fn as_json(outcomes: &[Outcome]) -> anyhow::Result<String> {
    let file = |(file, outcome): &Outcome| -> anyhow::Result<Value> { Ok(of_file(file, outcome)?) };
    let files: anyhow::Result<Vec<Value>> = outcomes.iter().map(file).collect();
    let (cases, wrong) = sums(outcomes);
    let all = json!({ "passed": wrong == 0, "cases": cases, "failures": wrong, "files": files? });
    Ok(format!("{}\n", serde_json::to_string_pretty(&all)?))
}

fn of_file(file: &Path, outcome: &Result<Report, String>) -> serde_json::Result<Value> {
    let name = file.display().to_string();
    Ok(match outcome {
        Err(error) => json!({ "file": name, "error": error }),
        Ok(report) => json!({
            "file": name,
            "cases": report.cases,
            "failures": serde_json::to_value(&report.failures)?,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_rules::cases::Failure;

    fn outcomes() -> Vec<Outcome> {
        let failure = Failure {
            rule: "admin".to_owned(),
            case: "a guest".to_owned(),
            request: "GET /admin".to_owned(),
            expected: "no rule ends the firewall".to_owned(),
            got: "`admin` ends the firewall".to_owned(),
            matched: Some("text 0 in path: \"[/admin]\"".to_owned()),
        };
        let failing = Report {
            cases: 3,
            failures: vec![failure],
        };
        let fine = Report {
            cases: 1,
            failures: Vec::new(),
        };
        vec![
            ("a.toml".into(), Ok(failing)),
            ("b.toml".into(), Ok(fine)),
            ("c.toml".into(), Err("c.test.toml: no TOML".to_owned())),
        ]
    }

    #[test]
    fn each_failure_is_a_paragraph_and_all_are_counted() {
        let all = outcomes();
        assert_eq!(summary(&all), "2 failures in 4 cases of 3 rule files");
        assert_eq!(
            as_lines(&all),
            "a.toml\n     rule: admin\n     case: a guest\n  request: GET /admin\n \
             expected: no rule ends the firewall\n      got: `admin` ends the firewall\n  \
             matched: text 0 in path: \"[/admin]\"\n\nc.toml: c.test.toml: no TOML\n\n"
        );
        let fine = &all[1..2];
        assert_eq!(summary(fine), "1 case of 1 rule file passed");
        assert_eq!(as_lines(fine), "");
    }

    #[test]
    fn json_has_the_same() {
        let value: Value = serde_json::from_str(&as_json(&outcomes()).unwrap()).unwrap();
        assert_eq!(value["passed"], false);
        assert_eq!(
            (&value["cases"], &value["failures"]),
            (&json!(4), &json!(2))
        );
        assert_eq!(value["files"][0]["failures"][0]["request"], "GET /admin");
        assert_eq!(
            value["files"][1],
            json!({ "file": "b.toml", "cases": 1, "failures": [] })
        );
        assert_eq!(value["files"][2]["error"], "c.test.toml: no TOML");
    }
}
