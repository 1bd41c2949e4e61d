//! Targets: `ARGS|!ARGS:foo|&REQUEST_HEADERS:Host|TX:/^x_/|XML://@*`.
use crate::ast::{Selector, Target};
use crate::fault::{Fault, FaultKind};
use crate::place::Text;

/// Reads a list of targets, separated by `|` or `,`.
///
/// # Errors
/// An empty target, or a regular expression or quote without its end.
pub(crate) fn list(text: &Text) -> Result<Vec<Target>, Fault> {
    let mut targets = Vec::new();
    let mut at = 0;
    loop {
        let (target, end) = one(text, at)?;
        targets.push(target);
        match text.as_str().as_bytes().get(end) {
            Some(b'|' | b',') => at = end + 1,
            _ => return Ok(targets),
        }
    }
}

/// The target that begins at `at`, and where it ends.
fn one(text: &Text, mut at: usize) -> Result<(Target, usize), Fault> {
    let bytes = text.as_str().as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    while byte(at).is_ascii_whitespace() {
        at += 1;
    }
    let place = text.place(at);
    let exclude = byte(at) == b'!';
    at += usize::from(exclude);
    let count = !exclude && byte(at) == b'&';
    at += usize::from(count);
    let end = until(bytes, at, |b| matches!(b, b':' | b'|' | b','));
    let variable = text.slice(at..end).trimmed();
    if variable.as_str().is_empty() {
        return Err(bad(text, at, "a target"));
    }
    let (selector, end) = if byte(end) == b':' {
        let xml = variable.as_str().eq_ignore_ascii_case("XML");
        let (selector, end) = selector(text, end + 1, xml)?;
        (Some(selector), end)
    } else {
        (None, end)
    };
    Ok((
        Target {
            place,
            exclude,
            count,
            variable,
            selector,
        },
        end,
    ))
}

/// The selector that begins at `at`. Those of `XML` are XPath, whose `/` opens no expression.
fn selector(text: &Text, at: usize, xml: bool) -> Result<(Selector, usize), Fault> {
    let bytes = text.as_str().as_bytes();
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\''), Some(b'/')) if !xml => {
            let end = enclosed(text, at, b"/'")?;
            Ok((Selector::Regex(text.slice(at + 2..end - 2)), end))
        }
        (Some(b'\''), _) => {
            let end = enclosed(text, at, b"'")?;
            Ok((Selector::Name(text.slice(at + 1..end - 1)), end))
        }
        (Some(b'/'), _) if !xml => {
            let end = enclosed(text, at, b"/")?;
            Ok((Selector::Regex(text.slice(at + 1..end - 1)), end))
        }
        _ => {
            let end = until(bytes, at, |b| matches!(b, b'|' | b','));
            let name = text.slice(at..end).trimmed();
            if name.as_str().is_empty() {
                return Err(bad(text, at, "a name after `:`"));
            }
            Ok((Selector::Name(name), end))
        }
    }
}

/// The end of what opens at `at` and closes with `close` before a separator or the end.
fn enclosed(text: &Text, at: usize, close: &[u8]) -> Result<usize, Fault> {
    let bytes = text.as_str().as_bytes();
    let mut from = at + close.len();
    while let Some(rest) = bytes.get(from..) {
        if rest.is_empty() {
            break;
        }
        let ends = rest.starts_with(close)
            && matches!(rest.get(close.len()), None | Some(b'|' | b',' | b' '));
        if ends {
            return Ok(from + close.len());
        }
        from += 1;
    }
    Err(Fault::new(text.place(at), FaultKind::Unclosed))
}

fn until(bytes: &[u8], at: usize, stop: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| stop(*b)).unwrap_or(rest.len())
}

fn bad(text: &Text, at: usize, expected: &str) -> Fault {
    Fault::new(
        text.place(at),
        FaultKind::Value {
            value: text.as_str().to_owned(),
            expected: expected.to_owned(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;

    fn shown(source: &str) -> Vec<String> {
        let show = |t: Target| {
            let sign = match (t.exclude, t.count) {
                (true, _) => "!",
                (_, true) => "&",
                _ => "",
            };
            let selector = match t.selector {
                None => String::new(),
                Some(Selector::Name(n)) => format!(" name {}", n.as_str()),
                Some(Selector::Regex(r)) => format!(" regex {}", r.as_str()),
            };
            format!("{sign}{}{selector}", t.variable.as_str())
        };
        list(&text(source)).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn each_form_is_read() {
        assert_eq!(
            shown("ARGS|!ARGS:foo|&REQUEST_HEADERS:Host|TX:/^a|b/|XML:/*|XML://@*"),
            [
                "ARGS",
                "!ARGS name foo",
                "&REQUEST_HEADERS name Host",
                "TX regex ^a|b",
                "XML name /*",
                "XML name //@*"
            ]
        );
        assert_eq!(
            shown("REQUEST_COOKIES:'/^a, b$/',ARGS:'x|y'"),
            ["REQUEST_COOKIES regex ^a, b$", "ARGS name x|y"]
        );
    }

    #[test]
    fn faults_have_their_column() {
        let at = |source: &str| list(&text(source)).unwrap_err().place.column;
        assert_eq!(at("ARGS||FILES"), 6);
        assert_eq!(at("ARGS:/abc"), 6);
        assert_eq!(at("ARGS:|FILES"), 6);
    }
}
