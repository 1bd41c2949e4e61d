//! The regression cases of the Core Rule Set, unmodified.
//!
//! Cases that fail stand in `crs_cases_known.txt`, each with its reason. The test fails when
//! another one fails, and when one of these passes.
mod support;

use lockgate_seclang::ftw::{self, Kind, Outcome};
use lockgate_waf::Engine;
use std::collections::BTreeMap;

/// Name and reason of each known miss.
fn known() -> BTreeMap<String, String> {
    include_str!("crs_cases_known.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, why) = line.split_once(' ').expect("a name and a reason");
            (name.to_owned(), why.to_owned())
        })
        .collect()
}

#[test]
fn cases_of_the_core_rule_set() {
    let Some(folder) = support::folder() else {
        return;
    };
    let engine = Engine::from_program(support::compiled(&folder).program.clone()).unwrap();
    let cases = support::cases(&folder);
    let outcomes: Vec<Outcome> = cases.iter().map(|case| ftw::case(&engine, case)).collect();
    let mut known = known();
    let mut wrong = Vec::new();
    for outcome in &outcomes {
        let listed = known.remove(&outcome.name).is_some();
        match (outcome.passed(), listed) {
            (true, true) => wrong.push(format!("{} is listed and passes", outcome.name)),
            (false, false) => wrong.push(format!("{} {:?}", outcome.name, outcome.faults)),
            _ => {}
        }
    }
    for kind in [Kind::Expect, Kind::Forbid, Kind::Status] {
        let of: Vec<_> = outcomes.iter().filter(|o| o.kind == kind).collect();
        let passed = of.iter().filter(|o| o.passed()).count();
        println!("{kind:?}: {passed} of {}", of.len());
    }
    wrong.extend(
        known
            .keys()
            .map(|name| format!("{name} is listed and is no case")),
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(outcomes.len() > 2_500, "{}", outcomes.len());
}
