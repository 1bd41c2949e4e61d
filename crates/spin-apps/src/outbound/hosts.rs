//! `allowed_outbound_hosts`: which URLs a component may ask for, and at which addresses they may
//! be. The first is looked at before a name is resolved, the second after: a name that its owner
//! points at `127.0.0.1` or a cloud's metadata service leads nowhere.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use lockgate_config::types::Cidr;

use crate::manifest::Component;

/// The domain of the app's own components.
pub const CHAINING_SUFFIX: &str = ".spin.internal";

/// The entries of one component.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    /// `None`: any.
    scheme: Option<String>,
    host: Host,
    ports: Ports,
}

#[derive(Debug, Clone)]
enum Host {
    Any,
    /// The app itself.
    Own,
    Name(String),
    /// With its dot.
    Suffix(String),
    Network(Cidr),
}

#[derive(Debug, Clone, Copy)]
enum Ports {
    Any,
    /// From the first to before the second.
    Range(u16, u32),
}

impl AllowedHosts {
    /// What a component may reach; `variables` are the app's.
    ///
    /// # Errors
    /// The first entry that is none, with its place in the manifest.
    pub fn of(component: &Component, variables: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut hosts = Self::default();
        for entry in &component.allowed_outbound_hosts {
            let text = entry.value.fill(variables);
            hosts
                .add(&text)
                .map_err(|reason| anyhow::anyhow!("{}", entry.fault(reason)))?;
        }
        Ok(hosts)
    }

    /// Adds an entry: `SCHEME://HOST[:PORT]`, each of which may be `*`.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        let (scheme, rest) = text
            .trim()
            .split_once("://")
            .ok_or("needs a scheme, such as \"https://example.com\"")?;
        if scheme != "*" && !scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(format!("{scheme:?} is no scheme"));
        }
        // A network's slash comes before its length; any other can only be the path `/`.
        let network = rest.parse::<Cidr>().is_ok();
        let rest = if network {
            rest
        } else {
            rest.strip_suffix('/').unwrap_or(rest)
        };
        let (host, port) = split_port(rest);
        let host = Host::parse(host)?;
        let ports = Ports::parse(port, scheme)?;
        self.0.push(Entry {
            scheme: (scheme != "*").then(|| scheme.to_ascii_lowercase()),
            host,
            ports,
        });
        Ok(())
    }

    /// Whether a URL may be asked for. `host` is in lower case, an IPv6 address in brackets.
    #[must_use]
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let address = literal(host).map(|address| address.to_canonical());
        self.reaching(scheme, port).any(|entry| match &entry.host {
            Host::Any => true,
            Host::Own => false,
            Host::Name(name) => name == host,
            Host::Suffix(suffix) => address.is_none() && host.ends_with(suffix.as_str()),
            Host::Network(network) => address.is_some_and(|address| network.0.contains(&address)),
        })
    }

    /// Whether a resolved address may be connected to: a public one always, another where an
    /// entry names it, by itself, by a network, or as `localhost`.
    #[must_use]
    pub(crate) fn allows_address(&self, scheme: &str, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || self.reaching(scheme, port).any(|entry| match &entry.host {
                Host::Network(network) => network.0.contains(&address),
                Host::Name(name) => name == "localhost" && address.is_loopback(),
                Host::Any | Host::Own | Host::Suffix(_) => false,
            })
    }

    /// Whether the component may ask the app itself.
    #[must_use]
    pub(crate) fn allows_own(&self) -> bool {
        self.0
            .iter()
            .any(|entry| matches!(entry.host, Host::Own | Host::Any))
    }

    fn reaching<'a>(&'a self, scheme: &'a str, port: u16) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(move |entry| {
            entry.scheme.as_deref().is_none_or(|only| only == scheme) && entry.ports.contain(port)
        })
    }
}

impl Host {
    fn parse(host: &str) -> Result<Self, String> {
        let host = host.to_ascii_lowercase();
        if host == "*" {
            return Ok(Self::Any);
        }
        if host == "self" || host == "self.alt" {
            return Ok(Self::Own);
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(network) = bare.parse::<Cidr>() {
            return Ok(Self::Network(network));
        }
        let name = |name: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !name.is_empty() && name.bytes().all(fits)
        };
        match host.strip_prefix("*.") {
            Some(domain) if name(domain) => Ok(Self::Suffix(format!(".{domain}"))),
            None if name(&host) => Ok(Self::Name(host)),
            _ => Err(format!(
                "{host:?} is no host: a name, an address, a network, \"*.NAME\" or \"*\""
            )),
        }
    }
}

