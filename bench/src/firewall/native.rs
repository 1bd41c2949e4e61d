//! `native_us`: 100 native rules and 100,000 networks, `decide` alone.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use lockgate_firewall::samples::crawlers;
use serde_json::json;

use super::policy::{Judge, Policy, bundle};
use super::requests::{Head, Kind, Request};
use crate::groups::Bench;
use crate::random::Random;
use crate::report::Measured;
use crate::rounds::{median, round_to};
use crate::work::Work;

/// Rules, and networks in the set of one of them.
const RULES: usize = 100;
const NETWORKS: usize = 100_000;
const CRAWLERS: usize = 1_500;

/// How often the 200 GETs are decided on in a round.
const REPEATS: usize = 20;

/// Names the folder of the rules.
const NAME: &str = "firewall-native";

/// Said before the faults where a gateway would not run one of the rules: then there is no figure.
const REFUSED: &str = "a gateway refuses these rules, so that there is nothing to measure";

/// The file of the first two lists, beside the rules.
const NETWORKS_FILE: &str = "networks.txt";
const CRAWLERS_FILE: &str = "crawlers.txt";

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let rules = write(&bench.work)?;
    let compiled = bundle(&bench.work, NAME, &[&rules]).context(REFUSED)?;
    let with = Policy::new(&bench.work, compiled)?;
    let without = Policy::new(&bench.work, bundle(&bench.work, "firewall-none", &[])?)?;
    let (mut judge, mut bare) = (with.judge().context(REFUSED)?, without.judge()?);
    blocks_what_it_should(&mut judge)?;
    let (mut ours, mut base) = (Vec::new(), Vec::new());
    for round in 0..=bench.plan.rounds {
        let (us, bare_us) = (one_round(&mut judge, round)?, one_round(&mut bare, round)?);
        // The first round warms up.
        if round > 0 {
            ours.push(round_to(us, 3));
            base.push(round_to(bare_us, 3));
        }
    }
    let (us, base_us) = (median(ours.clone()), median(base.clone()));
    eprintln!("  {us:.2} µs, without rules {base_us:.2} µs");
    Ok(vec![Measured {
        value: us,
        compared: None,
        unit: "µs",
        detail: json!({
            "rules": RULES,
            "networks": NETWORKS,
            "user_agent_patterns": CRAWLERS,
            "bundle_bytes": with.bundle_bytes(),
            "rounds_us": ours,
            "without_rules_us": base_us,
            "without_rules_rounds_us": base,
        }),
    }])
}

/// The mean of a request over the GETs, each time with fresh values.
fn one_round(judge: &mut Judge, round: usize) -> Result<f64> {
    let mut all = Vec::with_capacity(REPEATS);
    for repeat in 0..REPEATS {
        let requests = Kind::Get.requests(1 + round * REPEATS + repeat);
        let heads: Vec<Head> = requests.iter().map(Request::head).collect();
        let (us, passed) = judge.decide_all(&heads)?;
        ensure!(passed, "a GET was refused");
        all.push(us);
    }
    Ok(median(all))
}

fn blocks_what_it_should(judge: &mut Judge) -> Result<()> {
    let agent = crawlers(1).describe(0).context("there are no crawlers")?;
    let agent = agent.trim_matches(['^', '$']);
    let requests = [
        Request::attack(),
        Request::get("/internal-20/a", &[("User-Agent", "Mozilla/5.0")]),
        Request::get("/", &[("User-Agent", agent)]),
    ];
    for request in &requests {
        let target = String::from_utf8_lossy(&request.target);
        ensure!(
            judge.decide(request)?.native,
            "the rules let {target} through"
        );
    }
    Ok(())
}

/// Writes rules and lists into the work folder.
fn write(work: &Work) -> Result<PathBuf> {
    let folder = work.subfolder(NAME)?;
    fs::write(folder.join(NETWORKS_FILE), networks())?;
    let patterns = crawlers(CRAWLERS);
    let lines = (0..).map_while(|index| patterns.describe(index));
    let list: String = lines.map(|line| line + "\n").collect();
    fs::write(folder.join(CRAWLERS_FILE), list)?;
    let path = folder.join("rules.toml");
    fs::write(&path, rules()).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Addresses and networks of all sizes, none of which is the client's (203.0.113.7).
fn networks() -> String {
    let mut random = Random::new(11);
    let mut text = String::new();
    for number in 0..NETWORKS {
        // 16.0.0.0 to 127.255.255.255 in equal steps, so that no two are the same.
        let step = (112 << 24) / NETWORKS;
        let start = (16 << 24) + number * step + random.below(step / 2);
        let bits = [32, 32, 32, 28, 24][random.below(5)];
        let start = start as u32 & (u32::MAX << (32 - bits));
        let _ = writeln!(text, "{}/{bits}", std::net::Ipv4Addr::from(start));
    }
    text
}

/// A hundred rules of ten kinds, as a shop has them.
fn rules() -> String {
    let mut text = format!(
        "[ip_sets.blocked]\nfile = \"{NETWORKS_FILE}\"\n\n\
         [user_agent_lists.crawlers]\nfile = \"{CRAWLERS_FILE}\"\n"
    );
    for number in 0..RULES {
        let look = look(number);
        let _ = write!(
            text,
            "\n[[rules]]\nname = \"rule-{number}\"\npriority = {}\naction = \"block\"\n{look}\n",
            10 * number
        );
    }
    text
}

/// What a rule looks for. None of the GETs has it.
fn look(number: usize) -> String {
    let when = match number % 10 {
        0 => format!("path starts_with \"/internal-{number}/\""),
        1 if number == 1 => "ip in blocked".to_owned(),
        1 => format!("header:x-client-{number} == \"scanner\""),
        2 if number == 2 => "user_agent in crawlers".to_owned(),
        2 => format!("header:user-agent | lowercase contains \"tool-{number}/\""),
        3 => format!("query_argument:debug{number} == \"on\""),
        4 => {
            format!("path | url_decode_uni | lowercase matches \"\\.(?:bak|old|orig){number}$\"")
        }
        5 => format!("cookie:trial{number} == \"on\""),
        6 if number == 6 => "all_query_arguments | url_decode_uni sqli_match".to_owned(),
        6 => format!("all_query_arguments | url_decode_uni contains \"needle-{number}-\""),
        7 => format!("query_string size > {}", 8_000 + number),
        8 => format!("method == \"PATCH\" and path starts_with \"/api/v{number}/\""),
        _ => {
            return format!(
                "statement = {{ rate_based = {{ limit = 1000000, window_s = 60, scope_down = \
                 {{ byte_match = {{ field = \"path\", starts_with = \"/login-{number}\" }} }} }} }}"
            );
        }
    };
    format!("when = '{when}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_rules_and_networks_as_the_figure_says() {
        let table: toml::Table = rules().parse().unwrap();
        assert_eq!(table["rules"].as_array().map(Vec::len), Some(RULES));
        let networks = networks();
        let mut lines: Vec<&str> = networks.lines().collect();
        assert!(!lines.iter().any(|line| line.starts_with("203.")));
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), NETWORKS);
    }
}
