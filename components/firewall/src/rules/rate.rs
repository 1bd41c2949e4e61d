//! What a rate-based rule counts a request by.

use super::compiled::{CompiledRate, RatePart};
use super::statement::Run;
use crate::canary::sip_hash_2_4;
use crate::ipset::unmap;
use std::net::IpAddr;

/// Longest part that stands in a key as it is; of a longer one a hash does.
const PART_BYTES_MAX: usize = 64;

/// The key of a count.
pub(super) enum Key {
    Bytes(Vec<u8>),
    /// The request lacks a part: it is not counted.
    Missing,
    /// A part depends on the body, which is not there.
    Later,
}

/// Each combination of parts has a key of its own: every part stands behind its length.
pub(super) fn key(run: &mut Run<'_, '_>, rate: &CompiledRate) -> Key {
    let mut key = Vec::new();
    for part in &rate.keys {
        match part {
            RatePart::ClientIp => push_address(&mut key, run.view().client_ip),
            RatePart::ForwardedIp => match forwarded(run) {
                Some(address) => push_address(&mut key, address),
                None => return Key::Missing,
            },
            RatePart::Input(input) => {
                if run.values(*input).is_some_and(|values| values.later) {
                    return Key::Later;
                }
                match run.first(*input) {
                    Some(value) => push(&mut key, value),
                    None => return Key::Missing,
                }
            }
            RatePart::Labels(labels) if run.is_open(labels) => return Key::Later,
            RatePart::Labels(labels) => {
                let has: Vec<u8> = labels
                    .iter()
                    .filter(|label| run.has_label(**label))
                    .flat_map(|label| label.to_le_bytes())
                    .collect();
                if has.is_empty() {
                    return Key::Missing;
                }
                push(&mut key, &has);
            }
        }
    }
    Key::Bytes(key)
}

/// The first address of `X-Forwarded-For`, with or without a port.
fn forwarded(run: &Run<'_, '_>) -> Option<IpAddr> {
    let value = std::str::from_utf8(run.view().header("x-forwarded-for")?).ok()?;
    let first = value.split(',').next()?.trim();
    let bare = first.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| Some(first.parse::<std::net::SocketAddr>().ok()?.ip()))
}

fn push_address(key: &mut Vec<u8>, address: IpAddr) {
    match unmap(address) {
        IpAddr::V4(address) => push(key, &address.octets()),
        IpAddr::V6(address) => {
            push(
                key,
                address.octets().first_chunk::<8>().map_or(&[], |half| half),
            );
        }
    }
}

fn push(key: &mut Vec<u8>, part: &[u8]) {
    if let Ok(length) = u8::try_from(part.len())
        && part.len() <= PART_BYTES_MAX
    {
        key.push(length);
        key.extend_from_slice(part);
    } else {
        key.push(u8::MAX);
        key.extend_from_slice(&sip_hash_2_4([0, 0], part).to_le_bytes());
        key.extend_from_slice(&sip_hash_2_4([1, 1], part).to_le_bytes());
    }
}
