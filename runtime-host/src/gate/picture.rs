//! Pictures: `image.wasm` makes what the plan asks for of the origin's answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use http_body_util::BodyExt as _;
use lockgate_record::Stage;
use lockgate_shell::picture::{about_the_output, coding, etag, media_type};

use super::fetch::Fetched;
use super::path::Step;
use super::{Refused, watermark};
use crate::http::{BodyError, ResponseBody};
use crate::image::{ImageError, ImagePool, Limits, Plan, Room};

/// Room in the image pool, taken before the origin is asked: whoever will not get a picture
/// does not make the gate hold its source. `None` where no picture is made.
pub(super) fn room(step: &Step<'_>) -> Result<Option<Room>, Refused> {
    if step.plan.image.is_none() || step.head.method() == b"HEAD" {
        return Ok(None);
    }
    let room = pool(step)?.room().map_err(refused)?;
    Ok(Some(room))
}

/// Replaces a picture by the one that the plan asks for. Other answers (404, a redirect) pass as
/// they are.
pub(super) async fn transform(
    step: &mut Step<'_>,
    fetched: &mut Fetched,
    room: Option<Room>,
) -> Result<(), Refused> {
    let Some(options) = step.plan.image else {
        return Ok(());
    };
    if fetched.status != 200 {
        return Ok(());
    }
    let Some(mut room) = room else {
        describe(fetched, options, step.plan.negotiated);
        return Ok(());
    };
    step.pending.stage = Stage::Image;
    if let Some(coding) = coding(&fetched.headers) {
        let cause = format!("the origin sent the source with the coding {coding:?}");
        return Err(refused(ImageError::Unsupported(cause)));
    }
    let pool = pool(step)?;
    let Some(limits) = step.route.image.as_ref().map(Limits::from) else {
        let cause = "the plan's route makes no pictures";
        return Err(Refused::new(500, "policy_failed", cause));
    };
    let wait = Duration::from_millis(pool.config().wall_clock_ms_max);
    let overlay = watermark::find(step, options, wait).await?;
    let source = collect(&mut fetched.body, limits.source_bytes_max, &mut room);
    let Ok(source) = tokio::time::timeout(wait, source).await else {
        let cause = format!(
            "the source picture did not end within {} ms",
            wait.as_millis()
        );
        return Err(Refused::new(504, "origin_timeout", cause).at(Stage::Origin));
    };
    let plan = Plan {
        options: options.to_owned(),
        negotiated: step.plan.negotiated,
        overlay,
        limits,
    };
    let made = pool.transform(source?, plan, room);
    let rendered = made.await.map_err(refused)?;
    let headers = &mut fetched.headers;
    about_the_output(headers);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(rendered.content_type),
    );
    if let Some(tag) = etag(&rendered.bytes) {
        headers.insert(header::ETAG, tag);
    }
    fetched.body = ResponseBody::Full(rendered.bytes);
    Ok(())
}

fn pool<'a>(step: &Step<'a>) -> Result<&'a ImagePool, Refused> {
    step.gate.images.as_ref().ok_or_else(|| {
        Refused::new(503, "image_unavailable", "image.wasm is not loaded").at(Stage::Image)
    })
}

pub(super) fn refused(error: ImageError) -> Refused {
    let mut refused = Refused::new(error.status(), error.code(), error.cause()).at(Stage::Image);
    if refused.status == 503 {
        return refused.retry_after_s(1);
    }
    // Whoever wrote the address should know what is wrong with it.
    if let ImageError::OptionsInvalid(detail) = error {
        refused.detail = Some(detail);
    }
    refused
}

/// The answer to HEAD: what is known of the picture without making it. Its length and tag are
/// not, and those of the source would be wrong (RFC 9110 §9.3.2 lets both be left out).
fn describe(fetched: &mut Fetched, options: &str, negotiated: bool) {
    about_the_output(&mut fetched.headers);
    if let Some(media_type) = media_type(options, negotiated) {
        let media_type = HeaderValue::from_static(media_type);
        fetched.headers.insert(header::CONTENT_TYPE, media_type);
    }
    if let ResponseBody::Stream { length, .. } = &mut fetched.body {
        *length = None;
    }
}

/// The whole source, under the limit of one and of all that are held.
async fn collect(
    body: &mut ResponseBody,
    bytes_max: u64,
    room: &mut Room,
) -> Result<Bytes, Refused> {
    let too_large = || {
        let cause = format!("it is longer than {bytes_max} bytes");
        refused(ImageError::TooLarge(cause))
    };
    let (stream, length) = match body {
        ResponseBody::Full(bytes) => {
            room.hold(bytes.len() as u64).map_err(refused)?;
            return Ok(std::mem::take(bytes));
        }
        ResponseBody::Stream { body, length } => (body, *length),
    };
    let announced = length.unwrap_or(0);
    if announced > bytes_max {
        return Err(too_large());
    }
    room.hold(announced).map_err(refused)?;
    let mut source = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(interrupted)?;
        if let Ok(data) = frame.into_data() {
            let length = source.len() as u64 + data.len() as u64;
            if length > bytes_max {
                return Err(too_large());
            }
            room.hold(length).map_err(refused)?;
            source.extend_from_slice(&data);
        }
    }
    Ok(source.freeze())
}

fn interrupted(error: BodyError) -> Refused {
    Refused::new(502, "origin_reset", error.to_string()).at(Stage::Origin)
}
