//! A policy from a configuration as people write it, requests as text, verdicts as one line.

#![allow(
    clippy::disallowed_methods,
    reason = "the configuration under test is loaded from files"
)]
#![allow(
    dead_code,
    reason = "each test file uses a part of this, the compiler looks at them one by one"
)]

use std::fs;
use std::sync::LazyLock;

use lockgate_auth::{Algorithm, MintKey, mint};
use lockgate_compile::Compiled;
use lockgate_config::{Sources, load};
use lockgate_policy::Policy;
use lockgate_wire::{
    Answer, Facts, HeadRanges, HeaderRange, Plan, Verdict, VerdictBody, write_input,
};
use serde_json::{Map, Value, json};

/// 2027-01-15 08:00:00 UTC: the clock of every test.
pub(crate) const NOW_S: i64 = 1_800_000_000;
/// The secret of the sign-in `customers`.
pub(crate) const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
/// The secret of the sign-in `staff`.
pub(crate) const STAFF_SECRET: &[u8] = b"another one of thirty-two bytes!";

/// The key that signs addresses of pictures.
pub(crate) const PICTURE_KEY: &[u8] = b"a key that signs nothing else";

/// Compiles a gateway file and a rule file beside it.
pub(crate) fn compile(gateway: &str, rules: &str) -> Compiled {
    let folder = tempfile::tempdir().expect("a folder");
    let base = folder.path().join("gateway.toml");
    fs::write(&base, gateway).expect("written");
    fs::write(folder.path().join("rules.toml"), rules).expect("written");
    fs::write(folder.path().join("secret"), SECRET).expect("written");
    let loaded = load(&Sources {
        base,
        ..Sources::default()
    })
    .unwrap_or_else(|refused| panic!("{refused}"));
    lockgate_compile::compile(&loaded).unwrap_or_else(|faults| panic!("{faults:?}"))
}

pub(crate) fn policy_of(compiled: &Compiled) -> Policy {
    let secrets = [
        ("customers".to_owned(), SECRET.to_vec()),
        ("staff".to_owned(), STAFF_SECRET.to_vec()),
        ("pictures".to_owned(), PICTURE_KEY.to_vec()),
    ];
    Policy::load(compiled.bytes.clone(), &secrets).expect("a bundle")
}

pub(crate) static SHOP: LazyLock<Compiled> =
    LazyLock::new(|| compile(include_str!("gateway.toml"), include_str!("rules.toml")));
pub(crate) static POLICY: LazyLock<Policy> = LazyLock::new(|| policy_of(&SHOP));

/// A token with these claims, `exp` in an hour unless they say otherwise.
pub(crate) fn token(secret: &[u8], claims: Value) -> String {
    let mut all = Map::new();
    all.insert("exp".to_owned(), json!(NOW_S + 3600));
    all.insert("iss".to_owned(), json!("https://id.example"));
    all.extend(claims.as_object().expect("an object").clone());
    all.retain(|_, value| !value.is_null());
    let key = MintKey::from_secret(Algorithm::Hs256, secret).expect("long enough");
    mint(&key, &all).expect("signed")
}

/// One request: a head as text, and the facts that go with it.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) head: String,
    pub(crate) peer: [u8; 16],
    pub(crate) sni: Option<String>,
    pub(crate) remembered: Option<Vec<u8>>,
    pub(crate) granted: bool,
    pub(crate) now_s: i64,
}

pub(crate) fn v4(a: u8, b: u8, c: u8, d: u8) -> [u8; 16] {
    std::net::Ipv4Addr::new(a, b, c, d)
        .to_ipv6_mapped()
        .octets()
}

impl Ask {
    /// A request line and headers, one a line; Host and User-Agent are added where they are
    /// missing.
    pub(crate) fn new(text: &str) -> Self {
        let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
        let has = |name: &str| {
            text.lines()
                .any(|line| line.trim().to_ascii_lowercase().starts_with(name))
        };
        if !has("host:") {
            lines.push("Host: shop.example");
        }
        if !has("user-agent:") {
            lines.push("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0");
        }
        lines.retain(|line| *line != "-" && !line.ends_with(": -"));
        if !lines[0].ends_with("HTTP/1.1") {
            panic!("{text:?} has no request line");
        }
        Self {
            head: format!("{}\r\n\r\n", lines.join("\r\n")),
            peer: v4(192, 0, 2, 7),
            sni: None,
            remembered: None,
            granted: true,
            now_s: NOW_S,
        }
    }

    pub(crate) fn peer(mut self, peer: [u8; 16]) -> Self {
        self.peer = peer;
        self
    }

    pub(crate) fn sni(mut self, sni: &str) -> Self {
        self.sni = Some(sni.to_owned());
        self
    }

