//! The call into `policy.wasm`, and what it needs before it can decide.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_record::Stage;
use lockgate_wire::{Facts, NeedKind, Verdict, VerdictBody, write_input};

use super::{Connection, Gate, Generation, Refused, rates};
use crate::http::RequestHead;
use crate::policy::{CallError, Instance, NotRun, Spent, TokenKey, TokenMemory};
use crate::record::Pending;
use lockgate_sandbox::priority;
use lockgate_sandbox::{Budget, StopCause};

/// A head longer than this is decided on the inspection pool.
const INLINE_HEAD_BYTES_MAX: usize = 16 * 1024;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The verdict's bytes, a plan or an answer.
pub(super) async fn decide(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    head: &RequestHead,
    pending: &mut Pending,
) -> Result<Vec<u8>, Refused> {
    let authorization = if pending.has_authorization {
        head.field("authorization")
    } else {
        None
    };
    let token_key = authorization.map(|value| TokenMemory::key(value, &generation.sign_in_digest));
    let remembered = token_key.as_ref().and_then(|key| gate.tokens.get(key));
    // Where the call is, and nothing else: what is remembered of the token is asked for all the same.
    #[cfg(feature = "bench")]
    if let Some(bytes) = super::memo::get(head) {
        return Ok(bytes);
    }
    if let Some(geo) = &generation.geo {
        pending.place = geo.place(mapped(&pending.connection));
    }
    let (bytes, state, client) = loop {
        let bytes = ask(gate, generation, head, pending, remembered.as_deref()).await?;
        // A verdict that cannot be read is refused where it is acted on.
        let Ok(verdict) = Verdict::parse(&bytes) else {
            return Ok(bytes);
        };
        let client = verdict.seen.client;
        if let Some(geo) = &generation.geo
            && pending.place.address != client
        {
            // A proxy stands for the client.
            pending.place = geo.place(client);
            continue;
        }
        let (site, charges) = (verdict.seen.site, &verdict.seen.charges);
        if rates::charge(gate, generation, site, charges, &mut pending.over) {
            continue;
        }
        match verdict.body {
            VerdictBody::Need(need) => match need.kind {
                NeedKind::VerifySignature => {
                    let state = need.state.to_vec();
                    break (bytes, state, client);
                }
            },
            VerdictBody::Plan(_) | VerdictBody::Answer(_) => {
                #[cfg(feature = "bench")]
                super::memo::put(head, &bytes);
                return Ok(bytes);
            }
        }
    };
    // What was seen so far, for the record of a request that ends here.
    pending.verdict = bytes;
    let bytes = verify(gate, generation, state, &client, pending).await?;
    if let (Some(key), Ok(verdict)) = (token_key, Verdict::parse(&bytes)) {
        remember(&gate.tokens, key, &verdict.body);
    }
    Ok(bytes)
}

/// What the rules say of a request whose body is not going to be read; the verdict's bytes. Sign-in and
/// limits had their say.
pub(super) async fn without_body(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    head: &RequestHead,
    pending: &mut Pending,
) -> Result<Vec<u8>, Refused> {
    pending.body_unread = true;
    loop {
        let bytes = ask(gate, generation, head, pending, None).await?;
        let Ok(verdict) = Verdict::parse(&bytes) else {
            return Ok(bytes);
        };
        let (site, charges) = (verdict.seen.site, &verdict.seen.charges);
        if !rates::charge(gate, generation, site, charges, &mut pending.over) {
            return Ok(bytes);
        }
    }
}

/// Asks the policy: here, or on the inspection pool where it may take longer.
async fn ask(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    head: &RequestHead,
    pending: &mut Pending,
    remembered: Option<&[u8]>,
) -> Result<Vec<u8>, Refused> {
    let connection = pending.connection.clone();
    let facts = facts(&connection, pending, remembered);
    let begun = Instant::now();
    let is_wary = generation.pool.is_wary();
    let call_here = || {
        INPUT.with_borrow_mut(|input| {
            write_input(input, &facts, &head.ranges, &head.headers, &head.bytes);
            let budget = budget(generation, false);
            let call = |instance: &mut Instance| {
                if is_wary {
                    priority::short(|| instance.decide(input, budget))
                } else {
                    instance.decide(input, budget)
                }
            };
            generation.pool.try_with(call).ok()
        })
    };
    let here = if head.bytes.len() > INLINE_HEAD_BYTES_MAX {
        None
    } else if is_wary {
        // Another thread takes over what else this one has to do, its sockets with it.
        tokio::task::block_in_place(call_here)
    } else {
        call_here()
    };
    let result = match here {
        Some(result) => result.map_err(failed),
        // A long head, or every instance has trapped just now.
        None => {
            let mut input = Vec::new();
            write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
            let call = move |instance: &mut Instance, budget| instance.decide(&input, budget);
            on_inspection_pool(gate, generation, call)
                .await
                .map(|(bytes, _)| bytes)
        }
    };
    pending.policy_us = pending.policy_us.saturating_add(micros(begun));
    result
}

