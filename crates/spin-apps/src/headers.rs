//! What Spin tells a component about its request, as header fields. A client's own copies of them
//! are taken away: nobody else says who asks and by which route.

use std::net::SocketAddr;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

/// A route as the fields tell it: made once, so that a request copies no text.
#[derive(Debug, Clone)]
pub struct RouteFields {
    /// The pattern as it stands in the manifest; `None` where no field can hold it.
    raw: Option<HeaderValue>,
    /// The same without its wildcard.
    prefix: Option<HeaderValue>,
}

impl RouteFields {
    /// Those of a pattern.
    #[must_use]
    pub fn of(raw: &str) -> Self {
        let prefix = raw.strip_suffix("/...").unwrap_or(raw);
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).ok();
        Self {
            raw: value(raw),
            prefix: value(prefix),
        }
    }

    /// Those of a request that came by no route of the manifest.
    pub(crate) fn everything() -> &'static Self {
        static EVERYTHING: LazyLock<RouteFields> = LazyLock::new(|| RouteFields::of("/..."));
        &EVERYTHING
    }
}

/// By which route a request came.
pub struct Matched<'a> {
    /// The pattern.
    pub route: &'a RouteFields,
    /// What its wildcard stands for.
    pub rest: &'a str,
    /// What its names stand for.
    pub names: Vec<(&'a str, &'a str)>,
}

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");
const PATH_MATCH: &str = "spin-path-match-";

/// How many fields [`add`] adds, without those of a route's names.
pub const ADDED: usize = 7;

/// Whether a field is the connection's, which no component is shown.
pub fn is_connections(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "transfer-encoding"
            | "upgrade"
            | "expect"
            | "keep-alive"
            | "proxy-connection"
            | "http2-settings"
    )
}

/// Sets Spin's fields and takes those of the connection away.
pub fn add<B>(
    request: &mut Request<B>,
    authority: &str,
    matched: &Matched<'_>,
    client: SocketAddr,
) {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or("http");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = [scheme, "://", authority, path].concat();
    let headers = request.headers_mut();
    remove_foreign(headers);
    let route = matched.route;
    let rest = HeaderValue::from_bytes(matched.rest.as_bytes()).ok();
    set(headers, PATH_INFO, rest);
    set(headers, FULL_URL, owned(url));
    set(headers, MATCHED_ROUTE, route.raw.clone());
    set(headers, BASE_PATH, Some(HeaderValue::from_static("/")));
    set(headers, RAW_ROUTE, route.raw.clone());
    set(headers, ROUTE, route.prefix.clone());
    set(headers, CLIENT_ADDR, owned(client.to_string()));
    for (name, value) in &matched.names {
        let name = format!(
            "{PATH_MATCH}{}",
            name.to_ascii_lowercase().replace('_', "-")
        );
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            set(
                headers,
                name,
                HeaderValue::from_bytes(value.as_bytes()).ok(),
            );
        }
    }
}

fn owned(text: String) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

/// A value that is none, which only a path can hold, is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    match value {
        Some(value) => {
            headers.insert(name, value);
        }
        None => {
            headers.remove(name);
        }
    }
}

/// Takes away the connection's fields and a client's own `spin-path-match-*`.
fn remove_foreign(headers: &mut HeaderMap) {
    let is_foreign =
        |name: &&HeaderName| is_connections(name) || name.as_str().starts_with(PATH_MATCH);
    let names: Vec<HeaderName> = headers.keys().filter(is_foreign).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Sets Spin's header fields on a request that came by no route of the app.
pub fn add_everything<B>(request: &mut Request<B>, path: &str, client: SocketAddr) {
    let authority = request.uri().authority().map(ToString::to_string);
    let matched = Matched {
        route: RouteFields::everything(),
        rest: path,
        names: Vec::new(),
    };
    add(request, &authority.unwrap_or_default(), &matched, client);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_spin_and_no_client_sets_them() {
        let mut request = Request::get("https://shop.test/user/7/cart?x=1")
            .header("spin-client-addr", "6.6.6.6:6")
            .header("spin-path-match-id", "6")
            .header("spin-path-match-other", "6")
            .header("connection", "close")
            .header("accept", "text/html")
            .body(())
            .unwrap();
        let route = RouteFields::of("/user/:id/...");
        let matched = Matched {
            route: &route,
            rest: "/cart",
            names: vec![("id", "7")],
        };
        let client = "192.0.2.1:99".parse().unwrap();
        add(&mut request, "shop.test", &matched, client);
        let headers = request.headers();
        let mut found: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("accept", "text/html"),
                ("spin-base-path", "/"),
                ("spin-client-addr", "192.0.2.1:99"),
                ("spin-component-route", "/user/:id"),
                ("spin-full-url", "https://shop.test/user/7/cart?x=1"),
                ("spin-matched-route", "/user/:id/..."),
                ("spin-path-info", "/cart"),
                ("spin-path-match-id", "7"),
                ("spin-raw-component-route", "/user/:id/..."),
            ]
        );
    }
}
