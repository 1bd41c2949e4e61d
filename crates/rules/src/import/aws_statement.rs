//! One statement of a Web ACL to one of ours.

use serde_json::Value;

use super::toml_text::{name, text, texts};

/// What is collected on the way.
#[derive(Default)]
pub(super) struct Notes {
    /// What has no equal.
    pub(super) left_out: Vec<String>,
    /// IP sets by our name and their ARN.
    pub(super) ip_sets: Vec<(String, String)>,
    /// Sets of regular expressions by our name and their ARN.
    pub(super) regex_sets: Vec<(String, String)>,
}

/// The statement as inline TOML; nothing where a part of it has no equal, which is then noted. `at` says
/// where it stands.
pub(super) fn statement(value: &Value, at: &str, notes: &mut Notes) -> Option<String> {
    let Some((kind, body)) = value.as_object().and_then(|object| object.iter().next()) else {
        notes.left_out.push(format!("{at}: an empty statement"));
        return None;
    };
    let at = format!("{at}: {kind}");
    match kind.as_str() {
        "AndStatement" => joined("and", body, &at, notes),
        "OrStatement" => joined("or", body, &at, notes),
        "NotStatement" => {
            let inner = statement(&body["Statement"], &at, notes)?;
            Some(format!("{{ not = {inner} }}"))
        }
        "IPSetReferenceStatement" => {
            if !body["IPSetForwardedIPConfig"].is_null() {
                let why = "addresses out of a header are those of `server.trusted_proxies` here";
                notes
                    .left_out
                    .push(format!("{at}: IPSetForwardedIPConfig: {why}"));
            }
            let set = reference(body, &mut notes.ip_sets);
            Some(format!("{{ ip_set = {} }}", text(&set)))
        }
        "GeoMatchStatement" => {
            let codes = body["CountryCodes"].as_array().into_iter().flatten();
            let codes = texts(codes.filter_map(Value::as_str));
            Some(format!("{{ geo_match = {{ countries = {codes} }} }}"))
        }
        "AsnMatchStatement" => {
            let asns = body["AsnList"].as_array().into_iter().flatten();
            let asns: Vec<String> = asns
                .filter_map(Value::as_u64)
                .map(|asn| asn.to_string())
                .collect();
            Some(format!(
                "{{ geo_match = {{ asns = [{}] }} }}",
                asns.join(", ")
            ))
        }
        "LabelMatchStatement" => label(body, &at, notes),
        "ByteMatchStatement" => bytes(body, &at, notes),
        "RegexMatchStatement" => {
            let pattern = body["RegexString"].as_str().unwrap_or_default();
            let pattern = usable(pattern, &at, notes)?;
            let key = format!("pattern = {}", text(pattern));
            inspected("regex_match", body, &key, &at, notes)
        }
        "RegexPatternSetReferenceStatement" => {
            let set = reference(body, &mut notes.regex_sets);
            inspected(
                "regex_set",
                body,
                &format!("set = {}", text(&set)),
                &at,
                notes,
            )
        }
        "SizeConstraintStatement" => {
            let comparison = body["ComparisonOperator"].as_str().unwrap_or_default();
            let size = body["Size"].as_u64().unwrap_or_default();
            let key = format!(
                "comparison = {}, size = {size}",
                text(&comparison.to_lowercase())
            );
            inspected("size_constraint", body, &key, &at, notes)
        }
        "SqliMatchStatement" => {
            if body["SensitivityLevel"] == "HIGH" {
                let why = "libinjection has one level; it is used";
                notes
                    .left_out
                    .push(format!("{at}: SensitivityLevel HIGH: {why}"));
            }
            inspected("sqli_match", body, "", &at, notes)
        }
        "XssMatchStatement" => inspected("xss_match", body, "", &at, notes),
        "RateBasedStatement" => rate(body, &at, notes),
        "ManagedRuleGroupStatement" => {
            let vendor = body["VendorName"].as_str().unwrap_or("?");
            let group = body["Name"].as_str().unwrap_or("?");
            let why =
                "rules of a vendor are not in the Web ACL; the Core Rule Set covers most of them";
            notes
                .left_out
                .push(format!("{at}: {vendor} {group}: {why}"));
            None
        }
        "RuleGroupReferenceStatement" => {
            let arn = body["ARN"].as_str().unwrap_or("?");
            let why =
                "its rules are not in the Web ACL; import them from `aws wafv2 get-rule-group`";
            notes.left_out.push(format!("{at}: {arn}: {why}"));
            None
        }
        _ => {
            notes
                .left_out
                .push(format!("{at}: there is no such statement here"));
            None
        }
    }
}

