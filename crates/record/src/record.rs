//! What is told of a request, and its one line of JSON.

use std::net::IpAddr;

use crate::json::{self, Written};
use crate::mask::{self, AddressMask};
use crate::number::{decimal, hex};
use crate::redact;
use crate::states::{CacheState, LimitsState, Stage};
use crate::time::rfc3339_ms;

/// Bounds in bytes, before escaping. Longer texts are cut and named in `omitted`.
const HOST_BYTES_MAX: usize = 255;
const PATH_BYTES_MAX: usize = 2_048;
const QUERY_BYTES_MAX: usize = 2_048;
const USER_AGENT_BYTES_MAX: usize = 256;
const CAUSE_BYTES_MAX: usize = 1_024;
const NAME_BYTES_MAX: usize = 128;
/// Entries of `counted` and of `omitted` that the caller hands in.
const LIST_MAX: usize = 32;

/// One request's decision record. Borrowed: filled where the answer leaves, written at once.
///
/// A member whose value is absent (`None`, an empty list) is left out of the JSON. There is
/// deliberately no field for Authorization, cookies or bodies.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// `time`: when the head had been read, milliseconds since 1970.
    pub time_unix_ms: u64,
    /// `id`: the request id.
    pub id: &'a str,
    /// `trace`: the trace id of `traceparent`, 32 hex digits.
    pub trace: Option<&'a str>,
    /// `site`.
    pub site: Option<&'a str>,
    /// `route`: its name.
    pub route: Option<&'a str>,
    /// `client`: the address after trusted proxies.
    pub client: Option<IpAddr>,
    /// `peer`: the address of the connection; left out where it is the client's.
    pub peer: Option<IpAddr>,
    /// How `client` and `peer` are written; not a member itself.
    pub address_mask: AddressMask,
    /// `tls`: for example `1.3`.
    pub tls: Option<&'a str>,
    /// `http`: `1.0`, `1.1` or `2`.
    pub http: &'a str,
    /// `method`, as sent.
    pub method: &'a [u8],
    /// `host`, canonical where it could be made so.
    pub host: Option<&'a [u8]>,
    /// `path`, canonical where it could be made so; secret parameters of its segments are
    /// redacted when it is written.
    pub path: &'a [u8],
    /// `query` without the `?`; secrets are redacted when it is written.
    pub query: Option<&'a [u8]>,
    /// `user_agent`, the first 256 bytes.
    pub user_agent: Option<&'a [u8]>,
    /// `status` sent; 0 where the client left before there was one.
    pub status: u16,
    /// `code`: the stable error code of the problem body; none when all went well.
    pub code: Option<&'a str>,
    /// `cause`: the operator's detail of an error, never shown to the client.
    pub cause: Option<&'a str>,
    /// `stage` that answered.
    pub stage: Stage,
    /// `rule` that ended the request.
    pub rule: Option<&'a str>,
    /// `counted`: rules that matched and only counted; at most 32 are written.
    pub counted: &'a [&'a str],
    /// `inspection`: what the rules found that read more than the head; left out where the site has
    /// none.
    pub inspection: Option<Inspection<'a>>,
    /// `subject`: the first half of a keyed hash of the token's subject, as 16 hex digits. It
    /// ties one user's records together without naming the user; the key is the host's.
    pub subject: Option<[u8; 8]>,
    /// `limits`, and `limit` for the one that refused.
    pub limits: Option<LimitsState<'a>>,
    /// `cache`.
    pub cache: Option<CacheState>,
    /// `image`: where the picture is not the one that was asked for, what it is instead, as the
    /// field `Lockgate-Image` of the answer says it.
    pub image: Option<&'a str>,
    /// `origin`: its name.
    pub origin: Option<&'a str>,
    /// `origin_ms`: from sending the head to receiving the response's, milliseconds.
    pub origin_ms: Option<u32>,
    /// `bytes_in`: of the request's body.
    pub bytes_in: u64,
    /// `bytes_out`: of the response's body.
    pub bytes_out: u64,
    /// `duration_us`: from the head read to the last byte handed to the socket, microseconds.
    pub duration_us: u64,
    /// `policy_us`: of it in the policy, all calls, microseconds.
    pub policy_us: u32,
    /// `bundle`: the first 8 bytes of the policy bundle's digest, as 16 hex digits.
    pub bundle: Option<[u8; 8]>,
    /// `component`: likewise of the policy component's.
    pub component: Option<[u8; 8]>,
    /// `omitted`: what the caller left out (`authorization`, `cookie`, `body`); the names of
    /// members that were masked, redacted, cut or had invalid UTF-8 are added when written.
    pub omitted: &'a [&'a str],
}

