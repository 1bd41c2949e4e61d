//! The canonical query and its arguments.
//!
//! The query goes to the origin as the client wrote it, but for what different parsers would
//! read differently:
//! - a triplet of an unreserved character is decoded, others are upper-cased (`%7e` is `~`,
//!   `%2f` is `%2F`);
//! - a `%` that begins no triplet becomes `%25`. A lenient parser reads it as a literal `%`, and
//!   so does every parser afterwards: `?q=100%` and `?q=100%25` are one query;
//! - a raw byte that RFC 3986 does not allow (`<`, `>`, `"`, `[`, non-ASCII...) is encoded;
//! - NUL and bytes that do not decode to UTF-8 are refused, and so are raw control bytes and
//!   spaces. Encoded control bytes stay: text areas send `%0D%0A`.
//!
//! `+` stays `+`, the order and repetition of arguments stay, an empty query stays empty.

use std::borrow::Cow;

use crate::NormaliseError;
use crate::bytes::{self, QUERY, UNRESERVED};
use crate::percent;
use crate::utf8::Utf8;

/// The canonical form of a raw query (without the `?`). Borrowed where it is canonical already.
///
/// # Errors
/// One of the `Query*` codes, [`NormaliseError::TargetFragment`] for a raw `#`.
pub fn canonical_query(raw: &[u8]) -> Result<Cow<'_, str>, NormaliseError> {
    if bytes::all(raw, QUERY) {
        return Ok(Cow::Borrowed(bytes::ascii(raw)));
    }
    let mut rewritten: Option<Vec<u8>> = None;
    let mut utf8 = Utf8::new();
    let mut position = 0;
    loop {
        let rest = raw.get(position..).unwrap_or_default();
        // Most bytes stand for themselves. They are ASCII, so what the first one says of UTF-8 holds for all.
        let plain = rest.iter().take_while(|byte| bytes::is(**byte, QUERY));
        let (plain, rest) = rest.split_at_checked(plain.count()).unwrap_or_default();
        if let Some(first) = plain.first() {
            utf8.push(*first).map_err(|_| NormaliseError::QueryUtf8)?;
            if let Some(buffer) = &mut rewritten {
                buffer.extend_from_slice(plain);
            }
            position = position.saturating_add(plain.len());
        }
        let Some((unit, taken)) = next_unit(rest)? else {
            break;
        };
        utf8.push(unit.value)
            .map_err(|_| NormaliseError::QueryUtf8)?;
        let input = rest.get(..taken).unwrap_or_default();
        let triplet = bytes::upper_triplet(unit.value);
        let output = if unit.plain {
            std::slice::from_ref(&unit.value)
        } else {
            &triplet
        };
        if rewritten.is_none() && output != input {
            let mut buffer = Vec::with_capacity(raw.len().saturating_add(16));
            buffer.extend_from_slice(raw.get(..position).unwrap_or_default());
            rewritten = Some(buffer);
        }
        if let Some(buffer) = &mut rewritten {
            buffer.extend_from_slice(output);
        }
        position = position.saturating_add(taken);
    }
    utf8.finish().map_err(|_| NormaliseError::QueryUtf8)?;
    Ok(match rewritten {
        Some(buffer) => Cow::Owned(bytes::ascii_owned(buffer)),
        None => Cow::Borrowed(bytes::ascii(raw)),
    })
}

/// One decoded byte and whether it stands for itself in the canonical query.
struct Unit {
    value: u8,
    plain: bool,
}

fn next_unit(rest: &[u8]) -> Result<Option<(Unit, usize)>, NormaliseError> {
    let Some((&byte, after)) = rest.split_first() else {
        return Ok(None);
    };
    let unit = match byte {
        b'%' => match bytes::triplet(after) {
            Some(0) => return Err(NormaliseError::QueryNul),
            Some(value) => {
                let plain = bytes::is(value, UNRESERVED);
                return Ok(Some((Unit { value, plain }, 3)));
            }
            None => Unit {
                value: b'%',
                plain: false,
            },
        },
        0 => return Err(NormaliseError::QueryNul),
        0x01..=0x20 | 0x7F => return Err(NormaliseError::QueryControl),
        b'#' => return Err(NormaliseError::TargetFragment),
        value => Unit {
            value,
            plain: bytes::is(value, QUERY),
        },
    };
    Ok(Some((unit, 1)))
}

/// One argument of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument<'a> {
    /// The decoded name.
    pub name: Cow<'a, str>,
    /// The decoded value; empty without a `=`.
    pub value: Cow<'a, str>,
}

/// The arguments in their order, decoded as they are asked for. Made by [`arguments`].
#[derive(Debug, Clone)]
pub struct Arguments<'a> {
    rest: Option<&'a str>,
}

/// The arguments of a canonical query: split at `&`, at the first `=`, then decoded with `+` as
/// a space (WHATWG URL §5.1). Empty pieces (`a&&b`) are left out.
#[must_use]
pub fn arguments(query: &str) -> Arguments<'_> {
    Arguments { rest: Some(query) }
}

impl<'a> Iterator for Arguments<'a> {
    type Item = Argument<'a>;

    fn next(&mut self) -> Option<Argument<'a>> {
        loop {
            let rest = self.rest?;
            let piece = match rest.split_once('&') {
                Some((piece, after)) => {
                    self.rest = Some(after);
                    piece
                }
                None => {
                    self.rest = None;
                    rest
                }
            };
            if piece.is_empty() {
                continue;
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            return Some(Argument {
                name: percent::decode_form(name),
                value: percent::decode_form(value),
            });
        }
    }
}
