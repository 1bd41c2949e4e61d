//! Limits of HTTP/2 that a well-behaved client library does not reach: raw frames.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use lockgate_tests::client::connect;
use lockgate_tests::h2c::frames;
use lockgate_tests::setup::PLAIN_SITE;
use lockgate_tests::{Setup, World, until};
use serde_json::Value;

const DATA: u8 = 0;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Error codes of RFC 9113, section 7.
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

fn world(http2: &str) -> Option<World> {
    Setup::new(&format!("[server.http2]\n{http2}\n{PLAIN_SITE}")).start()
}

/// A frame that came.
#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    /// The code of a RST_STREAM frame for this stream.
    fn reset_of(&self, stream: u32) -> Option<u32> {
        let code = self.payload.first_chunk::<4>()?;
        (self.kind == frames::RESET && self.stream == stream).then(|| u32::from_be_bytes(*code))
    }
}

/// A connection of raw frames.
struct Raw {
    socket: TcpStream,
}

impl Raw {
    /// Opens with these settings: (identifier, value).
    fn open(world: &World, settings: &[(u16, u32)]) -> Self {
        let mut socket = connect(world.listener("public"));
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        let preface = frames::OPENING.split_at(frames::OPENING.len() - 9).0;
        let opening = frames::frame(frames::SETTINGS, 0, 0, &payload);
        socket
            .write_all(&[preface, &opening].concat())
            .expect("an open connection");
        Self { socket }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("an open connection");
    }

    /// Opens a stream with a request that has no body.
    fn request(&mut self, stream: u32, block: &[u8]) {
        let flags = END_STREAM | END_HEADERS;
        self.send(&frames::frame(frames::HEADERS, flags, stream, block));
    }

    /// The next frame.
    fn read(&mut self) -> Frame {
        let mut head = [0; 9];
        self.socket.read_exact(&mut head).expect("a frame");
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.socket.read_exact(&mut payload).expect("its payload");
        Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        }
    }

    /// Reads until a frame that `find` accepts; those before it.
    fn read_until(&mut self, find: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        let mut all = Vec::new();
        while !all.last().is_some_and(&find) {
            all.push(self.read());
        }
        all
    }
}

/// The header block of a GET request without indexing.
fn get(path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    // :method GET, :scheme http; :path and :authority as literals of the static table's names.
    let mut block = vec![0x82, 0x86, 0x04];
    string(path, &mut block);
    block.push(0x01);
    string("shop.test", &mut block);
    for (name, value) in fields {
        block.push(0);
        string(name, &mut block);
        string(value, &mut block);
    }
    block
}

/// A string of RFC 7541, section 5.2, without Huffman coding.
fn string(text: &str, block: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(short) if short < 127 => block.push(short),
        _ => {
            block.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                block.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            block.push(rest as u8);
        }
    }
    block.extend_from_slice(text.as_bytes());
}

fn record_of(world: &World, path: &str) -> Value {
    until("its record", || {
        let records = world.records();
        records.into_iter().find(|record| record["path"] == path)
    })
}