impl Ports {
    fn parse(port: &str, scheme: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.parse::<u16>()
                .map_err(|_| format!("{text:?} is no port"))
        };
        match port {
            "*" => Ok(Self::Any),
            "" => match default_port(scheme) {
                Some(port) => Ok(Self::Range(port, u32::from(port) + 1)),
                None => Err(format!("needs a port: {scheme:?} has no usual one")),
            },
            port => match port.split_once("..") {
                Some((from, to)) => Ok(Self::Range(number(from)?, u32::from(number(to)?))),
                None => number(port).map(|port| Self::Range(port, u32::from(port) + 1)),
            },
        }
    }

    fn contain(self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Range(from, to) => port >= from && u32::from(port) < to,
        }
    }
}

/// The port of a scheme where none is written.
#[must_use]
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "redis" | "rediss" => Some(6379),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        _ => None,
    }
}

/// The address that a URL's host is.
#[must_use]
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

fn split_port(text: &str) -> (&str, &str) {
    // Colons inside of an IPv6 address or network are no ports.
    if text.parse::<Cidr>().is_ok() {
        return (text, "");
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    }
}

/// Whether an address is one of the public internet (RFC 6890).
#[must_use]
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64, 6to4, and the deprecated compatible form bear an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [0, 0, 0, 0, 0, 0, _, _] => false,
        // Documentation, Teredo (whose relay leads to any IPv4 address), local NAT64.
        [0x2001, 0xdb8 | 0, ..] | [0x64, 0xff9b, ..] => false,
        // Unique local, link-local, and the site-local ones that RFC 3879 deprecates.
        [first, ..] => {
            !(address.is_multicast() || first & 0xfe00 == 0xfc00 || first & 0xff80 == 0xfe80)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(entries: &[&str]) -> AllowedHosts {
        let mut hosts = AllowedHosts::default();
        for entry in entries {
            hosts.add(entry).unwrap();
        }
        hosts
    }

    #[test]
    fn urls_are_allowed_by_scheme_host_and_port() {
        let hosts = hosts(&[
            "https://api.example.com",
            "http://*.example.org:8000..8010",
            "*://db.test:*",
            "http://10.0.0.0/8",
            "http://[fd00::1]:81",
        ]);
        for (scheme, host, port, allowed) in [
            ("https", "api.example.com", 443, true),
            ("http", "api.example.com", 443, false),
            ("https", "api.example.com", 444, false),
            ("https", "xapi.example.com", 443, false),
            ("http", "a.example.org", 8009, true),
            ("http", "a.example.org", 8010, false),
            ("http", "example.org", 8000, false),
            ("postgres", "db.test", 1, true),
            ("http", "10.9.8.7", 80, true),
            ("http", "11.0.0.1", 80, false),
            ("http", "[fd00::1]", 81, true),
            ("http", "[fd00::2]", 81, false),
        ] {
            let found = hosts.allows(scheme, host, port);
            assert_eq!(found, allowed, "{scheme}://{host}:{port}");
        }
    }

    #[test]
    fn private_addresses_need_to_be_named() {
        let any = hosts(&["*://*:*"]);
        let named = hosts(&[
            "http://localhost:3000",
            "http://10.1.0.0/16",
            "http://x.test",
        ]);
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fec0::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fd00::1",
            "::ffff:10.1.2.3",
            "64:ff9b::a01:203",
            "2002:7f00:1::",
        ] {
            let address: IpAddr = private.parse().unwrap();
            assert!(!any.allows_address("http", address, 80), "{private}");
        }
        for public in ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(
                any.allows_address("http", public.parse().unwrap(), 80),
                "{public}"
            );
        }
        let allowed =
            |address: &str, port| named.allows_address("http", address.parse().unwrap(), port);
        assert!(allowed("127.0.0.1", 3000) && !allowed("127.0.0.1", 80));
        assert!(allowed("10.1.2.3", 80) && !allowed("10.2.0.1", 80));
        assert!(allowed("::ffff:10.1.2.3", 80));
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        let mut hosts = AllowedHosts::default();
        for bad in [
            "*",
            "example.com",
            "http://",
            "http://a/b",
            "http://a*b",
            "foo://a",
            "http://a:x",
            "http://*.*.com",
            "ht tp://a",
        ] {
            assert!(hosts.add(bad).is_err(), "{bad}");
        }
    }
}
