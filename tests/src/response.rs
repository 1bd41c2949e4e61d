//! A response as a test looks at it.

use serde_json::Value;

/// A response of either version of HTTP, its chunks joined.
#[derive(Clone, Default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, or as much of it as came.
    pub body: Vec<u8>,
    /// Trailer fields.
    pub trailers: Vec<(String, String)>,
    /// The connection ended, or the stream was reset, before the body did.
    pub cut: bool,
    /// Interim answers (1xx) that came before.
    pub interim: Vec<u16>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = &self.body[..self.body.len().min(400)];
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_len", &self.body.len())
            .field("body", &String::from_utf8_lossy(body))
            .field("cut", &self.cut)
            .finish()
    }
}

impl Response {
    /// The first field of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of this field, joined with `, `.
    #[must_use]
    pub fn header_all(&self, name: &str) -> String {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        values.join(", ")
    }

    /// The request id that the gate gave.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.header("x-request-id")
            .unwrap_or_else(|| panic!("no request id: {self:?}"))
    }

    /// Our member of `Cache-Status`.
    #[must_use]
    pub fn cache_status(&self) -> &str {
        self.header("cache-status").unwrap_or_default()
    }

    /// Whether the gate's cache answered.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.cache_status().contains("lockgate;hit")
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Asserts a whole answer with this status.
    ///
    /// # Panics
    /// Where it is another.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        assert!(!self.cut, "{self:?}");
        self
    }

    /// Asserts problem JSON (RFC 9457) with this status and code, and the id of the header.
    ///
    /// # Panics
    /// Where it is something else.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> &Self {
        self.assert_status(status);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        let json = self.json();
        assert_eq!(json["code"], code, "{json}");
        assert_eq!(json["status"], status, "{json}");
        assert_eq!(json["request_id"], self.id(), "{json}");
        assert!(json["title"].is_string(), "{json}");
        let known = ["title", "status", "code", "detail", "request_id", "type"];
        for member in json.as_object().expect("an object").keys() {
            assert!(
                known.contains(&member.as_str()),
                "{member} is not for the public: {json}"
            );
        }
        self
    }
}
