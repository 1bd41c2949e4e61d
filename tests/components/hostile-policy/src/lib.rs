//! A policy component that misbehaves by path: it traps, loops for ever or asks for all memory.
//! To everything else it gives the same plan: the first route of the first site, no limits, stored
//! under its target where the route is cached.
//!
//! | path | what it does |
//! |---|---|
//! | `/trap` | an unreachable instruction |
//! | `/panic` | a panic, with a message on standard error |
//! | `/loop` | never returns |
//! | `/bomb` | allocates without end |
//! | `/nonsense` | answers bytes that are no verdict |
//! | `/greedy` | asks for a signature check, and again when it is resumed |

use lockgate_wire::rules::Counted;
use lockgate_wire::verdict::{Need, NeedKind, Plan, Seen, Stage, Verdict, VerdictBody};
use lockgate_wire::{Input, NONE};

#[cfg(target_family = "wasm")]
mod component;

/// The verdict on an input; does not return where the path asks for that.
#[must_use]
pub fn decide(input: &[u8]) -> Vec<u8> {
    let Ok(input) = Input::parse(input) else {
        return Vec::new();
    };
    let path = input
        .target
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default();
    match path {
        b"/trap" => trap(),
        b"/panic" => panic!("asked to panic"),
        b"/loop" => loop_for_ever(),
        b"/bomb" => eat_all_memory(),
        b"/nonsense" => return b"\xffnonsense".to_vec(),
        _ => {}
    }
    let body = if path == b"/greedy" {
        VerdictBody::Need(Need {
            kind: NeedKind::VerifySignature,
            state: b"/greedy",
        })
    } else {
        VerdictBody::Plan(Plan {
            cache_key: Some(input.target),
            ..Plan::default()
        })
    };
    verdict(input.peer, input.target, body)
}

/// Asks again, whatever the answers are.
#[must_use]
pub fn resume(state: &[u8]) -> Vec<u8> {
    let body = VerdictBody::Need(Need {
        kind: NeedKind::VerifySignature,
        state,
    });
    verdict([0; 16], state, body)
}

fn verdict(client: [u8; 16], target: &[u8], body: VerdictBody<'_>) -> Vec<u8> {
    let seen = Seen {
        stage: Stage::Respond,
        trusted_peer: false,
        site: 0,
        route: 0,
        rule: NONE,
        client,
        counted: Counted::default(),
        charges: Vec::new(),
        waits: false,
        host: b"shop.test",
        target,
        subject: b"",
    };
    Verdict { seen, body }.to_bytes()
}

#[cfg(target_family = "wasm")]
fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_family = "wasm"))]
fn trap() -> ! {
    std::process::abort()
}

fn loop_for_ever() -> ! {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

fn eat_all_memory() -> ! {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(std::hint::black_box(vec![1; 1 << 20]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_wire::{Facts, HeadRanges, write_input};

    #[test]
    fn what_does_not_misbehave_gets_the_plan() {
        let mut input = Vec::new();
        let head = b"GET /a HTTP/1.1\r\n\r\n";
        let ranges = HeadRanges {
            version: 11,
            method: (0, 3),
            target: (4, 2),
            authority: None,
        };
        write_input(&mut input, &Facts::default(), &ranges, &[], head);
        let bytes = decide(&input);
        let verdict = Verdict::parse(&bytes).expect("a verdict");
        assert_eq!(verdict.seen.target, b"/a");
        let plan = Plan {
            cache_key: Some(b"/a"),
            ..Plan::default()
        };
        assert_eq!(verdict.body, VerdictBody::Plan(plan));
    }
}
