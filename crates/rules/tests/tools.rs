//! Cases that fail, checks that find, imports that leave nothing out silently.

use std::path::Path;

use lockgate_config::load_rules;
use lockgate_rules::cases::{CaseFile, run};
use lockgate_rules::check::{Finding, Kind, check};
use lockgate_rules::import::{aws, crawlers};

const NOW_S: u64 = 1_793_491_200;

/// Writes a rule file, loads it and hands it over.
fn with<T>(rules: &str, work: impl FnOnce(&[(&Path, &lockgate_config::RulesFile)]) -> T) -> T {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("r.toml");
    std::fs::write(&file, rules).expect("the rules");
    let loaded = load_rules(&[file]).unwrap_or_else(|refused| panic!("{refused}"));
    let files: Vec<_> = loaded
        .iter()
        .map(|(file, rules)| (Path::new(file.file_name().expect("a name")), rules))
        .collect();
    work(&files)
}

fn findings(rules: &str) -> Vec<(String, Kind)> {
    let found = with(rules, |files| check(files, NOW_S));
    found
        .into_iter()
        .map(|Finding { rule, kind, .. }| (rule, kind))
        .collect()
}

const ADMIN: &str = r#"
[[rules]]
name = "admin"
priority = 1
action = "block"
when = 'path starts_with "/admin" and method == "POST"'

[[rules]]
name = "slow"
priority = 2
action = "block"
status = 429
statement = { rate_based = { limit = 10, window_s = 60, keys = ["client_ip", "header:x-key"] } }

[[rules]]
name = "seen"
priority = 3
action = "count"
labels = ["shop:seen"]
when = 'query_argument:q | url_decode contains "x y"'
"#;

#[test]
fn a_failing_case_says_rule_request_expected_got_and_bytes() {
    let cases = r#"
        [[cases]]
        title = "blocked by mistake"
        method = "POST"
        target = "/admin/users"

        [[cases]]
        title = "other bytes"
        target = "/?q=a%20x+y"
        counted = ["seen"]
        labels = ["shop:seen"]
        [cases.matched]
        seen = "z"

        [[cases]]
        title = "too many"
        headers = ["X-Key: k"]
        over = ["slow"]
        rule = "slow"
        not = ["admin", "seen"]

        [[cases]]
        title = "no such rule"
        rule = "amin"
    "#;
    let cases: CaseFile = toml::from_str(cases).expect("cases");
    let report = with(ADMIN, |files| run(files, &cases, NOW_S)).expect("a report");
    assert_eq!(report.cases, 4);
    let told: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "     rule: admin\n     case: blocked by mistake\n  request: POST /admin/users\n \
             expected: no rule ends the firewall\n      got: `admin` ends the firewall\n  \
             matched: text 0 in path: \"[/admin]/users\"",
            "     rule: seen\n     case: other bytes\n  request: GET /?q=a%20x+y\n \
             expected: \"z\" among the bytes that matched\n      got: other bytes\n  \
             matched: text 0 in query_argument:q, url_decode (q): \"a [x y]\"",
            "     case: no such rule\n  request: GET /\n expected: a request\n      got: there is no rule `amin`",
            "     rule: admin\n expected: a case that this rule must match\n      got: none",
        ]
    );
}