/// What an inspection found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inspection<'a> {
    /// `rules`: the ids of those that matched, in the order of their matching.
    pub rules: &'a [u32],
    /// `more`: how many of them had no room; left out where none.
    pub more: u32,
    /// `inbound_score`: the anomaly score of the request.
    pub inbound_score: u32,
    /// `outbound_score`: that of the response.
    pub outbound_score: u32,
    /// `us`: how long the request waited for it, its own body included, microseconds.
    pub us: u32,
}

impl Default for Record<'_> {
    /// An empty record: `GET`, HTTP/1.1, status 0, answered by [`Stage::Respond`].
    fn default() -> Self {
        Self {
            time_unix_ms: 0,
            id: "",
            trace: None,
            site: None,
            route: None,
            client: None,
            peer: None,
            address_mask: AddressMask::None,
            tls: None,
            http: "1.1",
            method: b"GET",
            host: None,
            path: b"",
            query: None,
            user_agent: None,
            status: 0,
            code: None,
            cause: None,
            stage: Stage::Respond,
            rule: None,
            counted: &[],
            inspection: None,
            subject: None,
            limits: None,
            cache: None,
            image: None,
            origin: None,
            origin_ms: None,
            bytes_in: 0,
            bytes_out: 0,
            duration_us: 0,
            policy_us: 0,
            bundle: None,
            component: None,
            omitted: &[],
        }
    }
}

impl Record<'_> {
    /// Appends the record as one JSON object and a line feed. The line has no other line feed.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        out.reserve(1_024);
        let mut line = Line {
            out,
            altered: Altered::default(),
        };
        line.out.extend_from_slice(b"{\"time\":\"");
        rfc3339_ms(self.time_unix_ms, line.out);
        line.out.push(b'"');
        line.text("id", self.id.as_bytes(), NAME_BYTES_MAX);
        line.name("trace", self.trace);
        line.name("site", self.site);
        line.name("route", self.route);
        line.address("client", self.client, self.address_mask);
        line.address(
            "peer",
            self.peer.filter(|p| Some(*p) != self.client),
            self.address_mask,
        );
        line.name("tls", self.tls);
        line.name("http", Some(self.http));
        line.text("method", self.method, NAME_BYTES_MAX);
        line.bytes("host", self.host, HOST_BYTES_MAX);
        line.path(self.path);
        line.query(self.query);
        line.bytes("user_agent", self.user_agent, USER_AGENT_BYTES_MAX);
        line.number("status", u64::from(self.status));
        line.name("code", self.code);
        line.bytes("cause", self.cause.map(str::as_bytes), CAUSE_BYTES_MAX);
        line.word("stage", self.stage.as_str());
        line.name("rule", self.rule);
        line.list("counted", self.counted);
        line.inspection(self.inspection);
        line.digest("subject", self.subject);
        match self.limits {
            None => {}
            Some(LimitsState::Allowed) => line.word("limits", "allowed"),
            Some(LimitsState::Limited(limit)) => {
                line.word("limits", "limited");
                line.name("limit", Some(limit));
            }
        }
        if let Some(cache) = self.cache {
            line.word("cache", cache.as_str());
        }
        line.name("image", self.image);
        line.name("origin", self.origin);
        if let Some(ms) = self.origin_ms {
            line.number("origin_ms", u64::from(ms));
        }
        line.number("bytes_in", self.bytes_in);
        line.number("bytes_out", self.bytes_out);
        line.number("duration_us", self.duration_us);
        line.number("policy_us", u64::from(self.policy_us));
        line.digest("bundle", self.bundle);
        line.digest("component", self.component);
        line.omitted(self.omitted);
        line.out.extend_from_slice(b"}\n");
    }
}

