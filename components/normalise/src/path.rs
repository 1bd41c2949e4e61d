//! The canonical path.
//!
//! In this order: percent triplets of unreserved characters are decoded and the others
//! upper-cased (RFC 3986 §6.2.2), bytes that are not allowed raw are encoded, repeated slashes
//! are merged, dot segments are removed (so `%2e%2e` counts as `..`, and `/a//../b` is `/b`).
//! What stays encoded is distinct from its raw form (`%3B` is not `;`), as RFC 3986 §2.2 says.
//!
//! Decided, because origins disagree on them and no canonical form is safe:
//! - `%2F`, `\` and `%5C` are refused. There is no switch: an origin that decodes `%2F` would
//!   see `..%2F` as a climb that nobody here has checked.
//! - `.;x` and `..;x` (also with `%3B`) are refused: servlet containers cut the parameter off
//!   after the gate has looked.
//! - NUL, control bytes (also encoded), raw spaces, triplets that are none and bytes that do not
//!   decode to UTF-8 are refused.
//! - Decoding happens once: `%252e` stays `%252e`.
//!
//! The result is ASCII, begins with `/`, and is its own canonical form.

use std::borrow::Cow;

use crate::NormaliseError;
use crate::bytes::{self, PATH, UNRESERVED};
use crate::utf8::Utf8;

/// The canonical form of a raw path that begins with `/` and has no query.
///
/// Borrowed where the path is canonical already and holds no triplet.
///
/// # Errors
/// One of the `Path*` codes, [`NormaliseError::TargetForm`] where the path does not begin with
/// a slash, [`NormaliseError::TargetFragment`] for a raw `#`.
pub fn canonical_path(raw: &[u8]) -> Result<Cow<'_, str>, NormaliseError> {
    if raw.first() != Some(&b'/') {
        return Err(NormaliseError::TargetForm);
    }
    if is_plain(raw) {
        return Ok(Cow::Borrowed(bytes::ascii(raw)));
    }
    rewrite(raw).map(|path| Cow::Owned(bytes::ascii_owned(path)))
}

/// Only bytes that stand for themselves, no empty segment, none that begins with a dot.
fn is_plain(raw: &[u8]) -> bool {
    let mut after_slash = false;
    for &byte in raw {
        if !bytes::is(byte, PATH) || (after_slash && matches!(byte, b'/' | b'.')) {
            return false;
        }
        after_slash = byte == b'/';
    }
    true
}

fn rewrite(raw: &[u8]) -> Result<Vec<u8>, NormaliseError> {
    let mut out = Segments::with_capacity(raw.len());
    let mut utf8 = Utf8::new();
    let mut rest = raw;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte == b'/' {
            utf8.push(b'/').map_err(|_| NormaliseError::PathUtf8)?;
            out.end_segment(true)?;
            continue;
        }
        let (value, encoded) = if *byte == b'%' {
            let value = bytes::triplet(after).ok_or(NormaliseError::PathPercent)?;
            rest = after.get(2..).unwrap_or_default();
            (value, true)
        } else {
            (*byte, false)
        };
        utf8.push(value).map_err(|_| NormaliseError::PathUtf8)?;
        check(value, encoded)?;
        let keep = if encoded { UNRESERVED } else { PATH };
        if bytes::is(value, keep) {
            out.bytes.push(value);
        } else {
            bytes::push_triplet(&mut out.bytes, value);
        }
    }
    utf8.finish().map_err(|_| NormaliseError::PathUtf8)?;
    out.end_segment(false)?;
    Ok(out.bytes)
}

fn check(value: u8, encoded: bool) -> Result<(), NormaliseError> {
    match value {
        0 => Err(NormaliseError::PathNul),
        b' ' if !encoded => Err(NormaliseError::PathControl),
        0x01..=0x1F | 0x7F => Err(NormaliseError::PathControl),
        b'/' if encoded => Err(NormaliseError::PathEncodedSlash),
        b'\\' => Err(NormaliseError::PathBackslash),
        b'#' if !encoded => Err(NormaliseError::TargetFragment),
        _ => Ok(()),
    }
}

/// The path so far: whole segments, each ended by a slash, then the open one.
struct Segments {
    bytes: Vec<u8>,
    open: usize,
}

impl Segments {
    fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity.saturating_add(16));
        bytes.push(b'/');
        Self { bytes, open: 1 }
    }

    fn end_segment(&mut self, by_slash: bool) -> Result<(), NormaliseError> {
        let segment = self.bytes.get(self.open..).unwrap_or_default();
        match segment {
            [] => {}
            [b'.'] => self.bytes.truncate(self.open),
            [b'.', b'.'] => self.climb()?,
            [b'.', rest @ ..] | [b'.', b'.', rest @ ..] if begins_parameter(rest) => {
                return Err(NormaliseError::PathDotParameter);
            }
            _ if by_slash => {
                self.bytes.push(b'/');
                self.open = self.bytes.len();
            }
            _ => {}
        }
        Ok(())
    }

    /// Drops the open segment and the one before it.
    fn climb(&mut self) -> Result<(), NormaliseError> {
        let parent = self
            .bytes
            .get(..self.open.saturating_sub(1))
            .and_then(|before| before.iter().rposition(|byte| *byte == b'/'))
            .ok_or(NormaliseError::PathAboveRoot)?;
        self.open = parent.saturating_add(1);
        self.bytes.truncate(self.open);
        Ok(())
    }
}

fn begins_parameter(rest: &[u8]) -> bool {
    rest.starts_with(b";") || rest.starts_with(b"%3B")
}
