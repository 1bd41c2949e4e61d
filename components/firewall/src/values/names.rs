//! Which names occur in a request: a field of a name that does not occur is empty without a search.
//!
//! Rules name many headers, cookies and arguments of which a request has few.

use super::{cookies::cookies, pairs::pairs};
use crate::Field;
use crate::rules::View;

/// The names of a request by kind; `None` until the first field of the kind is asked for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    headers: Option<Places>,
    arguments: Option<Places>,
    cookies: Option<Places>,
}

/// Names, each in one of 64 places. It may hold more than what was put in, never less.
#[derive(Debug, Clone, Copy, Default)]
struct Places(u64);

impl Names {
    /// Whether the request has none of this field for certain.
    pub(crate) fn lack(&mut self, field: &Field, view: &View<'_>) -> bool {
        let (known, wanted) = match field {
            Field::Header(name) => (&mut self.headers, name),
            Field::QueryArgument(name) => (&mut self.arguments, name),
            Field::Cookie(name) => (&mut self.cookies, name),
            _ => return false,
        };
        let places = known.get_or_insert_with(|| match field {
            Field::Header(_) => headers(view),
            Field::QueryArgument(_) => arguments(view),
            _ => all_cookies(view),
        });
        places.0 & Places::of(wanted.as_bytes()).0 == 0
    }
}

impl Places {
    /// The place of a name in any case.
    fn of(name: &[u8]) -> Self {
        let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(byte | 0x20));
        let hash = 5 * end(name.first()) + 11 * end(name.last()) + 3 * name.len();
        Self(1 << (hash % 64))
    }

    fn add(&mut self, name: &[u8]) {
        self.0 |= Self::of(name).0;
    }
}

fn headers(view: &View<'_>) -> Places {
    let mut places = Places::default();
    for (name, _) in view.headers {
        places.add(name);
    }
    places
}

/// A name that is encoded could be any.
fn arguments(view: &View<'_>) -> Places {
    let mut places = Places::default();
    for (name, _) in pairs(view.query.unwrap_or_default()) {
        if name.iter().any(|byte| matches!(byte, b'%' | b'+')) {
            return Places(u64::MAX);
        }
        places.add(name);
    }
    places
}

fn all_cookies(view: &View<'_>) -> Places {
    let mut places = Places::default();
    for (_, value) in view.headers.iter().filter(is_cookie) {
        for (name, _) in cookies(value) {
            places.add(name);
        }
    }
    places
}

fn is_cookie((name, _): &&(&[u8], &[u8])) -> bool {
    name.eq_ignore_ascii_case(b"cookie")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_occurs_is_never_lacking() {
        let view = View {
            query: Some(b"page=1&&Sort=x&=y&flag"),
            headers: &[(b"X-Client", b"a"), (b"COOKIE", b"a=1; Theme=dark; bare")],
            ..View::empty()
        };
        let mut names = Names::default();
        let header = |name: &str| Field::Header(name.to_owned());
        let argument = |name: &str| Field::QueryArgument(name.to_owned());
        let cookie = |name: &str| Field::Cookie(name.to_owned());
        for field in [
            header("x-client"),
            header("cookie"),
            argument("page"),
            argument("sort"),
            argument("SORT"),
            argument(""),
            argument("flag"),
            cookie("a"),
            cookie("Theme"),
            cookie(""),
            Field::Path,
        ] {
            assert!(!names.lack(&field, &view), "{field:?}");
        }
        for field in [header("x-client-7"), argument("debug13"), cookie("trial5")] {
            assert!(names.lack(&field, &view), "{field:?}");
        }
    }

    #[test]
    fn an_encoded_name_could_be_any() {
        for query in [&b"a=1&%70age=1"[..], b"my+page=1"] {
            let view = View {
                query: Some(query),
                ..View::empty()
            };
            let wanted = Field::QueryArgument("something else".to_owned());
            assert!(!Names::default().lack(&wanted, &view));
        }
    }
}
