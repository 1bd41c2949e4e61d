//! What Spin tells a component about its request, as header fields. A client's own copies of them
//! are taken away: nobody else says who asks and by which route.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

/// By which route a request came.
pub(super) struct Matched<'a> {
    /// The pattern as it stands in the manifest.
    pub raw: &'a str,
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

/// Sets Spin's fields and takes those of the connection away.
pub(super) fn add<B>(
    request: &mut Request<B>,
    authority: &str,
    matched: &Matched<'_>,
    client: SocketAddr,
) {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or("http");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{scheme}://{authority}{path}");
    let headers = request.headers_mut();
    remove_path_matches(headers);
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::EXPECT,
    ] {
        headers.remove(name);
    }
    for name in ["keep-alive", "proxy-connection", "http2-settings"] {
        headers.remove(name);
    }
    let prefix = matched.raw.strip_suffix("/...").unwrap_or(matched.raw);
    set(headers, PATH_INFO, matched.rest);
    set(headers, FULL_URL, &url);
    set(headers, MATCHED_ROUTE, matched.raw);
    set(headers, BASE_PATH, "/");
    set(headers, RAW_ROUTE, matched.raw);
    set(headers, ROUTE, prefix);
    set(headers, CLIENT_ADDR, &client.to_string());
    for (name, value) in &matched.names {
        let name = format!(
            "{PATH_MATCH}{}",
            name.to_ascii_lowercase().replace('_', "-")
        );
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            set(headers, name, value);
        }
    }
}

/// A value that is none, which only a path can hold, is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    match HeaderValue::from_bytes(value.as_bytes()) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => {
            headers.remove(name);
        }
    }
}

fn remove_path_matches(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(PATH_MATCH))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
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
        let matched = Matched {
            raw: "/user/:id/...",
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