/// The names of altered members, in the order written; each at most once.
#[derive(Default)]
struct Altered {
    names: [&'static str; 24],
    count: usize,
}

impl Altered {
    fn push(&mut self, name: &'static str) {
        if let Some(slot) = self.names.get_mut(self.count) {
            *slot = name;
            self.count += 1;
        }
    }
}

/// A line as it grows. Member names are ours: they need no escaping.
struct Line<'o> {
    out: &'o mut Vec<u8>,
    altered: Altered,
}

impl Line<'_> {
    #[inline]
    fn key(&mut self, name: &'static str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    #[inline]
    fn text(&mut self, name: &'static str, text: &[u8], bytes_max: usize) {
        self.key(name);
        if json::string(text, bytes_max, self.out) == Written::Altered {
            self.altered.push(name);
        }
    }

    #[inline]
    fn bytes(&mut self, name: &'static str, text: Option<&[u8]>, bytes_max: usize) {
        if let Some(text) = text {
            self.text(name, text, bytes_max);
        }
    }

    #[inline]
    fn name(&mut self, name: &'static str, text: Option<&str>) {
        self.bytes(name, text.map(str::as_bytes), NAME_BYTES_MAX);
    }

    #[inline]
    fn word(&mut self, name: &'static str, word: &'static str) {
        self.key(name);
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.push(b'"');
    }

    #[inline]
    fn number(&mut self, name: &'static str, n: u64) {
        self.key(name);
        decimal(n, self.out);
    }

    #[inline]
    fn digest(&mut self, name: &'static str, digest: Option<[u8; 8]>) {
        if let Some(digest) = digest {
            self.key(name);
            self.out.push(b'"');
            hex(digest, self.out);
            self.out.push(b'"');
        }
    }

    fn address(&mut self, name: &'static str, address: Option<IpAddr>, mask: AddressMask) {
        if let Some(address) = address {
            self.key(name);
            self.out.push(b'"');
            mask::address(address, mask, self.out);
            self.out.push(b'"');
            if mask != AddressMask::None {
                self.altered.push(name);
            }
        }
    }

    #[inline]
    fn path(&mut self, path: &[u8]) {
        self.key("path");
        self.out.push(b'"');
        if redact::path(path, PATH_BYTES_MAX, self.out) {
            self.altered.push("path");
        }
        self.out.push(b'"');
    }

    fn query(&mut self, query: Option<&[u8]>) {
        if let Some(query) = query {
            self.key("query");
            self.out.push(b'"');
            if redact::query(query, QUERY_BYTES_MAX, self.out) {
                self.altered.push("query");
            }
            self.out.push(b'"');
        }
    }

    fn list(&mut self, name: &'static str, items: &[&str]) {
        if items.is_empty() {
            return;
        }
        self.key(name);
        self.out.push(b'[');
        let mut altered = items.len() > LIST_MAX;
        for (i, item) in items.iter().take(LIST_MAX).enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            altered |= json::string(item.as_bytes(), NAME_BYTES_MAX, self.out) == Written::Altered;
        }
        self.out.push(b']');
        if altered {
            self.altered.push(name);
        }
    }

    fn inspection(&mut self, inspection: Option<Inspection<'_>>) {
        let Some(inspection) = inspection else {
            return;
        };
        self.key("inspection");
        self.out.extend_from_slice(b"{\"rules\":[");
        for (i, rule) in inspection.rules.iter().enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            decimal(u64::from(*rule), self.out);
        }
        self.out.push(b']');
        if inspection.more > 0 {
            self.number("more", u64::from(inspection.more));
        }
        self.number("inbound_score", u64::from(inspection.inbound_score));
        self.number("outbound_score", u64::from(inspection.outbound_score));
        self.number("us", u64::from(inspection.us));
        self.out.push(b'}');
    }

    fn omitted(&mut self, by_caller: &[&str]) {
        let ours = &self.altered.names[..self.altered.count];
        if by_caller.is_empty() && ours.is_empty() {
            return;
        }
        self.out.extend_from_slice(b",\"omitted\":[");
        for (i, item) in by_caller.iter().take(LIST_MAX).chain(ours).enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            let _ = json::string(item.as_bytes(), NAME_BYTES_MAX, self.out);
        }
        self.out.push(b']');
    }
}
