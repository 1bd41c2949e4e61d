//! What every rule says of a request, as a person is told it.

#![allow(
    clippy::disallowed_methods,
    reason = "the configuration under test is loaded from files"
)]

mod common;

use std::fs;
use std::sync::LazyLock;

use common::{Ask, policy_of};
use lockgate_compile::Compiled;
use lockgate_config::{Sources, load};
use lockgate_policy::{HeldBody, Policy};
use lockgate_wire::explanation::{Block, Came, Explanation, NativeRule};

const GATEWAY: &str = r#"
version = 1
[listeners.public]
addresses = ["127.0.0.1:0"]
[sites.shop]
hosts = ["shop.example"]
rules = ["rules.toml", "crs.toml"]
[[sites.shop.routes]]
path = "/{*rest}"
respond = { status = 200, body = "fine" }
"#;

const RULES: &str = r#"
[ip_sets.banned]
addresses = ["198.51.100.7"]
[user_agent_lists.bots]
contains = ["badbot"]
[[rules]]
name = "banned"
priority = 1
action = "block"
statement = { ip_set = "banned" }
[[rules]]
name = "bots"
priority = 2
action = "block"
status = 404
canary = 9999
statement = { user_agent_list = "bots" }
[[rules]]
name = "seen"
priority = 3
action = "label"
labels = ["shop:seen"]
when = 'path starts_with "/seen"'
[[rules]]
name = "often"
priority = 4
action = "block"
statement = { rate_based = { limit = 10, window_s = 60 } }
[[rules]]
name = "args"
priority = 5
action = "block"
statement = { byte_match = { field = "all_query_arguments", transformations = ["url_decode"], contains = "drop table" } }
[[rules]]
name = "body"
priority = 6
action = "block"
when = 'form_field:note contains "evil"'
"#;

/// A set of two rules in the manner of the Core Rule Set.
const SET: &str = r#"
SecAction "id:900001,phase:1,nolog,pass,t:none,setvar:tx.blocking_inbound_anomaly_score=0"
SecRule ARGS "@rx (?i)union\s+select" "id:942999,phase:2,block,capture,t:none,t:lowercase,msg:'An injection',logdata:'Matched %{TX.0}',tag:'attack-sqli',severity:'CRITICAL',setvar:tx.blocking_inbound_anomaly_score=+5"
SecRule TX:blocking_inbound_anomaly_score "@ge %{tx.inbound_anomaly_score_threshold}" "id:949110,phase:2,deny,t:none,msg:'Exceeded',tag:'anomaly-evaluation'"
SecRule RESPONSE_STATUS "@streq 500" "id:950999,phase:3,block,msg:'A failure'"
"#;

fn compile() -> Compiled {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("set/rules")).expect("a folder");
    for (name, text) in [
        ("gateway.toml", GATEWAY),
        ("rules.toml", RULES),
        ("crs.toml", "[crs]\npath = \"set\"\n"),
        (
            "set/crs-setup.conf",
            "SecDefaultAction \"phase:2,log,auditlog,pass\"\n",
        ),
        ("set/rules/REQUEST-942.conf", SET),
    ] {
        fs::write(path(name), text).expect("written");
    }
    let sources = Sources {
        base: path("gateway.toml"),
        ..Sources::default()
    };
    let loaded = load(&sources).unwrap_or_else(|refused| panic!("{refused}"));
    lockgate_compile::compile(&loaded).unwrap_or_else(|faults| panic!("{faults:?}"))
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| policy_of(&compile()));

fn explain(ask: &Ask, body: Option<&[u8]>) -> Explanation {
    let body = body.map(|bytes| HeldBody {
        bytes,
        whole: true,
        program_bytes: Some(bytes.len()),
    });
    let bytes = POLICY.explain(&ask.input(), "id", body);
    serde_json::from_slice(&bytes).expect("an explanation")
}

fn rule<'e>(told: &'e Explanation, name: &str) -> &'e NativeRule {
    let mut rules = told.native.as_ref().expect("rules").rules.iter();
    rules.find(|rule| rule.name == name).expect("the rule")
}

#[test]
fn a_block_of_the_program_is_told_with_its_bytes_and_scores() {
    let told = explain(&Ask::new("GET /a?q=1+UNION+select+2 HTTP/1.1"), None);
    assert_eq!((told.site.as_str(), told.path.as_str()), ("shop", "/a"));
    assert_eq!(
        (told.method.as_str(), told.host.as_str()),
        ("GET", "shop.example")
    );
    assert_eq!(told.client, "192.0.2.7");
    let program = told.program.as_ref().expect("a program");
    assert!(program.ran && program.engine == "on" && program.name.ends_with("crs.toml"));
    // Without responses there are no rules of their phases.
    assert_eq!((program.asked, program.rules), (9, 9));
    assert_eq!(program.scores["blocking_inbound_anomaly_score"], 5);
    assert_eq!(program.scores["inbound_anomaly_score_threshold"], 5);
    let found = &program.findings[0];
    assert_eq!(
        (found.rule, found.phase, found.severity),
        (942_999, 2, Some(2))
    );
    assert_eq!(
        (found.message.as_str(), found.data.as_str()),
        ("An injection", "Matched union select")
    );
    assert_eq!(found.tags, ["attack-sqli"]);
    let value = &found.values[0];
    assert_eq!(value.variable, "ARGS:q");
    assert_eq!(value.transformations, ["lowercase"]);
    assert_eq!(
        (&value.value.before[..], &value.value.matched[..]),
        ("1 ", "union select")
    );
    assert_eq!(
        (value.value.start, value.value.end, value.value.length),
        (2, 14, 16)
    );
    assert!(program.findings[1].decided);
    let block = told.block();
    assert!(matches!(block, Some(Block::Program(_, decision)) if decision.rule == 949_110));
    // The site's own rules were all asked before.
    assert!(
        told.native
            .as_ref()
            .is_some_and(|native| { native.rules.iter().all(|rule| rule.came == Came::NoMatch) })
    );
}

