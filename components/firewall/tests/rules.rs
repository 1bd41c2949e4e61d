//! The rule model: order, actions, causes, errors, and the compiled form on the wire.

use lockgate_firewall::useragent::{Anchor, USER_AGENT_BYTES_MAX};
use lockgate_firewall::{
    Action, Blob, BuildError, Cause, CompiledFirewall, Counted, Firewall, FirewallBuilder,
    IpSetBuilder, LoadError, Outcome, Request, RuleSpec, StatementSpec, Terminal,
    USER_AGENT_LISTS_MAX, UserAgentPatterns,
};

fn rule(name: &str, priority: u32, action: Action, statement: StatementSpec) -> RuleSpec {
    RuleSpec::new(name, priority, action, statement)
}

fn agents(name: &str) -> StatementSpec {
    StatementSpec::UserAgentList(name.to_owned())
}

fn set(addresses: &[&str]) -> IpSetBuilder {
    let mut set = IpSetBuilder::new();
    for text in addresses {
        set.add_text(text).unwrap();
    }
    set
}

fn builder() -> FirewallBuilder {
    let mut builder = FirewallBuilder::new();
    builder
        .add_ip_set("office", set(&["192.0.2.0/24", "2001:db8::/32"]))
        .unwrap();
    let bad = [
        (Anchor::Contains, "sqlmap"),
        (Anchor::StartsWith, "BadBot/"),
    ];
    builder
        .add_user_agent_list("bad", &bad.into_iter().collect())
        .unwrap();
    builder
}

fn load(rules: impl IntoIterator<Item = RuleSpec>) -> Firewall {
    let mut builder = builder();
    rules
        .into_iter()
        .for_each(|rule| builder.add_rule(rule).unwrap());
    Firewall::load(builder.build().unwrap()).unwrap()
}

fn ask(firewall: &Firewall, ip: &str, user_agent: &[u8]) -> Outcome {
    firewall.evaluate(&Request {
        client_ip: ip.parse().unwrap(),
        user_agent: Some(user_agent),
    })
}

fn blocked(rule: u32, cause: Cause) -> Option<Terminal> {
    Some(Terminal {
        rule,
        action: Action::Block,
        status: 403,
        cause,
    })
}

#[test]
fn rules_run_in_ascending_priority_whatever_the_order_of_adding() {
    let firewall = load([
        rule("bad", 20, Action::Block, agents("bad")),
        rule(
            "office",
            10,
            Action::Allow,
            StatementSpec::IpSet("office".to_owned()),
        ),
    ]);
    let outcome = ask(&firewall, "192.0.2.9", b"sqlmap/1.8");
    let allowed = Terminal {
        rule: 0,
        action: Action::Allow,
        status: 403,
        cause: Cause::Address,
    };
    assert_eq!(
        outcome,
        Outcome {
            terminal: Some(allowed),
            counted: vec![]
        }
    );
    assert_eq!(firewall.rule(0).unwrap().name, "office");
    let outcome = ask(&firewall, "198.51.100.1", b"SQLMAP/1.8");
    assert_eq!(outcome.terminal, blocked(1, Cause::Pattern(0)));
    assert_eq!(
        ask(&firewall, "198.51.100.1", b"curl/8.5"),
        Outcome::default()
    );
}

#[test]
fn count_records_and_goes_on() {
    let firewall = load([
        rule(
            "outside",
            1,
            Action::Count,
            StatementSpec::NotIpSet("office".to_owned()),
        ),
        rule("seen", 2, Action::Count, agents("bad")),
        rule("bad", 3, Action::Block, agents("bad")),
        rule("never", 4, Action::Count, agents("bad")),
    ]);
    let outcome = ask(&firewall, "::ffff:198.51.100.1", b"badbot/2");
    let counted = vec![
        Counted {
            rule: 0,
            cause: Cause::Presence,
        },
        Counted {
            rule: 1,
            cause: Cause::Pattern(1),
        },
    ];
    assert_eq!(
        outcome,
        Outcome {
            terminal: blocked(2, Cause::Pattern(1)),
            counted
        }
    );
    assert_eq!(
        ask(&firewall, "::ffff:192.0.2.1", b"x badbot/2"),
        Outcome::default()
    );
}

#[test]
fn a_missing_user_agent_is_none_empty_or_blank() {
    let firewall = load([
        rule(
            "missing",
            1,
            Action::Count,
            StatementSpec::UserAgentMissing(true),
        ),
        rule("bad", 2, Action::Block, agents("bad")),
        rule(
            "present",
            3,
            Action::Count,
            StatementSpec::UserAgentMissing(false),
        ),
    ]);
    let client_ip = "192.0.2.1".parse().unwrap();
    for user_agent in [None, Some(&b""[..]), Some(b" \t ")] {
        let outcome = firewall.evaluate(&Request {
            client_ip,
            user_agent,
        });
        assert_eq!(
            outcome.counted,
            [Counted {
                rule: 0,
                cause: Cause::Presence
            }],
            "{user_agent:?}"
        );
    }
    let outcome = ask(&firewall, "192.0.2.1", b"curl");
    assert_eq!(
        outcome.counted,
        [Counted {
            rule: 2,
            cause: Cause::Presence
        }]
    );
}

