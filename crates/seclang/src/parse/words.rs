//! The words of a logical line: bare or in quotes.
use crate::fault::{Fault, FaultKind};
use crate::place::Text;

/// Splits a line at white space. A word that begins with `"` or `'` ends at the same quote;
/// there `\` before the quote stands for the quote and every other `\` for itself, so that
/// patterns are read as libmodsecurity reads them.
///
/// # Errors
/// A quote that is not closed.
pub(crate) fn split(line: &Text) -> Result<Vec<Text>, Fault> {
    let bytes = line.as_str().as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if first == b'"' || first == b'\'' {
            let close = closing(bytes, at + 1, first)
                .ok_or_else(|| Fault::new(line.place(at), FaultKind::Unclosed))?;
            words.push(line.slice(at + 1..close).unescaped(char::from(first)));
            at = close + 1;
        } else {
            let end = bare_end(bytes, at);
            words.push(line.slice(at..end));
            at = end;
        }
    }
    Ok(words)
}

/// Where a bare word ends: at white space outside of single quotes, which targets may hold.
fn bare_end(bytes: &[u8], start: usize) -> usize {
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'\'' => quoted = !quoted,
            b if b.is_ascii_whitespace() && !quoted => return at,
            _ => {}
        }
    }
    bytes.len()
}

/// The next `quote` from `start` that no `\` stands before.
fn closing(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start;
    loop {
        let byte = *bytes.get(at)?;
        if byte == b'\\' {
            at += 2;
        } else if byte == quote {
            return Some(at);
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use std::path::Path;
    use std::sync::Arc;

    fn of(line: &str) -> Result<Vec<String>, FaultKind> {
        let place = Place {
            file: Arc::from(Path::new("t.conf")),
            line: 1,
            column: 1,
        };
        split(&Text::new(line, place))
            .map(|words| words.iter().map(|w| w.as_str().to_owned()).collect())
            .map_err(|fault| fault.kind)
    }

    #[test]
    fn quotes_hold_spaces_and_escaped_quotes() {
        assert_eq!(
            of(r#"SecRule ARGS|!ARGS:'/a b/' "@rx \"\s\\d" 'id:1'"#).unwrap(),
            ["SecRule", "ARGS|!ARGS:'/a b/'", r#"@rx "\s\\d"#, "id:1"]
        );
        assert_eq!(of(r#"SecMarker """#).unwrap(), ["SecMarker", ""]);
    }

    #[test]
    fn an_open_quote_is_a_fault() {
        assert_eq!(
            of(r#"SecRule ARGS "@rx a\" id:1"#),
            Err(FaultKind::Unclosed)
        );
    }
}
