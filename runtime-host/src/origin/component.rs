//! An origin that is a component of an app, `http://ID.spin.internal`: no socket between.

use std::net::SocketAddr;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Uri, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use lockgate_spin_apps::headers;

use super::{Forward, Origin, OriginError, OriginResponse, fields, request};
use crate::http::{RequestBody, ResponseBody};
use crate::spin::{self, NoAnswer, Runner};

/// Asks the component.
pub(super) async fn send(
    origin: &Origin,
    runner: &Runner,
    forward: Forward<'_>,
    body: RequestBody,
) -> Result<OriginResponse, OriginError> {
    let head_only = forward.method == b"HEAD";
    let mut request = request::build(origin, &forward, &body)?;
    absolute(&mut request, forward.tls)?;
    let path = request.uri().path().to_owned();
    headers::add_everything(&mut request, &path, SocketAddr::new(forward.peer, 0));
    let request = request.map(|()| spin::to_component(body));
    let answer = runner.answer(request).await.map_err(from_component)?;
    let (head, body) = answer.into_parts();
    let mut headers = head.headers;
    let announced = announced(&headers);
    fields::remove_hop_by_hop(&mut headers);
    let (body, length) = match spin::from_component(body, announced) {
        ResponseBody::Full(whole) => {
            // To HEAD it says nothing of the body that is not sent.
            let length = (!head_only).then_some(whole.len() as u64);
            let body = Full::new(whole).map_err(|never| match never {});
            (BoxBody::new(body), announced.or(length))
        }
        ResponseBody::Stream { body, length } => (body, length),
    };
    Ok(OriginResponse {
        status: head.status.as_u16(),
        headers,
        body,
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
