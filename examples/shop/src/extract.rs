//! Extractors whose refusals are problem JSON.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body, at most 64 KiB (the router sets the limit).
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonSyntaxError(error)) => {
                Err(Problem::bad_request("malformed_json", error.body_text()))
            }
            Err(JsonRejection::JsonDataError(error)) => {
                Err(Problem::invalid("invalid_body", error.body_text()))
            }
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as application/json.",
            )),
            Err(other) => {
                let code = match other.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
                    _ => "unreadable_body",
                };
                Err(Problem::new(other.status(), code, other.body_text()))
            }
        }
    }
}

/// Query parameters.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::bad_request("invalid_query", error.body_text())),
        }
    }
}

/// Path parameters. One that does not parse names nothing, so the answer is 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::not_found("not_found", error.body_text())),
        }
    }
}

/// Who asks, as the gate says: the `X-Customer` header (the gate fills it from the token's `sub`),
/// `guest` without one. 1 to 64 visible ASCII characters.
pub(crate) struct Customer(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("x-customer").iter();
        let Some(value) = values.next() else {
            return Ok(Self("guest".to_owned()));
        };
        let bytes = value.as_bytes();
        let valid = (1..=64).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        match value.to_str() {
            Ok(name) if valid && values.next().is_none() => Ok(Self(name.to_owned())),
            _ => Err(Problem::bad_request(
                "invalid_customer",
                "X-Customer must be one value of 1 to 64 visible ASCII characters.",
            )),
        }
    }
}
