//! The parts of a request that a statement can look at, and how they are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name behind the colon of a field, bytes.
pub const FIELD_NAME_BYTES_MAX: usize = 256;

/// A part of a request (`FieldToMatch` of AWS WAF). Written as its name, or as name, colon and what it asks
/// for: `path`, `header:user-agent`, `json_body:/customer/name`.
///
/// Values are those that were sent, undecoded: statements name the transformations that they want.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Field {
    /// The request method.
    Method,
    /// The host that the request is for, without port.
    Host,
    /// The canonical path, as the router sees it.
    Path,
    /// The request target as it was sent.
    Target,
    /// What stands behind the first `?`, without it.
    QueryString,
    /// The values of the query arguments of this name; names are compared decoded and without ASCII case.
    QueryArgument(String),
    /// The value of every query argument.
    QueryArguments,
    /// The name of every query argument.
    QueryArgumentNames,
    /// The value of each line of this field; lower case.
    Header(String),
    /// The value of every header line.
    Headers,
    /// The name of every header line.
    HeaderNames,
    /// The names of all header lines in the order of sending, in lower case, joined by `:`.
    HeaderOrder,
    /// The values of the cookies of this name; names have their case (RFC 6265, section 5.4).
    Cookie(String),
    /// The value of every cookie.
    Cookies,
    /// The name of every cookie.
    CookieNames,
    /// The body, as far as it is inspected.
    Body,
    /// The values at this JSON Pointer (RFC 6901) of a JSON body, and below it.
    Json(String),
    /// Every string, number, boolean and null of a JSON body.
    JsonValues,
    /// Every member name of a JSON body.
    JsonKeys,
    /// The values of the form fields of this name, of a urlencoded or multipart body.
    FormField(String),
    /// The value of every form field.
    FormFields,
    /// The name of every form field.
    FormFieldNames,
    /// The name of every part of a multipart body.
    PartNames,
    /// The file name of every part of a multipart body that has one.
    FileNames,
    /// The client's address as text.
    ClientIp,
    /// The client's country, two capital letters (ISO 3166-1), where the host knows it.
    Country,
    /// The number of the client's autonomous system in decimal, where the host knows it.
    Asn,
    /// The fingerprint of the client's TLS hello, where the host knows it.
    TlsFingerprint,
}

/// The fields that are a name alone.
const PLAIN: [(&str, Field); 23] = [
    ("method", Field::Method),
    ("host", Field::Host),
    ("path", Field::Path),
    ("target", Field::Target),
    ("query_string", Field::QueryString),
    ("all_query_arguments", Field::QueryArguments),
    ("query_argument_names", Field::QueryArgumentNames),
    ("headers", Field::Headers),
    ("header_names", Field::HeaderNames),
    ("header_order", Field::HeaderOrder),
    ("cookies", Field::Cookies),
    ("cookie_names", Field::CookieNames),
    ("body", Field::Body),
    ("json_body", Field::JsonValues),
    ("json_keys", Field::JsonKeys),
    ("form_fields", Field::FormFields),
    ("form_field_names", Field::FormFieldNames),
    ("multipart_names", Field::PartNames),
    ("file_names", Field::FileNames),
    ("client_ip", Field::ClientIp),
    ("country", Field::Country),
    ("asn", Field::Asn),
    ("tls_fingerprint", Field::TlsFingerprint),
];

/// The fields that ask for something by name.
const NAMED: [&str; 5] = [
    "query_argument",
    "header",
    "cookie",
    "json_body",
    "form_field",
];

/// Why a text names no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The word is none of the fields.
    #[error("there is no field `{0}`")]
    Unknown(String),
    /// The field asks for a name.
    #[error("`{0}` needs a name behind a colon, such as `{0}:name`")]
    NameMissing(String),
    /// The field takes no name.
    #[error("`{0}` takes no name")]
    NameTooMany(String),
    /// The name cannot be one.
    #[error("{0}")]
    Name(&'static str),
}

