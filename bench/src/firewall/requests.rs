//! What is inspected: 200 committed GETs and bodies of three kinds, with fresh values each round,
//! so that neither side meets a value twice.

use lockgate_wire::{HeadRanges, HeaderRange};

use super::values::{digits, filled, hex, word, words};
use crate::random::Random;

/// Written by `bench/firewall/gets.py`; requests are parted by empty lines.
const GETS: &str = include_str!("../../firewall/gets.txt");

/// Bodies of one kind in a round.
const BODIES: usize = 20;

const POST_BYTES: usize = 10 * 1024;
const JSON_BYTES: usize = 1_700;

/// A request, as bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Request {
    /// The method.
    pub(super) method: Vec<u8>,
    /// Path and query.
    pub(super) target: Vec<u8>,
    /// `HTTP/1.1`.
    pub(super) protocol: Vec<u8>,
    /// Names and values in order.
    pub(super) headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body; empty where there is none.
    pub(super) body: Vec<u8>,
}

/// A request's head as it comes over the wire, and where its parts are.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Method and target in them.
    pub(super) ranges: HeadRanges,
    /// The fields in them.
    pub(super) fields: Vec<HeaderRange>,
}

/// A kind of requests that is measured by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// The 200 committed GETs.
    Get,
    /// A POST of 10 KB, URL-encoded.
    Form,
    /// A POST of 10 KB in parts, one of them a file.
    Multipart,
    /// A POST of 1.7 KB of JSON.
    Json,
}

impl Kind {
    /// All, in the order measured.
    pub(super) const ALL: [Self; 4] = [Self::Get, Self::Form, Self::Multipart, Self::Json];

    /// Its name in the results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "gets",
            Self::Form => "form 10 KB",
            Self::Multipart => "multipart 10 KB",
            Self::Json => "JSON 1.7 KB",
        }
    }

    /// The requests of a round. The same round, the same requests.
    pub(super) fn requests(self, round: usize) -> Vec<Request> {
        let mut random = Random::new(0xF1FE + 16 * round as u64 + self as u64);
        let posts = |random: &mut Random, make: fn(&mut Random) -> Request| -> Vec<Request> {
            (0..BODIES).map(|_| make(random)).collect()
        };
        match self {
            Self::Get => gets(&mut random),
            Self::Form => posts(&mut random, form),
            Self::Multipart => posts(&mut random, multipart),
            Self::Json => posts(&mut random, json),
        }
    }
}

impl Request {
    /// A GET of this target with these fields besides `Host`.
    pub(super) fn get(target: &str, fields: &[(&str, &str)]) -> Self {
        let host = [("Host", "shop.example")];
        let headers = host.iter().chain(fields);
        Self {
            method: b"GET".to_vec(),
            target: target.as_bytes().to_vec(),
            protocol: b"HTTP/1.1".to_vec(),
            headers: headers
                .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect(),
            body: Vec::new(),
        }
    }

    /// One that every firewall has to refuse.
    pub(super) fn attack() -> Self {
        let fields = [("User-Agent", "Mozilla/5.0"), ("Accept", "*/*")];
        Self::get(
            "/search?q=1%27%20OR%201%3D1%20UNION%20SELECT%20password%20FROM%20users--",
            &fields,
        )
    }

    /// The head as it comes over the wire.
    pub(super) fn head(&self) -> Head {
        fn add(bytes: &mut Vec<u8>, part: &[u8], end: &[u8]) -> (u32, u32) {
            let range = (bytes.len() as u32, part.len() as u32);
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(end);
            range
        }
        let mut bytes = Vec::new();
        let method = add(&mut bytes, &self.method, b" ");
        let target = add(&mut bytes, &self.target, b" ");
        add(&mut bytes, &self.protocol, b"\r\n");
        let fields = self.headers.iter().map(|(name, value)| {
            let (name_start, name_len) = add(&mut bytes, name, b": ");
            let (value_start, value_len) = add(&mut bytes, value, b"\r\n");
            HeaderRange {
                name_start,
                name_len,
                value_start,
                value_len,
            }
        });
        let fields = fields.collect();
        bytes.extend_from_slice(b"\r\n");
        let ranges = HeadRanges {
            version: 11,
            method,
            target,
            authority: None,
        };
        Head {
            bytes,
            ranges,
            fields,
        }
    }
}

fn gets(random: &mut Random) -> Vec<Request> {
    let requests = GETS.trim_end().split("\n\n");
    requests.map(|text| read(&filled(text, random))).collect()
}

/// A request without a body: its line and its fields.
fn read(text: &str) -> Request {
    let (line, fields) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = line.split(' ').map(|word| word.as_bytes().to_vec());
    let mut word = || words.next().unwrap_or_default();
    let fields = fields.lines().filter_map(|line| line.split_once(": "));
    Request {
        method: word(),
        target: word(),
        protocol: word(),
        headers: fields
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect(),
        body: Vec::new(),
    }
}

