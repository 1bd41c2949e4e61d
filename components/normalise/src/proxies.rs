//! The set of proxies that may say whom they speak for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// An entry of the list is neither an address nor a CIDR range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{entry}\" is neither an IP address nor a CIDR range such as 10.0.0.0/8")]
pub struct ProxyError {
    /// The entry as written.
    pub entry: String,
}

/// Trusted proxies by address and CIDR range. IPv4-mapped ranges are IPv4 ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl TrustedProxies {
    /// Reads the list; its order is of no matter, ranges may overlap.
    ///
    /// # Errors
    /// [`ProxyError`] names the first entry that cannot be read.
    pub fn parse<'e>(entries: impl IntoIterator<Item = &'e str>) -> Result<Self, ProxyError> {
        let mut set = Self::default();
        for entry in entries {
            let range = parse_entry(entry).ok_or_else(|| ProxyError {
                entry: entry.to_owned(),
            })?;
            set.add(range);
        }
        merge(&mut set.v4, |end| end.saturating_add(1));
        merge(&mut set.v6, |end| end.saturating_add(1));
        Ok(set)
    }

    fn add(&mut self, range: IpNet) {
        match range {
            IpNet::V4(net) => self.v4.push((net.network().into(), net.broadcast().into())),
            IpNet::V6(net) => {
                let (first, last) = (net.network(), net.broadcast());
                match (first.to_ipv4_mapped(), last.to_ipv4_mapped()) {
                    (Some(first), Some(last)) => self.v4.push((first.into(), last.into())),
                    _ => self.v6.push((first.into(), last.into())),
                }
            }
        }
    }

    /// Whether the address is trusted. IPv4-mapped addresses count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(v4) => within(&self.v4, Ipv4Addr::into(v4)),
            IpAddr::V6(v6) => within(&self.v6, Ipv6Addr::into(v6)),
        }
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

fn parse_entry(entry: &str) -> Option<IpNet> {
    let entry = entry.trim();
    match entry.parse::<IpNet>() {
        Ok(net) => Some(net),
        Err(_) => entry.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// Sorts and joins ranges that touch, so that a binary search suffices.
fn merge<N: Ord + Copy>(ranges: &mut Vec<(N, N)>, next: impl Fn(N) -> N) {
    ranges.sort_unstable();
    ranges.dedup_by(|later, earlier| {
        let touch = later.0 <= next(earlier.1);
        if touch {
            earlier.1 = earlier.1.max(later.1);
        }
        touch
    });
}

fn within<N: Ord + Copy>(ranges: &[(N, N)], value: N) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= value);
    ranges
        .get(..after)
        .and_then(<[_]>::last)
        .is_some_and(|(_, last)| value <= *last)
}
