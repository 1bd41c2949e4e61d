//! The readers of what crosses the boundary between host and policy.

use lockgate_wire::{Facts, HeadRanges, HeaderRange, Input, Verdict, grant_signature, write_input};

/// Whatever is accepted is the same after it was written and read again.
pub fn run(data: &[u8]) {
    input(data);
    verdict(data);
}

fn input(data: &[u8]) {
    let mut granted = data.to_vec();
    let granting = grant_signature(&mut granted);
    let Ok(input) = Input::parse(data) else {
        return;
    };
    assert_eq!(input.headers().count(), input.header_count());
    assert!(granting.is_ok());
    let with_grant = Input::parse(&granted).expect("a grant changes a flag");
    assert!(with_grant.signature_granted());
    assert_eq!(parts(&with_grant), parts(&input));

    let Ok(sni) = input.sni().map(str::from_utf8).transpose() else {
        return;
    };
    let over: Vec<bool> = input.over().collect();
    let facts = Facts {
        now_ms: input.now_ms,
        peer: input.peer,
        peer_port: input.peer_port,
        tls: input.tls(),
        http2: input.http2(),
        sni,
        remembered: input.remembered(),
        signature_granted: input.signature_granted(),
        body: input.has_body(),
        body_unread: input.body_unread(),
        place: input.place,
        tls_fingerprint: input.tls_fingerprint,
        over: &over,
    };
    let mut head = Vec::new();
    let mut add = |part: &[u8]| {
        head.extend_from_slice(part);
        ((head.len() - part.len()) as u32, part.len() as u32)
    };
    let ranges = HeadRanges {
        version: input.version,
        method: add(input.method),
        target: add(input.target),
        authority: input.authority().map(&mut add),
    };
    let headers: Vec<_> = input
        .headers()
        .map(|(name, value)| {
            let ((name_start, name_len), (value_start, value_len)) = (add(name), add(value));
            HeaderRange {
                name_start,
                name_len,
                value_start,
                value_len,
            }
        })
        .collect();
    let mut written = Vec::new();
    write_input(&mut written, &facts, &ranges, &headers, &head);
    let again = Input::parse(&written).expect("our own bytes");
    assert_eq!(parts(&again), parts(&input));
    assert_eq!(again.signature_granted(), input.signature_granted());
    assert!(again.headers().eq(input.headers()));
}

/// Everything of an input but its fields and the grant.
fn parts<'a>(input: &Input<'a>) -> impl PartialEq + std::fmt::Debug + use<'a> {
    (
        (input.version, input.now_ms, input.peer, input.peer_port),
        (input.tls(), input.http2()),
        (input.sni(), input.remembered()),
        (input.method, input.target, input.authority()),
    )
}

fn verdict(data: &[u8]) {
    if let Ok(verdict) = Verdict::parse(data) {
        let written = verdict.to_bytes();
        assert_eq!(Verdict::parse(&written), Ok(verdict));
    }
}