#[test]
fn an_oversize_user_agent_is_blocked_and_counted_but_never_allowed() {
    let firewall = load([
        rule("friend", 1, Action::Allow, agents("bad")),
        rule("seen", 2, Action::Count, agents("bad")),
        rule("bad", 3, Action::Block, agents("bad")),
    ]);
    let outcome = ask(&firewall, "192.0.2.1", &[b'x'; USER_AGENT_BYTES_MAX + 1]);
    assert_eq!(
        outcome.counted,
        [Counted {
            rule: 1,
            cause: Cause::Oversize
        }]
    );
    assert_eq!(outcome.terminal, blocked(2, Cause::Oversize));
    assert_eq!(
        ask(&firewall, "192.0.2.1", &[b'x'; USER_AGENT_BYTES_MAX]),
        Outcome::default()
    );
}

#[test]
fn a_block_has_its_own_status() {
    let spec = |action, status| RuleSpec {
        status,
        ..rule("r", 1, action, agents("bad"))
    };
    let firewall = load([spec(Action::Block, Some(429))]);
    assert_eq!(
        ask(&firewall, "192.0.2.1", b"sqlmap")
            .terminal
            .unwrap()
            .status,
        429
    );
    for (action, status) in [
        (Action::Block, 200),
        (Action::Block, 600),
        (Action::Allow, 403),
    ] {
        let refused = builder().add_rule(spec(action, Some(status)));
        assert!(
            matches!(refused, Err(BuildError::Rule { .. })),
            "{action:?} {status}"
        );
    }
}

#[test]
fn errors_say_what_is_wrong_and_what_there_is() {
    let mut builder = builder();
    let told = |error: BuildError| error.to_string();
    assert_eq!(
        told(
            builder
                .add_rule(rule("r", 1, Action::Block, agents("bda")))
                .unwrap_err()
        ),
        "rule `r` names the User-Agent list `bda`, which does not exist; there are: bad"
    );
    builder
        .add_rule(rule("r", 1, Action::Block, agents("bad")))
        .unwrap();
    assert_eq!(
        told(
            builder
                .add_rule(rule("s", 1, Action::Block, agents("bad")))
                .unwrap_err()
        ),
        "rules `r` and `s` have the same priority 1"
    );
    assert_eq!(
        told(
            builder
                .add_rule(rule("r", 2, Action::Block, agents("bad")))
                .unwrap_err()
        ),
        "there are two rules named `r`"
    );
    assert_eq!(
        told(
            builder
                .add_ip_set("office", set(&["192.0.2.1"]))
                .unwrap_err()
        ),
        "there are two IP sets named `office`"
    );
    let blank = [(Anchor::Contains, " ")]
        .into_iter()
        .collect::<UserAgentPatterns>();
    assert_eq!(
        told(builder.add_user_agent_list("new", &blank).unwrap_err()),
        "User-Agent list `new`: User-Agent pattern 0 is empty"
    );
    builder
        .add_user_agent_list("new", &UserAgentPatterns::new())
        .expect("a refused name is free again");
}

#[test]
fn the_number_of_lists_is_bounded_on_both_sides() {
    let mut builder = FirewallBuilder::new();
    let empty = UserAgentPatterns::new();
    for number in 0..USER_AGENT_LISTS_MAX {
        builder
            .add_user_agent_list(&number.to_string(), &empty)
            .unwrap();
    }
    let refused = builder.add_user_agent_list("one more", &empty);
    assert!(matches!(refused, Err(BuildError::TooMany { .. })));
    let mut compiled = builder.build().unwrap();
    compiled
        .user_agent_lists
        .push(Blob(empty.compile().unwrap().bytes));
    assert_eq!(
        Firewall::load(compiled).unwrap_err(),
        LoadError::TooManyLists(USER_AGENT_LISTS_MAX + 1)
    );
}

#[test]
fn the_compiled_form_survives_postcard() {
    let mut builder = builder();
    builder
        .add_rule(rule("r", 1, Action::Block, agents("bad")))
        .unwrap();
    let compiled = builder.build().unwrap();
    let wire = postcard::to_allocvec(&compiled).unwrap();
    assert_eq!(
        postcard::from_bytes::<CompiledFirewall>(&wire).unwrap(),
        compiled
    );
    for length in 0..wire.len() {
        assert!(postcard::from_bytes::<CompiledFirewall>(&wire[..length]).is_err());
    }
}

#[test]
fn made_up_compiled_rules_are_refused() {
    let mut builder = builder();
    builder
        .add_rule(rule("a", 1, Action::Block, agents("bad")))
        .unwrap();
    builder
        .add_rule(rule(
            "b",
            2,
            Action::Count,
            StatementSpec::UserAgentMissing(true),
        ))
        .unwrap();
    let good = builder.build().unwrap();
    let refused = |change: fn(&mut CompiledFirewall)| {
        let mut compiled = good.clone();
        change(&mut compiled);
        Firewall::load(compiled).unwrap_err()
    };
    assert_eq!(refused(|c| c.rules.swap(0, 1)), LoadError::Order(1));
    assert_eq!(refused(|c| c.rules[1].priority = 1), LoadError::Order(1));
    assert_eq!(refused(|c| c.rules[0].status = 0), LoadError::Status(0));
    assert_eq!(refused(|c| c.user_agent_lists.clear()), LoadError::Node(0));
    assert_eq!(
        refused(|c| c.rules[0].statement = 9),
        LoadError::Reference(0)
    );
    assert!(matches!(
        refused(|c| c.ip_sets[0].0.clear()),
        LoadError::Table {
            kind: "IP set",
            index: 0,
            ..
        }
    ));
    assert!(matches!(
        refused(|c| c.user_agent_lists[0].0.truncate(40)),
        LoadError::Table {
            kind: "User-Agent list",
            index: 0,
            ..
        }
    ));
}