    pub(crate) fn remembered(mut self, claims: &[u8]) -> Self {
        self.remembered = Some(claims.to_vec());
        self
    }

    pub(crate) fn not_granted(mut self) -> Self {
        self.granted = false;
        self
    }

    pub(crate) fn at(mut self, now_s: i64) -> Self {
        self.now_s = now_s;
        self
    }

    /// The bytes of the input.
    pub(crate) fn input(&self) -> Vec<u8> {
        let facts = Facts {
            now_ms: self.now_s as u64 * 1000,
            peer: self.peer,
            peer_port: 50_000,
            tls: self.sni.is_some(),
            http2: false,
            sni: self.sni.as_deref(),
            remembered: self.remembered.as_deref(),
            signature_granted: self.granted,
            ..Facts::default()
        };
        let (ranges, headers) = ranges(&self.head);
        let mut out = Vec::new();
        write_input(&mut out, &facts, &ranges, &headers, self.head.as_bytes());
        out
    }

    pub(crate) fn decide(&self) -> Vec<u8> {
        POLICY.decide(&self.input())
    }
}

/// Where method, target and fields lie: what the listener's parser gives.
fn ranges(head: &str) -> (HeadRanges, Vec<HeaderRange>) {
    let at = |text: &str| (text.as_ptr() as usize - head.as_ptr() as usize) as u32;
    let len = |text: &str| text.len() as u32;
    let mut lines = head.split("\r\n");
    let line = lines.next().expect("a request line");
    let (method, rest) = line.split_once(' ').expect("a method");
    let (target, _) = rest.rsplit_once(' ').expect("a version");
    let ranges = HeadRanges {
        version: 11,
        method: (at(method), len(method)),
        target: (at(target), len(target)),
        authority: None,
    };
    let headers = lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(':').expect("a field");
            let value = value.trim();
            HeaderRange {
                name_start: at(name),
                name_len: len(name),
                value_start: at(value),
                value_len: len(value),
            }
        })
        .collect();
    (ranges, headers)
}

/// What a verdict says, in one line: stage, then what is to be done. Empty parts are left out.
pub(crate) fn summary(bytes: &[u8]) -> String {
    let verdict = Verdict::parse(bytes).expect("a verdict");
    let seen = &verdict.seen;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut words = vec![seen.stage.name().to_owned()];
    match &verdict.body {
        VerdictBody::Plan(plan) => {
            if let Some(answer) = &plan.answer {
                words.extend(answer_words(answer));
            } else {
                words.extend(plan_words(seen.route, plan));
            }
            for charge in &plan.limits {
                words.push(format!(
                    "limit={}",
                    SHOP.bundle.limits[charge.limit as usize].name
                ));
            }
            for (name, value) in &plan.set_headers {
                words.push(format!("{}={}", text(name), text(value)));
            }
        }
        VerdictBody::Answer(answer) => words.extend(answer_words(answer)),
        VerdictBody::Need(need) => words.push(format!("need {:?}", need.kind)),
    }
    for rule in seen.counted.as_slice() {
        words.push(format!(
            "counted={}",
            SHOP.bundle.rule_names[*rule as usize]
        ));
    }
    if seen.rule != lockgate_wire::NONE {
        words.push(format!(
            "rule={}",
            SHOP.bundle.rule_names[seen.rule as usize]
        ));
    }
    words.join(" ")
}

fn plan_words(route: u16, plan: &Plan<'_>) -> Vec<String> {
    let mut words = vec![
        "plan".to_owned(),
        format!("route={}", SHOP.bundle.plans[route as usize].name),
    ];
    if !plan.origin_target.is_empty() {
        words.push(format!(
            "to={}",
            String::from_utf8_lossy(plan.origin_target)
        ));
    }
    if let Some(image) = plan.image {
        words.push(format!("image={image}"));
    }
    if plan.negotiated {
        words.push("negotiated".to_owned());
    }
    if plan.cache_key.is_some() {
        words.push("cached".to_owned());
    }
    words
}

fn answer_words(answer: &Answer<'_>) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut words = vec![answer.status.to_string()];
    if !answer.code.is_empty() {
        words.push(text(answer.code));
    }
    for (name, value) in &answer.headers {
        words.push(format!("{}={}", text(name), text(value)));
    }
    if !answer.body.is_empty() {
        words.push(format!("body={}", text(answer.body)));
    }
    words
}

/// Decides on a request and compares the summary.
#[track_caller]
pub(crate) fn check(request: &str, expected: &str) {
    check_ask(&Ask::new(request), expected);
}

#[track_caller]
pub(crate) fn check_ask(ask: &Ask, expected: &str) {
    assert_eq!(summary(&ask.decide()), expected, "{}", ask.head);
}
