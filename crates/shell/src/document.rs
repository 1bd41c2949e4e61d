//! The shell's document: what is decided by the configuration but is not the policy's to know.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_http_cache::RoutePolicy;
use lockgate_limits::LimitSpec;
use serde::{Deserialize, Serialize};

use crate::inspection::{InspectionPlan, Pace};

/// The format that this build reads and writes.
pub const VERSION: u32 = 5;

/// What a shell needs besides the policy bundle. Indexes are those of the bundle: sites in the
/// order of their names, routes in the order of sites and of their file, limits in the order of
/// their names. Holds no secret. The same configuration gives the same document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`VERSION`].
    pub version: u32,
    /// The SHA-256 of the policy bundle that belongs to it, 64 hexadecimal digits.
    pub bundle: String,
    /// The SHA-256 of the policy component, for records; empty: not known.
    #[serde(default)]
    pub component: String,
    /// The programs that the bundle names, in its order.
    pub programs: Vec<Program>,
    /// The names of the sites.
    pub sites: Vec<String>,
    /// The routes of all sites.
    pub routes: Vec<Route>,
    /// How the requests of each site are inspected beyond their heads, at the index of the site;
    /// `None`: they are not.
    pub inspections: Vec<Option<InspectionPlan>>,
    /// Bytes of a body that each site's own rules look at, at its index; `None`: none does.
    pub rules_body_bytes: Vec<Option<u32>>,
    /// How quickly a client has to send a body that is held back for the rules.
    pub body_pace: Pace,
    /// The names of all firewall rules.
    pub rules: Vec<String>,
    /// The rate limits.
    pub limits: Vec<Limit>,
    /// The servers behind the gate, by name.
    pub origins: BTreeMap<String, Origin>,
    /// The secrets that the bundle names, and how each is written.
    pub secrets: BTreeMap<String, Encoding>,
    /// Bounds of the cache.
    pub cache: Cache,
    /// Bounds of pictures.
    pub image: Image,
    /// The budget for signatures not seen before.
    pub signatures: Signatures,
    /// Records hold only the network of a client's address.
    pub mask_client_address: bool,
}

/// A program of the bundle. Its image is megabytes and goes its own way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The SHA-256 of its image, 64 hexadecimal digits.
    pub digest: String,
    /// Bytes of its image.
    pub bytes: u32,
}

/// What is fixed for a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// The name of its origin; `None`: the gate answers itself.
    pub origin: Option<String>,
    /// How its answers are cached; `None`: they are not.
    pub cache: Option<RouteCache>,
    /// The most bytes of a request's body.
    pub body_bytes_max: u64,
    /// Bounds of its pictures; `None`: it makes none.
    pub image: Option<PictureLimits>,
    /// Fields set on every response, replacing the origin's: name and value.
    pub response_headers: Vec<(String, String)>,
}

/// How the answers of a route are cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteCache {
    /// Who may get them.
    pub audience: Audience,
    /// The lifetime of answers that state none, seconds; `None`: they are not stored.
    pub default_ttl_s: Option<u32>,
}

impl RouteCache {
    /// As the cache's decisions take it.
    #[must_use]
    pub fn policy(&self) -> RoutePolicy {
        RoutePolicy {
            audience: self.audience.into(),
            default_ttl_s: self.default_ttl_s,
        }
    }
}

/// Who may get a stored answer; see [`lockgate_http_cache::Audience`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    Shared,
    /// Everybody whom the route's authorization lets through.
    SharedAfterAuthorization,
    /// One user.
    Private,
}

impl From<Audience> for lockgate_http_cache::Audience {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Shared => Self::Shared,
            Audience::SharedAfterAuthorization => Self::SharedAfterAuthorization,
            Audience::Private => Self::Private,
        }
    }
}

impl From<lockgate_http_cache::Audience> for Audience {
    fn from(audience: lockgate_http_cache::Audience) -> Self {
        use lockgate_http_cache::Audience as Theirs;
        match audience {
            Theirs::Shared => Self::Shared,
            Theirs::SharedAfterAuthorization => Self::SharedAfterAuthorization,
            Theirs::Private => Self::Private,
        }
    }
}

/// A rate limit; see [`LimitSpec`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What keeps equal names apart.
    pub scope: String,
    /// As shown in `RateLimit` fields.
    pub name: String,
    /// Its windows.
    pub windows: Vec<Window>,
}

/// A window of a rate limit; see [`lockgate_limits::Window`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Requests that come back in each period.
    pub requests: u32,
    /// The period, nanoseconds.
    pub per_ns: u64,
    /// Requests that may come at once; `None`: `requests`.
    pub burst: Option<u32>,
}