#[test]
fn a_block_of_the_site_s_own_is_told_and_the_program_does_not_run() {
    let told = explain(
        &Ask::new("GET /?x=1&y=a%20DROP%20drop%20table HTTP/1.1"),
        None,
    );
    let args = rule(&told, "args");
    assert_eq!((args.came, args.status), (Came::Blocks, Some(403)));
    let place = args.place.as_ref().expect("a place");
    assert_eq!(
        (place.field.as_str(), place.name.as_str()),
        ("all_query_arguments", "y")
    );
    assert_eq!(place.transformations.len(), 1);
    assert_eq!(
        (&place.value.before[..], &place.value.matched[..]),
        ("a DROP ", "drop table")
    );
    assert_eq!(rule(&told, "body").came, Came::NotReached);
    let program = told.program.as_ref().expect("a program");
    assert_eq!((program.ran, program.asked, program.rules), (false, 0, 9));
    assert!(matches!(told.block(), Some(Block::Native(rule)) if rule.name == "args"));
}

#[test]
fn addresses_agents_labels_and_shares_are_told() {
    let peer = common::v4(198, 51, 100, 7);
    let banned = explain(&Ask::new("GET / HTTP/1.1").peer(peer), None);
    let why = rule(&banned, "banned").why.clone();
    assert_eq!(why.as_deref(), Some("the client's address is 198.51.100.7"));
    let bot = explain(&Ask::new("GET / HTTP/1.1\nUser-Agent: a BadBot"), None);
    let bots = rule(&bot, "bots");
    assert!(bots.came.matches());
    let canary = bots.canary.expect("a share");
    assert_eq!(
        (canary.share, canary.within),
        (9999, bots.came == Came::Blocks)
    );
    assert_eq!(
        bots.place
            .as_ref()
            .map(|place| place.value.matched.as_str()),
        Some("a BadBot")
    );
    let seen = explain(&Ask::new("GET /seen/it HTTP/1.1"), None);
    assert_eq!(rule(&seen, "seen").came, Came::Labels);
    assert_eq!(
        seen.native.as_ref().map(|native| native.labels.clone()),
        Some(vec!["shop:seen".to_owned()])
    );
}

#[test]
fn a_count_tells_limit_and_key() {
    let told = explain(&Ask::new("GET / HTTP/1.1"), None);
    let rate = rule(&told, "often").rate.clone().expect("a count");
    assert_eq!(
        (rate.limit, rate.window_s, rate.counted, rate.over),
        (10, 60, true, false)
    );
    assert_eq!(rate.key, "04c0000207");
    assert_eq!(rule(&told, "often").came, Came::NoMatch);
}

#[test]
fn bodies_are_looked_at_where_they_are_there() {
    let ask = Ask::new("POST / HTTP/1.1\nContent-Type: application/x-www-form-urlencoded");
    let told = explain(&ask, Some(b"note=all+evil"));
    let place = rule(&told, "body").place.clone().expect("a place");
    assert_eq!(
        (place.field.as_str(), place.value.matched.as_str()),
        ("form_field:note", "evil")
    );
    // One that is for the program only is told there.
    let told = explain(&ask, Some(b"note=union+select"));
    assert!(matches!(told.block(), Some(Block::Program(..))), "{told:?}");
}

#[test]
fn what_no_site_answers_is_told_as_refused() {
    let told = explain(&Ask::new("GET / HTTP/1.1\nHost: other.example"), None);
    assert_eq!(told.refused.as_deref(), Some("host_unknown"));
    assert!(told.native.is_none() && told.program.is_none());
    let garbage = POLICY.explain(b"", "id", None);
    let garbage: Explanation = serde_json::from_slice(&garbage).expect("an explanation");
    assert_eq!(garbage.refused.as_deref(), Some("policy_input"));
}

#[test]
fn what_is_told_is_what_an_inspection_finds() {
    let ask = Ask::new("GET /a?q=1+union+select+2 HTTP/1.1");
    let bytes = POLICY.inspect(&ask.input(), "id", None);
    let inspection = lockgate_wire::Inspection::parse(&bytes).expect("an inspection");
    let told = explain(&ask, None);
    let found: Vec<u32> = inspection
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect();
    let ids: Vec<u32> = told.findings().iter().map(|finding| finding.rule).collect();
    assert_eq!(found, ids);
    assert_eq!(
        i64::from(inspection.inbound_score),
        told.program.expect("ran").scores["blocking_inbound_anomaly_score"]
    );
}
