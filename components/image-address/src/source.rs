//! Where the source of a picture is: always a path on the route's origin.

use lockgate_normalise::path::canonical_path;
use lockgate_normalise::query::canonical_query;

use crate::{ImageRoute, Refusal};

/// Where the source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At the path of the request.
    Path {
        /// The query holds options, which the origin does not get.
        in_query: bool,
    },
    /// At another one.
    Other {
        /// The canonical path.
        path: String,
        /// The canonical query.
        query: Option<String>,
        /// The route's prefixes are taken off and put on; else the path is the origin's.
        rewrite: bool,
    },
}

impl Default for Place {
    fn default() -> Self {
        Self::Path { in_query: false }
    }
}

/// The place of a source that another service's address names. `url`: triplets in it are triplets,
/// and a `?` begins its query; else it is the name of an object, every byte of which is its own.
pub(crate) fn place(route: &ImageRoute, source: &str, url: bool) -> Result<Place, Refusal> {
    let (rest, to) = mapped(route, source)?;
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) if url => (path, Some(query)),
        _ => (rest, None),
    };
    let refused = |why: String| Refusal::source(format!("the source is refused: {why}"));
    // Canonical before it is joined: it climbs out of nothing.
    let path = encoded(path, url);
    let path = canonical_path(path.as_bytes()).map_err(|e| refused(e.to_string()))?;
    let query = query
        .map(|query| canonical_query(query.as_bytes()).map(std::borrow::Cow::into_owned))
        .transpose()
        .map_err(|error| refused(error.to_string()))?;
    Ok(Place::Other {
        path: format!("{}{path}", to.trim_end_matches('/')),
        query,
        rewrite: false,
    })
}

/// What is left of a source, and what stands for its start.
fn mapped<'s, 'r>(route: &'r ImageRoute, source: &'s str) -> Result<(&'s str, &'r str), Refusal> {
    let found = route.sources.iter().filter_map(|known| {
        let rest = after(source, &known.from)?;
        Some((rest, known.to.as_str(), known.from.len()))
    });
    if let Some((rest, to, _)) = found.max_by_key(|(_, _, length)| *length) {
        return Ok((rest, to));
    }
    if route.sources.is_empty() && !source.contains(":/") && !source.starts_with("//") {
        return Ok((source, "/"));
    }
    Err(Refusal::source(
        "the source is none of those that are configured here",
    ))
}

/// What follows `start`. Proxies make one slash of two, so `https:/host/` is `https://host/`.
fn after<'s>(source: &'s str, start: &str) -> Option<&'s str> {
    if let Some(rest) = source.strip_prefix(start) {
        return Some(rest);
    }
    let (scheme, host) = start.split_once("://")?;
    let rest = source.strip_prefix(scheme)?.strip_prefix(":/")?;
    rest.strip_prefix(host)
}

/// A path that [`canonical_path`] reads as these bytes.
fn encoded(path: &str, url: bool) -> String {
    let mut out = String::with_capacity(path.len().saturating_add(16));
    if !path.starts_with('/') {
        out.push('/');
    }
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@".contains(&byte);
        if plain || (url && byte == b'%') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
