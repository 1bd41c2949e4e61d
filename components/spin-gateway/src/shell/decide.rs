//! The call into the policy, and what it needs before it can decide.

use lockgate_limits::Decision;
use lockgate_record::Stage;
use lockgate_wire::{NeedKind, Verdict, VerdictBody, leave_unread};

use super::bindings::lockgate::policy::decisions;
use super::call::Call;
use super::refused::Refused;
use super::state::{self, Generation, Signature};
use super::{charge, micros_since, monotonic_ns};
use crate::memory::{TokenKey, TokenMemory};

/// The verdict's bytes, a plan or an answer.
pub(super) async fn decide(call: &mut Call, generation: &Generation) -> Result<Vec<u8>, Refused> {
    let token = call.head.field("authorization").map(TokenMemory::key);
    let now_ms = call.now_ms;
    let remembered =
        token.and_then(|key| state::tokens(|tokens| tokens.get(&key, now_ms).map(<[u8]>::to_vec)));
    let input = input(call, remembered.as_deref());
    let bytes = timed(call, || decisions::decide(&input));
    let (state, client) = match Verdict::parse(&bytes) {
        Ok(Verdict {
            body: VerdictBody::Need(need),
            seen,
        }) => match need.kind {
            NeedKind::VerifySignature => (need.state.to_vec(), seen.client),
        },
        // A verdict that cannot be read is refused where it is acted on.
        _ => return Ok(bytes),
    };
    // What was seen so far, for the record of a request that ends here.
    call.verdict = bytes;
    budget(generation, &client).await?;
    let bytes = timed(call, || decisions::resume(&state, &[]));
    if let (Some(key), Ok(verdict)) = (token, Verdict::parse(&bytes)) {
        remember(key, &verdict.body, now_ms);
    }
    Ok(bytes)
}

/// What the rules say of a request whose body is not going to be read; the verdict's bytes.
pub(super) fn without_body(call: &mut Call) -> Vec<u8> {
    let mut input = input(call, None);
    // It was written just now.
    let _ = leave_unread(&mut input);
    timed(call, || decisions::decide(&input))
}

/// What the policy is asked.
pub(super) fn input(call: &Call, remembered: Option<&[u8]>) -> Vec<u8> {
    let (head, peer) = (&call.head, call.sender());
    lockgate_spin_shell::input(head, peer, call.now_ms, call.has_body, remembered)
}

/// Calls the policy, and counts how long it takes.
pub(super) fn timed(call: &mut Call, decide: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let begun_ns = monotonic_ns();
    let bytes = decide();
    let took_us = u32::try_from(micros_since(begun_ns)).unwrap_or(u32::MAX);
    call.policy_us = call.policy_us.saturating_add(took_us);
    bytes
}

/// Keeps what the policy gives to be remembered for a token.
fn remember(key: TokenKey, body: &VerdictBody<'_>, now_ms: u64) {
    let (claims, briefly) = match body {
        VerdictBody::Plan(plan) => (plan.remember.unwrap_or_default(), false),
        VerdictBody::Answer(answer) => (answer.remember, answer.remember_briefly),
        VerdictBody::Need(_) => return,
    };
    state::tokens(|tokens| tokens.put(key, claims, briefly, now_ms));
}

/// Takes one signature out of the client's share and out of what all may have.
async fn budget(generation: &Generation, client: &[u8; 16]) -> Result<(), Refused> {
    // Of an IPv6 address the first 64 bits; nobody else has those of a mapped IPv4 one.
    let mapped = std::net::Ipv6Addr::from(*client).to_ipv4_mapped();
    let network = client
        .first_chunk::<8>()
        .map_or(&client[..0], |head| &head[..]);
    let whose = if mapped.is_some() {
        &client[..]
    } else {
        network
    };
    let charges = [(Signature::Client, whose), (Signature::Gate, &[])];
    let charges = charges.map(|(which, key)| lockgate_limits::Charge {
        limit: generation.signature_limit(which),
        key,
        cost: 1,
    });
    let decision = charge::all_or_none(generation, &charges).await;
    let decision = decision.map_err(|cause| {
        Refused::new(503, "limits_unavailable", cause)
            .at(Stage::SignIn)
            .retry_after_s(1)
    })?;
    let Decision::Limited(limited) = decision else {
        return Ok(());
    };
    let refused = if limited.charge == 0 {
        let cause = "the client's share of signatures not seen before is spent";
        Refused::new(429, "signature_share_spent", cause)
    } else {
        let cause = "the budget for signatures not seen before is spent";
        Refused::new(503, "signature_budget_spent", cause)
    };
    // Both come back within a second.
    Err(refused.at(Stage::SignIn).retry_after_s(1))
}
