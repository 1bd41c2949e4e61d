//! What a request leaves behind: one line on standard output.

use std::io::Write as _;
use std::net::IpAddr;

use lockgate_record::{AddressMask, Inspection, LimitsState, Record};
use lockgate_wire::COUNTED_MAX;
use lockgate_wire::{NONE, Verdict};
use sha2::{Digest as _, Sha256};

use super::call::Call;
use super::{micros_since, state};

/// Writes the record: `bytes_out` of the body left, and `failure` says why it ended early.
pub(super) async fn write(call: Call, bytes_out: u64, failure: Option<&str>) {
    let verdict = Verdict::parse(&call.verdict).ok();
    let seen = verdict.as_ref().map(|verdict| &verdict.seen);
    let document = call
        .generation
        .as_ref()
        .map(|generation| &generation.document);
    let name = |names: fn(&lockgate_shell::Document) -> &[String], index: u16| {
        let names = names(document?);
        names.get(usize::from(index)).map(String::as_str)
    };
    let rule = |index| name(|document| &document.rules, index);
    let route = |index: u16| document?.routes.get(usize::from(index));
    let mut counted = [""; COUNTED_MAX];
    let said = call.rules.or(seen.map(|seen| (seen.rule, seen.counted)));
    let counted_len = said.as_ref().map_or(0, |(_, rules)| {
        let rules = rules.as_slice();
        for (slot, index) in counted.iter_mut().zip(rules) {
            *slot = rule(*index).unwrap_or("?");
        }
        rules.len()
    });
    let (path, query) = match seen {
        Some(seen) if !seen.target.is_empty() => split_target(seen.target),
        _ => split_target(call.head.target()),
    };
    let subject = match seen.map(|seen| seen.subject) {
        Some(subject) if !subject.is_empty() => Some(digest(subject).await),
        _ => None,
    };
    let peer = call.peer.ip().to_canonical();
    let client = seen.map_or(peer, |seen| client_address(seen.client));
    let omitted: Vec<&str> = [
        (call.head.field("authorization").is_some(), "authorization"),
        (call.head.field("cookie").is_some(), "cookie"),
        (call.has_body, "body"),
    ]
    .into_iter()
    .filter_map(|(left_out, name)| left_out.then_some(name))
    .collect();
    let cause = match (&call.cause, failure) {
        (Some(cause), None) => Some(cause.as_str()),
        (_, failure) => failure,
    };
    let generation = call.generation.as_ref();
    let record = Record {
        time_unix_ms: call.now_ms,
        id: &call.request_id,
        trace: call.trace.as_deref(),
        site: seen.and_then(|seen| name(|document| &document.sites, seen.site)),
        route: seen.and_then(|seen| Some(route(seen.route)?.name.as_str())),
        client: Some(client),
        peer: Some(peer),
        address_mask: match document {
            Some(document) if document.mask_client_address => AddressMask::Subnet,
            _ => AddressMask::None,
        },
        // Spin does not say which version of TLS.
        tls: call.tls.then_some("unknown"),
        http: "1.1",
        method: call.head.method(),
        host: seen.map(|seen| seen.host).filter(|host| !host.is_empty()),
        path,
        query,
        user_agent: call.head.field("user-agent"),
        status: call.status,
        code: call.code.as_deref(),
        cause,
        stage: call.stage,
        rule: said
            .filter(|(ended, _)| *ended != NONE)
            .and_then(|(ended, _)| rule(ended)),
        counted: counted.get(..counted_len).unwrap_or_default(),
        inspection: call.inspected.as_ref().map(|found| Inspection {
            rules: &found.rules,
            more: found.more,
            inbound_score: found.inbound_score,
            outbound_score: found.outbound_score,
            us: found.us,
        }),
        subject,
        limits: match call.limited {
            Some(index) => {
                let limit = document.and_then(|document| document.limits.get(usize::from(index)));
                limit.map(|limit| LimitsState::Limited(&limit.name))
            }
            None => call.limits_charged.then_some(LimitsState::Allowed),
        },
        cache: call.cache,
        // A picture that cannot be made is an error here, and there is no queue.
        image: None,
        origin: call
            .origin
            .and_then(|index| route(index)?.origin.as_deref()),
        origin_ms: call.origin_ms,
        bytes_in: call.bytes_in.get(),
        bytes_out,
        duration_us: call
            .duration_us
            .unwrap_or_else(|| micros_since(call.started_ns)),
        policy_us: call.policy_us,
        bundle: generation.map(|generation| generation.bundle_tag),
        component: generation.and_then(|generation| generation.component_tag),
        omitted: &omitted,
    };
    let mut line = Vec::with_capacity(1024);
    record.write_line(&mut line);
    // Nobody is there to be told that a record is lost.
    let _ = std::io::stdout().lock().write_all(&line);
}

/// A keyed digest that ties a user's records together without naming them.
async fn digest(subject: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(state::subject_key().await);
    hash.update(subject);
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// An address of the wire's 16 bytes.
fn client_address(bytes: [u8; 16]) -> IpAddr {
    std::net::Ipv6Addr::from(bytes).to_canonical()
}

fn split_target(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let at = target.iter().position(|byte| *byte == b'?');
    match at.and_then(|at| target.split_at_checked(at)) {
        Some((path, query)) => (path, query.get(1..)),
        None => (target, None),
    }
}