/// What the policy may know besides the head.
pub(super) fn facts<'a>(
    connection: &'a Connection,
    pending: &'a Pending,
    remembered: Option<&'a [u8]>,
) -> Facts<'a> {
    Facts {
        now_ms: pending.time_unix_ms,
        peer: mapped(connection),
        peer_port: connection.peer.port(),
        tls: connection.tls.is_some(),
        http2: connection.http2,
        sni: connection.sni.as_deref(),
        remembered,
        body: pending.has_body,
        body_unread: pending.body_unread,
        place: pending.place,
        tls_fingerprint: connection
            .fingerprint
            .as_deref()
            .unwrap_or_default()
            .as_bytes(),
        over: &pending.over,
        ..Facts::default()
    }
}

/// The peer's address, IPv4 mapped.
fn mapped(connection: &Connection) -> [u8; 16] {
    match connection.peer.ip() {
        std::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(address) => address.octets(),
    }
}

/// Keeps what the policy gives to be remembered for a token.
fn remember(tokens: &TokenMemory, key: TokenKey, body: &VerdictBody<'_>) {
    match body {
        VerdictBody::Plan(plan) => {
            if let Some(claims) = plan.remember {
                tokens.put(key, claims);
            }
        }
        VerdictBody::Answer(answer) if answer.remember.is_empty() => {}
        VerdictBody::Answer(answer) if answer.remember_briefly => {
            tokens.put_briefly(key, answer.remember);
        }
        VerdictBody::Answer(answer) => tokens.put(key, answer.remember),
        VerdictBody::Need(_) => {}
    }
}

/// Lets the policy verify a signature that was not seen before: on the inspection pool, within
/// the client's share and the gate-wide budget.
async fn verify(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    state: Vec<u8>,
    client: &[u8; 16],
    pending: &mut Pending,
) -> Result<Vec<u8>, Refused> {
    gate.signatures
        .take(gate.monotonic_ns(), client)
        .map_err(|spent| {
            let refused = match spent {
                Spent::Client(_) => {
                    let cause = "the client's share of signatures not seen before is spent";
                    Refused::new(429, "signature_share_spent", cause)
                }
                Spent::Gate => {
                    let cause = "the budget for signatures not seen before is spent";
                    Refused::new(503, "signature_budget_spent", cause)
                }
            };
            // Both come back within a second.
            refused.at(Stage::SignIn).retry_after_s(1)
        })?;
    let call = move |instance: &mut Instance, budget| instance.resume(&state, &[], budget);
    let (bytes, policy_us) = on_inspection_pool(gate, generation, call)
        .await
        .map_err(|refused| refused.at(Stage::SignIn))?;
    pending.policy_us = pending.policy_us.saturating_add(policy_us);
    Ok(bytes)
}

/// Calls the policy on the inspection pool; what it gave and the microseconds that it took.
pub(super) async fn on_inspection_pool(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    call: impl FnOnce(&mut Instance, Budget) -> Result<Vec<u8>, CallError> + Send + 'static,
) -> Result<(Vec<u8>, u32), Refused> {
    let (pool, budget) = (generation.pool.clone(), budget(generation, true));
    let job = move || {
        let begun = Instant::now();
        let result = pool.with(|instance| call(instance, budget));
        (result, micros(begun))
    };
    match gate.inspection.run_within(budget.wall, job).await {
        Ok((Ok(bytes), policy_us)) => Ok((bytes, policy_us)),
        Ok((Err(CallError::Stopped(StopCause::WallClock)), _)) | Err(NotRun::TooLate) => {
            let cause = "the inspection pool did not answer within wall_clock_ms_max";
            Err(Refused::new(503, "inspection_timeout", cause).retry_after_s(1))
        }
        Ok((Err(error), _)) => Err(failed(error)),
        Err(NotRun::QueueFull) => {
            let cause = "the inspection queue is full";
            Err(Refused::new(503, "inspection_queue_full", cause).retry_after_s(1))
        }
        Err(NotRun::Panicked) => {
            let cause = "the inspection of the request panicked";
            Err(Refused::new(500, "policy_failed", cause))
        }
    }
}

fn budget(generation: &Generation, inspection: bool) -> Budget {
    let policy = &generation.config.policy;
    let cpu_ms = if inspection {
        policy.inspection_deadline_ms
    } else {
        policy.io_deadline_ms
    };
    Budget {
        cpu: Duration::from_millis(cpu_ms),
        wall: Duration::from_millis(policy.wall_clock_ms_max),
    }
}

fn failed(error: CallError) -> Refused {
    let code = match &error {
        CallError::Stopped(_) => "policy_timeout",
        CallError::Trapped { .. } => "policy_failed",
    };
    tracing::error!(%error, "no verdict");
    Refused::new(500, code, error.to_string())
}

fn micros(begun: Instant) -> u32 {
    u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX)
}
