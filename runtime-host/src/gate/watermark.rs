//! Watermarks: pictures that are laid over others, fetched once for many.
//!
//! Only names of the configuration are found here, as the policy has seen to before; each is at a
//! path of the route's own origin, or in a file of the gate. The origin is asked in the gate's own
//! name: nothing of the client's request goes along, since what it answers is for everybody.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use lockgate_record::Stage;
use lockgate_shell::Watermark;
use lockgate_shell::picture::{coding, watermark};
use parking_lot::Mutex;

use super::Refused;
use super::path::Step;
use super::picture::refused;
use crate::http::{RequestBody, RequestHead};
use crate::image::ImageError;
use crate::origin::Forward;

/// How long a watermark is used before it is looked for again.
const FRESH: Duration = Duration::from_secs(60);

/// The watermarks of a route that were used: as many as the configuration has, each within the
/// route's limit of a source.
#[derive(Debug, Default)]
pub struct Watermarks(Mutex<HashMap<String, (Instant, Bytes)>>);

impl Watermarks {
    fn fresh(&self, name: &str) -> Option<Bytes> {
        let held = self.0.lock();
        let (since, bytes) = held.get(name)?;
        (since.elapsed() < FRESH).then(|| bytes.clone())
    }

    fn hold(&self, name: String, bytes: &Bytes) {
        self.0.lock().insert(name, (Instant::now(), bytes.clone()));
    }
}

/// The watermark that the options ask for, as a file; it has to be there within `wait`.
pub(super) async fn find(
    step: &Step<'_>,
    options: &str,
    wait: Duration,
) -> Result<Option<Bytes>, Refused> {
    let Some(name) = watermark(options) else {
        return Ok(None);
    };
    let limits = step.route.image.as_ref();
    let known = limits.and_then(|limits| Some((limits, limits.watermarks.get(&name)?)));
    let Some((limits, place)) = known else {
        let why = format!("there is no watermark {name}");
        return Err(refused(ImageError::OptionsInvalid(why)));
    };
    if let Some(bytes) = step.route.watermarks.fresh(&name) {
        return Ok(Some(bytes));
    }
    let most = limits.source_bytes_max;
    let found = match place {
        Watermark::Path(path) => tokio::time::timeout(wait, fetched(step, path, most)).await,
        Watermark::File(file) => Ok(read(file, most).await),
    };
    let found = found.unwrap_or_else(|_| Err("it did not come in time".to_owned()));
    let bytes = found.map_err(|cause| {
        let cause = format!("the watermark {name}: {cause}");
        Refused::new(502, "image_watermark_unavailable", cause).at(Stage::Image)
    })?;
    step.route.watermarks.hold(name, &bytes);
    Ok(Some(bytes))
}

async fn fetched(step: &Step<'_>, path: &str, bytes_max: u64) -> Result<Bytes, String> {
    let Some((_, origin)) = &step.route.origin else {
        return Err("the route has no origin".to_owned());
    };
    let connection = &step.pending.connection;
    let head = RequestHead::default();
    let forward = Forward {
        method: b"GET",
        target: path.as_bytes(),
        head: &head,
        host: step.seen.host,
        tls: connection.tls.is_some(),
        peer: connection.peer.ip().to_canonical(),
        trusted_peer: false,
        set_headers: &[],
        request_id: &step.pending.request_id,
        picture: true,
        without_coding: true,
    };
    let answer = origin.send(forward, RequestBody::Empty).await;
    let answer = answer.map_err(|error| error.cause())?;
    if answer.status != 200 {
        return Err(format!("{path} is answered {}", answer.status));
    }
    if let Some(coding) = coding(&answer.headers) {
        return Err(format!("{path} has the coding {coding:?}"));
    }
    let mut body = answer.body;
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| error.to_string())?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        bytes.extend_from_slice(&data);
        within(bytes.len() as u64, bytes_max)?;
    }
    Ok(bytes.freeze())
}

async fn read(file: &Path, bytes_max: u64) -> Result<Bytes, String> {
    let file: PathBuf = file.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let told = std::fs::metadata(&file).map_err(|error| error.to_string())?;
        within(told.len(), bytes_max)?;
        std::fs::read(&file).map_err(|error| error.to_string())
    });
    let bytes = read.await.map_err(|error| error.to_string())??;
    Ok(Bytes::from(bytes))
}

fn within(length: u64, most: u64) -> Result<(), String> {
    match length <= most {
        true => Ok(()),
        false => Err(format!("it is longer than {most} bytes")),
    }
}
