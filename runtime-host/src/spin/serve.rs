//! One request of a client, answered by an app.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use lockgate_record::Stage;
use lockgate_shell::ids;
use lockgate_spin_apps::app::{App, Target};
use lockgate_spin_apps::headers::{self, Matched};
use lockgate_spin_apps::manifest::StaticResponse;
use lockgate_spin_apps::{Answered, NoAnswer, Runner};
use wasmtime_wasi_http::WasiBody;

use super::body::{from_component, to_component};
use crate::gate::Refused;
use crate::http::{Fields, RequestBody, RequestHead, Response, ResponseBody};
use crate::record::Pending;

/// Paths that Spin keeps for itself.
const RESERVED: &str = "/.well-known/spin/";

/// Who answered, for the record.
pub(crate) struct AnsweredBy {
    /// The pattern of the route.
    pub route: Arc<str>,
    /// The component, where one did.
    pub component: Option<Arc<Runner>>,
}

/// Whether the gate answers a request: it stands for the component that the route leads to. What
/// has no path is the gate's to refuse.
pub(crate) fn is_for_gate(app: &App, head: &RequestHead) -> bool {
    if !app.has_gate() {
        return false;
    }
    let Some(path) = std::str::from_utf8(head.target()).ok().and_then(path) else {
        return true;
    };
    if path.starts_with(RESERVED) {
        return false;
    }
    let found = app.routes.find(path);
    found.is_none_or(|found| matches!(found.target, Target::Gate))
}

/// The path of a target, without its query.
fn path(target: &str) -> Option<&str> {
    let target = if target.starts_with('/') {
        target
    } else {
        let (_, rest) = target.split_once("://")?;
        rest.find('/').map_or("/", |at| &rest[at..])
    };
    target.split(['?', '#']).next()
}

/// Answers a request.
///
/// # Errors
/// Why there is no answer.
pub(crate) async fn respond(
    app: &Arc<App>,
    head: &RequestHead,
    mut body: RequestBody,
    pending: &mut Pending,
) -> Result<Response, Refused> {
    let uri = uri(head, pending.connection.tls.is_some())?;
    // A second handle on the same bytes.
    let whole = uri.clone();
    let path = whole.path();
    if let Some(name) = path.strip_prefix(RESERVED) {
        return reserved(app, name, pending);
    }
    let Some(found) = app.routes.find(path) else {
        return Err(Refused::new(404, "no_route", "no route matches the path").at(Stage::Route));
    };
    let runner = match found.target {
        Target::Gate => {
            let cause = "the route is the gate's, which was not asked";
            return Err(Refused::new(404, "no_route", cause).at(Stage::Route));
        }
        Target::Static(response) => {
            pending.answered_by = Some(AnsweredBy {
                route: found.raw.clone(),
                component: None,
            });
            return Ok(fixed(response, pending));
        }
        Target::Component(runner) => runner,
    };
    pending.stage = Stage::Component;
    pending.answered_by = Some(AnsweredBy {
        route: found.raw.clone(),
        component: Some(runner.clone()),
    });
    let matched = Matched {
        route: found.fields,
        rest: found.rest,
        names: found.names,
    };
    let bytes_max = pending.generation.server.body_bytes_max;
    if let Some(length) = body.length()
        && length > bytes_max
    {
        let cause = format!("the body of {length} bytes is longer than {bytes_max}");
        return Err(Refused::new(413, "body_too_large", cause).at(Stage::Component));
    }
    body.limit(bytes_max);
    let mut request = request(head, uri, body)?;
    let authority = whole.authority().map_or("", Authority::as_str);
    headers::add(&mut request, authority, &matched, pending.connection.peer);
    let answer = runner.answer(request).await.map_err(refused)?;
    Ok(response(answer, pending))
}

/// The URI with scheme and authority, as components see it. Its parts share the head's bytes.
fn uri(head: &RequestHead, tls: bool) -> Result<Uri, Refused> {
    let bad = |cause: String| Refused::new(400, "request_target_invalid", cause).at(Stage::Route);
    let target = std::str::from_utf8(head.target())
        .map_err(|_| bad("the target is not UTF-8".to_owned()))?;
    let host = one_host(head)?;
    let scheme = if tls { Scheme::HTTPS } else { Scheme::HTTP };
    let (named, path) = if target.starts_with('/') {
        (host, target)
    } else if let Some(("http" | "https", rest)) = target.split_once("://") {
        // Whatever it says of the scheme: the connection's is the one that is meant.
        let (named, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        (named.as_bytes(), if path.is_empty() { "/" } else { path })
    } else {
        return Err(bad("the target is neither a path nor a URL".to_owned()));
    };
    let shared = |part: &[u8]| {
        // "/" of a URL without a path is not in the head.
        let range = head.bytes.as_ptr_range();
        if range.contains(&part.as_ptr()) {
            head.bytes.slice_ref(part)
        } else {
            Bytes::copy_from_slice(part)
        }
    };
    let authority = Authority::from_maybe_shared(shared(named))
        .ok()
        .filter(|authority| !authority.as_str().contains('@'))
        .ok_or_else(|| bad("the host is none".to_owned()))?;
    if !named.eq_ignore_ascii_case(host) {
        let cause = "the target names another host than the field Host";
        return Err(Refused::new(400, "host_conflict", cause).at(Stage::Route));
    }
    let path = PathAndQuery::from_maybe_shared(shared(path.as_bytes()))
        .map_err(|error| bad(error.to_string()))?;
    let mut parts = Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).map_err(|error| bad(error.to_string()))
}

