//! TOML as people write it: short statements on one line.

use std::fmt::Write as _;

/// A text as a TOML string: literal where that is possible, since expressions are full of `\`.
pub(super) fn text(text: &str) -> String {
    let plain = |c: char| c == '\t' || !c.is_control();
    if text.contains(['\\', '"']) && !text.contains('\'') && text.chars().all(plain) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Formatting into a string does not fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Texts as an array on one line.
pub(super) fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.into_iter().map(text).collect();
    format!("[{}]", items.join(", "))
}

/// A name of ours out of any text: letters, digits, `-` and single `_`, at most 64.
pub(super) fn name(given: &str) -> String {
    let mut out = String::new();
    for c in given.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        };
        if out.len() < 64 && !(c == '_' && out.ends_with('_')) {
            out.push(c);
        }
    }
    if out.is_empty() {
        "unnamed".to_owned()
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for given in [
            "plain",
            "a\\d+",
            "it's \"so\" \\",
            "line\nend\u{1}\u{7f}",
            "'",
        ] {
            let table: toml::Table = format!("x = {}", text(given)).parse().expect("TOML");
            assert_eq!(table["x"].as_str(), Some(given));
        }
        assert_eq!(name("My Rule__1 (EU)"), "My_Rule_1_EU_");
        assert_eq!(name(""), "unnamed");
    }
}
