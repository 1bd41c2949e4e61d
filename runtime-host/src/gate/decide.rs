//! The call into `policy.wasm`, and what it needs before it can decide.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_record::Stage;
use lockgate_wire::{Facts, NeedKind, Verdict, VerdictBody, write_input};

use super::{Gate, Generation, Refused};
use crate::http::RequestHead;
use crate::policy::{CallError, TokenMemory};
use crate::record::Pending;
use crate::sandbox::Budget;

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
    #[cfg(feature = "bench")]
    if let Some(bytes) = super::memo::get(head) {
        return Ok(bytes);
    }
    let authorization = if pending.has_authorization {
        head.field("authorization")
    } else {
        None
    };
    let token_key = authorization.map(|value| TokenMemory::key(value, &generation.sign_in_digest));
    let remembered = token_key.as_ref().and_then(|key| gate.tokens.get(key));
    let connection = &pending.connection;
    let facts = Facts {
        now_ms: pending.time_unix_ms,
        peer: match connection.peer.ip() {
            std::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            std::net::IpAddr::V6(address) => address.octets(),
        },
        peer_port: connection.peer.port(),
        tls: connection.tls.is_some(),
        http2: connection.http2,
        sni: connection.sni.as_deref(),
        remembered: remembered.as_deref(),
        signature_granted: false,
    };
    let begun = Instant::now();
    let result = if head.bytes.len() <= INLINE_HEAD_BYTES_MAX {
        INPUT.with_borrow_mut(|input| {
            write_input(input, &facts, &head.ranges, &head.headers, &head.bytes);
            let budget = budget(generation, false);
            generation
                .pool
                .with(|instance| instance.decide(input, budget))
        })
    } else {
        let mut input = Vec::new();
        write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
        let (pool, budget) = (generation.pool.clone(), budget(generation, true));
        let call = move || pool.with(|instance| instance.decide(&input, budget));
        gate.inspection.run(call).await.map_err(|_| overloaded())?
    };
    pending.policy_us = micros(begun);
    let bytes = result.map_err(failed)?;
    let state = match Verdict::parse(&bytes) {
        Ok(Verdict {
            body: VerdictBody::Need(need),
            ..
        }) => match need.kind {
            NeedKind::VerifySignature => need.state.to_vec(),
        },
        // A verdict that cannot be read is refused where it is acted on.
        _ => {
            #[cfg(feature = "bench")]
            super::memo::put(head, &bytes);
            return Ok(bytes);
        }
    };
    let bytes = verify(gate, generation, state, pending).await?;
    if let (
        Some(key),
        Ok(Verdict {
            body: VerdictBody::Plan(plan),
            ..
        }),
    ) = (token_key, Verdict::parse(&bytes))
        && let Some(claims) = plan.remember
    {
        gate.tokens.put(key, claims);
    }
    Ok(bytes)
}

/// Lets the policy verify a signature that was not seen before: on the inspection pool, and
/// within the gate-wide budget, because a flood from many clients stays under every client's
/// own limit.
async fn verify(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    state: Vec<u8>,
    pending: &mut Pending,
) -> Result<Vec<u8>, Refused> {
    if gate.signatures.take().is_err() {
        let cause = "the budget for signatures not seen before is spent";
        return Err(Refused::new(503, "signature_budget_spent", cause)
            .at(Stage::SignIn)
            .retry_after_s(1));
    }
    let (pool, budget) = (generation.pool.clone(), budget(generation, true));
    let call = move || {
        let begun = Instant::now();
        (
            pool.with(|instance| instance.resume(&state, &[], budget)),
            micros(begun),
        )
    };
    let (result, policy_us) = gate
        .inspection
        .run(call)
        .await
        .map_err(|_| overloaded().at(Stage::SignIn))?;
    pending.policy_us = pending.policy_us.saturating_add(policy_us);
    result.map_err(failed)
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

fn overloaded() -> Refused {
    Refused::new(503, "inspection_queue_full", "the inspection queue is full").retry_after_s(1)
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
