//! The origin that the cases expect: it answers what a request to `/reflect` asks it to.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The answer to a request. `/reflect` gives `status` (else 200), `headers`, and `body` or
/// `encodedBody` (base64) of the JSON that it gets, and 400 when that is none; everything else
/// gives 200 and nothing.
#[must_use]
pub fn answer(uri: &[u8], body: &[u8]) -> Answer {
    let path = uri.split(|b| *b == b'?').next().unwrap_or_default();
    let mut answer = Answer {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    if path.strip_suffix(b"/").unwrap_or(path) != b"/reflect" {
        answer.finish();
        return answer;
    }
    let Ok(Value::Object(asked)) = serde_json::from_slice(body) else {
        answer.status = 400;
        answer.finish();
        return answer;
    };
    let status = asked.get("status").and_then(Value::as_u64);
    answer.status = status.and_then(|s| u16::try_from(s).ok()).unwrap_or(200);
    if let Some(Value::Object(headers)) = asked.get("headers") {
        for (name, value) in headers {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            answer.headers.push((name.clone(), value));
        }
    }
    if let Some(text) = asked.get("body").and_then(Value::as_str) {
        answer.body = text.as_bytes().to_vec();
    } else if let Some(text) = asked.get("encodedBody").and_then(Value::as_str) {
        answer.body = STANDARD.decode(text).unwrap_or_default();
    }
    answer.finish();
    answer
}

impl Answer {
    /// Adds the length, and a type where none is given.
    fn finish(&mut self) {
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let typed = has("content-type");
        let length = has("content-length");
        if !typed && !self.body.is_empty() {
            let value = guessed(&self.body).to_owned();
            self.headers.push(("Content-Type".to_owned(), value));
        }
        if !length {
            let value = self.body.len().to_string();
            self.headers.push(("Content-Length".to_owned(), value));
        }
    }
}

/// Markup, or text (a part of the MIME sniffing standard, as the original backend does it).
fn guessed(body: &[u8]) -> &'static str {
    let start = body.trim_ascii_start();
    let tags: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<head", b"<script", b"<body"];
    let begins = |tag: &&[u8]| {
        start
            .get(..tag.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(tag))
    };
    if tags.iter().any(begins) {
        "text/html; charset=utf-8"
    } else {
        "text/plain; charset=utf-8"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reflects() {
        let json = br#"{"status": 501, "headers": {"X-A": "b"}, "body": "<html>"}"#;
        let reflected = answer(b"/reflect?x", json);
        assert_eq!(reflected.status, 501);
        assert_eq!(reflected.body, b"<html>");
        assert_eq!(reflected.headers[0], ("X-A".to_owned(), "b".to_owned()));
        assert_eq!(reflected.headers[1].1, "text/html; charset=utf-8");
        assert_eq!(answer(b"/reflect", b"no").status, 400);
        assert_eq!(
            answer(b"/reflect", br#"{"encodedBody":"aGk="}"#).body,
            b"hi"
        );
        assert_eq!(answer(b"/get", b"{}").body, b"");
    }
}
