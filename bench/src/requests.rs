//! The one request set that every server gets: what browsers send, 14 header fields, signed in.
//!
//! 1,000 tokens, 1,000 URLs and 1,000 client addresses are combined at random (with a seed) to
//! [`REQUESTS`] requests, each of them about ten times, so that no verdict can be remembered by
//! its request. `bench/results` names the SHA-256 of the set; a test fixes it.

use anyhow::{Context, Result};
use lockgate_auth::{Algorithm, MintKey, mint};
use lockgate_firewall::samples::BROWSERS;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::random::Random;

/// Requests in the set.
pub(crate) const REQUESTS: usize = 10_000;

/// Different tokens, URLs and client addresses.
pub(crate) const VARIANTS: usize = 1_000;

/// Bytes of every token.
const TOKEN_BYTES: usize = 600;

/// The host that all requests name.
pub(crate) const HOST: &str = "bench.localhost";

/// The HMAC key, as in `bench/token-secret.txt`.
const SECRET: &str = include_str!("../token-secret.txt");

const SEED: u64 = 0x10C6_6A7E;

/// 2026-01-01 and 2100-01-01: the tokens are valid for the life of the benchmark.
const ISSUED_S: u64 = 1_767_225_600;
const EXPIRES_S: u64 = 4_102_444_800;

/// Ready requests, as bytes on the wire.
#[derive(Debug)]
pub(crate) struct RequestSet {
    requests: Vec<Vec<u8>>,
}

impl RequestSet {
    /// `GET` requests for the 1 KB answers.
    ///
    /// # Errors
    /// When a token cannot be signed.
    pub(crate) fn new() -> Result<Self> {
        let tokens = (0..VARIANTS).map(token).collect::<Result<Vec<_>>>()?;
        let mut random = Random::new(SEED);
        let agents = browsers();
        let sessions: Vec<u64> = (0..VARIANTS).map(|_| random.next()).collect();
        let mut requests = Vec::with_capacity(REQUESTS);
        while requests.len() < REQUESTS {
            let orders = [(); 3].map(|()| random.order(VARIANTS));
            let [users, urls, clients] = &orders;
            for ((user, url), client) in users.iter().zip(urls).zip(clients) {
                requests.push(request(&Parts {
                    target: &target(*url),
                    agent: agents[user % agents.len()],
                    token: &tokens[*user],
                    session: sessions[*user],
                    client: &address(*client),
                    referrer: random.below(VARIANTS),
                }));
            }
        }
        requests.truncate(REQUESTS);
        Ok(Self { requests })
    }

    /// A set of these, in turn.
    pub(crate) fn of(requests: Vec<Vec<u8>>) -> Self {
        Self { requests }
    }

    /// A set of this one request.
    pub(crate) fn single(request: Vec<u8>) -> Self {
        Self {
            requests: vec![request],
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// The request at `index`, counted round and round.
    pub(crate) fn get(&self, index: usize) -> &[u8] {
        &self.requests[index % self.requests.len()]
    }

    /// SHA-256 over all requests in order, in hex.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for request in &self.requests {
            hash.update(request);
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Mean bytes of a request.
    pub(crate) fn bytes_mean(&self) -> usize {
        self.requests.iter().map(Vec::len).sum::<usize>() / self.requests.len().max(1)
    }
}

/// One request with the fields of the set's first: method, target, further lines and the
/// `Content-Length` of a body that is sent apart.
pub(crate) fn signed_in(method: &str, target: &str, body_bytes: Option<usize>) -> Result<Vec<u8>> {
    let parts = Parts {
        target,
        agent: browsers()[0],
        token: &token(0)?,
        session: 1,
        client: &address(0),
        referrer: 0,
    };
    let mut head = request(&parts);
    head.splice(..3, method.bytes());
    if let Some(length) = body_bytes {
        head.truncate(head.len() - 2);
        head.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
    }
    Ok(head)
}

struct Parts<'a> {
    target: &'a str,
    agent: &'a str,
    token: &'a str,
    session: u64,
    client: &'a str,
    referrer: usize,
}

/// 14 fields, in the order in which Chrome sends them, `X-Forwarded-For` put on by a proxy.
fn request(parts: &Parts<'_>) -> Vec<u8> {
    let Parts {
        target,
        agent,
        token,
        session,
        client,
        referrer,
    } = parts;
    format!(
        "GET {target} HTTP/1.1\r\n\
         Host: {HOST}\r\n\
         Connection: keep-alive\r\n\
         sec-ch-ua-platform: \"Windows\"\r\n\
         Authorization: Bearer {token}\r\n\
         User-Agent: {agent}\r\n\
         sec-ch-ua: \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\n\
         Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
         Sec-Fetch-Site: same-origin\r\n\
         Sec-Fetch-Mode: cors\r\n\
         Referer: https://{HOST}/kb1/item-{referrer:04}\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n\
         Accept-Language: en-GB,en;q=0.9,de;q=0.7\r\n\
         Cookie: consent=1; session={session:016x}\r\n\
         X-Forwarded-For: {client}\r\n\
         \r\n"
    )
    .into_bytes()
}

/// Three in four without, one with a query.
fn target(number: usize) -> String {
    if number.is_multiple_of(4) {
        format!("/kb1/item-{number:04}?page={}&sort=price", number % 7)
    } else {
        format!("/kb1/item-{number:04}")
    }
}

/// Four in five IPv4 (of the range for benchmarks, RFC 2544), one IPv6 with a /64 of its own.
fn address(number: usize) -> String {
    if number % 5 == 4 {
        format!("2001:db8:{number:x}::{:x}", number * 7 + 1)
    } else {
        format!("198.18.{}.{}", number / 250, number % 250 + 1)
    }
}

/// The sample User-Agents without robots.
fn browsers() -> Vec<&'static str> {
    let robot = |agent: &str| agent.contains("bot") || agent.contains("external");
    BROWSERS
        .iter()
        .copied()
        .filter(|agent| !robot(agent))
        .collect()
}

