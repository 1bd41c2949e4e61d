//! Media types (RFC 9110, section 8.3.1) and the body processor that each asks for.

use crate::text::{is_space, split_once, trim_end, trim_start};

/// Parameters read of one field; further ones are passed over.
const PARAMETERS_MAX: usize = 32;

/// A media type with its parameters: what a `Content-Type` field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    slash: usize,
    parameters: Vec<Parameter>,
}

impl MediaType {
    /// Reads a field. `None` where it has no type and subtype made of token characters.
    #[must_use]
    pub fn parse(field: &[u8]) -> Option<Self> {
        let (essence, mut left) = split_once(field, b';');
        let essence = trim_end(trim_start(essence, is_space), is_space);
        let (kind, subtype) = split_once(essence, b'/');
        let subtype = subtype?;
        let is_token = |part: &[u8]| !part.is_empty() && part.iter().all(|&byte| token(byte));
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters = Vec::new();
        while let Some(input) = left {
            if parameters.len() >= PARAMETERS_MAX {
                break;
            }
            let (parameter, behind) = parameter(input);
            parameters.extend(parameter);
            left = behind;
        }
        Some(Self {
            slash: kind.len(),
            essence: String::from_utf8_lossy(essence).to_ascii_lowercase(),
            parameters,
        })
    }

    /// Type and subtype, in small letters: `text/html`.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The type: `text` of `text/html`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.essence.get(..self.slash).unwrap_or_default()
    }

    /// The subtype: `html` of `text/html`.
    #[must_use]
    pub fn subtype(&self) -> &str {
        self.essence.get(self.slash + 1..).unwrap_or_default()
    }

    /// What follows the last `+` of the subtype: `json` of `application/problem+json`.
    #[must_use]
    pub fn suffix(&self) -> Option<&str> {
        self.subtype().rsplit_once('+').map(|(_, suffix)| suffix)
    }

    /// The value of the first parameter called `name`, without quotes. Case of the name does not
    /// matter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        let named = |(known, _): &&Parameter| known.eq_ignore_ascii_case(name);
        let found = self.parameters.iter().find(named);
        found.map(|(_, value)| value.as_slice())
    }
}

/// A character of a token (RFC 9110, section 5.6.2).
const fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// A name in small letters and its value.
type Parameter = (String, Vec<u8>);

/// One parameter, and what comes behind its semicolon.
fn parameter(input: &[u8]) -> (Option<Parameter>, Option<&[u8]>) {
    let end = memchr::memchr2(b'=', b';', input).unwrap_or(input.len());
    let (name, tail) = input.split_at_checked(end).unwrap_or((input, &[]));
    let Some((b'=', value)) = tail.split_first() else {
        return (None, tail.split_first().map(|(_, behind)| behind));
    };
    let name = trim_end(trim_start(name, is_space), is_space);
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let value = trim_start(value, is_space);
    let Some((b'"', quoted)) = value.split_first() else {
        let (value, behind) = split_once(value, b';');
        return (Some((name, trim_end(value, is_space).to_vec())), behind);
    };
    let mut text = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => text.extend(bytes.next()),
            _ => text.push(byte),
        }
    }
    let (_, behind) = split_once(bytes.as_slice(), b';');
    (Some((name, text)), behind)
}

/// How a request body is read: SecLang's `REQBODY_PROCESSOR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Processor {
    /// `application/x-www-form-urlencoded`.
    UrlEncoded,
    /// `multipart/form-data`.
    Multipart,
    /// `application/json`.
    Json,
    /// `application/xml`, `text/xml`, `application/soap+xml`.
    Xml,
}

impl Processor {
    /// The processor that ModSecurity and its recommended configuration choose for a
    /// `Content-Type` field: by what it begins with, in any case.
    #[must_use]
    pub fn for_content_type(field: &[u8]) -> Option<Self> {
        const STARTS: [(&[u8], Processor); 6] = [
            (b"application/x-www-form-urlencoded", Processor::UrlEncoded),
            (b"multipart/form-data", Processor::Multipart),
            (b"application/json", Processor::Json),
            (b"application/xml", Processor::Xml),
            (b"application/soap+xml", Processor::Xml),
            (b"text/xml", Processor::Xml),
        ];
        let found = STARTS.iter().find(|(start, _)| {
            field
                .get(..start.len())
                .is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
        });
        found.map(|&(_, processor)| processor)
    }

    /// Its name in SecLang.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UrlEncoded => "URLENCODED",
            Self::Multipart => "MULTIPART",
            Self::Json => "JSON",
            Self::Xml => "XML",
        }
    }

    /// The processor that SecLang calls `name`. Case does not matter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::UrlEncoded, Self::Multipart, Self::Json, Self::Xml]
            .into_iter()
            .find(|processor| processor.name().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_and_its_parameters() {
        let field = br#"Application/Problem+JSON ; charset="ut\f-8;"; Q = 1 ;x"#;
        let media_type = MediaType::parse(field).expect("a media type");
        assert_eq!(media_type.essence(), "application/problem+json");
        assert_eq!(media_type.kind(), "application");
        assert_eq!(media_type.subtype(), "problem+json");
        assert_eq!(media_type.suffix(), Some("json"));
        assert_eq!(media_type.parameter("CHARSET"), Some(&b"utf-8;"[..]));
        assert_eq!(media_type.parameter("q"), Some(&b"1"[..]));
        assert_eq!(media_type.parameter("x"), None);
    }

    #[test]
    fn what_is_no_media_type() {
        for field in [
            "",
            "text",
            "text/",
            "/html",
            "te xt/html",
            "text/ht ml; a=b",
            ";",
        ] {
            assert_eq!(MediaType::parse(field.as_bytes()), None, "{field}");
        }
    }

    #[test]
    fn processors() {
        let of = |field: &str| Processor::for_content_type(field.as_bytes());
        assert_eq!(of("application/json; charset=utf-8"), Some(Processor::Json));
        assert_eq!(of("TEXT/XML"), Some(Processor::Xml));
        assert_eq!(of("application/soap+xml"), Some(Processor::Xml));
        assert_eq!(
            of("multipart/form-data; boundary=x"),
            Some(Processor::Multipart)
        );
        assert_eq!(of("text/plain"), None);
        assert_eq!(
            Processor::from_name("urlencoded"),
            Some(Processor::UrlEncoded)
        );
    }
}
