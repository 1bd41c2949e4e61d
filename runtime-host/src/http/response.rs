//! A response on its way to a connection.

use bytes::Bytes;

use super::{Fields, ResponseBody};
use crate::record::Pending;

/// A response of either version.
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// Fields made for this response.
    pub fields: Fields,
    /// Lines of the origin's or of a stored answer, sent before `fields`: the gate's own member of
    /// a list (`Cache-Status`) is the last.
    pub stored_lines: Bytes,
    /// The body.
    pub body: ResponseBody,
    /// The length to announce where the body itself is not sent (HEAD, 304).
    pub announced_length: Option<u64>,
    /// The connection is closed after this response.
    pub close: bool,
    /// The record, completed when the last byte is sent.
    pub record: Option<Box<Pending>>,
}

impl Response {
    /// A response with a body in memory.
    #[must_use]
    pub fn full(status: u16, fields: Fields, body: Bytes) -> Self {
        Self {
            status,
            fields,
            stored_lines: Bytes::new(),
            body: ResponseBody::Full(body),
            announced_length: None,
            close: false,
            record: None,
        }
    }

    /// Whether a response with this status has no body at all (RFC 9110 §6.4.1).
    #[must_use]
    pub fn bodiless(status: u16) -> bool {
        status == 204 || status == 304
    }

    /// Fields of the answer behind and of the response itself, in the order in which they leave.
    pub fn all_fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        super::fields::split_lines(&self.stored_lines).chain(self.fields.iter())
    }
}
