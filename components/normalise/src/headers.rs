//! One pass over the header fields: all are checked, the known ones are kept at hand.
//!
//! The listener has checked framing before; it is checked again because the decision is worth
//! nothing where gate and origin could read another message. A field that must be single and
//! decides something (Host, Content-Length, Transfer-Encoding, Authorization, Content-Type) may
//! not be repeated; of the others the first line is kept and the repetition is flagged.

use crate::bytes::{self, TOKEN};
use crate::{Field, Limits, NormaliseError};

/// The checked header fields of one request.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    first: [Option<&'a [u8]>; Field::COUNT],
    repeated: u32,
    /// The value of Content-Length, bytes.
    pub content_length: Option<u64>,
    /// The body comes in chunks (`Transfer-Encoding: chunked`).
    pub chunked: bool,
    /// Field lines.
    pub count: usize,
    /// Bytes of all names and values.
    pub bytes: usize,
    /// Every value is UTF-8. Others are legal (RFC 9110 §5.5 obs-text) but worth a rule.
    pub utf8: bool,
}

impl<'a> Headers<'a> {
    /// Checks and indexes (name, value) pairs in wire order, values without outer white space.
    ///
    /// # Errors
    /// One of the `Header*`, `ContentLength*`, [`NormaliseError::HostDuplicate`],
    /// [`NormaliseError::FramingConflict`], [`NormaliseError::TransferEncoding`] and
    /// [`NormaliseError::Expectation`] codes.
    pub fn scan(
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
        limits: &Limits,
    ) -> Result<Self, NormaliseError> {
        let mut headers = Self {
            first: [None; Field::COUNT],
            repeated: 0,
            content_length: None,
            chunked: false,
            count: 0,
            bytes: 0,
            utf8: true,
        };
        for (name, value) in fields {
            headers.add(name, value, limits)?;
        }
        headers.check_framing()?;
        Ok(headers)
    }

    #[inline]
    fn add(
        &mut self,
        name: &'a [u8],
        value: &'a [u8],
        limits: &Limits,
    ) -> Result<(), NormaliseError> {
        self.count = self.count.saturating_add(1);
        self.bytes = self
            .bytes
            .saturating_add(name.len())
            .saturating_add(value.len());
        if self.count > limits.header_count_max {
            return Err(NormaliseError::HeadersTooMany);
        }
        if self.bytes > limits.header_bytes_max {
            return Err(NormaliseError::HeadersTooLarge);
        }
        // The name of a known field is a token and nobody's imitation, the others are looked at.
        let known = Field::of(name);
        if known.is_none() && !bytes::is_plain_name(name) {
            if name.is_empty() || !bytes::all(name, TOKEN) {
                return Err(NormaliseError::HeaderName);
            }
            if Field::imitated_by(name).is_some() {
                return Err(NormaliseError::HeaderAlias);
            }
        }
        let look = bytes::look(value);
        if look.control {
            return Err(NormaliseError::HeaderValue);
        }
        if look.high && self.utf8 {
            self.utf8 = str::from_utf8(value).is_ok();
        }
        match known {
            Some(field) => self.keep(field, value),
            None => Ok(()),
        }
    }

    fn keep(&mut self, field: Field, value: &'a [u8]) -> Result<(), NormaliseError> {
        if let Some(slot) = self.first.get_mut(field as usize) {
            if slot.is_none() {
                *slot = Some(value);
                return Ok(());
            }
            self.repeated |= 1 << field as u32;
        }
        match field {
            Field::Host => Err(NormaliseError::HostDuplicate),
            Field::ContentLength => Err(NormaliseError::ContentLengthConflict),
            Field::TransferEncoding => Err(NormaliseError::TransferEncoding),
            Field::Authorization | Field::ContentType => Err(NormaliseError::HeaderDuplicate),
            _ => Ok(()),
        }
    }

    fn check_framing(&mut self) -> Result<(), NormaliseError> {
        let length = self.get(Field::ContentLength);
        if let Some(coding) = self.get(Field::TransferEncoding) {
            if length.is_some() {
                return Err(NormaliseError::FramingConflict);
            }
            if !coding.eq_ignore_ascii_case(b"chunked") {
                return Err(NormaliseError::TransferEncoding);
            }
            self.chunked = true;
        }
        if let Some(length) = length {
            self.content_length = Some(parse_length(length)?);
        }
        match self.get(Field::Expect) {
            Some(value) if !value.eq_ignore_ascii_case(b"100-continue") => {
                Err(NormaliseError::Expectation)
            }
            _ => Ok(()),
        }
    }

    /// The value of the first line of the field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&'a [u8]> {
        self.first.get(field as usize).copied().flatten()
    }

    /// The value of the first line as text, where it is UTF-8.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        str::from_utf8(self.get(field)?).ok()
    }

    /// The field has more than one line. [`lines`] gives them all.
    #[must_use]
    pub fn is_repeated(&self, field: Field) -> bool {
        self.repeated & (1 << field as u32) != 0
    }
}

/// The values of all lines of a field, in wire order.
pub fn lines<'a>(
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    field: Field,
) -> impl Iterator<Item = &'a [u8]> {
    fields
        .into_iter()
        .filter(move |(name, _)| name.eq_ignore_ascii_case(field.name().as_bytes()))
        .map(|(_, value)| value)
}

/// RFC 9110 §8.6: digits and nothing else; a list of several numbers is a conflict.
fn parse_length(value: &[u8]) -> Result<u64, NormaliseError> {
    if value.contains(&b',') {
        return Err(NormaliseError::ContentLengthConflict);
    }
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(NormaliseError::ContentLengthInvalid);
    }
    bytes::ascii(value)
        .parse()
        .map_err(|_| NormaliseError::ContentLengthInvalid)
}
