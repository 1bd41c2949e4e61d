//! Small databases in MaxMind's format (the MaxMind DB File Format Specification, version 2.0).

use std::net::IpAddr;

/// What stands between tree and data, and before the metadata.
const SEPARATOR: [u8; 16] = [0; 16];
const METADATA: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// A value of a database.
pub enum Value {
    /// A text.
    Text(&'static str),
    /// A number.
    Number(u32),
    /// Names and values.
    Map(Vec<(&'static str, Value)>),
}

/// The record of a country, as GeoLite2-Country has it.
#[must_use]
pub fn country(code: &'static str) -> Value {
    Value::Map(vec![(
        "country",
        Value::Map(vec![("iso_code", Value::Text(code))]),
    )])
}

/// The record of an autonomous system, as GeoLite2-ASN has it.
#[must_use]
pub fn system(number: u32) -> Value {
    Value::Map(vec![("autonomous_system_number", Value::Number(number))])
}

/// A database of networks: address, bits of the network, record. None lies within another.
///
/// # Panics
/// Where an address is none.
#[must_use]
pub fn database(networks: &[(&str, u32, Value)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut tree: Vec<[Slot; 2]> = vec![[Slot::Empty; 2]];
    for (address, bits, value) in networks {
        let (address, bits) = match address.parse().expect("an address") {
            // IPv4 stands at ::/96.
            IpAddr::V4(address) => (u128::from(u32::from(address)), bits + 96),
            IpAddr::V6(address) => (u128::from(address), *bits),
        };
        let mut node = 0;
        for bit in 0..bits {
            let side = usize::from((address >> (127 - bit)) & 1 == 1);
            if bit + 1 == bits {
                tree[node][side] = Slot::Data(data.len());
            } else if let Slot::Node(next) = tree[node][side] {
                node = next;
            } else {
                tree.push([Slot::Empty; 2]);
                let next = tree.len() - 1;
                tree[node][side] = Slot::Node(next);
                node = next;
            }
        }
        write(&mut data, value);
    }
    let nodes = tree.len();
    let mut all = Vec::new();
    for slot in tree.iter().flatten() {
        let record = match slot {
            Slot::Empty => nodes,
            Slot::Node(node) => *node,
            Slot::Data(offset) => nodes + SEPARATOR.len() + offset,
        };
        let record = u32::try_from(record).expect("a small database");
        all.extend_from_slice(&record.to_be_bytes()[1..]);
    }
    all.extend_from_slice(&SEPARATOR);
    all.extend_from_slice(&data);
    all.extend_from_slice(METADATA);
    let number = |number: usize| Value::Number(u32::try_from(number).expect("a small database"));
    let metadata = [
        ("node_count", number(nodes)),
        ("record_size", Value::Number(24)),
        ("ip_version", Value::Number(6)),
        ("database_type", Value::Text("Test")),
        ("binary_format_major_version", Value::Number(2)),
        ("binary_format_minor_version", Value::Number(0)),
        ("build_epoch", Value::Number(0)),
        ("languages", Value::Map(Vec::new())),
        ("description", Value::Map(Vec::new())),
    ];
    let metadata = metadata.into_iter().collect();
    write_metadata(&mut all, metadata);
    all
}

#[derive(Clone, Copy)]
enum Slot {
    Empty,
    Node(usize),
    Data(usize),
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            control(out, 2, text.len());
            out.extend_from_slice(text.as_bytes());
        }
        Value::Number(number) => {
            control(out, 6, 4);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Map(entries) => {
            control(out, 7, entries.len());
            for (name, value) in entries {
                write(out, &Value::Text(name));
                write(out, value);
            }
        }
    }
}

/// The metadata's own types: its numbers are short, its time is long, its languages are a list.
fn write_metadata(out: &mut Vec<u8>, entries: Vec<(&'static str, Value)>) {
    control(out, 7, entries.len());
    for (name, value) in entries {
        write(out, &Value::Text(name));
        match (name, &value) {
            ("languages", _) => out.extend_from_slice(&[0, 4]),
            ("build_epoch", _) => out.extend_from_slice(&[8, 2, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("node_count", _) => write(out, &value),
            (_, Value::Number(number)) => {
                control(out, 5, 2);
                out.extend_from_slice(&number.to_be_bytes()[2..]);
            }
            _ => write(out, &value),
        }
    }
}

/// A control byte: the type and a length below 29.
fn control(out: &mut Vec<u8>, kind: u8, length: usize) {
    let length = u8::try_from(length).expect("a short value");
    assert!(length < 29, "longer values are not written here");
    out.push(kind << 5 | length);
}