/// A token of exactly [`TOKEN_BYTES`] bytes.
fn token(user: usize) -> Result<String> {
    let key = MintKey::from_secret(Algorithm::Hs256, SECRET.trim_end().as_bytes())?;
    let noise = Random::new(user as u64).next();
    let mut token = String::new();
    // Base64 turns three bytes into four letters: the second guess is right, or one off.
    let mut padding = 0usize;
    for _ in 0..8 {
        token = mint(&key, &claims(user, noise, padding))?;
        match TOKEN_BYTES.checked_sub(token.len()) {
            Some(0) => return Ok(token),
            Some(missing) => padding += (missing * 3 / 4).max(1),
            None => break,
        }
    }
    Err(anyhow::anyhow!("{} bytes", token.len())).context("no token of 600 bytes")
}

/// Names in alphabetical order, so that they come out the same however the map sorts them.
fn claims(user: usize, noise: u64, padding: usize) -> Map<String, Value> {
    let name = format!("customer-{user:04}");
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("aud", "shop".into());
    put("email", format!("{name}@mail.example").into());
    put("exp", EXPIRES_S.into());
    put("iat", ISSUED_S.into());
    put("iss", "https://login.example".into());
    put("jti", format!("{noise:016x}").into());
    put("pad", "x".repeat(padding).into());
    put("scope", "catalogue orders profile".into());
    put("sub", name.into());
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A change here makes results incomparable with earlier ones: say so where you record them.
    #[test]
    fn the_set_is_the_committed_one() {
        let set = RequestSet::new().unwrap();
        assert_eq!(
            set.digest(),
            "a9b9c1e41e22841d2685836b93aba92ec4778512e9c8d71f90a15c17ea93260e"
        );
    }

    #[test]
    fn the_set_is_as_described() {
        let set = RequestSet::new().unwrap();
        assert_eq!(set.len(), REQUESTS);
        let mut seen = [(); 4].map(|()| BTreeSet::new());
        for index in 0..REQUESTS {
            let text = std::str::from_utf8(set.get(index)).unwrap();
            let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
            assert_eq!(lines.len(), 15, "a request line and 14 fields");
            let field = |name: &str| {
                let found = lines.iter().find_map(|line| line.strip_prefix(name));
                found.unwrap().to_owned()
            };
            let token = field("Authorization: Bearer ");
            assert_eq!(token.len(), TOKEN_BYTES);
            seen[0].insert(lines[0].to_owned());
            seen[1].insert(token);
            seen[2].insert(field("X-Forwarded-For: "));
            seen[3].insert(text.to_owned());
        }
        assert_eq!(seen.map(|set| set.len()), [1_000, 1_000, 1_000, REQUESTS]);
    }

    #[test]
    fn a_request_of_its_own_has_a_method_and_a_length() {
        let head = signed_in("POST", "/x", Some(5)).unwrap();
        let text = String::from_utf8(head).unwrap();
        assert!(text.starts_with("POST /x HTTP/1.1\r\nHost: "));
        assert!(text.ends_with("\r\nContent-Length: 5\r\n\r\n"));
    }
}