/// Every part has to have an equal: a rule with a part less would mean something else.
fn joined(key: &str, body: &Value, at: &str, notes: &mut Notes) -> Option<String> {
    let parts = body["Statements"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let parts: Vec<Option<String>> = parts
        .iter()
        .enumerate()
        .map(|(i, part)| statement(part, &format!("{at}[{i}]"), notes))
        .collect();
    let parts: Vec<String> = parts.into_iter().collect::<Option<_>>()?;
    match parts.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        parts => Some(format!("{{ {key} = [{}] }}", parts.join(", "))),
    }
}

/// Our name of a set that is named by its ARN, `.../ipset/NAME/ID`.
fn reference(body: &Value, known: &mut Vec<(String, String)>) -> String {
    let arn = body["ARN"].as_str().unwrap_or_default();
    if let Some((name, _)) = known.iter().find(|(_, other)| other == arn) {
        return name.clone();
    }
    let own = name(arn.rsplit('/').nth(1).unwrap_or(arn));
    let taken = |candidate: &str| known.iter().any(|(name, _)| name == candidate);
    let mut candidate = own.clone();
    let mut number = 2;
    while taken(&candidate) {
        candidate = format!("{own}-{number}");
        number += 1;
    }
    known.push((candidate.clone(), arn.to_owned()));
    candidate
}

fn label(body: &Value, at: &str, notes: &mut Notes) -> Option<String> {
    let key = body["Key"].as_str().unwrap_or_default();
    let own = key.strip_prefix("awswaf:").map_or(key, |rest| rest);
    if own != key && key.contains(":managed:") {
        let why = "only rules of a vendor set this label";
        notes.left_out.push(format!("{at}: {key}: {why}"));
        return None;
    }
    let key = match body["Scope"].as_str() {
        Some("NAMESPACE") if !key.ends_with(':') => format!("{key}:"),
        _ => key.to_owned(),
    };
    Some(format!("{{ label_match = {} }}", text(&key)))
}

fn bytes(body: &Value, at: &str, notes: &mut Notes) -> Option<String> {
    let position = match body["PositionalConstraint"].as_str() {
        Some("EXACTLY") => "exactly",
        Some("STARTS_WITH") => "starts_with",
        Some("ENDS_WITH") => "ends_with",
        Some("CONTAINS") => "contains",
        Some("CONTAINS_WORD") => "contains_word",
        other => {
            notes
                .left_out
                .push(format!("{at}: PositionalConstraint {other:?}"));
            return None;
        }
    };
    // `aws wafv2 get-web-acl` prints blobs in base64.
    let given = body["SearchString"].as_str().unwrap_or_default();
    let decoded = base64(given).and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(search) = decoded else {
        notes.left_out.push(format!(
            "{at}: SearchString {given:?} is not the base64 of a text"
        ));
        return None;
    };
    inspected(
        "byte_match",
        body,
        &format!("{position} = {}", text(&search)),
        at,
        notes,
    )
}

/// RFC 4648, section 4; padding may be missing.
fn base64(given: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bits: u32 = 0;
    let mut count = 0;
    for byte in given.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(out)
}

