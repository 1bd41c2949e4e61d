//! Operators: `!@rx pattern`, or a bare pattern.
use crate::ast::Operator;
use crate::place::Text;

/// Reads the second word of a `SecRule`.
#[must_use]
pub(crate) fn operator(text: &Text) -> Operator {
    let whole = text.trimmed();
    let place = whole.start();
    let (negated, rest) = match whole.as_str().strip_prefix('!') {
        Some(_) => (true, whole.slice(1..whole.as_str().len()).trimmed()),
        None => (false, whole),
    };
    let length = rest.as_str().len();
    if rest.as_str().starts_with('@') {
        let end = rest
            .as_str()
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(length);
        Operator {
            place,
            negated,
            name: rest.slice(1..end),
            argument: rest.slice(end..length).trimmed(),
        }
    } else {
        Operator {
            place: place.clone(),
            negated,
            name: Text::new("rx", place),
            argument: rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;

    #[test]
    fn name_argument_and_negation() {
        let read = |source: &str| {
            let o = operator(&text(source));
            let (name, argument) = (o.name.as_str().to_owned(), o.argument.as_str().to_owned());
            (o.negated, name, argument)
        };
        let want = |n, a: &str, b: &str| (n, a.to_owned(), b.to_owned());
        assert_eq!(read("@rx ^a b$"), want(false, "rx", "^a b$"));
        assert_eq!(read("!@within  %{tx.a}"), want(true, "within", "%{tx.a}"));
        assert_eq!(read("^a@b$"), want(false, "rx", "^a@b$"));
        assert_eq!(read("!^a"), want(true, "rx", "^a"));
        assert_eq!(read("@detectSQLi"), want(false, "detectSQLi", ""));
    }
}
