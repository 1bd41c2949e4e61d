//! The policy of the policy's own tests, and inputs for it.

use crate::head::Head;
use lockgate_bundle::Bundle;
use lockgate_config::Sources;
use lockgate_policy::Policy;
use lockgate_wire::{Facts, write_input};
use std::net::Ipv4Addr;
use std::sync::LazyLock;

const GATEWAY: &str = include_str!("../../components/policy/tests/common/gateway.toml");
const RULES: &str = include_str!("../../components/policy/tests/common/rules.toml");

/// 2027-01-15 08:00:00 UTC.
pub(crate) const NOW_S: u64 = 1_800_000_000;

/// A compiled bundle.
pub(crate) struct Shop {
    pub(crate) bundle: Bundle,
    pub(crate) bytes: Vec<u8>,
    pub(crate) policy: Policy,
}

pub(crate) static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let base = folder.path().join("gateway.toml");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    write("gateway.toml", GATEWAY);
    write("rules.toml", RULES);
    write("secret", "a secret of thirty-two bytes, ok");
    let loaded = lockgate_config::load(&Sources {
        base,
        ..Sources::default()
    });
    let compiled = lockgate_compile::compile(&loaded.expect("sound")).expect("sound");
    Shop {
        policy: Policy::load(compiled.bytes.clone(), &secrets()).expect("sound"),
        bundle: compiled.bundle,
        bytes: compiled.bytes,
    }
});

/// The bytes of the bundle.
pub fn bundle_bytes() -> &'static [u8] {
    &SHOP.bytes
}

/// The secrets that the bundle names. No input holds a token that they have signed.
pub(crate) fn secrets() -> Vec<(String, Vec<u8>)> {
    ["customers", "staff"]
        .map(|name| {
            let secret = format!("{name:-<32} is what no fuzzer guesses");
            (name.to_owned(), secret.into_bytes())
        })
        .to_vec()
}

/// The facts that go with a head.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) peer: Ipv4Addr,
    pub(crate) sni: Option<&'a str>,
    pub(crate) remembered: Option<&'a [u8]>,
    pub(crate) granted: bool,
}

impl Default for Ask<'_> {
    /// An unknown client without TLS.
    fn default() -> Self {
        Self {
            peer: Ipv4Addr::new(192, 0, 2, 7),
            sni: None,
            remembered: None,
            granted: true,
        }
    }
}

impl Ask<'_> {
    /// The bytes of the input for a head, which is read leniently.
    pub(crate) fn input(&self, head: &[u8]) -> Vec<u8> {
        self.input_of(&Head::read(head))
    }

    /// The bytes of the input for a head.
    pub(crate) fn input_of(&self, head: &Head<'_>) -> Vec<u8> {
        let facts = Facts {
            now_ms: NOW_S * 1000,
            peer: self.peer.to_ipv6_mapped().octets(),
            peer_port: 50_000,
            tls: self.sni.is_some(),
            http2: false,
            sni: self.sni,
            remembered: self.remembered,
            signature_granted: self.granted,
            ..Facts::default()
        };
        let mut out = Vec::new();
        write_input(&mut out, &facts, &head.ranges, &head.headers, head.bytes);
        out
    }
}

/// The bytes of an input for a head as text, and of the verdict on it: seeds.
pub fn input_and_verdict(head: &str) -> (Vec<u8>, Vec<u8>) {
    let input = Ask::default().input(head.as_bytes());
    let verdict = SHOP.policy.decide(&input);
    (input, verdict)
}
