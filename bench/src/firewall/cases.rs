//! `crs_expect_share`, `crs_forbid_share`, `crs_benign_share`: the regression cases of the Core
//! Rule Set in this process. `crates/seclang` says how a case is run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use lockgate_seclang::ftw::{self, Case, Kind, Message, Outcome};
use serde_json::{Value, json};

use super::modsecurity::{Peer, Response};
use super::requests::Request;
use super::rule_set;
use crate::groups::Bench;
use crate::report::Measured;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let folder = rule_set::folder(&bench.work)?;
    let cases = cases(&folder.join("tests"))?;
    let engine = rule_set::engine(&bench.work, rule_set::CASES)?;
    let outcomes: Vec<Outcome> = cases.iter().map(|case| ftw::case(&engine, case)).collect();
    let status_only = cases
        .iter()
        .filter(|case| case.kind() == Kind::Status)
        .count();
    let detail = json!({ "cases": cases.len(), "not_run_status_only": status_only });
    let mut figures = vec![
        share(&outcomes, Kind::Expect, detail),
        share(&outcomes, Kind::Forbid, Value::Null),
    ];
    match benign(bench, &cases) {
        Ok(figure) => figures.push(figure),
        Err(error) => eprintln!("  without libmodsecurity: {error:#}"),
    }
    Ok(figures)
}

fn percent(passed: usize, all: usize, detail: Value) -> Measured {
    Measured {
        value: 100.0 * passed as f64 / all.max(1) as f64,
        compared: None,
        unit: "%",
        detail,
    }
}

/// The share of the cases of this kind that are as they should be.
fn share(outcomes: &[Outcome], kind: Kind, about: Value) -> Measured {
    let of: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| outcome.kind == kind)
        .collect();
    let missed: Vec<Value> = of
        .iter()
        .filter(|outcome| !outcome.passed())
        .map(|outcome| json!({ "case": outcome.name, "faults": outcome.faults }))
        .collect();
    let passed = of.len() - missed.len();
    eprintln!("  {kind:?}: {passed} of {}", of.len());
    let detail = json!({
        "passed": passed,
        "of": of.len(),
        "missed": missed,
        "about": about,
    });
    percent(passed, of.len(), detail)
}

/// In blocking mode at paranoia level 1: of the cases that only forbid ids and that the peer lets
/// through, the share that we let through.
fn benign(bench: &Bench, cases: &[Case]) -> Result<Measured> {
    let setup = rule_set::LEVEL_1_RESPONSES;
    let engine = rule_set::engine(&bench.work, setup)?;
    let mut peer = Peer::start(&bench.work, "firewall-cases", setup)?;
    let (mut all, mut refused_by_peer, mut blocked) = (0, 0, Vec::new());
    for case in cases.iter().filter(|case| case.kind() == Kind::Forbid) {
        let stages = case.stages.iter();
        let messages: Vec<Message> = stages
            .map(|stage| ftw::read_message(&ftw::bytes(stage)))
            .collect();
        let requests: Vec<Request> = messages.iter().map(request).collect();
        let responses: Vec<Response> = messages
            .iter()
            .map(|message| ftw::answer(&message.uri, &message.body))
            .collect();
        let answers = peer.ask(&requests, &responses)?;
        if answers.iter().any(|answer| answer.status != 200) {
            refused_by_peer += 1;
            continue;
        }
        all += 1;
        for message in &messages {
            let seen = ftw::request(&engine, message);
            if !seen.verdict.passes() {
                blocked.push(json!({ "case": case.name, "rules": seen.ids }));
                break;
            }
        }
    }
    let passed = all - blocked.len();
    eprintln!("  let through: {passed} of {all}");
    let detail = json!({
        "passed": passed,
        "of": all,
        "refused_by_libmodsecurity": refused_by_peer,
        "blocked": blocked,
        "libmodsecurity": peer.about,
    });
    Ok(percent(passed, all, detail))
}

fn request(message: &Message) -> Request {
    Request {
        method: message.method.clone(),
        target: message.uri.clone(),
        protocol: message.protocol.clone(),
        headers: message.headers.clone(),
        body: message.body.clone(),
    }
}

/// The cases of all files below `folder`, in the order of their paths.
fn cases(folder: &Path) -> Result<Vec<Case>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let read = ftw::read(&text).map_err(|why| anyhow!("{}: {why}", path.display()))?;
        cases.extend(read);
    }
    Ok(cases)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            paths.push(path);
        }
    }
    Ok(())
}