/// The one host that a request is for (RFC 9112 section 3.2): two could mean different ones to the
/// components of a chain.
fn one_host(head: &RequestHead) -> Result<&[u8], Refused> {
    let refused = |code, cause: &'static str| Refused::new(400, code, cause).at(Stage::Route);
    let mut fields = head
        .fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"host"))
        .map(|(_, value)| value);
    let field = fields.next();
    if fields.next().is_some() {
        return Err(refused("host_duplicate", "the field Host is repeated"));
    }
    match (head.authority(), field) {
        (Some(one), None) | (None, Some(one)) if !one.is_empty() => Ok(one),
        (Some(authority), Some(field)) if authority.eq_ignore_ascii_case(field) => Ok(authority),
        (Some(_), Some(_)) => Err(refused("host_conflict", "Host and :authority differ")),
        _ => Err(refused("host_missing", "the request names no host")),
    }
}

fn request(head: &RequestHead, uri: Uri, body: RequestBody) -> Result<Request<WasiBody>, Refused> {
    let bad = |cause: &'static str| {
        Refused::new(400, "request_header_invalid", cause).at(Stage::Component)
    };
    let mut request = Request::new(());
    *request.method_mut() =
        Method::from_bytes(head.method()).map_err(|_| bad("the method is no token"))?;
    // HTTP/2 names the host elsewhere; components look here.
    let host = uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let host = host.and_then(|host| HeaderValue::from_bytes(host).ok());
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.reserve(head.headers.len() + headers::ADDED + 1);
    for (name, value) in head.fields() {
        let name = HeaderName::from_bytes(name).map_err(|_| bad("a field has no proper name"))?;
        if headers::is_connections(&name) {
            continue;
        }
        let value = HeaderValue::from_maybe_shared(head.bytes.slice_ref(value))
            .map_err(|_| bad("a field has no proper value"))?;
        headers
            .try_append(name, value)
            .map_err(|_| bad("there are too many fields"))?;
    }
    remove_named(head, headers);
    if let Some(host) = host {
        headers.insert(header::HOST, host);
    }
    Ok(request.map(|()| to_component(body)))
}

/// Takes away the fields that `Connection` names: they end here (RFC 9110 section 7.6.1).
fn remove_named(head: &RequestHead, headers: &mut HeaderMap) {
    let named = head
        .fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"))
        .flat_map(|(_, value)| value.split(|&byte| byte == b','));
    for name in named {
        let name = name.trim_ascii();
        let usual: [&[u8]; 2] = [b"close", b"keep-alive"];
        if usual.iter().any(|usual| name.eq_ignore_ascii_case(usual)) {
            continue;
        }
        if let Ok(name) = HeaderName::from_bytes(name) {
            headers.remove(name);
        }
    }
}

/// What a client is told of a component that gave no answer.
fn refused(error: NoAnswer) -> Refused {
    let (status, code) = error.told();
    let refused = Refused::new(status, code, error.cause()).at(Stage::Component);
    if status == 503 {
        refused.retry_after_s(1)
    } else {
        refused
    }
}

fn response(answer: http::Response<Answered>, pending: &mut Pending) -> Response {
    let (parts, body) = answer.into_parts();
    // A component that names the request itself, in its own records too, names it here as well.
    if let Some(id) = parts.headers.get("x-request-id")
        && ids::is_request_id(id.as_bytes())
        && let Ok(id) = id.to_str()
    {
        id.clone_into(&mut pending.request_id);
    }
    let status = parts.status.as_u16();
    let mut fields = Fields::with_capacity(256);
    let mut length = None;
    for (name, value) in &parts.headers {
        match name.as_str() {
            "content-length" => {
                length = value.to_str().ok().and_then(|text| text.parse().ok());
            }
            "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade"
            | "te" | "x-request-id" => {}
            name => fields.add(name.as_bytes(), value.as_bytes()),
        }
    }
    fields.add(b"x-request-id", pending.request_id.as_bytes());
    let mut response = Response::full(status, fields, Bytes::new());
    response.body = from_component(body, length);
    response.announced_length = length.or(match &response.body {
        ResponseBody::Stream { length, .. } => *length,
        ResponseBody::Full(_) => None,
    });
    response
}

fn fixed(fixed: &StaticResponse, pending: &Pending) -> Response {
    let mut fields = Fields::with_capacity(128);
    for (name, value) in &fixed.headers {
        if !name.eq_ignore_ascii_case("content-length") {
            fields.add(name.as_bytes(), value.as_bytes());
        }
    }
    fields.add(b"x-request-id", pending.request_id.as_bytes());
    Response::full(fixed.status, fields, Bytes::from(fixed.body.clone()))
}

/// `health` and `info`, as Spin answers them.
fn reserved(app: &App, name: &str, pending: &Pending) -> Result<Response, Refused> {
    let (kind, body): (&[u8], _) = match name {
        "health" => (b"text/plain", "OK".to_owned()),
        "info" => {
            let info = serde_json::json!({ "name": app.name, "version": app.version });
            (b"application/json", info.to_string())
        }
        _ => {
            let cause = "the path is reserved and has no meaning";
            return Err(Refused::new(404, "no_route", cause).at(Stage::Route));
        }
    };
    let mut fields = Fields::with_capacity(96);
    fields.add(b"content-type", kind);
    fields.add(b"x-request-id", pending.request_id.as_bytes());
    Ok(Response::full(200, fields, Bytes::from(body)))
}
