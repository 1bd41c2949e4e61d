//! Cross-site scripting: the contexts a value may stand in and what gives it away in each.

mod entities;
mod html;
mod names;
mod remarks;

use self::html::{Html, Token, Tokens};
use self::names::Danger;

/// Whether `value` is cross-site scripting (`libinjection_xss`; `@detectXSS`).
///
/// Tags, remarks and document types begin with `<`. The value of an attribute only counts behind a
/// name and a `=`. So a value with neither byte is benign in every context, one without `<` cannot
/// matter as text, and one without a certain quote is, inside of that quote, one attribute's value
/// whose name is not known.
#[must_use]
pub fn xss(value: &[u8]) -> bool {
    if memchr::memchr2(b'<', b'=', value).is_none() {
        return false;
    }
    let has = |byte| memchr::memchr(byte, value).is_some();
    (has(b'<') && is_xss(value, Html::Text))
        || is_xss(value, Html::Tag)
        || [b'\'', b'"', b'`']
            .into_iter()
            .any(|quote| has(quote) && is_xss(value, Html::Value(quote)))
}

/// Whether `value`, read as what stands in `context`, runs script (`libinjection_is_xss`).
fn is_xss(value: &[u8], context: Html) -> bool {
    let mut name = Danger::None;
    for token in Tokens::new(value, context) {
        match token {
            Token::Name(text) => {
                name = names::attribute(text);
                continue;
            }
            Token::Doctype => return true,
            Token::Tag(text) if names::is_tag(text) => return true,
            Token::Value(text) if is_value(name, text) => return true,
            Token::Comment(text) if is_comment(text) => return true,
            _ => {}
        }
        name = Danger::None;
    }
    false
}

/// Whether an attribute of this danger runs script with this value.
fn is_value(name: Danger, text: &[u8]) -> bool {
    match name {
        Danger::None => false,
        Danger::Always | Danger::Style => true,
        Danger::Url => entities::is_script_url(text),
        Danger::Indirect => names::attribute(text) != Danger::None,
    }
}

/// Whether a remark is more than one: to Internet Explorer a back quote ends it, `[if` and `xml`
/// are conditions, `import` includes; `entity` is XML's.
fn is_comment(text: &[u8]) -> bool {
    let starts = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    memchr::memchr(b'`', text).is_some()
        || (text.len() > 3 && (starts(b"[IF") || starts(b"XML")))
        || starts(b"IMPORT")
        || starts(b"ENTITY")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &[u8], expected: bool) {
        assert_eq!(xss(value), expected, "{}", value.escape_ascii());
    }

    #[test]
    fn tags_and_remarks() {
        check(b"<script>alert(1)</script>", true);
        check(b"<b>bold</b>", false);
        check(b"<svg/onload=x>", true);
        check(b"<!DOCTYPE html>", true);
        check(b"<!doctyp", false);
        check(b"<!-- a ` b", true);
        check(b"<!--[if x]-->", true);
        check(b"<?xml >", true);
        check(b"<?xm >", false);
        check(b"<!entity x>", true);
        check(b"<? import>", false);
        check(b"a < b", false);
    }

    #[test]
    fn attributes() {
        check(b"<a href=javascript:x>", true);
        check(b"<a href=\"&#x6A;ava&#115;cript:x\">", true);
        check(b"<a href=https://example.com>", false);
        check(b"onclick=x", true);
        check(b"onfoo=x", false);
        check(b"x' onclick='y", true);
        check(b"x\" style=\"y", true);
        check(b"x` style=y", true);
        check(b"style", false);
        check(b"a=1&b=2", false);
        check(b"attributename=href", true);
        check(b"attributename=title", false);
    }

    #[test]
    fn the_screen_takes_nothing_away() {
        let contexts = [
            Html::Text,
            Html::Tag,
            Html::Value(b'\''),
            Html::Value(b'"'),
            Html::Value(b'`'),
        ];
        let parts: [&[u8]; 12] = [
            b"<", b"=", b"'", b"\"", b"`", b"script", b"style", b"href", b"java", b">", b" ",
            b"!--",
        ];
        let mut found = 0;
        for number in 0..parts.len().pow(4) {
            let value: Vec<u8> = (0..4)
                .flat_map(|place| parts[number / parts.len().pow(place) % parts.len()].to_vec())
                .collect();
            let expected = contexts.iter().any(|&context| is_xss(&value, context));
            check(&value, expected);
            found += usize::from(expected);
        }
        assert!(found > 100, "{found}");
    }
}