fn usable<'a>(pattern: &'a str, at: &str, notes: &mut Notes) -> Option<&'a str> {
    match lockgate_firewall::check_regex(pattern) {
        Ok(()) => Some(pattern),
        Err(reason) => {
            let reason: Vec<&str> = reason.split_whitespace().collect();
            notes
                .left_out
                .push(format!("{at}: {pattern:?}: {}", reason.join(" ")));
            None
        }
    }
}

/// A statement that looks at a field: `{ sqli_match = { field = "body", ... } }`.
fn inspected(kind: &str, body: &Value, own: &str, at: &str, notes: &mut Notes) -> Option<String> {
    let fields = fields(&body["FieldToMatch"], at, notes)?;
    let mut rest = String::new();
    let transformations = transformations(&body["TextTransformations"], at, notes)?;
    if !transformations.is_empty() {
        let names = transformations.iter().map(String::as_str);
        rest.push_str(&format!(", transformations = {}", texts(names)));
    }
    let target = body["FieldToMatch"]
        .as_object()
        .and_then(|object| object.values().next());
    match target.and_then(|target| target["OversizeHandling"].as_str()) {
        Some("MATCH") => rest.push_str(", oversize = \"match\""),
        Some("NO_MATCH") => rest.push_str(", oversize = \"no_match\""),
        _ => {}
    }
    if !own.is_empty() {
        rest.push_str(&format!(", {own}"));
    }
    let one = |field: &String| format!("{{ {kind} = {{ field = {}{rest} }} }}", text(field));
    let all: Vec<String> = fields.iter().map(one).collect();
    match all.as_slice() {
        [only] => Some(only.clone()),
        all => Some(format!("{{ or = [{}] }}", all.join(", "))),
    }
}

/// The fields that together are one `FieldToMatch`.
fn fields(value: &Value, at: &str, notes: &mut Notes) -> Option<Vec<String>> {
    let (kind, body) = value.as_object()?.iter().next()?;
    let one = |field: &str| Some(vec![field.to_owned()]);
    let named = |field: &str| {
        let name = body["Name"].as_str()?;
        Some(vec![format!("{field}:{name}")])
    };
    match kind.as_str() {
        "Method" => one("method"),
        "UriPath" => one("path"),
        "QueryString" => one("query_string"),
        "AllQueryArguments" => one("all_query_arguments"),
        "SingleQueryArgument" => named("query_argument"),
        "SingleHeader" => named("header"),
        "HeaderOrder" => one("header_order"),
        "Body" => one("body"),
        "JA3Fingerprint" | "JA4Fingerprint" => one("tls_fingerprint"),
        "Headers" => parts(body, "header", ("headers", "header_names"), at, notes),
        "Cookies" => parts(body, "cookie", ("cookies", "cookie_names"), at, notes),
        "JsonBody" => parts(body, "json_body", ("json_body", "json_keys"), at, notes),
        other => {
            notes.left_out.push(format!(
                "{at}: FieldToMatch {other}: there is no such field here"
            ));
            None
        }
    }
}

/// `MatchPattern` and `MatchScope`: all of something, or some of it; names, values or both.
fn parts(
    body: &Value,
    single: &str,
    (values, names): (&str, &str),
    at: &str,
    notes: &mut Notes,
) -> Option<Vec<String>> {
    let pattern = &body["MatchPattern"];
    let scope = body["MatchScope"].as_str().unwrap_or("ALL");
    let included = ["IncludedHeaders", "IncludedCookies", "IncludedPaths"];
    let some = included.iter().find_map(|key| pattern[*key].as_array());
    if let Some(some) = some {
        if scope == "KEY" {
            notes
                .left_out
                .push(format!("{at}: MatchScope KEY of some {names}"));
            return None;
        }
        let some = some.iter().filter_map(Value::as_str);
        return Some(some.map(|name| format!("{single}:{name}")).collect());
    }
    if pattern["All"].is_null() {
        notes.left_out.push(format!(
            "{at}: MatchPattern {pattern}: only all or included ones"
        ));
        return None;
    }
    Some(match scope {
        "KEY" => vec![names.to_owned()],
        "VALUE" => vec![values.to_owned()],
        _ => vec![values.to_owned(), names.to_owned()],
    })
}

