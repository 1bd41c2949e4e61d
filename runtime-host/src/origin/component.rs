//! An origin that is a component of an app, `http://ID.spin.internal`: no socket between.

use std::net::SocketAddr;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Uri, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;

use super::{Forward, Origin, OriginError, OriginResponse, fields, request};
use crate::http::{BodyError, RequestBody};
use crate::spin::{self, NoAnswer, Runner};

/// Asks the component.
pub(super) async fn send(
    origin: &Origin,
    runner: &Runner,
    forward: Forward<'_>,
    body: RequestBody,
) -> Result<OriginResponse, OriginError> {
    let mut request = request::build(origin, &forward, &body)?;
    absolute(&mut request, forward.tls)?;
    let path = request.uri().path().to_owned();
    spin::add_headers(&mut request, &path, SocketAddr::new(forward.peer, 0));
    let request = request.map(|()| spin::to_component(body));
    let answer = runner.answer(request).await.map_err(from_component)?;
    let (head, body) = answer.into_parts();
    let mut headers = head.headers;
    let length = announced(&headers).or_else(|| body.size_hint().exact());
    fields::remove_hop_by_hop(&mut headers);
    let body = body.map_err(|error| BodyError::Component(error.to_string()));
    Ok(OriginResponse {
        status: head.status.as_u16(),
        headers,
        body: BoxBody::<Bytes, BodyError>::new(body),
        length,
    })
}

/// Components see whole URLs: those that the client asked for.
fn absolute(request: &mut Request<()>, tls: bool) -> Result<(), OriginError> {
    let refused = OriginError::Request("the host is no authority");
    let host = request.headers().get(header::HOST);
    let Some(authority) = host.and_then(|host| Authority::try_from(host.as_bytes()).ok()) else {
        return Err(refused);
    };
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(if tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| refused)?;
    Ok(())
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn from_component(error: NoAnswer) -> OriginError {
    let (status, code) = error.told();
    OriginError::Component {
        status,
        code,
        cause: error.cause(),
    }
}
