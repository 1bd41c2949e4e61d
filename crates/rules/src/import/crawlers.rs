//! `crawler-user-agents` (npm): an array of `{ "pattern": "Googlebot\\/", "instances": [...] }`.

use serde::Deserialize;

use super::toml_text::{text, texts};
use super::{ImportError, Imported};

#[derive(Deserialize)]
struct Crawler {
    pattern: String,
}

/// Where a text must stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Contains,
    StartsWith,
    EndsWith,
    Equals,
}

/// Reads the list and writes a User-Agent list named `crawlers` with a rule that counts. Patterns that are
/// plain texts become texts; the others one set of regular expressions and a second rule. User-Agents are
/// compared without ASCII case, which matches a little more than the list asks.
///
/// # Errors
/// [`ImportError`].
pub fn import(json: &str) -> Result<Imported, ImportError> {
    let crawlers: Vec<Crawler> = match serde_json::from_str(json) {
        Ok(crawlers) => crawlers,
        Err(error) if error.is_syntax() || error.is_eof() => {
            return Err(ImportError::Json(error.to_string()));
        }
        Err(_) => {
            return Err(ImportError::Shape(
                "a list of crawlers: [{ \"pattern\": ... }]",
            ));
        }
    };
    let mut plain: Vec<(Place, String)> = Vec::new();
    let mut regexes = Vec::new();
    let mut left_out = Vec::new();
    for Crawler { pattern } in crawlers {
        match literal(&pattern) {
            Some((_, found)) if found.trim().is_empty() => {
                left_out.push(format!(
                    "pattern {pattern:?}: it is empty, so it would match everybody"
                ));
            }
            Some(found) => plain.push(found),
            None => match lockgate_firewall::check_regex(&pattern) {
                Ok(()) => regexes.push(format!("(?i){pattern}")),
                Err(reason) => left_out.push(format!("pattern {pattern:?}: {}", one_line(&reason))),
            },
        }
    }
    plain.sort();
    plain.dedup();
    regexes.sort();
    regexes.dedup();
    Ok(Imported {
        rules: written(&plain, &regexes),
        left_out,
    })
}

fn written(plain: &[(Place, String)], regexes: &[String]) -> String {
    let mut out = String::from("# Made from a list of crawler-user-agents.\n");
    if !plain.is_empty() {
        out.push_str("\n[user_agent_lists.crawlers]\n");
        let keys = [
            (Place::Contains, "contains"),
            (Place::StartsWith, "starts_with"),
            (Place::EndsWith, "ends_with"),
            (Place::Equals, "equals"),
        ];
        for (place, key) in keys {
            let found: Vec<&String> = plain
                .iter()
                .filter(|(at, _)| *at == place)
                .map(|(_, text)| text)
                .collect();
            if !found.is_empty() {
                out.push_str(&format!("{key} = [\n"));
                for item in found {
                    out.push_str(&format!("    {},\n", text(item)));
                }
                out.push_str("]\n");
            }
        }
    }
    if !regexes.is_empty() {
        out.push_str("\n[regex_sets.crawlers]\npatterns = [\n");
        for regex in regexes {
            out.push_str(&format!("    {},\n", text(regex)));
        }
        out.push_str("]\n");
    }
    let rules = [
        (
            !plain.is_empty(),
            "crawlers",
            1000,
            "{ user_agent_list = \"crawlers\" }",
        ),
        (
            !regexes.is_empty(),
            "crawlers-by-expression",
            1001,
            "{ regex_set = { field = \"header:user-agent\", set = \"crawlers\" } }",
        ),
    ];
    for (there, name, priority, statement) in rules {
        if there {
            out.push_str(&format!(
                "\n[[rules]]\nname = {}\npriority = {priority}\naction = \"count\"\nlabels = {}\nstatement = {statement}\n",
                text(name),
                texts(["bot:crawler"]),
            ));
        }
    }
    out
}

/// The text that a pattern stands for, if it stands for one text at one place.
fn literal(pattern: &str) -> Option<(Place, String)> {
    let (start, rest) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let mut out = String::new();
    let mut end = false;
    let mut characters = rest.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '$' if characters.peek().is_none() => end = true,
            '\\' => match characters.next() {
                Some(c) if c.is_ascii_punctuation() || c == ' ' => out.push(c),
                _ => return None,
            },
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => {
                return None;
            }
            c => out.push(c),
        }
    }
    let place = match (start, end) {
        (false, false) => Place::Contains,
        (true, false) => Place::StartsWith,
        (false, true) => Place::EndsWith,
        (true, true) => Place::Equals,
    };
    Some((place, out))
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_texts_where_they_are_texts() {
        let json = r#"[
            {"pattern": "Googlebot\\/", "url": "x", "instances": ["Googlebot/2.1"]},
            {"pattern": "^curl"}, {"pattern": "bot$"}, {"pattern": "^x$"},
            {"pattern": "[aA]pple"}, {"pattern": "Googlebot\\/"}, {"pattern": "(?!x)y"}, {"pattern": ""}
        ]"#;
        let imported = import(json).expect("a list");
        let table: toml::Table = imported.rules.parse().expect("TOML");
        let list = &table["user_agent_lists"]["crawlers"];
        assert_eq!(list["contains"].as_array().map(Vec::len), Some(1));
        assert_eq!(list["contains"][0].as_str(), Some("Googlebot/"));
        assert_eq!(list["starts_with"][0].as_str(), Some("curl"));
        assert_eq!(list["ends_with"][0].as_str(), Some("bot"));
        assert_eq!(list["equals"][0].as_str(), Some("x"));
        assert_eq!(
            table["regex_sets"]["crawlers"]["patterns"][0].as_str(),
            Some("(?i)[aA]pple")
        );
        assert_eq!(table["rules"].as_array().map(Vec::len), Some(2));
        assert_eq!(imported.left_out.len(), 2, "{:?}", imported.left_out);
        assert!(matches!(import("["), Err(ImportError::Json(_))));
        assert!(matches!(import("{}"), Err(ImportError::Shape(_))));
    }
}