#[test]
fn a_window_that_stays_shut_ends_the_stream_alone() {
    let Some(world) = world("stall_timeout_ms = 300") else {
        return;
    };
    // SETTINGS_INITIAL_WINDOW_SIZE 0: the gate may send heads, and not a byte of a body.
    let mut raw = Raw::open(&world, &[(4, 0)]);
    raw.request(1, &get("/_test/bytes/1000", &[]));
    let seen = raw.read_until(|frame| frame.reset_of(1).is_some());
    assert_eq!(seen.last().and_then(|f| f.reset_of(1)), Some(CANCEL));
    assert!(
        seen.iter()
            .any(|f| f.kind == frames::HEADERS && f.stream == 1)
    );
    assert!(!seen.iter().any(|f| f.kind == DATA), "{seen:?}");
    let record = record_of(&world, "/_test/bytes/1000");
    assert_eq!(
        (&record["status"], &record["bytes_out"]),
        (&200.into(), &0.into())
    );
    let cause = record["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("stall_timeout_ms"), "{record}");
    // The connection goes on: a window that opens lets the next body through.
    raw.request(3, &get("/_test/bytes/1001", &[]));
    raw.send(&frames::frame(WINDOW_UPDATE, 0, 3, &5000_u32.to_be_bytes()));
    let seen = raw.read_until(|f| f.stream == 3 && f.flags & END_STREAM != 0 && f.kind == DATA);
    let came: usize = seen
        .iter()
        .filter(|f| f.kind == DATA && f.stream == 3)
        .map(|f| f.payload.len())
        .sum();
    assert_eq!(came, 1001);
}

#[test]
fn a_stream_too_many_is_refused_and_the_others_go_on() {
    let Some(world) = world("streams_max = 4") else {
        return;
    };
    let mut raw = Raw::open(&world, &[]);
    for stream in [1, 3, 5, 7, 9] {
        raw.request(stream, &get("/_test/slow?ms=1500", &[]));
    }
    let seen = raw.read_until(|frame| frame.kind == frames::RESET);
    assert_eq!(
        seen.last().and_then(|f| f.reset_of(9)),
        Some(REFUSED_STREAM)
    );
    let mut ended = std::collections::BTreeSet::new();
    while ended.len() < 4 {
        let frame = raw.read();
        assert_ne!(frame.kind, frames::RESET, "{frame:?}");
        if [DATA, frames::HEADERS].contains(&frame.kind) && frame.flags & END_STREAM != 0 {
            ended.insert(frame.stream);
        }
    }
    assert_eq!(Vec::from_iter(ended), [1, 3, 5, 7]);
    assert_eq!(world.shop.requests("GET", "/_test/slow"), 4);
    raw.request(11, &get("/products/1", &[]));
    let _ = raw.read_until(|f| f.stream == 11 && f.flags & END_STREAM != 0);
    assert_eq!(record_of(&world, "/products/1")["status"], 200);
}

#[test]
fn a_header_list_beyond_the_limit_is_431() {
    let Some(world) = world("header_list_bytes_max = 4096") else {
        return;
    };
    let mut raw = Raw::open(&world, &[]);
    let long = "x".repeat(5_000);
    raw.request(1, &get("/long", &[("x-long", &long)]));
    let seen = raw.read_until(|f| f.stream == 1 && f.flags & END_STREAM != 0);
    let body: Vec<u8> = seen
        .iter()
        .filter(|f| f.kind == DATA)
        .flat_map(|f| f.payload.clone())
        .collect();
    let problem: Value = serde_json::from_slice(&body).expect("problem JSON");
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&431.into(), &"headers_too_large".into())
    );
    assert_eq!(record_of(&world, "/long")["status"], 431);
    // Far beyond it `h2` refuses by itself, with a status and no body, and the next request is
    // read as well as ever.
    let very_long = "x".repeat(12_000);
    raw.request(3, &get("/very-long", &[("x-long", &very_long)]));
    let seen = raw.read_until(|f| f.stream == 3 && f.flags & END_STREAM != 0);
    assert!(seen.iter().all(|f| f.kind != DATA), "{seen:?}");
    raw.request(5, &get("/products/1", &[]));
    let _ = raw.read_until(|f| f.stream == 5 && f.flags & END_STREAM != 0);
    assert_eq!(record_of(&world, "/products/1")["status"], 200);
    assert_eq!(world.shop.requests_total(), 1);
}

#[test]
fn a_request_that_its_client_resets_has_a_whole_record() {
    let Some(world) = world("") else { return };
    let mut raw = Raw::open(&world, &[]);
    raw.request(1, &get("/_test/slow?ms=60000", &[]));
    until("the request at the shop", || {
        (world.shop.requests("GET", "/_test/slow") == 1).then_some(())
    });
    raw.send(&frames::frame(frames::RESET, 0, 1, &CANCEL.to_be_bytes()));
    let record = record_of(&world, "/_test/slow");
    assert_eq!(
        (&record["site"], &record["host"], &record["origin"]),
        (&"shop".into(), &"shop.test".into(), &"shop".into()),
        "{record}"
    );
    assert_eq!(
        (&record["status"], &record["cause"]),
        (&0.into(), &"the request was abandoned".into()),
        "{record}"
    );
    assert!(!record["route"].is_null(), "{record}");
}