fn post(random: &mut Random, content_type: &str, body: String) -> Request {
    let mut request = Request::get(
        &format!("/account/{}", word(random, 7)),
        &[
            (
                "User-Agent",
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            ),
            (
                "Accept",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ),
            ("Accept-Language", "en-US,en;q=0.5"),
            ("Accept-Encoding", "gzip, deflate, br"),
            ("Origin", "https://shop.example"),
            (
                "Referer",
                &format!("https://shop.example/{}", word(random, 8)),
            ),
            (
                "Cookie",
                &format!(
                    "session={}; theme=dark; cart={}",
                    hex(random, 32),
                    digits(random, 5)
                ),
            ),
            ("Content-Type", content_type),
            ("Content-Length", &body.len().to_string()),
        ],
    );
    request.method = b"POST".to_vec();
    request.body = body.into_bytes();
    request
}

/// About 25 fields of 60 words.
fn form(random: &mut Random) -> Request {
    let mut body = String::new();
    while body.len() < POST_BYTES {
        body.push_str(&format!("{}={}&", word(random, 6), words(random, 60, "+")));
    }
    body.truncate(POST_BYTES);
    post(random, "application/x-www-form-urlencoded", body)
}

/// Text fields, and a file of about 2 KB.
fn multipart(random: &mut Random) -> Request {
    let boundary = format!("----WebKitFormBoundary{}", hex(random, 16));
    let end = format!("\r\n--{boundary}--\r\n");
    let file = format!(
        "Content-Disposition: form-data; name=\"list\"; filename=\"{}.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{}",
        word(random, 8),
        words(random, 250, ";")
    );
    let mut body = format!("--{boundary}\r\n{file}");
    while body.len() + end.len() < POST_BYTES {
        let (name, text) = (word(random, 6), words(random, 60, " "));
        body.push_str(&format!(
            "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}"
        ));
    }
    body.push_str(&end);
    post(
        random,
        &format!("multipart/form-data; boundary={boundary}"),
        body,
    )
}

/// A basket of about a dozen articles.
fn json(random: &mut Random) -> Request {
    let mut body = format!("{{\"cart\":\"{}\",\"items\":[", hex(random, 32));
    while body.len() < JSON_BYTES {
        body.push_str(&format!(
            "{{\"sku\":\"{}\",\"name\":\"{}\",\"count\":{},\"price\":{}.{}}},",
            hex(random, 32),
            words(random, 3, " "),
            1 + random.below(9),
            1 + random.below(499),
            10 + random.below(90)
        ));
    }
    body.pop();
    body.push_str("]}");
    post(random, "application/json", body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gets_are_those_of_the_issue() {
        let requests = Kind::Get.requests(1);
        assert_eq!(requests.len(), 200);
        let mut counts = [0; 11];
        for request in &requests {
            assert_eq!(request.method, b"GET");
            assert_eq!(request.protocol, b"HTTP/1.1");
            assert!(request.headers.iter().any(|(name, _)| name == b"Cookie"));
            let target = String::from_utf8(request.target.clone()).unwrap();
            assert!(!target.contains(['{', '}', ' ']), "{target}");
            let query = target.split_once('?').map(|(_, query)| query);
            counts[query.map_or(0, |query| query.split('&').count())] += 1;
        }
        assert!(counts.iter().all(|count| *count >= 18), "{counts:?}");
    }

    #[test]
    fn a_round_is_the_same_again_and_another_one_is_another() {
        for kind in Kind::ALL {
            let requests = kind.requests(1);
            assert_eq!(requests, kind.requests(1));
            assert_ne!(requests, kind.requests(2));
        }
    }

    #[test]
    fn bodies_have_their_sizes() {
        let most = |kind: Kind| kind.requests(3).iter().map(|r| r.body.len()).max().unwrap();
        assert_eq!(most(Kind::Form), POST_BYTES);
        assert!((POST_BYTES..POST_BYTES + 800).contains(&most(Kind::Multipart)));
        assert!((JSON_BYTES..JSON_BYTES + 150).contains(&most(Kind::Json)));
        for request in Kind::Json.requests(0) {
            let value: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            assert!(value["items"].as_array().unwrap().len() > 8);
        }
    }

    #[test]
    fn the_ranges_of_a_head_are_its_parts() {
        let head = Request::get("/a?b", &[("Accept", "*/*")]).head();
        let of = |start: u32, len: u32| &head.bytes[start as usize..][..len as usize];
        assert_eq!(of(head.ranges.target.0, head.ranges.target.1), b"/a?b");
        let field = head.fields[1];
        assert_eq!(of(field.name_start, field.name_len), b"Accept");
        assert_eq!(of(field.value_start, field.value_len), b"*/*");
        assert!(head.bytes.ends_with(b"*/*\r\n\r\n"));
    }
}
