//! Exclusions from a site's own rules: `(...) and not (path == "/search" and ...)`.

use lockgate_config::types::{RateBased, Rule, RulesFile, Statement};
use lockgate_wire::explanation::{Explanation, NativeRule, Place};

use super::is_plain_path;

/// Longest text that a condition compares with, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// A rule file with a rule that matches less.
#[derive(Debug, Clone, PartialEq)]
pub struct Narrowed {
    /// The file.
    pub rules: RulesFile,
    /// The line of the rule that is another: `when = ...` or `statement = ...`.
    pub line: String,
}

/// Conditions that hold for the request, from the narrowest: where one holds, the rule is not to match.
#[must_use]
pub fn conditions(request: &Explanation, rule: &NativeRule) -> Vec<String> {
    let path = is_plain_path(&request.path).then(|| format!("path == \"{}\"", request.path));
    let client = format!("client_ip == \"{}\"", request.client);
    let values = rule.place.as_ref().map(values).unwrap_or_default();
    let mut conditions = Vec::new();
    if let Some(path) = &path {
        conditions.extend(values.iter().map(|value| format!("{path} and {value}")));
        if values.is_empty() {
            conditions.push(format!("{path} and {client}"));
        }
        // A field that the rule names is as narrow as the rule: the path alone says the same.
        conditions.push(path.clone());
    }
    if values.is_empty() {
        conditions.push(client);
    }
    // The same text anywhere.
    conditions.extend(values.into_iter().next());
    conditions
}

/// What holds for the value that matched: it has the text that matched; its field is there.
fn values(place: &Place) -> Vec<String> {
    let Some(field) = field(place) else {
        return Vec::new();
    };
    let steps: String = place
        .transformations
        .iter()
        .map(|step| format!(" | {}", spelled(step)))
        .collect();
    let mut values = Vec::new();
    let value = &place.value;
    let whole = value.end.saturating_sub(value.start) == value.length;
    // The whole value of a field that people fill in is another one the next time.
    let filled_in = whole && !place.name.is_empty();
    if is_text(&value.matched) && !filled_in {
        let position = if whole { "==" } else { "contains" };
        values.push(format!(
            "{field}{steps} {position} \"{}\"",
            quoted(&value.matched)
        ));
    }
    if !place.name.is_empty() {
        values.push(format!("{field} size >= 0"));
    }
    values
}

