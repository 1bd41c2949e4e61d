//! The grammars of the texts in the configuration. Each function checks a text and gives its
//! canonical form, or the reason why it has none.

use lockgate_route::{RouteError, RouteTableBuilder};

use crate::spelling::quoted;

/// Longest path pattern, in bytes.
const PATH_BYTES_MAX: usize = 2048;

/// Methods of the IANA registry (RFC 9110, section 16.1.1) that a gate can route, and QUERY.
pub(crate) const METHODS: &[&str] = &[
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

pub(crate) fn method(text: &str) -> Result<String, String> {
    if METHODS.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is not a registered method", quoted(text)))
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(crate) fn header_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 256 || !text.bytes().all(is_token_byte) {
        return Err(format!("{} is not a header name", quoted(text)));
    }
    Ok(text.to_ascii_lowercase())
}

pub(crate) fn header_value(text: &str) -> Result<String, String> {
    let visible = |b: u8| b == b'\t' || (b' '..=b'~').contains(&b);
    if text.len() > 8192 || text.trim() != text || !text.bytes().all(visible) {
        return Err(format!("{} is not a header value", quoted(text)));
    }
    Ok(text.to_owned())
}

/// A host, by the grammar of the route table; in lower case.
pub(crate) fn host_pattern(text: &str) -> Result<String, String> {
    match RouteTableBuilder::new().add_site("", &[text]) {
        Ok(_) => Ok(text.to_ascii_lowercase()),
        Err(RouteError::Host { fault, .. }) => Err(format!("{}: {fault}", quoted(text))),
        Err(error) => Err(error.to_string()),
    }
}

fn is_host_name(name: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Splits `host:port`; brackets of an IPv6 address stay with the host.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if !port.contains(']') && (host.ends_with(']') || !host.contains(':')) =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

pub(crate) fn origin_url(text: &str) -> Result<String, String> {
    if text.contains('@') {
        return Err("a URL of an origin holds no user name or password".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("https://") {
        return Err("https to origins is not supported yet; use http".to_owned());
    }
    let Some(rest) = lower.strip_prefix("http://") else {
        return Err(format!(
            "{} is not a URL of the form http://HOST:PORT",
            quoted(text)
        ));
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(format!(
            "{} has more than a host and a port; a path belongs into a route's add_prefix",
            quoted(text)
        ));
    }
    let (host, port) = split_port(authority);
    if let Some(port) = port
        && !matches!(port.parse::<u16>(), Ok(1..))
    {
        return Err(format!("{} is not a port", quoted(port)));
    }
    let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let valid = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_host_name(host),
    };
    if !valid {
        return Err(format!("{} has no valid host", quoted(text)));
    }
    Ok(format!("http://{authority}"))
}

/// A path pattern, by the grammar of the route table.
pub(crate) fn path_pattern(text: &str) -> Result<String, String> {
    if text.len() > PATH_BYTES_MAX {
        return Err(format!("is longer than {PATH_BYTES_MAX} bytes"));
    }
    let mut table = RouteTableBuilder::new();
    let added = table
        .add_site("", &["localhost"])
        .and_then(|site| table.add_route(site, &[], text));
    match added {
        Ok(_) => Ok(text.to_owned()),
        Err(RouteError::Pattern { fault, .. }) => Err(format!("{}: {fault}", quoted(text))),
        Err(error) => Err(error.to_string()),
    }
}

/// A name in the configuration: it stands in paths, records and metrics, and in the names of
/// environment variables, where two underscores part it from what follows.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if text.is_empty() || text.len() > 64 || !text.bytes().all(word) || text.contains("__") {
        return Err(format!(
            "{} is not a name: 1 to 64 letters, digits, \"-\" and single \"_\"",
            quoted(text)
        ));
    }
    Ok(text.to_owned())
}

/// The start of a path: `/api`. No parameters, no `/` at its end.
pub(crate) fn path_prefix(text: &str) -> Result<String, String> {
    if text.contains(['{', '}']) {
        return Err("a prefix has no parameters".to_owned());
    }
    if text.ends_with('/') {
        return Err(format!("{} ends with \"/\"", quoted(text)));
    }
    path_pattern(text)
}

/// The name of an environment variable.
pub(crate) fn variable(text: &str) -> Result<String, String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if text.is_empty() || !text.bytes().all(word) || text.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err("is not the name of an environment variable".to_owned());
    }
    Ok(text.to_owned())
}

/// The digest of a token: `sha256:` and 64 hexadecimal digits.
pub(crate) fn token_digest(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sha256:");
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(hex)) {
        return Ok(text.to_owned());
    }
    // The text is not shown: it may be the token itself.
    Err("is not \"sha256:\" and 64 hexadecimal digits in lower case; `lockgate rules token` prints it".to_owned())
}
