//! The origin answers.

use std::rc::Rc;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use lockgate_record::Stage;
use lockgate_shell::forward::{Forward, ForwardError};
use lockgate_shell::spin::Head;
use lockgate_shell::{Origin, fields};
use lockgate_spin_shell::body::{Begun, BodyFault, BodyFaultCell, ClientBody, Flow};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{
    ErrorCode, Fields, Method, Request, RequestOptions, Response, Scheme,
};
use spin_sdk::wasip3::wit_future;

use super::path::Step;
use super::refused::Refused;
use super::{micros_since, monotonic_ns, unix_ms};

/// An answer of the origin, or what was made of it.
pub(super) struct Fetched {
    pub(super) status: u16,
    /// End-to-end fields only.
    pub(super) headers: HeaderMap,
    pub(super) body: FetchedBody,
    pub(super) requested_at_ms: u64,
    pub(super) received_at_ms: u64,
    /// What went wrong with the client's body, where that is the picture to be made another of.
    pub(super) brought: Option<BodyFaultCell>,
}

/// Its body.
pub(super) enum FetchedBody {
    /// On its way.
    Stream(Begun, Option<u64>),
    /// Here.
    Full(Vec<u8>),
}

/// Sends the request on, its body streaming, and waits for the head of the answer.
pub(super) async fn fetch(
    step: &mut Step<'_>,
    body: Option<ClientBody>,
) -> Result<Fetched, Refused> {
    let origin = step.route.origin.as_ref();
    let origin = origin.and_then(|name| step.generation.document.origins.get(name));
    let Some(origin) = origin else {
        return Err(Refused::policy_failed("the plan's route has no origin"));
    };
    step.call.stage = Stage::Origin;
    step.call.origin = Some(step.seen.route);
    let bytes_max = step.route.body_bytes_max;
    let mut length = None;
    if let Some(body) = &body {
        let within = body.announced_within(bytes_max);
        within.map_err(|fault| Refused::from(fault).at(Stage::Origin))?;
        length = body.length();
    }
    let fault = BodyFaultCell::default();
    let body = body.map(|body| body.send_on(bytes_max, Rc::clone(&fault)));
    let outgoing = build(step, origin, length, body)?;
    let requested_at_ms = unix_ms();
    let begun_ns = monotonic_ns();
    let result = client::send(outgoing).await;
    let took_ms = micros_since(begun_ns) / 1_000;
    step.call.origin_ms = Some(u32::try_from(took_ms).unwrap_or(u32::MAX));
    // What is wrong with the client's body is not the origin's fault. An origin that has answered
    // before is heard.
    match (result, fault.take()) {
        (_, Some(BodyFault::TooLong)) => {
            let cause = format!("the body is longer than {bytes_max} bytes");
            Err(Refused::new(413, "body_too_large", cause).at(Stage::Origin))
        }
        (Err(_), Some(BodyFault::Malformed(error))) => {
            let cause = format!("the client's body broke off: {error:?}");
            Err(Refused::new(400, "body_malformed", cause).at(Stage::Origin))
        }
        (result, _) => receive(result.map_err(|error| refused(&error))?, requested_at_ms),
    }
}

