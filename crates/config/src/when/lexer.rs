//! The words of an expression.

use super::Mistake;

/// A word and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Offset in the expression, bytes.
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name, a field or a number.
    Word(String),
    /// A text as it stands between its quotes.
    Text(String),
    /// `(`, `)`, `[`, `]`, `,`, `|` or a comparison.
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 12] = [
    "==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", "|",
];

/// The words of an expression, with [`Kind::End`] at the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Mistake> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            tokens.push(Token {
                kind: Kind::End,
                at,
            });
            return Ok(tokens);
        };
        let (kind, length) = if first == '"' {
            quoted(rest, at)?
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Kind::Sign(sign), sign.len())
        } else {
            let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            if length == 0 {
                return Err(Mistake::new(
                    at,
                    format!("{first:?} is not part of any expression"),
                ));
            }
            let (word, _) = rest.split_at(length);
            (Kind::Word(word.to_owned()), length)
        };
        tokens.push(Token { kind, at });
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// What names, fields with their names, JSON Pointers and labels are made of.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-:/.~$%*+^".contains(c)
}

/// A text in quotes and its length with them.
fn quoted(rest: &str, at: usize) -> Result<(Kind, usize), Mistake> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((offset, c)) = characters.next() {
        match c {
            '"' => {
                let raw = rest.get(1..offset).unwrap_or_default();
                return Ok((Kind::Text(raw.to_owned()), offset + 1));
            }
            // Whatever it stands for, what follows it does not end the text.
            '\\' => {
                characters.next();
            }
            _ => {}
        }
    }
    Err(Mistake::new(at, "this text has no end"))
}

/// What a text stands for: `\"` is `"`, `\\` is `\`, any other `\` is itself.
pub(super) fn plain(raw: &str) -> String {
    unescaped(raw, &['"', '\\'])
}

/// The regular expression that a text stands for: `\"` is `"`, all else belongs to the expression.
pub(super) fn expression(raw: &str) -> String {
    unescaped(raw, &['"'])
}

fn unescaped(raw: &str, escaped: &[char]) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(c) = characters.next() {
        match (c, characters.clone().next()) {
            ('\\', Some(next)) => {
                characters.next();
                if !escaped.contains(&next) {
                    text.push('\\');
                }
                text.push(next);
            }
            _ => text.push(c),
        }
    }
    text
}
