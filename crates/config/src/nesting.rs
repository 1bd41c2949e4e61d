//! Refuses documents that are nested too deeply, before they are parsed: the parser's trees are
//! dropped recursively, and would overflow the stack.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// Deepest nesting of tables and arrays.
pub(crate) const DEPTH_MAX: usize = 24;

/// The offset of the first dotted key or inline table that is too deep. (Arrays are bounded by the
/// parser, and what this lets through by [`DEPTH_MAX`] on the tree.)
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut dots = 0;
    let mut braces = 0_usize;
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::Atom
            | TokenKind::Whitespace
            | TokenKind::BasicString
            | TokenKind::LiteralString => {}
            kind => {
                dots = 0;
                match kind {
                    TokenKind::LeftCurlyBracket => braces += 1,
                    TokenKind::RightCurlyBracket => braces = braces.saturating_sub(1),
                    _ => {}
                }
            }
        }
        if dots > DEPTH_MAX || braces > DEPTH_MAX {
            return Some(token.span().start());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, too_deep};

    #[test]
    fn dots_and_braces_are_counted_where_they_nest() {
        let key = format!("a{} = 1", ".a".repeat(DEPTH_MAX));
        assert_eq!(too_deep(&key), None);
        assert_eq!(too_deep(&format!("a.{key}")), Some(key.len() - 4));
        let quoted = format!("\"a\"{} = 1", " . 'a'".repeat(DEPTH_MAX + 1));
        assert!(too_deep(&quoted).is_some());
        let inline = "{a=".repeat(DEPTH_MAX + 1);
        assert!(too_deep(&format!("x = {inline}")).is_some());
        let flat = "x = [{a = 1.5}, '{.{.{.{.']\n# {.{.{.{.{.\n".repeat(100);
        assert_eq!(too_deep(&flat), None);
    }
}