/// The transformations by ascending priority.
fn transformations(value: &Value, at: &str, notes: &mut Notes) -> Option<Vec<String>> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut items: Vec<(i64, &str)> = items
        .iter()
        .map(|item| {
            (
                item["Priority"].as_i64().unwrap_or(0),
                item["Type"].as_str().unwrap_or("?"),
            )
        })
        .collect();
    items.sort_by_key(|(priority, _)| *priority);
    let mut names = Vec::new();
    for (_, name) in items {
        if lockgate_firewall::transformation(name).is_none() {
            notes
                .left_out
                .push(format!("{at}: there is no transformation {name} here"));
            return None;
        }
        if name != "NONE" {
            names.push(name.to_lowercase());
        }
    }
    Some(names)
}

fn rate(body: &Value, at: &str, notes: &mut Notes) -> Option<String> {
    let limit = body["Limit"].as_u64().unwrap_or(100);
    let window = body["EvaluationWindowSec"].as_u64().unwrap_or(300);
    let mut keys = Vec::new();
    match body["AggregateKeyType"].as_str() {
        Some("IP") | None => keys.push("client_ip".to_owned()),
        Some("FORWARDED_IP") => keys.push("forwarded_ip".to_owned()),
        Some("CONSTANT") => {
            // Everybody together: what all requests of a scope have in common.
            let why = "requests are counted by method instead of all together";
            notes
                .left_out
                .push(format!("{at}: AggregateKeyType CONSTANT: {why}"));
            keys.push("method".to_owned());
        }
        Some(_) => {
            for key in body["CustomKeys"].as_array().into_iter().flatten() {
                keys.push(custom_key(key, at, notes)?);
            }
        }
    }
    let keys = texts(keys.iter().map(String::as_str));
    let scope = match &body["ScopeDownStatement"] {
        Value::Null => String::new(),
        scope => format!(", scope_down = {}", statement(scope, at, notes)?),
    };
    Some(format!(
        "{{ rate_based = {{ limit = {limit}, window_s = {window}, keys = {keys}{scope} }} }}"
    ))
}

fn custom_key(key: &Value, at: &str, notes: &mut Notes) -> Option<String> {
    let (kind, body) = key.as_object()?.iter().next()?;
    let named = |field: &str| format!("{field}:{}", body["Name"].as_str().unwrap_or_default());
    if body["TextTransformations"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["Type"] != "NONE"))
    {
        notes.left_out.push(format!(
            "{at}: {kind}: keys are counted as they were sent, untransformed"
        ));
    }
    Some(match kind.as_str() {
        "IP" => "client_ip".to_owned(),
        "ForwardedIP" => "forwarded_ip".to_owned(),
        "HTTPMethod" => "method".to_owned(),
        "Header" => named("header"),
        "Cookie" => named("cookie"),
        "QueryArgument" => named("query_argument"),
        "QueryString" => "query_string".to_owned(),
        "UriPath" => "path".to_owned(),
        "JA3Fingerprint" | "JA4Fingerprint" => "tls_fingerprint".to_owned(),
        "ASN" => "asn".to_owned(),
        "LabelNamespace" => {
            let space = body["Namespace"].as_str().unwrap_or_default();
            format!("label:{}:", space.trim_end_matches(':'))
        }
        other => {
            notes
                .left_out
                .push(format!("{at}: there is no key {other} here"));
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn blobs_are_base64() {
        assert_eq!(base64("L2FkbWlu").as_deref(), Some(&b"/admin"[..]));
        assert_eq!(base64("YQ==").as_deref(), Some(&b"a"[..]));
        assert_eq!(base64("YWI=").as_deref(), Some(&b"ab"[..]));
        assert_eq!(base64("/admin%"), None);
    }
}
