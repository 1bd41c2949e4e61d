//! Pictures: `image.wasm` makes what the plan asks for of the origin's answer.

use bytes::{Bytes, BytesMut};
use http::header;
use http_body_util::BodyExt as _;
use lockgate_record::Stage;
use sha2::{Digest as _, Sha256};

use super::Refused;
use super::fetch::Fetched;
use super::path::Step;
use crate::http::ResponseBody;

/// Replaces a picture by the one that the plan asks for. Other answers (404, 304, a redirect)
/// pass as they are.
pub(super) async fn transform(step: &mut Step<'_>, fetched: &mut Fetched) -> Result<(), Refused> {
    let Some(plan) = step.plan.image else {
        return Ok(());
    };
    if fetched.status != 200 || step.head.method() == b"HEAD" {
        return Ok(());
    }
    let Some(pool) = &step.gate.images else {
        return Err(
            Refused::new(503, "image_unavailable", "image.wasm is not loaded").at(Stage::Image),
        );
    };
    step.pending.stage = Stage::Image;
    let bytes_max = step.generation.config.image.source_bytes_max;
    let source = collect(&mut fetched.body, bytes_max).await?;
    let rendered = pool.transform(source, plan).await.map_err(|error| {
        let mut refused = Refused::new(error.status(), error.code(), error.cause());
        refused.stage = Stage::Image;
        if error.status() == 503 {
            refused.retry_after_s(1)
        } else {
            refused
        }
    })?;
    let headers = &mut fetched.headers;
    for stale in [
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::ETAG,
        header::ACCEPT_RANGES,
        header::HeaderName::from_static("content-md5"),
        header::HeaderName::from_static("digest"),
    ] {
        headers.remove(stale);
    }
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(rendered.content_type),
    );
    // The same bytes have the same tag, on every node and after every restart.
    let tag: String = Sha256::digest(&rendered.bytes)
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if let Ok(tag) = header::HeaderValue::from_str(&format!("\"{tag}\"")) {
        headers.insert(header::ETAG, tag);
    }
    fetched.body = ResponseBody::Full(rendered.bytes);
    Ok(())
}

/// The whole source, under the limit.
async fn collect(body: &mut ResponseBody, bytes_max: u64) -> Result<Bytes, Refused> {
    let too_large = || {
        let cause = format!("the source picture is longer than {bytes_max} bytes");
        Refused::new(413, "image_too_large", cause).at(Stage::Image)
    };
    let (stream, length) = match body {
        ResponseBody::Full(bytes) => return Ok(std::mem::take(bytes)),
        ResponseBody::Stream { body, length } => (body, *length),
    };
    if length.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let mut source = BytesMut::with_capacity(usize::try_from(length.unwrap_or(0)).unwrap_or(0));
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(|error| {
            Refused::new(502, "origin_reset", error.to_string()).at(Stage::Origin)
        })?;
        if let Ok(data) = frame.into_data() {
            if source.len() as u64 + data.len() as u64 > bytes_max {
                return Err(too_large());
            }
            source.extend_from_slice(&data);
        }
    }
    Ok(source.freeze())
}
