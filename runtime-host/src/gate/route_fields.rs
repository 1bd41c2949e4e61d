//! Header fields that a route sets on its responses (`response_headers`).
//!
//! They are the route's of this moment: added to each response as it leaves, never stored, so a
//! changed route changes answers from the cache, too. A field of the same name that the origin
//! sent gives way; one that the gate made for this very answer (a problem's type, a challenge)
//! stays.

use std::sync::Arc;

use bytes::Bytes;

use crate::http::Fields;
use crate::http::fields::split_lines;

/// The fields of a route.
#[derive(Debug, Clone, Default)]
pub struct RouteFields {
    fields: Fields,
    names: Arc<[String]>,
}

impl RouteFields {
    /// Fields from names and values; no name comes twice.
    pub fn new<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut made = Fields::default();
        let mut names = Vec::new();
        for (name, value) in fields {
            made.add(name.as_bytes(), value.as_bytes());
            names.push(name.to_ascii_lowercase());
        }
        Self {
            fields: made,
            names: names.into(),
        }
    }

    /// Their names, in lower case.
    #[must_use]
    pub fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The bytes of their lines.
    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.fields.lines().len()
    }

    /// Whether there is a field of this name.
    pub(super) fn sets(&self, name: &[u8]) -> bool {
        self.names
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    }

    /// Adds them all.
    pub(super) fn add_to(&self, fields: &mut Fields) {
        fields.add_lines(self.fields.lines());
    }

    /// Adds those that are not there.
    pub(super) fn add_missing_to(&self, fields: &mut Fields) {
        for (name, value) in self.fields.iter() {
            let name_text = std::str::from_utf8(name).unwrap_or_default();
            if fields.get(name_text).is_none() {
                fields.add(name, value);
            }
        }
    }

    /// An answer's lines without those that the route sets itself. Copied only where one is.
    pub(super) fn replace_in(&self, lines: &Bytes) -> Bytes {
        if self.names.is_empty() || !split_lines(lines).any(|(name, _)| self.sets(name)) {
            return lines.clone();
        }
        let mut rest = Fields::with_capacity(lines.len());
        for (name, value) in split_lines(lines) {
            if !self.sets(name) {
                rest.add(name, value);
            }
        }
        Bytes::copy_from_slice(rest.lines())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> RouteFields {
        RouteFields::new([("X-One", "1"), ("Cache-Control", "public")].into_iter())
    }

    #[test]
    fn what_the_origin_set_gives_way() {
        let lines = Bytes::from_static(b"x-one: a\r\nx-two: b\r\nX-ONE: c\r\n");
        let rest = route().replace_in(&lines);
        assert_eq!(rest, "x-two: b\r\n");
        // Nothing to do, nothing copied.
        assert_eq!(route().replace_in(&rest).as_ptr(), rest.as_ptr());
        let none = RouteFields::default();
        assert_eq!(none.replace_in(&lines).as_ptr(), lines.as_ptr());
    }

    #[test]
    fn what_the_gate_made_for_this_answer_stays() {
        let mut fields = Fields::default();
        fields.add(b"cache-control", b"no-store");
        route().add_missing_to(&mut fields);
        assert_eq!(fields.lines(), b"cache-control: no-store\r\nX-One: 1\r\n");
    }
}
