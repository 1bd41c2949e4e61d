//! Decision records: one line of JSON from any bytes, without the secrets of a query. The parts of
//! an input are path, query, User-Agent, host and cause.

use crate::parts::{noise, parts};
use lockgate_record::redact::{SECRET_ENDINGS, SECRET_NAMES};
use lockgate_record::{AddressMask, LimitsState, Record};
use serde_json::Value;
use std::net::{IpAddr, Ipv6Addr};

const CANARY: &str = "c4n4ry-0f-s3cr3ts";

/// Writes a record and reads it with another reader.
pub fn run(data: &[u8]) {
    let [path, query, agent, host, cause] = parts(data);
    let cause = String::from_utf8_lossy(cause);
    let noise = noise(data);
    let names: Vec<&str> = cause.split(' ').collect();
    let record = Record {
        time_unix_ms: noise,
        id: &cause,
        site: Some(&cause),
        client: Some(IpAddr::from(Ipv6Addr::from(u128::from(noise)))),
        peer: Some(IpAddr::from((noise as u32).to_be_bytes())),
        address_mask: if noise & 1 == 0 {
            AddressMask::None
        } else {
            AddressMask::Subnet
        },
        method: host,
        host: Some(host),
        path,
        query: Some(query),
        user_agent: Some(agent),
        status: noise as u16,
        cause: Some(&cause),
        counted: &names,
        limits: Some(LimitsState::Limited(&cause)),
        subject: Some(noise.to_le_bytes()),
        bytes_out: noise,
        omitted: &names,
        ..Record::default()
    };
    let json = read(&record);
    for (name, text, bytes_max) in [
        ("path", path, 2048),
        ("user_agent", agent, 256),
        ("host", host, 255),
        ("cause", cause.as_bytes(), 1024),
    ] {
        let shown = json[name].as_str().expect("a text");
        let whole = String::from_utf8_lossy(text);
        if text.len() <= bytes_max {
            assert_eq!(shown, whole);
        } else {
            // U+FFFD has three bytes where the input may have one.
            assert!(shown.len() <= bytes_max * 3);
            let same = shown.trim_end_matches('\u{fffd}');
            assert!(
                whole.starts_with(same),
                "{shown:?} does not begin {whole:?}"
            );
        }
        let altered = text.len() > bytes_max || str::from_utf8(text).is_err();
        assert!(
            !altered
                || json["omitted"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|o| o == name))
        );
    }
    canary(query, noise);
}

/// A secret among the parameters is never shown, whatever stands around it.
fn canary(query: &[u8], noise: u64) {
    let all: Vec<&str> = SECRET_NAMES.iter().chain(SECRET_ENDINGS).copied().collect();
    let name = all[noise as usize % all.len()];
    let (before, after) = query.split_at(query.len() / 2);
    let separator = if noise & 2 == 0 { b"&" } else { b";" };
    let middle = format!("{name}={CANARY}");
    let query = [before, separator, middle.as_bytes(), separator, after].concat();
    let record = Record {
        query: Some(&query),
        ..Record::default()
    };
    let mut line = Vec::new();
    record.write_line(&mut line);
    let shown = String::from_utf8(line).expect("UTF-8");
    assert!(!shown.contains(CANARY), "{shown}");
}

fn read(record: &Record<'_>) -> Value {
    let mut out = Vec::new();
    record.write_line(&mut out);
    let line = out.strip_suffix(b"\n").expect("a line");
    let text = str::from_utf8(line).expect("UTF-8");
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    assert!(!text.contains(odd), "{text:?}");
    serde_json::from_str(text).expect("JSON")
}
