//! The networks of `@ipMatch` and `@ipMatchFromFile`.
use crate::ast::beside;
use crate::fault::Fault;
use crate::parse::{bad_value, read, unreadable};
use crate::place::Text;
use lockgate_waf::program::IpNet;
use std::net::IpAddr;

/// Addresses and networks in CIDR form, separated by commas.
///
/// # Errors
/// What is neither.
pub(crate) fn list(argument: &Text) -> Result<Vec<IpNet>, Fault> {
    nets(argument.as_str().split(','))
        .ok_or_else(|| bad_value(argument, "a list of addresses and networks"))
}

/// The addresses and networks in files, one a line; lines that begin with `#` are comments.
///
/// # Errors
/// A file cannot be read, or a line is neither.
pub(crate) fn files(argument: &Text) -> Result<Vec<IpNet>, Fault> {
    let mut all = Vec::new();
    for path in beside(argument) {
        let text =
            read::text(&path).map_err(|error| unreadable(&argument.start(), &path, &error))?;
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        all.extend(
            nets(lines)
                .ok_or_else(|| bad_value(argument, "a list of files with addresses in them"))?,
        );
    }
    Ok(joined(all))
}

fn nets<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Vec<IpNet>> {
    let nets: Option<Vec<IpNet>> = parts.map(|part| net(part.trim())).collect();
    nets.map(joined)
}

fn net(text: &str) -> Option<IpNet> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let (bits, length) = match address {
        IpAddr::V4(v4) => {
            let length = length.unwrap_or(32);
            (
                v4.to_ipv6_mapped().to_bits(),
                96 + (length <= 32).then_some(length)?,
            )
        }
        IpAddr::V6(v6) => (v6.to_bits(), length.unwrap_or(128)),
    };
    let host = match length {
        0 => u128::MAX,
        1..=128 => u128::MAX.checked_shr(length).unwrap_or(0),
        _ => return None,
    };
    Some(IpNet {
        first: bits & !host,
        last: bits | host,
    })
}

/// Sorted, and networks that lie in one another or touch made one.
fn joined(mut nets: Vec<IpNet>) -> Vec<IpNet> {
    nets.sort();
    let mut out: Vec<IpNet> = Vec::with_capacity(nets.len());
    for net in nets {
        match out.last_mut() {
            Some(last) if net.first <= last.last.saturating_add(1) => {
                last.last = last.last.max(net.last);
            }
            _ => out.push(net),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::text;

    #[test]
    fn networks_are_sorted_and_joined() {
        let nets = list(&text("10.0.0.0/25, 10.0.0.128/25,::1,10.0.0.7")).unwrap();
        let ten = 0xffff_0a00_0000_u128;
        assert_eq!(
            nets,
            [
                IpNet { first: 1, last: 1 },
                IpNet {
                    first: ten,
                    last: ten + 255
                }
            ]
        );
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for source in ["10.0.0", "10.0.0.0/33", "::/129", "a", ""] {
            assert!(list(&text(source)).is_err(), "{source}");
        }
        assert_eq!(list(&text("::/0")).unwrap()[0].last, u128::MAX);
    }
}
