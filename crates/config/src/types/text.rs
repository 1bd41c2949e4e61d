//! Texts with a grammar: each type parses when it is read, so that a value of it is valid.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::grammar::{
    header_name, header_value, host_pattern, method, origin_url, path_pattern, split_port,
    token_digest,
};
use super::image_grammar::option;
use super::rule_grammar::{country, date, field, label, rate_key, regex, transformation};
use crate::spelling::quoted;

/// Declares a text type: `parse` checks and gives the canonical form.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $format:literal, $parse:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text, in its canonical form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// Checks the text; the error is a reason for people.
            fn from_str(text: &str) -> Result<Self, String> {
                $parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "x-format": $format })
            }
        }
    };
}

text_type! {
    /// The name of an option of pictures, such as `blur`.
    ImageOption, "image-option", option
}

text_type! {
    /// A host name (`shop.example.com`), an address, or `*.` and a host name. Lower case.
    HostPattern, "host", host_pattern
}
text_type! {
    /// A path pattern: `/products/{id}`, `/img/{*rest}`.
    PathPattern, "path-pattern", path_pattern
}
text_type! {
    /// The URL of an origin, `http://HOST[:PORT]`, without a path.
    OriginUrl, "origin-url", origin_url
}
text_type! {
    /// A registered request method, in upper case.
    Method, "method", method
}
text_type! {
    /// The SHA-256 of a token: `sha256:` and 64 hexadecimal digits in lower case.
    TokenDigest, "token-digest", token_digest
}
text_type! {
    /// The name of a header field (RFC 9110, section 5.1), in lower case.
    HeaderName, "header-name", header_name
}
text_type! {
    /// The value of a header field (RFC 9110, section 5.5): visible ASCII, spaces and tabs.
    HeaderValue, "header-value", header_value
}

text_type! {
    /// A part of a request: `path`, `header:user-agent`.
    FieldName, "field", field
}
text_type! {
    /// A text transformation, by its name in AWS WAF or SecLang, in lower case or as it is there.
    TransformationName, "transformation", transformation
}
text_type! {
    /// A regular expression.
    Regex, "regex", regex
}
text_type! {
    /// A country, two capital letters (ISO 3166-1).
    Country, "country", country
}
text_type! {
    /// A label: `shop:checkout`.
    Label, "label", label
}
text_type! {
    /// What requests are counted by: `client_ip`, `forwarded_ip`, `label:NAME` or a field.
    RateKeyName, "rate-key", rate_key
}
text_type! {
    /// A date (`2027-01-31`), or a time with its offset (`2027-01-31T18:00:00Z`).
    Date, "date", date
}

impl Date {
    /// Seconds since the Unix epoch.
    #[must_use]
    pub fn unix_s(&self) -> u64 {
        super::rule_grammar::unix_s(&self.0).unwrap_or(0)
    }
}

impl RateKeyName {
    /// `client_ip`.
    #[must_use]
    pub fn client_ip() -> Self {
        Self("client_ip".to_owned())
    }
}

impl HostPattern {
    /// The name below which every name matches, when the pattern opens with `*.`.
    #[must_use]
    pub fn wildcard(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }
}

impl OriginUrl {
    /// Host and port as they stand in the URL: the value of `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.strip_prefix("http://").unwrap_or(&self.0)
    }

    /// The host; an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let (host, _) = split_port(self.authority());
        host.strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host)
    }

    /// The port: 80 when the URL names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        split_port(self.authority())
            .1
            .and_then(|port| port.parse().ok())
            .unwrap_or(80)
    }
}

impl HeaderValue {
    /// `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text_plain() -> Self {
        Self("text/plain; charset=utf-8".to_owned())
    }
}

/// An address range (RFC 4632). A single address is a range of one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr(pub IpNet);

impl FromStr for Cidr {
    type Err = String;

    /// Reads `ADDRESS` or `ADDRESS/BITS`; bits beyond the prefix must be zero.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.into()));
        }
        let net: IpNet = text
            .parse()
            .map_err(|_| format!("{} is not an address or CIDR range", quoted(text)))?;
        if net.addr() != net.network() {
            return Err(format!(
                "{} has bits set beyond its prefix; the range is {}",
                quoted(text),
                net.trunc()
            ));
        }
        Ok(Self(net))
    }
}

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(value: Cidr) -> Self {
        value.0.to_string()
    }
}

impl JsonSchema for Cidr {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cidr".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-format": "cidr" })
    }
}
