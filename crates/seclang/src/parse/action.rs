//! Lists of actions: `id:1,phase:2,msg:'a, b',setvar:tx.a=1`.
use crate::ast::{Action, Actions};
use crate::fault::{Fault, FaultKind};
use crate::place::Text;

/// Reads a list of actions. Whether the names are known is checked when they are compiled.
///
/// # Errors
/// An empty entry, or a quote that is not closed.
pub(crate) fn list(text: &Text) -> Result<Actions, Fault> {
    let bytes = text.as_str().as_bytes();
    let mut actions = Vec::new();
    let mut at = 0;
    loop {
        let end = entry_end(text, at)?;
        let entry = text.slice(at..end).trimmed();
        if entry.as_str().is_empty() {
            return Err(Fault::new(
                text.place(at),
                FaultKind::Value {
                    value: text.as_str().to_owned(),
                    expected: "a list of actions: one of them is empty".to_owned(),
                },
            ));
        }
        actions.push(action(&entry));
        if end >= bytes.len() {
            return Ok(actions);
        }
        at = end + 1;
    }
}

/// Where the entry that begins at `at` ends: at a comma outside of single quotes.
fn entry_end(text: &Text, at: usize) -> Result<usize, Fault> {
    let bytes = text.as_str().as_bytes();
    let mut quote: Option<usize> = None;
    let mut escaped = false;
    for (i, byte) in bytes.iter().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quote.is_some() => escaped = true,
            b'\'' => quote = if quote.is_some() { None } else { Some(i) },
            b',' if quote.is_none() => return Ok(i),
            _ => {}
        }
    }
    match quote {
        Some(open) => Err(Fault::new(text.place(open), FaultKind::Unclosed)),
        None => Ok(bytes.len()),
    }
}

fn action(entry: &Text) -> Action {
    let whole = entry.as_str();
    let Some(colon) = whole.find(':') else {
        return Action {
            name: entry.clone(),
            value: None,
        };
    };
    let value = entry.slice(colon + 1..whole.len()).trimmed();
    let length = value.as_str().len();
    let quoted = length >= 2 && value.as_str().starts_with('\'') && value.as_str().ends_with('\'');
    Action {
        name: entry.slice(0..colon).trimmed(),
        value: Some(if quoted {
            value.slice(1..length - 1).unescaped('\'')
        } else {
            value
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;

    fn shown(source: &str) -> Vec<String> {
        let show = |a: &Action| match &a.value {
            Some(value) => format!("{}={}", a.name.as_str(), value.as_str()),
            None => a.name.as_str().to_owned(),
        };
        list(&text(source)).unwrap().iter().map(show).collect()
    }

    #[test]
    fn quotes_hold_commas_and_escaped_quotes() {
        assert_eq!(
            shown(r"id:1, chain,msg:'a, b\'s c',setvar:'tx.a=+%{tx.b}',setvar:tx.c='d',t:none"),
            [
                "id=1",
                "chain",
                "msg=a, b's c",
                "setvar=tx.a=+%{tx.b}",
                "setvar=tx.c='d'",
                "t=none"
            ]
        );
    }

    #[test]
    fn faults_have_their_column() {
        let at = |source: &str| list(&text(source)).unwrap_err().place.column;
        assert_eq!(at("id:1,,pass"), 6);
        assert_eq!(at("id:1,msg:'a"), 10);
        assert_eq!(at(""), 1);
    }
}
