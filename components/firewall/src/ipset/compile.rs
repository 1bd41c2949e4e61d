//! Compiling an IP set: parse, unmap, sort, merge, write.

use super::{MAGIC, VERSION};
use crate::table::Writer;
use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;

/// Why an address or CIDR was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address and not a CIDR.
    #[error("`{0}` is neither an IP address nor a CIDR such as 192.0.2.0/24 or 2001:db8::/32")]
    Syntax(String),
    /// Bits behind the prefix are set: most likely a slip, so it is not guessed at.
    #[error("`{given}` has bits set behind its prefix; the network is `{network}`")]
    HostBits {
        /// As it was written.
        given: String,
        /// The network that holds it.
        network: String,
    },
}

/// Collects addresses and CIDRs and compiles them.
#[derive(Debug, Clone, Default)]
pub struct IpSetBuilder {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl IpSetBuilder {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an address (`192.0.2.1`) or a CIDR (`192.0.2.0/24`), as text.
    ///
    /// # Errors
    /// [`AddressError`] when the text is not one, or has bits set behind the prefix.
    pub fn add_text(&mut self, text: &str) -> Result<(), AddressError> {
        let text = text.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            self.add(IpNet::from(address));
            return Ok(());
        }
        let net: IpNet = text
            .parse()
            .map_err(|_| AddressError::Syntax(text.to_owned()))?;
        if net != net.trunc() {
            return Err(AddressError::HostBits {
                given: text.to_owned(),
                network: net.trunc().to_string(),
            });
        }
        self.add(net);
        Ok(())
    }

    /// Adds the networks of another set.
    pub fn extend(&mut self, other: &Self) {
        self.v4.extend_from_slice(&other.v4);
        self.v6.extend_from_slice(&other.v6);
    }

    /// Adds a network; bits behind its prefix are ignored.
    pub fn add(&mut self, net: IpNet) {
        match net {
            IpNet::V4(net) => self.add_v4(net),
            IpNet::V6(net) => {
                // ::ffff:a.b.c.d/96+n is a.b.c.d/n.
                let mapped = net
                    .network()
                    .to_ipv4_mapped()
                    .zip(net.prefix_len().checked_sub(96));
                if let Some(Ok(v4)) = mapped.map(|(address, prefix)| Ipv4Net::new(address, prefix))
                {
                    self.add_v4(v4);
                } else {
                    self.v6.push((net.network().into(), net.broadcast().into()));
                }
            }
        }
    }

    fn add_v4(&mut self, net: Ipv4Net) {
        self.v4.push((net.network().into(), net.broadcast().into()));
    }

    /// The compiled table, or `None` past 4 GiB.
    #[must_use]
    pub fn compile(mut self) -> Option<Vec<u8>> {
        let v4 = merge(&mut self.v4, |a| a.checked_add(1));
        let v6 = merge(&mut self.v6, |a| a.checked_add(1));
        let column4 = |pick: fn(&(u32, u32)) -> u32| -> Vec<u8> {
            v4.iter()
                .flat_map(|range| pick(range).to_le_bytes())
                .collect()
        };
        let column6 = |pick: fn(&(u128, u128)) -> u128| -> Vec<u8> {
            v6.iter()
                .flat_map(|range| pick(range).to_le_bytes())
                .collect()
        };
        let table = Writer::new(MAGIC, VERSION)
            .section(&column4(|range| range.0))?
            .section(&column4(|range| range.1))?
            .section(&column6(|range| range.0))?
            .section(&column6(|range| range.1))?;
        Some(table.finish())
    }
}

/// Sorts ranges and joins those that overlap or touch.
fn merge<T: Copy + Ord>(ranges: &mut [(T, T)], next: impl Fn(T) -> Option<T>) -> Vec<(T, T)> {
    ranges.sort_unstable();
    let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for &(first, last) in ranges.iter() {
        match merged.last_mut() {
            // No address follows `end`: it is the last of the family, and everything is joined.
            Some((_, end)) if next(*end).is_none_or(|next| first <= next) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}
