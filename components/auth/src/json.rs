//! JSON of strangers, read under limits: bytes, depth, number of values; no member twice.
//!
//! RFC 8259 leaves the meaning of a repeated member open, so two readers of one token could
//! see different claims. A repeated member is refused at every depth (RFC 7515 §4, RFC 7519 §4).

use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What a document may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Longest document in bytes.
    pub(crate) bytes_max: usize,
    /// Deepest nesting; the outer object is depth 1.
    pub(crate) depth_max: u32,
    /// Most values in the whole document.
    pub(crate) values_max: u32,
}

/// A JSON value. Members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Why a document was refused. The words hold nothing of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    TooLong,
    TooDeep,
    TooManyValues,
    DuplicateMember,
    NotAnObject,
    Syntax,
}

impl JsonError {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "the JSON is too long",
            Self::TooDeep => "the JSON is nested too deeply",
            Self::TooManyValues => "the JSON has too many values",
            Self::DuplicateMember => "the JSON has a member twice",
            Self::NotAnObject => "the JSON is not an object",
            Self::Syntax => "not valid JSON",
        }
    }
}

/// Reads one JSON object and nothing after it.
pub(crate) fn parse_object(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Vec<(String, Json)>, JsonError> {
    if bytes.len() > limits.bytes_max {
        return Err(JsonError::TooLong);
    }
    let state = State {
        values_left: Cell::new(limits.values_max),
        fault: Cell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Node {
        depth_left: limits.depth_max,
        state: &state,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value))
    .map_err(|_| state.fault.get().unwrap_or(JsonError::Syntax))?;
    match value {
        Json::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// The value of the member `name`.
pub(crate) fn member<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members
        .iter()
        .find_map(|(key, value)| (key == name).then_some(value))
}

struct State {
    values_left: Cell<u32>,
    fault: Cell<Option<JsonError>>,
}

#[derive(Clone, Copy)]
struct Node<'s> {
    depth_left: u32,
    state: &'s State,
}

impl Node<'_> {
    fn refuse<E: Error>(self, fault: JsonError) -> E {
        self.state.fault.set(Some(fault));
        E::custom(fault.reason())
    }

    fn child<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.refuse(JsonError::TooDeep)),
        }
    }

    fn count<E: Error>(self) -> Result<(), E> {
        match self.state.values_left.get().checked_sub(1) {
            Some(left) => {
                self.state.values_left.set(left);
                Ok(())
            }
            None => Err(self.refuse(JsonError::TooManyValues)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        // Past i64 the precise value is lost, as in every JSON reader of doubles.
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let child = self.child()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(child)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let child = self.child()?;
        // Names are compared after their escapes are resolved. The scan is quadratic, but
        // `values_max` bounds it.
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(self.refuse(JsonError::DuplicateMember));
            }
            let value = map.next_value_seed(child)?;
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        bytes_max: 200,
        depth_max: 3,
        values_max: 8,
    };

    fn parse(text: &str) -> Result<Vec<(String, Json)>, JsonError> {
        parse_object(text.as_bytes(), &LIMITS)
    }

    #[test]
    fn an_object_within_the_limits_is_read() {
        let members = parse(r#"{"a":[1,-2.5,null],"b":{"c":true}}"#).unwrap();
        let items = vec![Json::Int(1), Json::Float(-2.5), Json::Null];
        assert_eq!(member(&members, "a"), Some(&Json::Array(items)));
        assert_eq!(member(&members, "z"), None);
    }

    #[test]
    fn every_limit_is_kept() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(200));
        assert_eq!(parse(&long), Err(JsonError::TooLong));
        assert_eq!(parse(r#"{"a":{"b":{"c":{}}}}"#), Err(JsonError::TooDeep));
        assert_eq!(
            parse(r#"{"a":[1,2,3,4,5,6,7]}"#),
            Err(JsonError::TooManyValues)
        );
        assert_eq!(
            parse(r#"{"a":1,"\u0061":2}"#),
            Err(JsonError::DuplicateMember)
        );
        assert_eq!(
            parse(r#"{"x":{"a":1,"a":2}}"#),
            Err(JsonError::DuplicateMember)
        );
        assert_eq!(parse("[1]"), Err(JsonError::NotAnObject));
    }

    #[test]
    fn anything_but_one_json_text_is_refused() {
        for text in [
            "",
            "{",
            "{}{}",
            "{} x",
            "{a:1}",
            "{\"a\":1e999}",
            "\u{feff}{}",
            "{\"a\":01}",
        ] {
            assert_eq!(parse(text), Err(JsonError::Syntax), "{text}");
        }
        let not_utf8 = parse_object(b"{\"a\":\"\xff\"}", &LIMITS);
        assert_eq!(not_utf8, Err(JsonError::Syntax));
    }
}
