//! The origin answers.

use std::time::Instant;

use http::HeaderMap;
use lockgate_record::Stage;

use super::Refused;
use super::path::Step;
use crate::http::{RequestBody, ResponseBody};
use crate::image::memory::Digest;
use crate::origin::Forward;

/// An answer of the origin, or what was made of it.
pub(super) struct Fetched {
    pub(super) status: u16,
    /// End-to-end fields only.
    pub(super) headers: HeaderMap,
    pub(super) body: ResponseBody,
    pub(super) requested_at_ms: u64,
    pub(super) received_at_ms: u64,
    /// SHA-256 of the body, where it is known already.
    pub(super) digest: Option<Digest>,
}

/// Sends the request on, its body streaming, and waits for the head of the answer.
pub(super) async fn fetch(step: &mut Step<'_>, mut body: RequestBody) -> Result<Fetched, Refused> {
    let Some((_, origin)) = &step.route.origin else {
        return Err(Refused::new(
            500,
            "policy_failed",
            "the plan's route has no origin",
        ));
    };
    step.pending.stage = Stage::Origin;
    step.pending.origin = Some(step.seen.route);
    let bytes_max = step.route.body_bytes_max;
    if let Some(length) = body.length()
        && length > bytes_max
    {
        let cause = format!("the body of {length} bytes is longer than {bytes_max}");
        return Err(Refused::new(413, "body_too_large", cause).at(Stage::Origin));
    }
    body.limit(bytes_max);
    let target = match step.plan.origin_target {
        [] => step.seen.target,
        target => target,
    };
    let forward = Forward {
        method: step.head.method(),
        target,
        head: step.head,
        host: step.seen.host,
        tls: step.pending.connection.tls.is_some(),
        peer: step.pending.connection.peer.ip().to_canonical(),
        trusted_peer: step.seen.trusted_peer,
        set_headers: &step.plan.set_headers,
        request_id: &step.pending.request_id,
        picture: step.plan.image.is_some(),
        without_coding: step
            .generation
            .inspection(step.seen.site)
            .is_some_and(|plan| plan.responses),
    };
    let requested_at_ms = super::unix_ms();
    let begun = Instant::now();
    let result = origin.send(forward, body).await;
    step.pending.origin_ms = Some(u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX));
    let answer = result.map_err(|error| {
        let mut refused = Refused::new(error.status(), error.code(), error.cause());
        refused.stage = Stage::Origin;
        refused
    })?;
    Ok(Fetched {
        status: answer.status,
        headers: answer.headers,
        body: ResponseBody::Stream {
            body: answer.body,
            length: answer.length,
        },
        requested_at_ms,
        received_at_ms: super::unix_ms(),
        digest: None,
    })
}