impl From<&Limit> for LimitSpec {
    fn from(limit: &Limit) -> Self {
        let window = |window: &Window| lockgate_limits::Window {
            requests: window.requests,
            per: Duration::from_nanos(window.per_ns),
            burst: window.burst,
        };
        Self {
            scope: limit.scope.clone(),
            name: limit.name.clone(),
            windows: limit.windows.iter().map(window).collect(),
        }
    }
}

impl From<&LimitSpec> for Limit {
    fn from(spec: &LimitSpec) -> Self {
        let window = |window: &lockgate_limits::Window| Window {
            requests: window.requests,
            per_ns: u64::try_from(window.per.as_nanos()).unwrap_or(u64::MAX),
            burst: window.burst,
        };
        Self {
            scope: spec.scope.clone(),
            name: spec.name.clone(),
            windows: spec.windows.iter().map(window).collect(),
        }
    }
}

/// A server behind the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// `http://HOST` or `http://HOST:PORT`.
    pub url: String,
    /// Time to connect, milliseconds.
    pub connect_timeout_ms: u64,
    /// Time from sending the request to the head of the response, milliseconds.
    pub first_byte_timeout_ms: u64,
    /// Longest pause in a response's body, milliseconds.
    pub idle_timeout_ms: u64,
    /// The origin sees the client's `Host`, where the shell can set it.
    pub preserve_host: bool,
}

/// How the text of a secret stands for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// The bytes of the text itself.
    Utf8,
    /// Base64 with the URL-safe alphabet, with or without padding.
    Base64url,
    /// Two hexadecimal digits a byte.
    Hex,
}

/// Why a secret's text is refused. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// No bytes at all.
    #[error("is empty")]
    Empty,
    /// Not what [`Encoding::Base64url`] says.
    #[error("is not base64 with the URL-safe alphabet (RFC 4648, section 5)")]
    Base64url,
    /// Not what [`Encoding::Hex`] says.
    #[error("is not hexadecimal: two digits a byte and nothing between them")]
    Hex,
}

impl Encoding {
    /// The bytes that a text stands for.
    ///
    /// # Errors
    /// [`SecretFault`].
    pub fn decode(self, text: &str) -> Result<Vec<u8>, SecretFault> {
        let bytes = match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Base64url => {
                base64url(text.trim_end_matches('=')).ok_or(SecretFault::Base64url)?
            }
            Self::Hex => hex(text).ok_or(SecretFault::Hex)?,
        };
        if bytes.is_empty() {
            return Err(SecretFault::Empty);
        }
        Ok(bytes)
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |&[high, low]: &[u8; 2]| u8::try_from(digit(high)? * 16 + digit(low)?).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    // Left over: nothing, or less than a character's bits, all zero.
    let rest = held & ((1 << bits) - 1);
    (bits < 6 && rest == 0).then_some(out)
}

/// Bounds of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Bytes of all that is stored; 0: nothing is.
    pub bytes_max: u64,
    /// Bytes of one body.
    pub object_bytes_max: u64,
}

/// Bounds of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Width and height of an output, each.
    pub dimension_max: u32,
    /// Time for one picture, milliseconds.
    pub timeout_ms: u64,
}

/// Bounds of the pictures of a route, and what may be laid over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureLimits {
    /// Bytes of a source.
    pub source_bytes_max: u64,
    /// Width times height of a source.
    pub pixels_max: u64,
    /// Frames of an animation.
    pub frames_max: u32,
    /// A source that ends early is shown as far as it goes; else it is refused.
    pub keep_truncated: bool,
    /// An SVG is sent as it is where nothing but a size is asked for.
    pub pass_svg: bool,
    /// Where no picture can be made of it, the source is sent as it is.
    pub fallback_original: bool,
    /// The source is the body of the request.
    pub upload: bool,
    /// What `wm` may name.
    pub watermarks: BTreeMap<String, Watermark>,
}

/// Where a watermark is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watermark {
    /// At this path of the route's origin.
    Path(String),
    /// In this file of the host.
    File(PathBuf),
}

/// The budget for signatures not seen before, a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatures {
    /// Of all clients together.
    pub per_s: u32,
    /// Of one client.
    pub per_client_per_s: u32,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is no document of this kind.
    #[error("it is not a shell document: {0}")]
    Malformed(String),
    /// Another build wrote it.
    #[error("it has format {0}, this build reads {VERSION}")]
    Version(u32),
    /// A route names an origin that is not there.
    #[error("route {0:?} names the origin {1:?}, which is not there")]
    Origin(String, String),
}