#[test]
fn what_is_most_likely_wrong_is_found() {
    let rules = r#"
        [ip_sets.all]
        addresses = ["10.0.0.0/8"]
        [ip_sets.some]
        addresses = ["10.1.0.0/16", "10.2.0.1"]
        [ip_sets.none]
        addresses = []
        [ip_sets.forgotten]
        addresses = ["192.0.2.1"]

        [[rules]]
        name = "all"
        priority = 10
        action = "block"
        when = 'ip in all or path starts_with "/admin"'
        [[rules]]
        name = "some"
        priority = 20
        action = "allow"
        when = 'ip in some and method == "GET"'
        [[rules]]
        name = "users"
        priority = 30
        action = "count"
        when = 'path == ["/admin/users", "/admin/roles"]'
        [[rules]]
        name = "not-shadowed"
        priority = 40
        action = "block"
        when = 'path == ["/admin", "/users"] or not ip in all'
        [[rules]]
        name = "old"
        priority = 50
        action = "block"
        expires = 2026-10-31
        when = 'path == "/old"'
        [[rules]]
        name = "empty"
        priority = 60
        action = "block"
        when = 'ip in none'
        [[rules]]
        name = "unknown-label"
        priority = 70
        action = "block"
        when = 'label "shop:x"'
        [[rules]]
        name = "sets"
        priority = 80
        action = "label"
        labels = ["shop:x"]
        when = 'path == "/x"'
        [[rules]]
        name = "known-label"
        priority = 90
        action = "block"
        when = 'label "shop:"'
    "#;
    let found = findings(rules);
    let wanted = [
        ("some", Kind::Shadowed),
        ("users", Kind::Shadowed),
        ("old", Kind::Expired),
        ("empty", Kind::Empty),
        ("unknown-label", Kind::Label),
        ("", Kind::Unused),
    ];
    let wanted: Vec<(String, Kind)> = wanted
        .iter()
        .map(|(rule, kind)| ((*rule).to_owned(), *kind))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn what_may_let_a_request_on_shadows_nothing() {
    let twice = |first: &str| {
        format!(
            "[groups.try]\ncount = true\n[[rules]]\nname = \"a\"\npriority = 1\naction = \"block\"\n{first}\n\
             when = 'path == \"/\"'\n[[rules]]\nname = \"b\"\npriority = 2\naction = \"block\"\ngroup = \"try\"\n\
             when = 'path == \"/\"'\n"
        )
    };
    assert_eq!(findings(&twice("")), [("b".to_owned(), Kind::Shadowed)]);
    for first in ["canary = 5", "expires = 2030-01-01", "group = \"try\""] {
        assert_eq!(findings(&twice(first)), [], "{first}");
    }
}

const ACL: &str = r#"{ "WebACL": {
  "Name": "shop", "DefaultAction": { "Allow": {} },
  "CustomResponseBodies": { "no": { "ContentType": "TEXT_PLAIN", "Content": "no \"way\"" } },
  "AssociationConfig": { "RequestBody": { "CLOUDFRONT": { "DefaultSizeInspectionLimit": "KB_32" } } },
  "Rules": [
    { "Name": "block admin", "Priority": 0, "Action": { "Block": { "CustomResponse": { "ResponseCode": 404, "CustomResponseBodyKey": "no" } } },
      "RuleLabels": [ { "Name": "shop:admin" } ],
      "Statement": { "AndStatement": { "Statements": [
        { "ByteMatchStatement": { "SearchString": "L2FkbWlu", "FieldToMatch": { "UriPath": {} }, "PositionalConstraint": "STARTS_WITH",
          "TextTransformations": [ { "Priority": 1, "Type": "LOWERCASE" }, { "Priority": 0, "Type": "URL_DECODE" } ] } },
        { "NotStatement": { "Statement": { "IPSetReferenceStatement": { "ARN": "arn:aws:wafv2:eu:1:regional/ipset/office/abc" } } } } ] } } },
    { "Name": "sqli", "Priority": 1, "Action": { "Count": {} },
      "Statement": { "SqliMatchStatement": { "FieldToMatch": { "Body": { "OversizeHandling": "MATCH" } }, "TextTransformations": [ { "Priority": 0, "Type": "NONE" } ], "SensitivityLevel": "LOW" } } },
    { "Name": "headers", "Priority": 2, "Action": { "Block": {} },
      "Statement": { "RegexMatchStatement": { "RegexString": "jndi:\\w+", "FieldToMatch": { "Headers": { "MatchPattern": { "All": {} }, "MatchScope": "ALL", "OversizeHandling": "CONTINUE" } }, "TextTransformations": [ { "Priority": 0, "Type": "NONE" } ] } } },
    { "Name": "rate", "Priority": 3, "Action": { "Block": {} },
      "Statement": { "RateBasedStatement": { "Limit": 100, "EvaluationWindowSec": 60, "AggregateKeyType": "CUSTOM_KEYS",
        "CustomKeys": [ { "IP": {} }, { "Header": { "Name": "x-key", "TextTransformations": [ { "Priority": 0, "Type": "NONE" } ] } } ],
        "ScopeDownStatement": { "GeoMatchStatement": { "CountryCodes": [ "DE", "AT" ] } } } } },
    { "Name": "size", "Priority": 4, "Action": { "Block": {} },
      "Statement": { "SizeConstraintStatement": { "FieldToMatch": { "JsonBody": { "MatchPattern": { "IncludedPaths": [ "/a/b" ] }, "MatchScope": "VALUE" } }, "ComparisonOperator": "GT", "Size": 100, "TextTransformations": [] } } },
    { "Name": "label", "Priority": 5, "Action": { "Allow": {} }, "Statement": { "LabelMatchStatement": { "Scope": "NAMESPACE", "Key": "shop:" } } },
    { "Name": "set", "Priority": 6, "Action": { "Block": {} },
      "Statement": { "RegexPatternSetReferenceStatement": { "ARN": "arn:aws:wafv2:eu:1:regional/regexpatternset/bad/def", "FieldToMatch": { "SingleHeader": { "Name": "user-agent" } }, "TextTransformations": [] } } },
    { "Name": "challenge", "Priority": 7, "Action": { "Challenge": {} }, "Statement": { "GeoMatchStatement": { "CountryCodes": [ "US" ] } } },
    { "Name": "AWS-Common", "Priority": 8, "OverrideAction": { "None": {} },
      "Statement": { "ManagedRuleGroupStatement": { "VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet" } } },
    { "Name": "unknown", "Priority": 9, "Action": { "Block": {} },
      "Statement": { "OrStatement": { "Statements": [ { "FutureStatement": {} }, { "GeoMatchStatement": { "CountryCodes": [ "US" ] } } ] } } }
  ] } }"#;

