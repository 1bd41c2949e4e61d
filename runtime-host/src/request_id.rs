//! Request ids (UUIDv7, RFC 9562 §5.7) and trace context (W3C).

use lockgate_shell::ids::is_request_id;
pub use lockgate_shell::ids::trace_id;

use crate::http::RequestHead;

/// A new id: 36 characters, ordered by time.
#[must_use]
pub fn new() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}

/// The id that a trusted proxy gave, where it is one: 8 to 64 of `A-Z a-z 0-9 . _ -`.
#[must_use]
pub fn incoming(head: &RequestHead) -> Option<String> {
    let value = head.field("x-request-id")?;
    is_request_id(value).then(|| String::from_utf8_lossy(value).into_owned())
}
