//! Bodies of requests to the admin address, under a limit of size and time.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;

/// Largest body, in bytes: the largest version as base64, and what stands around it.
const BODY_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Time for a whole body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a body is not read: a status and a code.
pub(super) type Unread = (StatusCode, &'static str);

/// Reads a whole body.
///
/// # Errors
/// 413 beyond the limit, 408 beyond the time, 400 where it breaks off.
pub(super) async fn read<B>(body: B) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // What says that it is too large is not read at all.
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
    }
    let collected = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(BODY_TIMEOUT, collected).await {
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "body_timeout")),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"))
        }
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "body_incomplete")),
    }
}
