//! The source of a picture is read whole, under limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use lockgate_record::Stage;
use sha2::{Digest as _, Sha256};

use super::NoPicture;
use crate::gate::fetch::Fetched;
use crate::gate::store::to_size;
use crate::gate::{Refused, upload};
use crate::http::{BodyError, HeldBody, ResponseBody};
use crate::image::memory::Digest;
use crate::image::{ImageError, Room};

/// The source and its SHA-256, which stays there for whoever falls back to it.
pub(super) async fn whole(
    fetched: &mut Fetched,
    bytes_max: u64,
    room: &mut Room,
    wait: Duration,
    upload: bool,
) -> Result<(Bytes, Digest), NoPicture> {
    let known = fetched.digest.is_some();
    let source = collect(&mut fetched.body, bytes_max, room, known);
    let Ok(collected) = tokio::time::timeout(wait, source).await else {
        return Err(late(upload, wait).into());
    };
    let (source, digest) = collected.map_err(|error| error.for_all(upload))?;
    fetched.body = ResponseBody::Full(source.clone());
    Ok((source, fetched.digest.unwrap_or(digest)))
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
