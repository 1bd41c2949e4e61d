//! Pictures: `image.wasm` makes what the plan asks for of the origin's answer.

mod reading;
mod tag;

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, header};
use lockgate_http_cache::{Exchange, ResponseInfo, Storable, storable};
use lockgate_record::Stage;
use lockgate_shell::picture::{
    FIELD, SVG, about_an_svg, about_the_output, coding, describe, fresh_at_most, guard_unasked,
};

use super::fetch::Fetched;
use super::lookup::request_info;
use super::path::Step;
use super::source;
use super::store::map_fields;
use super::{Refused, original, watermark};
use crate::http::ResponseBody;
use crate::image::memory::Lead;
use crate::image::{Ask, ImageError, ImagePool, Limits, Plan, Room};

/// How long a picture that was made with less effort is fresh, seconds.
const DEGRADED_S: u32 = 30;

/// What is there for a picture before its source is.
pub(super) enum Place {
    /// No picture is made: there is no table, or the request is HEAD.
    None,
    /// Room in the image pool.
    Room(Room),
    /// No room, where the source is to be sent instead.
    Full(ImageError),
}

/// Why there is no picture.
enum NoPicture {
    /// The answer is an error, whatever the route falls back to.
    Refused(Refused),
    /// The source is there, as far as it was not read, and cannot be made another picture.
    Unmade(ImageError),
}

impl From<Refused> for NoPicture {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Room in the image pool, taken before the origin is asked: whoever will not get a picture
/// does not make the gate hold its source.
pub(super) fn room(step: &Step<'_>) -> Result<Place, Refused> {
    if step.plan.image.is_none() || step.head.method() == b"HEAD" {
        return Ok(Place::None);
    }
    let (pool, site) = (pool(step)?, site(step));
    let room = match pool.room(&site, step.generation.picture_sites) {
        Ok(room) => room,
        Err(error) if original::is_wanted(step) => return Ok(Place::Full(error)),
        Err(error) => return Err(refused(error)),
    };
    // It was free: whoever will find no place need not send a picture.
    if step.route.is_upload() {
        return Ok(Place::Room(pool.room_to_read()));
    }
    Ok(Place::Room(room))
}

/// Replaces a picture by the one that the plan asks for. Other answers (404, a redirect) pass as
/// they are.
pub(super) async fn transform(
    step: &mut Step<'_>,
    fetched: &mut Fetched,
    place: Place,
    lead: Option<Lead>,
) -> Result<(), Refused> {
    let pass_svg = step.route.image.as_ref();
    let pass_svg = pass_svg.is_some_and(|image| image.pass_svg);
    let Some(options) = step.plan.image else {
        if pass_svg {
            guard_unasked(fetched.status, &mut fetched.headers);
        }
        return Ok(());
    };
    if fetched.status != 200 {
        return Ok(());
    }
    let made = match place {
        Place::None => {
            describe(
                &mut fetched.headers,
                options,
                step.plan.negotiated,
                pass_svg,
            );
            if let ResponseBody::Stream { length, .. } = &mut fetched.body {
                *length = None;
            }
            return Ok(());
        }
        Place::Full(error) => Err(NoPicture::Unmade(error)),
        Place::Room(room) => make(step, fetched, options, room, lead).await,
    };
    step.pending.stage = Stage::Image;
    match made {
        Ok(()) => Ok(()),
        Err(NoPicture::Refused(refused)) => Err(refused),
        Err(NoPicture::Unmade(error)) => original::send(step, fetched, error),
    }
}

async fn make(
    step: &mut Step<'_>,
    fetched: &mut Fetched,
    options: &str,
    mut room: Room,
    lead: Option<Lead>,
) -> Result<(), NoPicture> {
    step.pending.stage = Stage::Image;
    if let Some(coding) = coding(&fetched.headers) {
        let cause = format!("the origin sent the source with the coding {coding:?}");
        return Err(NoPicture::Unmade(ImageError::Unsupported(cause)));
    }
    let pool = pool(step)?;
    let Some(limits) = step.route.image.as_ref().map(Limits::from) else {
        let cause = "the plan's route makes no pictures";
        return Err(Refused::new(500, "policy_failed", cause).into());
    };
    let wait = Duration::from_millis(pool.config().wall_clock_ms_max);
    let overlay = watermark::find(step, options, wait).await?;
    let upload = step.route.is_upload();
    let (source, digest) =
        reading::whole(fetched, limits.source_bytes_max, &mut room, wait, upload).await?;
    if let Some(lead) = lead {
        source::keep(step, fetched, &source, digest, lead);
    }
    let (site, sites) = (site(step), step.generation.picture_sites);
    let room = pool.enter(room, &site, sites).map_err(NoPicture::Unmade)?;
    let asked = Plan {
        options: options.to_owned(),
        negotiated: step.plan.negotiated,
        overlay,
        limits,
    };
    let degraded = pool
        .is_degraded()
        .then(|| asked.degraded(step.route.in_place_of_avif))
        .flatten();
    // Nothing is kept of what a request brings along: not here, and not by the client.
    if !upload {
        for plan in iter::once(&asked).chain(&degraded) {
            let tag = tag::of(pool, digest, plan);
            if tag::answers_unchanged(step, fetched, &tag) {
                return Ok(());
            }
        }
    }
    let is_degraded = degraded.is_some();
    let plan = degraded.unwrap_or(asked);
    let tag = (!upload).then(|| tag::of(pool, digest, &plan));
    let ask = Ask {
        site,
        source,
        digest,
        plan,
        keep: !upload,
    };
    let rendered = pool.transform(ask, room).await.map_err(NoPicture::Unmade)?;
    if is_degraded && rendered.content_type != SVG {
        say_degraded(step, fetched);
    }
    let headers = &mut fetched.headers;
    about_the_output(headers);
    headers.extend(tag.map(|tag| (header::ETAG, tag)));
    if rendered.content_type == SVG {
        about_an_svg(headers);
    }
    let content_type = HeaderValue::from_static(rendered.content_type);
    headers.insert(header::CONTENT_TYPE, content_type);
    fetched.body = ResponseBody::Full(rendered.bytes);
    Ok(())
}

/// The picture was made with less effort: the client and the record are told, and it is not fresh
/// for long.
fn say_degraded(step: &mut Step<'_>, fetched: &mut Fetched) {
    let left_s = left_s(step, fetched);
    fresh_at_most(&mut fetched.headers, DEGRADED_S, left_s);
    let value = HeaderValue::from_static("degraded");
    fetched.headers.insert(FIELD, value);
    step.pending.image = Some("degraded".into());
}

/// How long the source is fresh, seconds, where it may be stored.
fn left_s(step: &Step<'_>, fetched: &Fetched) -> Option<i64> {
    let policy = step.route.cache.as_ref()?;
    let response = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
    let exchange = Exchange {
        requested_at_ms: fetched.requested_at_ms,
        received_at_ms: fetched.received_at_ms,
    };
    match storable(&request_info(step.head), &response, policy, exchange) {
        Storable::Yes { freshness, .. } => Some(freshness.ttl_s(step.pending.time_unix_ms)),
        Storable::No(_) => None,
    }
}

fn site(step: &Step<'_>) -> Arc<str> {
    step.generation
        .site_name(step.seen.site)
        .unwrap_or_default()
        .into()
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
