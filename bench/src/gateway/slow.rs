//! `slow1000_rss_mb`: 1,000 connections whose heads come in small pieces, then their bodies.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Bench, start_gate};
use crate::cpu::Processes;
use crate::fetch::fetch;
use crate::gate::Options;
use crate::peers;
use crate::report::Measured;
use crate::requests::signed_in;
use crate::rounds::round_to;

const CONNECTIONS: usize = 1_000;
const BODY_BYTES: usize = 64 * 1024;
/// Pieces of a head, and of a body. The head must be whole within `header_timeout_ms` (10 s).
const PIECES: usize = 12;
const PAUSE: Duration = Duration::from_millis(500);
/// Steps of a pause.
const STEPS: usize = 100;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Measured>> {
    let _shop = peers::shop(&bench.work)?;
    let gate = start_gate(bench, &Options::new("slow"))?;
    let processes = gate.server.processes()?;
    // One request beforehand, or the first use of everything would count as growth.
    let head = signed_in("POST", "/_test/echo", Some(BODY_BYTES))?;
    let body = vec![b'b'; BODY_BYTES];
    let whole = [head.as_slice(), &body].concat();
    let answer = fetch(gate.address, &whole)?;
    ensure!(
        answer.status == 200,
        "the upload answers {}:\n{}",
        answer.status,
        answer.head
    );
    thread::sleep(Duration::from_secs(1));
    let before = processes.resident_bytes()?;

    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(gate.address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        streams.push(stream);
    }
    let heads = trickle(&mut streams, &head, &processes)?;
    let bodies = trickle(&mut streams, &body, &processes)?;
    let answered = streams
        .iter_mut()
        .map(answered_200)
        .collect::<Result<Vec<bool>>>()?;
    let good = answered.iter().filter(|good| **good).count();
    ensure!(
        good == CONNECTIONS,
        "only {good} of {CONNECTIONS} slow requests were answered"
    );
    drop(streams);
    thread::sleep(Duration::from_secs(1));
    let after = processes.resident_bytes()?;
    let growth = |bytes: u64| round_to(bytes.saturating_sub(before) as f64 / 1e6, 2);
    Ok(vec![Measured {
        value: growth(heads.max(bodies)),
        compared: None,
        unit: "MB",
        detail: json!({
            "connections": CONNECTIONS,
            "before_mb": round_to(before as f64 / 1e6, 2),
            "growth_in_heads_mb": growth(heads),
            "growth_in_bodies_mb": growth(bodies),
            "growth_afterwards_mb": growth(after),
            "body_bytes": BODY_BYTES,
        }),
    }])
}

/// Sends `bytes` on all connections in pieces; the most memory meanwhile.
fn trickle(streams: &mut [TcpStream], bytes: &[u8], processes: &Processes) -> Result<u64> {
    let mut most = 0;
    for piece in bytes.chunks(bytes.len().div_ceil(PIECES)) {
        // Spread over the pause: the origin could not accept a thousand connections at once.
        for some in streams.chunks_mut(CONNECTIONS / STEPS) {
            for stream in some {
                stream
                    .write_all(piece)
                    .context("the gate hung up on a slow request")?;
            }
            thread::sleep(PAUSE / STEPS as u32);
        }
        most = most.max(processes.resident_bytes()?);
    }
    Ok(most)
}

fn answered_200(stream: &mut TcpStream) -> Result<bool> {
    const WANTED: &[u8] = b"HTTP/1.1 200 ";
    let mut start = [0; WANTED.len()];
    match stream.read_exact(&mut start) {
        Ok(()) => Ok(start == WANTED),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::WouldBlock
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(error).context("no answer to a slow request"),
    }
}
