//! From a pattern's text to its meaning.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use super::{CompileError, Options};

/// Reads `text`.
pub(super) fn parse(text: &str, options: Options) -> Result<Hir, CompileError> {
    let text = plain_hexadecimal(text);
    ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .case_insensitive(options.case_insensitive)
        .dot_matches_new_line(options.dot_matches_new_line)
        .multi_line(options.multi_line)
        .build()
        .parse(&text)
        .map_err(|error| CompileError::Syntax(error.to_string()))
}

/// Writes `\x{hh}` as `\xhh`: with Unicode off both mean one byte, and the parser takes only the second
/// where a class may not hold code points.
pub(super) fn plain_hexadecimal(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let digits = escape.strip_prefix("\\x{").and_then(|digits| {
            let (digits, after) = digits.split_once('}')?;
            let two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            two.then_some((digits, after))
        });
        if let Some((digits, after)) = digits {
            plain.push_str("\\x");
            plain.push_str(digits);
            rest = after;
            continue;
        }
        // The escape and the character that it escapes.
        let mut characters = escape.char_indices();
        let end = characters.nth(2).map_or(escape.len(), |(end, _)| end);
        let (taken, after) = escape.split_at(end);
        plain.push_str(taken);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::plain_hexadecimal;

    #[test]
    fn two_digits_in_braces_lose_the_braces() {
        assert_eq!(plain_hexadecimal(r"[^\x{be}]\x{bc}"), r"[^\xbe]\xbc");
        assert_eq!(plain_hexadecimal(r"\\x{be}"), r"\\x{be}");
        assert_eq!(plain_hexadecimal(r"\x{1f600}a\"), r"\x{1f600}a\");
        assert_eq!(plain_hexadecimal(r"é\né"), r"é\né");
    }
}