impl Document {
    /// The bytes: JSON, indented, a line feed at the end.
    ///
    /// # Errors
    /// Never in practice: there is nothing in it that JSON cannot hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DocumentError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| DocumentError::Malformed(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let malformed = |error: serde_json::Error| DocumentError::Malformed(error.to_string());
        let Version { version } = serde_json::from_slice(bytes).map_err(malformed)?;
        if version != VERSION {
            return Err(DocumentError::Version(version));
        }
        let document: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        for route in &document.routes {
            if let Some(origin) = &route.origin
                && !document.origins.contains_key(origin)
            {
                return Err(DocumentError::Origin(route.name.clone(), origin.clone()));
            }
        }
        Ok(document)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::inspection::Oversize;

    pub(crate) fn document() -> Document {
        Document {
            version: VERSION,
            bundle: "00".repeat(32),
            component: String::new(),
            programs: Vec::new(),
            sites: vec!["shop".to_owned()],
            routes: vec![Route {
                name: "start".to_owned(),
                origin: Some("shop".to_owned()),
                cache: Some(RouteCache {
                    audience: Audience::Shared,
                    default_ttl_s: Some(10),
                }),
                body_bytes_max: 1024,
                image: Some(PictureLimits {
                    source_bytes_max: 1,
                    pixels_max: 2,
                    frames_max: 3,
                    keep_truncated: true,
                    pass_svg: false,
                    fallback_original: false,
                    upload: false,
                    watermarks: [("logo".to_owned(), Watermark::Path("/logo.png".to_owned()))]
                        .into(),
                }),
                response_headers: vec![("x-a".to_owned(), "b".to_owned())],
            }],
            inspections: vec![Some(InspectionPlan {
                body_bytes_max: 1024,
                oversize: Oversize::NoMatch,
                response_body_bytes_max: 2048,
                responses: true,
            })],
            rules_body_bytes: vec![Some(512)],
            body_pace: Pace {
                timeout_ms: 1,
                bytes_per_s_min: 2,
            },
            rules: Vec::new(),
            limits: vec![Limit {
                scope: String::new(),
                name: "client".to_owned(),
                windows: vec![Window {
                    requests: 10,
                    per_ns: 1_000_000_000,
                    burst: None,
                }],
            }],
            origins: [(
                "shop".to_owned(),
                Origin {
                    url: "http://127.0.0.1:9000".to_owned(),
                    connect_timeout_ms: 1,
                    first_byte_timeout_ms: 2,
                    idle_timeout_ms: 3,
                    preserve_host: true,
                },
            )]
            .into(),
            secrets: [("key".to_owned(), Encoding::Hex)].into(),
            cache: Cache {
                bytes_max: 1,
                object_bytes_max: 1,
            },
            image: Image {
                dimension_max: 1,
                timeout_ms: 1,
            },
            signatures: Signatures {
                per_s: 4,
                per_client_per_s: 1,
            },
            mask_client_address: false,
        }
    }

    #[test]
    fn a_document_is_read_as_written() {
        let document = document();
        let bytes = document.to_bytes().unwrap();
        assert_eq!(Document::from_bytes(&bytes), Ok(document));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_reason() {
        let mut other = document();
        other.version = 1;
        let bytes = other.to_bytes().unwrap();
        assert_eq!(Document::from_bytes(&bytes), Err(DocumentError::Version(1)));
        let mut other = document();
        other.origins.clear();
        let error = Document::from_bytes(&other.to_bytes().unwrap()).unwrap_err();
        assert!(error.to_string().contains("\"shop\""), "{error}");
        let text = String::from_utf8(document().to_bytes().unwrap()).unwrap();
        let unknown = text.replace("\"sites\"", "\"sitez\"");
        assert!(matches!(
            Document::from_bytes(unknown.as_bytes()),
            Err(DocumentError::Malformed(_))
        ));
    }

    #[test]
    fn secrets_are_decoded_and_faults_show_nothing_of_them() {
        assert_eq!(Encoding::Utf8.decode("a b"), Ok(b"a b".to_vec()));
        assert_eq!(Encoding::Hex.decode("fbFF10"), Ok(vec![0xfb, 0xff, 0x10]));
        for text in ["-_8Q", "AA", "AA==", "AAA"] {
            assert!(Encoding::Base64url.decode(text).is_ok(), "{text}");
        }
        assert_eq!(
            Encoding::Base64url.decode("-_8Q"),
            Ok(vec![0xfb, 0xff, 0x10])
        );
        for (encoding, text) in [
            (Encoding::Utf8, ""),
            (Encoding::Hex, "abc"),
            (Encoding::Hex, "zz"),
            (Encoding::Base64url, "A"),
            (Encoding::Base64url, "AB"),
            (Encoding::Base64url, "a+/b"),
        ] {
            let fault = encoding.decode(text).unwrap_err().to_string();
            assert!(text.is_empty() || !fault.contains(text), "{fault}");
        }
    }

    #[test]
    fn limits_keep_their_meaning() {
        let limit = document().limits.remove(0);
        assert_eq!(Limit::from(&LimitSpec::from(&limit)), limit);
    }
}
