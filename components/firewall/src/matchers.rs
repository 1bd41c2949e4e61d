//! Texts at a place in a value.

use std::ops::Range;

use memchr::memmem;

use crate::rules::Position;

/// Where `text` stands in `value` at this position. An empty text stands at the start of every value, and is
/// the whole of the empty one.
#[must_use]
pub(crate) fn find(position: Position, value: &[u8], text: &[u8]) -> Option<Range<usize>> {
    let at = match position {
        Position::Exactly => (value == text).then_some(0),
        Position::StartsWith => value.starts_with(text).then_some(0),
        Position::EndsWith => value.ends_with(text).then(|| value.len() - text.len()),
        Position::Contains => memmem::find(value, text),
        Position::ContainsWord => word(value, text),
    }?;
    Some(at..at + text.len())
}

/// The first place of `text` that no word byte touches. Linear in `value`: overlapping places of the same
/// text are all looked at by one search.
fn word(value: &[u8], text: &[u8]) -> Option<usize> {
    if text.is_empty() {
        return None;
    }
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let finder = memmem::Finder::new(text);
    let mut from = 0;
    while let Some(at) = value.get(from..).and_then(|rest| finder.find(rest)) {
        let at = from + at;
        let before = at.checked_sub(1).and_then(|before| value.get(before));
        if !is_word(before) && !is_word(value.get(at + text.len())) {
            return Some(at);
        }
        // What overlaps a refused place starts behind a byte of `text` and may still be one.
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_says_where() {
        let find = |position, text: &str| find(position, b"/admin/x admin", text.as_bytes());
        assert_eq!(find(Position::Exactly, "/admin/x admin"), Some(0..14));
        assert_eq!(find(Position::Exactly, "/admin"), None);
        assert_eq!(find(Position::StartsWith, "/admin"), Some(0..6));
        assert_eq!(find(Position::StartsWith, "admin"), None);
        assert_eq!(find(Position::EndsWith, "admin"), Some(9..14));
        assert_eq!(find(Position::Contains, "in"), Some(4..6));
        assert_eq!(find(Position::Contains, "IN"), None);
    }

    #[test]
    fn a_word_is_touched_by_no_letter() {
        let find = |value: &str, text: &str| {
            find(Position::ContainsWord, value.as_bytes(), text.as_bytes())
        };
        assert_eq!(find("badbot", "bot"), None);
        assert_eq!(find("bad-bot/2", "bot"), Some(4..7));
        assert_eq!(find("bot_ bots bot", "bot"), Some(10..13));
        assert_eq!(find("bot", "bot"), Some(0..3));
        assert_eq!(find("aXa aXaXa.", "aXa."), None);
        assert_eq!(find("anything", ""), None);
    }
}