/// The field that has this one value only.
fn field(place: &Place) -> Option<String> {
    let one = match place.field.as_str() {
        "all_query_arguments" => "query_argument",
        "form_fields" => "form_field",
        "headers" => "header",
        "cookies" => "cookie",
        _ => return Some(place.field.clone()),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let named = !place.name.is_empty() && place.name.chars().all(plain);
    named.then(|| format!("{one}:{}", place.name))
}

/// How a transformation is written in a rule: AWS WAF's in lower case, SecLang's as they are.
fn spelled(step: &str) -> String {
    if step.chars().any(|c| c.is_ascii_lowercase()) {
        step.to_owned()
    } else {
        step.to_ascii_lowercase()
    }
}

/// Whether an excerpt is the text itself: nothing in it is escaped, and it is not too long.
fn is_text(excerpt: &str) -> bool {
    !excerpt.is_empty() && excerpt.len() <= TEXT_BYTES_MAX && !excerpt.contains('\\')
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The rule file with a rule that does not match where the condition holds.
///
/// # Errors
/// Why it cannot be written so.
pub fn narrow(file: &RulesFile, rule: &str, condition: &str) -> Result<Narrowed, String> {
    let mut rules = file.clone();
    let excluded = lockgate_config::expression(condition, file)?;
    let found = rules.rules.iter_mut().find(|known| known.name == rule);
    let rule = found.ok_or_else(|| format!("there is no rule {rule:?}"))?;
    let line = match rule.when.take() {
        Some(when) => {
            let when = format!("({when}) and not ({condition})");
            rule.read = Some(lockgate_config::expression(&when, file)?);
            let line = format!("when = {}", toml::Value::String(when.clone()));
            rule.when = Some(when);
            line
        }
        None => {
            let statement = without(rule, excluded)?;
            let value = toml::Value::try_from(&statement).map_err(|error| error.to_string())?;
            rule.statement = Some(statement);
            format!("statement = {value}")
        }
    };
    Ok(Narrowed { rules, line })
}

/// The statement of a rule without what is excluded. A rate-based one stands alone: it counts less instead.
fn without(rule: &Rule, excluded: Statement) -> Result<Statement, String> {
    let statement = rule.statement.clone();
    let statement = statement.ok_or_else(|| format!("rule {:?} looks for nothing", rule.name))?;
    let not = Statement::Not(Box::new(excluded));
    Ok(match statement {
        Statement::RateBased(rate) => {
            let scope_down = match rate.scope_down {
                None => not,
                Some(scope) => Statement::And(vec![*scope, not]),
            };
            Statement::RateBased(RateBased {
                scope_down: Some(Box::new(scope_down)),
                ..rate
            })
        }
        Statement::And(mut parts) => {
            parts.push(not);
            Statement::And(parts)
        }
        statement => Statement::And(vec![statement, not]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_wire::explanation::Excerpt;

    fn request() -> Explanation {
        Explanation {
            client: "203.0.113.9".to_owned(),
            path: "/search".to_owned(),
            ..Explanation::default()
        }
    }

    fn at(field: &str, name: &str, value: Excerpt) -> NativeRule {
        NativeRule {
            place: Some(Place {
                field: field.to_owned(),
                transformations: vec!["URL_DECODE".to_owned()],
                name: name.to_owned(),
                value,
            }),
            ..NativeRule::default()
        }
    }

    #[test]
    fn conditions_go_from_narrow_to_wide() {
        let value = Excerpt::new(b"say \"union select\" now", (4, 18), 0, 22);
        assert_eq!(
            conditions(&request(), &at("all_query_arguments", "q", value.clone())),
            [
                r#"path == "/search" and query_argument:q | url_decode contains "\"union select\"""#,
                r#"path == "/search" and query_argument:q size >= 0"#,
                r#"path == "/search""#,
                r#"query_argument:q | url_decode contains "\"union select\"""#,
            ]
        );
        // Of a whole value it is the field.
        let whole = at("form_fields", "note", Excerpt::whole(b"1' OR '1'='1"));
        assert_eq!(
            conditions(&request(), &whole)[0],
            r#"path == "/search" and form_field:note size >= 0"#
        );
        // What is escaped is not compared with; without a name it is the path.
        let bytes = Excerpt::new(b"a\x00b", (0, 3), 0, 3);
        assert_eq!(
            conditions(&request(), &at("body", "", bytes)),
            [
                r#"path == "/search" and client_ip == "203.0.113.9""#,
                r#"path == "/search""#,
                r#"client_ip == "203.0.113.9""#,
            ]
        );
        // A path that could be read in two ways is not compared with.
        let odd = Explanation {
            path: "/a%2Fb".to_owned(),
            ..request()
        };
        assert_eq!(
            conditions(&odd, &NativeRule::default()),
            [r#"client_ip == "203.0.113.9""#]
        );
    }

    fn file(rule: &str) -> RulesFile {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        let text = format!("[[rules]]\nname = \"a\"\npriority = 1\naction = \"block\"\n{rule}\n");
        std::fs::write(&path, text).unwrap();
        let mut loaded = lockgate_config::load_rules(std::slice::from_ref(&path)).unwrap();
        loaded.remove(&path).unwrap()
    }

    /// What is proposed is what is tried: the line means the same rule.
    #[track_caller]
    fn assert_line(narrowed: &Narrowed) {
        let again = file(&narrowed.line);
        assert_eq!(
            again.rules[0].looks_for(),
            narrowed.rules.rules[0].looks_for(),
            "{}",
            narrowed.line
        );
    }

    #[test]
    fn an_expression_stays_one() {
        let rules = file(r#"when = 'query_string contains "x" or path ends_with ".bak"'"#);
        let narrowed = narrow(&rules, "a", r#"path == "/search""#).unwrap();
        let when =
            r#"(query_string contains "x" or path ends_with ".bak") and not (path == "/search")"#;
        assert_eq!(narrowed.rules.rules[0].when.as_deref(), Some(when));
        assert_line(&narrowed);
        assert!(narrow(&rules, "b", r#"path == "/search""#).is_err());
        assert!(narrow(&rules, "a", "path ==").is_err());
    }

    #[test]
    fn a_statement_stays_one() {
        for statement in [
            r#"statement = { sqli_match = { field = "all_query_arguments", transformations = ["url_decode"] } }"#,
            r#"statement = { and = [{ user_agent_missing = true }, { byte_match = { field = "path", contains = "it's \"x\"" } }] }"#,
            r#"statement = { rate_based = { limit = 10 } }"#,
            r#"statement = { rate_based = { limit = 10, window_s = 60, scope_down = { user_agent_missing = true } } }"#,
        ] {
            let narrowed = narrow(&file(statement), "a", r#"path == "/search""#).unwrap();
            assert_ne!(narrowed.rules, file(statement));
            assert_line(&narrowed);
        }
    }
}