#[test]
fn a_web_acl_becomes_rules_and_a_list_of_what_does_not() {
    let imported = aws::import(ACL).expect("a Web ACL");
    let told = imported.left_out.join("\n");
    for wanted in [
        "challenge",
        "AWSManagedRulesCommonRuleSet",
        "FutureStatement",
        "ip_sets.office",
        "regex_sets.bad",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in:\n{told}");
    }
    assert_eq!(
        imported
            .left_out
            .iter()
            .filter(|line| line.contains("rule unknown"))
            .count(),
        2,
        "{told}"
    );
    with(&imported.rules, |files| {
        let (_, rules) = files.first().expect("a file");
        let names: Vec<&str> = rules.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "block_admin",
                "sqli",
                "headers",
                "rate",
                "size",
                "label",
                "set"
            ]
        );
        assert_eq!(rules.body_bytes_max, 32_768);
        assert_eq!(
            rules.rules[0].response.as_ref().expect("a body").body,
            "no \"way\""
        );
        lockgate_compile::compile_rules(files).expect("compiles");
    });
    for line in [
        r#"statement = { and = [{ byte_match = { field = "path", transformations = ["url_decode", "lowercase"], starts_with = "/admin" } }, { not = { ip_set = "office" } }] }"#,
        r#"statement = { sqli_match = { field = "body", oversize = "match" } }"#,
        r#"statement = { or = [{ regex_match = { field = "headers", pattern = 'jndi:\w+' } }, { regex_match = { field = "header_names", pattern = 'jndi:\w+' } }] }"#,
        r#"statement = { rate_based = { limit = 100, window_s = 60, keys = ["client_ip", "header:x-key"], scope_down = { geo_match = { countries = ["DE", "AT"] } } } }"#,
        r#"statement = { size_constraint = { field = "json_body:/a/b", comparison = "gt", size = 100 } }"#,
    ] {
        assert!(
            imported.rules.contains(line),
            "{line}\nis not in\n{}",
            imported.rules
        );
    }
}

#[test]
fn a_list_of_crawlers_becomes_rules_that_load() {
    let json = r#"[{"pattern": "Googlebot\\/"}, {"pattern": "[aA]hrefs(Bot|Site)"}, {"pattern": "^curl$"}]"#;
    let imported = crawlers::import(json).expect("a list");
    assert_eq!(imported.left_out, Vec::<String>::new());
    with(&imported.rules, |files| {
        lockgate_compile::compile_rules(files).expect("compiles");
    });
}

#[test]
fn a_finding_about_a_long_expression_is_one_short_line() {
    let words: Vec<String> = (0..400)
        .map(|number| format!("w{number:03}[^;]*x{number:03}"))
        .collect();
    let rules = format!(
        "[[rules]]\nname = \"long\"\npriority = 1\naction = \"count\"\n\
         statement = {{ regex_match = {{ field = \"path\", pattern = '''(?x)\n{}''' }} }}\n",
        words.join("|\n")
    );
    let found = with(&rules, |files| check(files, NOW_S));
    let [finding] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(finding.kind, Kind::Costly);
    let said = finding.to_string();
    assert!(
        said.contains("...`") && !said.contains('\n') && said.len() < 300,
        "{said}"
    );
}