impl Field {
    /// How every field is written; the ones that take a name with a colon at the end.
    #[must_use]
    pub fn spellings() -> Vec<String> {
        let plain = PLAIN.iter().map(|(name, _)| (*name).to_owned());
        let named = NAMED.iter().map(|name| format!("{name}:"));
        plain.chain(named).collect()
    }

    /// Whether the field is in the body, so that it is known only once the body was read.
    #[must_use]
    pub fn in_body(&self) -> bool {
        matches!(
            self,
            Self::Body
                | Self::Json(_)
                | Self::JsonValues
                | Self::JsonKeys
                | Self::FormField(_)
                | Self::FormFields
                | Self::FormFieldNames
                | Self::PartNames
                | Self::FileNames
        )
    }
}

impl FromStr for Field {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let (word, name) = match text.split_once(':') {
            Some((word, name)) => (word, Some(name)),
            None => (text, None),
        };
        let plain = || {
            let found = PLAIN.iter().find(|(known, _)| *known == word);
            found.map(|(_, field)| field.clone())
        };
        match name {
            None => match plain() {
                Some(field) => Ok(field),
                None if NAMED.contains(&word) => Err(FieldError::NameMissing(word.to_owned())),
                None => Err(FieldError::Unknown(word.to_owned())),
            },
            Some(name) if NAMED.contains(&word) => named(word, name),
            Some(_) if plain().is_some() => Err(FieldError::NameTooMany(word.to_owned())),
            Some(_) => Err(FieldError::Unknown(word.to_owned())),
        }
    }
}

fn named(word: &str, name: &str) -> Result<Field, FieldError> {
    if name.is_empty() && word != "json_body" {
        return Err(FieldError::NameMissing(word.to_owned()));
    }
    if name.len() > FIELD_NAME_BYTES_MAX {
        return Err(FieldError::Name("the name has more than 256 bytes"));
    }
    match word {
        "query_argument" => Ok(Field::QueryArgument(name.to_ascii_lowercase())),
        "header" => {
            let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.bytes().all(token) {
                Ok(Field::Header(name.to_ascii_lowercase()))
            } else {
                Err(FieldError::Name("this is not a header name"))
            }
        }
        "cookie" => Ok(Field::Cookie(name.to_owned())),
        "form_field" => Ok(Field::FormField(name.to_owned())),
        _ if name.is_empty() || name.starts_with('/') => Ok(Field::Json(name.to_owned())),
        _ => Err(FieldError::Name(
            "a JSON Pointer is empty or starts with `/`",
        )),
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueryArgument(name) => write!(f, "query_argument:{name}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Json(pointer) => write!(f, "json_body:{pointer}"),
            Self::FormField(name) => write!(f, "form_field:{name}"),
            plain => {
                let found = PLAIN.iter().find(|(_, field)| field == plain);
                f.write_str(found.map_or("?", |(name, _)| name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_written_as_it_is_read() {
        for spelling in Field::spellings() {
            let text = match spelling.as_str() {
                "json_body:" => "json_body:/a/0".to_owned(),
                named if named.ends_with(':') => format!("{named}x-y"),
                plain => plain.to_owned(),
            };
            let field: Field = text.parse().unwrap();
            assert_eq!(field.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_field_is_told_apart() {
        let told = |text: &str| text.parse::<Field>().unwrap_err().to_string();
        assert_eq!(told("pth"), "there is no field `pth`");
        assert_eq!(
            told("header"),
            "`header` needs a name behind a colon, such as `header:name`"
        );
        assert_eq!(
            told("header:"),
            "`header` needs a name behind a colon, such as `header:name`"
        );
        assert_eq!(told("path:x"), "`path` takes no name");
        assert_eq!(told("header:a b"), "this is not a header name");
        assert_eq!(
            told("json_body:a"),
            "a JSON Pointer is empty or starts with `/`"
        );
        assert_eq!(
            "header:User-Agent".parse(),
            Ok(Field::Header("user-agent".to_owned()))
        );
    }
}
