//! Requests that end before their body is read, while rules wait for it.

use std::sync::Arc;

use lockgate_wire::{Stage, Verdict, VerdictBody};

use super::path::answered;
use super::{Gate, Generation, Refused, decide};
use crate::http::{Fields, RequestHead, Response};
use crate::record::Pending;

/// The answer to a request that is refused behind the rules, by sign-in, a limit or the coming of its
/// body: those that wait for the body do so in vain and count as not matching, and the others go on
/// in their order. Where one blocks, that is the answer; else it is `refused`. `fields` are those that
/// the answer has already.
pub(super) async fn settle(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    head: &RequestHead,
    pending: &mut Pending,
    fields: Fields,
    refused: Refused,
) -> Result<Response, Refused> {
    let Ok(bytes) = decide::without_body(gate, generation, head, pending).await else {
        // It is refused all the same.
        return Err(refused);
    };
    let Ok(verdict) = Verdict::parse(&bytes) else {
        return Err(refused);
    };
    let seen = &verdict.seen;
    pending.found.head(seen);
    pending.rules = Some((seen.rule, seen.counted));
    match &verdict.body {
        VerdictBody::Answer(answer) if seen.stage == Stage::Firewall => {
            let route = generation.route(seen.route);
            answered(answer, seen, route, pending, fields)
        }
        _ => Err(refused),
    }
}
