//! Statements in rules: labels, shares of clients, rates, and many of them together.

mod common;

use lockgate_firewall::{
    Action, Decision, Firewall, FirewallBuilder, InputSpec, IpSetBuilder, RatePartSpec, RateSpec,
    ResponseSpec, RuleSpec, StatementSpec, View, Why,
};

use common::*;

#[test]
fn labels_reach_later_rules_only() {
    let label = |name: &str, priority, label: &str| RuleSpec {
        labels: vec![label.to_owned()],
        ..RuleSpec::new(name, priority, Action::Label, contains("path", "products"))
    };
    let asks = |name: &str, priority, label: &str| {
        RuleSpec::new(
            name,
            priority,
            Action::Count,
            StatementSpec::Label(label.to_owned()),
        )
    };
    let firewall = load(vec![
        asks("before", 1, "shop:a"),
        label("sets", 2, "shop:a"),
        asks("same", 3, "shop:a"),
        asks("below", 4, "shop:"),
        asks("other", 5, "shop:b"),
        asks("again", 6, "shop:a"),
    ]);
    let decision = firewall.decide(&view());
    let counted: Vec<&str> = decision
        .counted
        .iter()
        .map(|m| firewall.rule(m.rule).unwrap().name.as_str())
        .collect();
    assert_eq!(counted, ["same", "below", "again"]);
    let names: Vec<_> = decision
        .labels
        .iter()
        .filter_map(|label| firewall.label(*label))
        .collect();
    assert_eq!(names, ["shop:a"]);
}

#[test]
fn a_share_blocks_some_clients_and_counts_the_others_and_a_rule_ends() {
    let firewall = load(vec![RuleSpec {
        canary: 2_000,
        expires_s: Some(100),
        ..block(contains("path", "/"))
    }]);
    let decide = |n: u32, now_s| {
        let client_ip = std::net::IpAddr::from(n.to_be_bytes());
        firewall.decide(&View {
            client_ip,
            now_s,
            ..view()
        })
    };
    let acted = (0..1000)
        .filter(|n| decide(*n, 99).terminal.is_some())
        .count();
    assert!((150..250).contains(&acted), "{acted}");
    assert!((0..1000).all(|n| {
        let decision = decide(n, 99);
        decision.terminal.is_some() != (decision.counted.len() == 1)
    }));
    assert_eq!(decide(1, 100), Decision::default());
}

#[test]
fn a_rate_counts_what_reaches_it_and_matches_when_the_host_says_so() {
    let rate = |keys| RateSpec {
        limit: 10,
        window_s: 60,
        keys,
    };
    let session = RatePartSpec::Input(InputSpec::raw("cookie:session".parse().unwrap()));
    let rules = vec![
        RuleSpec {
            rate: Some(rate(vec![RatePartSpec::ClientIp])),
            ..RuleSpec::new("per-client", 1, Action::Count, contains("path", "products"))
        },
        RuleSpec {
            rate: Some(rate(vec![session, RatePartSpec::ClientIp])),
            status: Some(429),
            response: Some(ResponseSpec {
                body: "slow".into(),
                content_type: "text/plain".into(),
            }),
            ..RuleSpec::new("per-session", 2, Action::Block, StatementSpec::Always)
        },
        RuleSpec::new("blocks", 3, Action::Block, contains("path", "products")),
    ];
    let firewall = load(rules);
    let free = firewall.decide(&view());
    let charged: Vec<u32> = free.charges.iter().map(|charge| charge.rule).collect();
    assert_eq!(charged, [0, 1]);
    assert_eq!(free.terminal.as_ref().unwrap().rule, 2);
    assert_ne!(free.charges[0].key, free.charges[1].key);
    // The host found the first over its limit, then the second.
    let first = firewall.decide(&View {
        over: &[true],
        ..view()
    });
    assert_eq!((first.counted.len(), first.charges.len()), (1, 2));
    assert_eq!(first.counted[0].why, Why::Rate);
    let second = firewall.decide(&View {
        over: &[true, true],
        ..view()
    });
    let terminal = second.terminal.unwrap();
    assert_eq!((terminal.rule, terminal.status), (1, 429));
    assert_eq!(firewall.response(1).unwrap().body, "slow");
    // Without the cookie the second does not count.
    let bare = firewall.decide(&View {
        headers: &[],
        ..view()
    });
    assert_eq!(bare.charges.len(), 1);
    assert_eq!(firewall.rates().count(), 2);
    let of = |ip: &str| {
        let view = View {
            client_ip: ip.parse().unwrap(),
            ..view()
        };
        firewall.decide(&view).charges[0].key.clone()
    };
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
}

#[test]
fn an_oversize_user_agent_never_helps_also_within_not() {
    let mut builder = FirewallBuilder::new();
    let list = [(lockgate_firewall::useragent::Anchor::Contains, "friend")]
        .into_iter()
        .collect();
    builder.add_user_agent_list("friends", &list).unwrap();
    let listed = || StatementSpec::UserAgentList("friends".to_owned());
    let not = StatementSpec::Not(Box::new(listed()));
    builder
        .add_rule(RuleSpec::new("stranger", 1, Action::Block, not))
        .unwrap();
    let firewall = Firewall::load(builder.build().unwrap()).unwrap();
    let long = vec![b'x'; 5000];
    let headers: &[(&[u8], &[u8])] = &[(b"user-agent", &long)];
    assert!(blocks(&firewall, &View { headers, ..view() }));
    let headers: &[(&[u8], &[u8])] = &[(b"User-Agent", b"a friend")];
    assert!(!blocks(&firewall, &View { headers, ..view() }));
}

#[test]
fn many_sets_and_many_texts_match_as_one_does() {
    let mut builder = FirewallBuilder::new();
    for number in 0..8_u8 {
        let mut set = IpSetBuilder::new();
        set.add_text(&format!("192.0.{number}.0/24")).unwrap();
        set.add_text(&format!("2001:db8:{number}::/48")).unwrap();
        let name = format!("set{number}");
        builder.add_ip_set(&name, set).unwrap();
        let priority = u32::from(number) * 2;
        let in_set = StatementSpec::IpSet(name.clone());
        builder
            .add_rule(RuleSpec::new(&name, priority, Action::Count, in_set))
            .unwrap();
        let text = contains("query_argument:q", &format!("needle{number}x"));
        let name = format!("text{number}");
        builder
            .add_rule(RuleSpec::new(&name, priority + 1, Action::Count, text))
            .unwrap();
    }
    let firewall = Firewall::load(builder.build().unwrap()).unwrap();
    let counted = |client: &str, query: &str| -> Vec<String> {
        let client_ip = client.parse().unwrap();
        let decision = firewall.decide(&View {
            client_ip,
            query: Some(query.as_bytes()),
            ..view()
        });
        let names = decision
            .counted
            .iter()
            .map(|m| firewall.rule(m.rule).unwrap().name.clone());
        names.collect()
    };
    assert_eq!(counted("192.0.5.9", "q=a"), ["set5"]);
    assert_eq!(counted("::ffff:192.0.0.1", "q=a"), ["set0"]);
    assert_eq!(
        counted("2001:db8:7::1", "q=some+needle3x&q=needle6x"),
        ["text3", "text6", "set7"]
    );
    assert_eq!(
        counted("198.51.100.1", "q=needle&q=3x"),
        Vec::<String>::new()
    );
    let long = format!("q={}needle1x", "n".repeat(2000));
    assert_eq!(counted("198.51.100.1", &long), ["text1"]);
}
