//! A field's values in a request.

use std::io::Write as _;

use super::{Sink, body, cookies::cookies, pairs};
use crate::Field;
use crate::rules::View;

/// Takes the values of `field` out of a request.
pub(crate) fn collect<'a>(field: &Field, view: &View<'a>, sink: &mut Sink<'a, '_>) {
    let mut one = |bytes: &'a [u8]| sink.given(b"", bytes);
    match field {
        Field::Method => one(view.method),
        Field::Host => one(view.host),
        Field::Path => one(view.path),
        Field::Target => one(view.target),
        Field::QueryString => view.query.into_iter().for_each(one),
        Field::QueryArgument(wanted) => each_pair(query(view), sink, |name| {
            pairs::is_named(name, wanted.as_bytes()).then_some(Of::Value)
        }),
        Field::QueryArguments => each_pair(query(view), sink, |_| Some(Of::Value)),
        Field::QueryArgumentNames => each_pair(query(view), sink, |_| Some(Of::Name)),
        Field::Header(wanted) => {
            for (name, value) in view.headers {
                if name.eq_ignore_ascii_case(wanted.as_bytes()) {
                    sink.given(name, value);
                }
            }
        }
        Field::Headers => {
            view.headers
                .iter()
                .for_each(|(name, value)| sink.given(name, value));
        }
        Field::HeaderNames => view
            .headers
            .iter()
            .for_each(|(name, _)| sink.given(name, name)),
        Field::HeaderOrder => header_order(view, sink),
        Field::Cookie(wanted) => {
            for (name, value) in all_cookies(view) {
                if name == wanted.as_bytes() {
                    sink.given(name, value);
                }
            }
        }
        Field::Cookies => all_cookies(view).for_each(|(name, value)| sink.given(name, value)),
        Field::CookieNames => all_cookies(view).for_each(|(name, _)| sink.given(name, name)),
        Field::ClientIp => {
            let text = crate::ipset::unmap(view.client_ip).to_string();
            sink.made(b"", text.as_bytes());
        }
        Field::Country => {
            if let Some(country) = view.country {
                sink.made(b"", &country);
            }
        }
        Field::Asn => {
            if let Some(asn) = view.asn {
                let mut text = Vec::with_capacity(10);
                // Writing into a vector does not fail.
                let _ = write!(text, "{asn}");
                sink.made(b"", &text);
            }
        }
        Field::TlsFingerprint => view.tls_fingerprint.into_iter().for_each(one),
        Field::Body
        | Field::Json(_)
        | Field::JsonValues
        | Field::JsonKeys
        | Field::FormField(_)
        | Field::FormFields
        | Field::FormFieldNames
        | Field::PartNames
        | Field::FileNames => body::collect(field, view, sink),
    }
}

fn query<'a>(view: &View<'a>) -> &'a [u8] {
    view.query.unwrap_or_default()
}

/// What of a pair is a value of the field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Name,
    Value,
}

/// Takes what `wanted` says of each pair, by its name. Where there are more than are looked at one by one,
/// the others are looked at as they stand there.
pub(super) fn each_pair<'a>(
    bytes: &'a [u8],
    sink: &mut Sink<'a, '_>,
    wanted: impl Fn(&[u8]) -> Option<Of>,
) {
    let mut pairs = pairs::pairs(bytes);
    loop {
        let rest = pairs.rest();
        let Some((name, value)) = pairs.next() else {
            return;
        };
        let Some(of) = wanted(name) else {
            continue;
        };
        if sink.is_full() {
            return sink.rest(rest);
        }
        match of {
            Of::Name => sink.given(name, name),
            Of::Value => sink.given(name, value),
        }
    }
}

/// The name of each cookie.
pub(crate) fn each_cookie(view: &View<'_>, mut tell: impl FnMut(&[u8])) {
    for (name, _) in all_cookies(view) {
        tell(name);
    }
}

/// The name of each query argument as it stands there.
pub(crate) fn each_query_pair(view: &View<'_>, mut tell: impl FnMut(&[u8])) {
    for (name, _) in pairs::pairs(query(view)) {
        tell(name);
    }
}

fn all_cookies<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
    let lines = view.headers.iter();
    lines
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"cookie"))
        .flat_map(|(_, value)| cookies(value))
}

fn header_order(view: &View<'_>, sink: &mut Sink<'_, '_>) {
    if view.headers.is_empty() {
        return;
    }
    let mut order = Vec::new();
    for (name, _) in view.headers {
        if !order.is_empty() {
            order.push(b':');
        }
        order.extend(name.iter().map(u8::to_ascii_lowercase));
    }
    sink.made(b"", &order);
}
