//! Pictures: `image.wasm` makes what the plan asks for of the origin's answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use http_body::Frame;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use lockgate_http_cache::{
    Answer, Exchange, ResponseInfo, Storable, Validators, conditional, storable,
};
use lockgate_record::Stage;
use lockgate_shell::picture::{FIELD, about_the_output, coding, fresh_at_most, media_type};
use sha2::{Digest as _, Sha256};

use super::fetch::Fetched;
use super::lookup::request_info;
use super::path::Step;
use super::source;
use super::store::{map_fields, to_size};
use super::{Refused, original, upload, watermark};
use crate::http::{BodyError, HeldBody, ResponseBody};
use crate::image::memory::{Digest, Lead};
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
    let Some(options) = step.plan.image else {
        return Ok(());
    };
    if fetched.status != 200 {
        return Ok(());
    }
    let made = match place {
        Place::None => {
            describe(fetched, options, step.plan.negotiated);
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
    let known = fetched.digest.is_some();
    let upload = step.route.is_upload();
    let source = collect(&mut fetched.body, limits.source_bytes_max, &mut room, known);
    let Ok(collected) = tokio::time::timeout(wait, source).await else {
        return Err(late(upload, wait).into());
    };
    let (source, digest) = collected.map_err(|error| error.for_all(upload))?;
    let digest = fetched.digest.unwrap_or(digest);
    if let Some(lead) = lead {
        source::keep(step, fetched, &source, digest, lead);
    }
    // What has come is there for whoever falls back to it.
    fetched.body = ResponseBody::Full(source.clone());
    let (site, sites) = (site(step), step.generation.picture_sites);
    let room = pool.enter(room, &site, sites).map_err(NoPicture::Unmade)?;
    let mut plan = Plan {
        options: options.to_owned(),
        negotiated: step.plan.negotiated,
        overlay,
        limits,
    };
    // Nothing is kept of what a request brings along: not here, and not by the client.
    if !upload && answers_unchanged(step, fetched, &tag(pool, digest, &plan)) {
        return Ok(());
    }
    let degraded = pool
        .is_degraded()
        .then(|| plan.degraded(step.route.in_place_of_avif));
    let degraded = degraded.flatten();
    let is_degraded = degraded.is_some();
    plan = degraded.unwrap_or(plan);
    let tag = tag(pool, digest, &plan);
    if !upload && answers_unchanged(step, fetched, &tag) {
        return Ok(());
    }
    let ask = Ask {
        site,
        source,
        digest,
        plan,
        keep: !upload,
    };
    let rendered = pool.transform(ask, room).await.map_err(NoPicture::Unmade)?;
    if is_degraded {
        let left_s = left_s(step, fetched);
        fresh_at_most(&mut fetched.headers, DEGRADED_S, left_s);
        fetched
            .headers
            .insert(FIELD, HeaderValue::from_static("degraded"));
        step.pending.image = Some("degraded".into());
    }
    let headers = &mut fetched.headers;
    about_the_output(headers);
    if !upload {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(rendered.content_type),
    );
    fetched.body = ResponseBody::Full(rendered.bytes);
    Ok(())
}

/// Makes a 304 of the answer where the client has the picture with this tag.
fn answers_unchanged(step: &Step<'_>, fetched: &mut Fetched, tag: &HeaderValue) -> bool {
    if !has(step, tag) {
        return false;
    }
    let headers = &mut fetched.headers;
    about_the_output(headers);
    headers.insert(header::ETAG, tag.clone());
    headers.remove(header::CONTENT_TYPE);
    fetched.status = 304;
    fetched.body = ResponseBody::Full(Bytes::new());
    true
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

/// The entity tag: of the source, of what is made of it, and of the component that makes it. The
/// same on every node of one version, known before the picture is made; where the component
/// changes, clients fetch anew what they have.
fn tag(pool: &ImagePool, digest: Digest, plan: &Plan) -> HeaderValue {
    let mut hash = Sha256::new();
    hash.update(digest);
    hash.update(pool.component_digest());
    hash.update([u8::from(plan.negotiated)]);
    if let Some(overlay) = &plan.overlay {
        hash.update(Sha256::digest(overlay));
    }
    hash.update(&plan.options);
    let hash = hash.finalize();
    let hexadecimal: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{hexadecimal}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether the client has the picture with this tag.
fn has(step: &Step<'_>, tag: &HeaderValue) -> bool {
    let validators = Validators {
        status: 200,
        etag: Some(tag.as_bytes()),
        last_modified_s: None,
        date_s: step.pending.time_unix_ms / 1000,
    };
    let request = request_info(step.head);
    request.if_none_match.is_some() && conditional(&request, &validators) == Answer::NotModified
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

/// The whole source, under the limit of one and of all that are held, and its SHA-256 unless that
/// is known: taken while it comes, so that nothing else waits long for it.
async fn collect(
    body: &mut ResponseBody,
    bytes_max: u64,
    room: &mut Room,
    known: bool,
) -> Result<(Bytes, Digest), NoSource> {
    let too_large = || {
        let cause = format!("it is longer than {bytes_max} bytes");
        NoSource::Refused(ImageError::TooLarge(cause))
    };
    let (stream, length) = match body {
        ResponseBody::Full(bytes) => {
            room.hold(bytes.len() as u64).map_err(NoSource::Refused)?;
            let source = std::mem::take(bytes);
            let digest = if known {
                Digest::default()
            } else {
                Sha256::digest(&source).into()
            };
            return Ok((source, digest));
        }
        ResponseBody::Stream { body, length } => (body, *length),
    };
    let announced = length.unwrap_or(0);
    if announced > bytes_max {
        return Err(too_large());
    }
    room.hold(announced).map_err(NoSource::Refused)?;
    let mut source = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    let mut hash = Sha256::new();
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(NoSource::Interrupted)?;
        if let Ok(data) = frame.into_data() {
            let length = source.len() as u64 + data.len() as u64;
            let taken = match length > bytes_max {
                true => Err(too_large()),
                false => room.hold(length).map_err(NoSource::Refused),
            };
            if let Err(error) = taken {
                put_back(body, source.freeze(), data);
                return Err(error);
            }
            hash.update(&data);
            source.extend_from_slice(&data);
        }
    }
    // It may be kept: without the room that it grew into.
    Ok((to_size(source), hash.finalize().into()))
}

/// Why there is no source.
enum NoSource {
    /// It is not taken.
    Refused(ImageError),
    /// It did not come whole.
    Interrupted(BodyError),
}

impl NoSource {
    fn for_all(self, upload: bool) -> NoPicture {
        match self {
            Self::Refused(error) => NoPicture::Unmade(error),
            Self::Interrupted(error) if upload => upload::interrupted(&error).into(),
            Self::Interrupted(error) => Refused::new(502, "origin_reset", error.to_string())
                .at(Stage::Origin)
                .into(),
        }
    }
}

/// A body again, of what was read of it and what follows.
fn put_back(body: &mut ResponseBody, first: Bytes, next: Bytes) {
    let ResponseBody::Stream { body: rest, length } =
        std::mem::replace(body, ResponseBody::empty())
    else {
        return;
    };
    let read = [first, next].into_iter().filter(|bytes| !bytes.is_empty());
    let held = HeldBody::new(read.map(Frame::data).collect(), rest, length);
    *body = ResponseBody::Stream {
        body: BoxBody::new(held),
        length,
    };
}

/// The source did not come whole in time.
fn late(upload: bool, wait: Duration) -> Refused {
    let ms = wait.as_millis();
    let cause = format!("the source picture did not end within {ms} ms");
    match upload {
        true => Refused::new(408, "body_timeout", cause).at(Stage::Image),
        false => Refused::new(504, "origin_timeout", cause).at(Stage::Origin),
    }
}