/// The request for the origin.
fn build(
    step: &Step<'_>,
    origin: &Origin,
    length: Option<u64>,
    body: Option<Flow>,
) -> Result<Request, Refused> {
    let target = match step.plan.origin_target {
        [] => step.seen.target,
        target => target,
    };
    let call = &step.call;
    let forward = Forward {
        head: &call.head.bytes,
        fields: call.head.fields(),
        host: step.seen.host,
        named_host: call.head.field("host").unwrap_or_default(),
        peer: call.peer.ip().to_canonical(),
        tls: call.tls,
        version: 11,
        trusted_peer: step.seen.trusted_peer,
        set_headers: &step.plan.set_headers,
        request_id: &call.request_id,
        picture: step.plan.image.is_some(),
    };
    let mut made = forward.build().map_err(|error| not_forwardable(&error))?;
    let inspection = step.generation.inspection(step.seen.site);
    if inspection.is_some_and(|plan| plan.responses) {
        // Rules read no coding.
        let identity = HeaderValue::from_static("identity");
        made.headers.insert(http::header::ACCEPT_ENCODING, identity);
    }
    let mut list = entries(&made.headers);
    if let (Some(length), Some(_)) = (length, &body) {
        list.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    // What matters to an origin (gRPC asks for it); the connection it is said on is Spin's.
    if takes_trailers(&call.head) {
        list.push(("te".to_owned(), b"trailers".to_vec()));
    }
    let options = RequestOptions::new();
    for (set, ms) in [
        (
            RequestOptions::set_connect_timeout as fn(&RequestOptions, Option<u64>) -> _,
            origin.connect_timeout_ms,
        ),
        (
            RequestOptions::set_first_byte_timeout,
            origin.first_byte_timeout_ms,
        ),
        (
            RequestOptions::set_between_bytes_timeout,
            origin.idle_timeout_ms,
        ),
    ] {
        // A host that does not keep a time has one of its own.
        let _ = set(&options, Some(ms.saturating_mul(1_000_000)));
    }
    let target = std::str::from_utf8(target)
        .ok()
        .filter(|target| target.starts_with('/') && !target.contains('#'))
        .ok_or_else(|| not_forwardable(&ForwardError("the target is no origin-form")))?;
    let method = call.method.clone();
    outgoing(method, &origin.url, target, list, body, Some(options))
        .map_err(|cause| Refused::new(502, "origin_unreachable", cause).at(Stage::Origin))
}

/// A request to a server of this URL. The error is for the record.
pub(super) fn outgoing(
    method: Method,
    url: &str,
    target: &str,
    fields: Vec<(String, Vec<u8>)>,
    body: Option<Flow>,
    options: Option<RequestOptions>,
) -> Result<Request, String> {
    let uri: Uri = url.parse().map_err(|_| format!("{url:?} is no URL"))?;
    let scheme = match uri.scheme_str() {
        Some("https") => Scheme::Https,
        _ => Scheme::Http,
    };
    let authority = uri
        .authority()
        .ok_or_else(|| format!("{url:?} names no host"))?;
    let fields = Fields::from_list(&fields).map_err(|error| format!("fields: {error:?}"))?;
    let (contents, end) = match body {
        Some((contents, end)) => (Some(contents), end),
        None => (None, wit_future::new(|| Ok(None)).1),
    };
    let (request, _sent) = Request::new(fields, contents, end, options);
    let set = request
        .set_method(&method)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(authority.as_str())))
        .and_then(|()| request.set_path_with_query(Some(target)));
    set.map_err(|()| format!("the request to {url:?} with {target:?} is not allowed"))?;
    Ok(request)
}

/// Takes what is for the client out of an answer.
pub(super) fn receive(response: Response, requested_at_ms: u64) -> Result<Fetched, Refused> {
    let status = response.get_status_code();
    if !(200..600).contains(&status) {
        let cause = format!("the answer is malformed: the status is {status}");
        return Err(Refused::new(502, "origin_malformed", cause).at(Stage::Origin));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in response.get_headers().copy_all() {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(bytes(value))) {
            headers.append(name, value);
        }
    }
    let length = announced(&headers);
    fields::remove_hop_by_hop(&mut headers);
    // No answer has one, and Spin takes none.
    headers.remove(http::header::HOST);
    let (_, result) = wit_future::new(|| Ok(()));
    let body = Begun::not_yet(Response::consume_body(response, result));
    Ok(Fetched {
        status,
        headers,
        body: FetchedBody::Stream(body, length),
        requested_at_ms,
        received_at_ms: unix_ms(),
        brought: None,
    })
}

fn bytes(value: Vec<u8>) -> bytes::Bytes {
    bytes::Bytes::from(value)
}

/// `Content-Length`, where it is one number (RFC 9110 §8.6).
fn announced(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(http::header::CONTENT_LENGTH).iter();
    let first = lengths.next()?;
    let digits = first.as_bytes().iter().all(u8::is_ascii_digit);
    if !digits || lengths.any(|other| other != first) {
        return None;
    }
    first.to_str().ok()?.parse().ok()
}

/// Names and values, as Spin takes them.
pub(super) fn entries(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

/// Whether the client takes trailers (RFC 9110 §10.1.4).
fn takes_trailers(head: &Head) -> bool {
    let lines = head
        .text_fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case("te"));
    lines
        .flat_map(|(_, value)| value.split(|byte| *byte == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

fn not_forwardable(error: &ForwardError) -> Refused {
    Refused::new(400, ForwardError::CODE, error.to_string()).at(Stage::Origin)
}

/// Why there is no answer. The codes are those of the host.
pub(super) fn refused(error: &ErrorCode) -> Refused {
    let (status, code) = match error {
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::HttpRequestDenied
        | ErrorCode::ConfigurationError => (502, "origin_unreachable"),
        ErrorCode::ConnectionTimeout => (504, "origin_connect_timeout"),
        ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => {
            (504, "origin_timeout")
        }
        ErrorCode::HttpProtocolError
        | ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseTransferCoding(_)
        | ErrorCode::HttpResponseContentCoding(_) => (502, "origin_malformed"),
        ErrorCode::HttpRequestBodySize(_) => (413, "body_too_large"),
        _ => (502, "origin_reset"),
    };
    Refused::new(status, code, format!("{error:?}")).at(Stage::Origin)
}
