//! The lines that people read.

use lockgate_wire::explanation::{
    Came, Decision, Excerpt, Explanation, Finding, FoundValue, NativeRule, NativeRules, Place,
    Program, Rate,
};

use super::excerpt::marked;
use super::*;

fn told(now: Explanation) -> Told {
    Told {
        id: "0190".to_owned(),
        time: "2026-11-21T20:00:00.000Z".to_owned(),
        site: "shop".to_owned(),
        route: Some("/{*rest}".to_owned()),
        status: 403,
        code: Some("blocked".to_owned()),
        cause: Some("rule x".to_owned()),
        stage: "firewall".to_owned(),
        bundle: "b1".to_owned(),
        bundle_in_force: "b1".to_owned(),
        now: Explanation {
            method: "GET".to_owned(),
            host: "shop.test".to_owned(),
            path: "/products".to_owned(),
            client: "203.0.113.9".to_owned(),
            country: Some("DE".to_owned()),
            ..now
        },
        ..Told::default()
    }
}

fn rule(name: &str, came: Came) -> NativeRule {
    NativeRule {
        name: name.to_owned(),
        priority: 10,
        action: "block".to_owned(),
        came,
        ..NativeRule::default()
    }
}

#[test]
fn a_block_of_the_set_reads_from_top_to_bottom() {
    let program = Program {
        name: "rules/crs.toml".to_owned(),
        engine: "on".to_owned(),
        ran: true,
        rules: 712,
        asked: 300,
        decision: Some(Decision {
            status: 403,
            rule: 949_110,
        }),
        scores: [
            ("blocking_inbound_anomaly_score".to_owned(), 5),
            ("critical_anomaly_score".to_owned(), 5),
            ("inbound_anomaly_score_threshold".to_owned(), 5),
        ]
        .into(),
        findings: vec![
            Finding {
                rule: 942_100,
                severity: Some(2),
                message: "SQL Injection".to_owned(),
                values: vec![FoundValue {
                    variable: "ARGS:q".to_owned(),
                    transformations: vec!["urlDecodeUni".to_owned()],
                    value: Excerpt::new(b"a' OR 1=1", (1, 9), 0, 9),
                    ..FoundValue::default()
                }],
                ..Finding::default()
            },
            Finding {
                rule: 949_110,
                decided: true,
                message: "Exceeded".to_owned(),
                ..Finding::default()
            },
        ],
        ..Program::default()
    };
    let text = text(
        &told(Explanation {
            program: Some(program),
            ..Explanation::default()
        }),
        false,
    );
    let expected = "\
request 0190
  GET shop.test/products at 2026-11-21T20:00:00.000Z
  from 203.0.113.9 (DE), site shop, route /{*rest}
  answered 403 blocked at stage firewall
  cause: rule x
  bundle b1

Refused by rule 949110 of the Core Rule Set: its score is 5, the threshold 5.

Core Rule Set (rules/crs.toml)
  300 of 712 rules were asked, 2 matched and say so
  942100  critical  SQL Injection
            ARGS:q | urlDecodeUni: \"a[' OR 1=1]\"
  949110            Exceeded  <- decided
  scores: blocking_inbound_anomaly_score 5
";
    assert_eq!(text, expected);
}

#[test]
fn own_rules_are_short_and_with_all_they_are_long() {
    let blocks = NativeRule {
        status: Some(404),
        why: Some("it has the text".to_owned()),
        place: Some(Place {
            field: "path".to_owned(),
            value: Excerpt::whole(b"/admin"),
            ..Place::default()
        }),
        ..rule("admin", Came::Blocks)
    };
    let rate = NativeRule {
        rate: Some(Rate {
            limit: 10,
            window_s: 60,
            counted: true,
            over: false,
            key: "04cb007109".to_owned(),
        }),
        ..rule("many", Came::NoMatch)
    };
    let native = NativeRules {
        labels: vec!["shop:x".to_owned()],
        rules: vec![rate, blocks, rule("late", Came::NotReached)],
        ..NativeRules::default()
    };
    let told = told(Explanation {
        native: Some(native),
        ..Explanation::default()
    });
    let short = text(&told, false);
    assert!(
        short.contains("Refused by the site's rule admin: it has the text."),
        "{short}"
    );
    let lines = "\
     10  admin (block) matches: blocks with 404, it has the text
         path: \"[/admin]\"
  1 do not match: many
  1 were not reached: late
         many counted this request, within its limit of 10 in 60 s, key 04cb007109
  labels: shop:x
";
    assert!(short.ends_with(lines), "{short}");
    let long = text(&told, true);
    assert!(
        long.contains("     10  late (block) was not reached\n"),
        "{long}"
    );
    assert!(!long.contains("do not match:"), "{long}");
}

#[test]
fn long_values_are_cut_around_what_matched() {
    let value = format!("{}evil{}", "a".repeat(100), "b".repeat(100));
    let excerpt = Excerpt::new(value.as_bytes(), (100, 104), 0, 204);
    let expected = format!("\"...{}[evil]{}...\"", "a".repeat(60), "b".repeat(60));
    assert_eq!(marked(&excerpt), expected);
}
