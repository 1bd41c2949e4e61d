//! JSON (RFC 8259): ModSecurity's arguments of a document, and values by pointer.

mod flatten;
mod pointer;
mod reader;
mod text;

pub use flatten::flatten;
pub use pointer::{Part, Pointer, PointerError, select};
pub use reader::{Event, Reader};
pub use text::Text;

/// What is wrong with a document.
///
/// The last two do not stop the reading: all values are handed over before they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The document breaks off.
    #[error("the document ends too early")]
    Unfinished,
    /// A byte cannot stand where it does.
    #[error("unexpected byte {byte:#04x} at offset {offset}")]
    Unexpected {
        /// The byte.
        byte: u8,
        /// Its place in the document, in bytes.
        offset: usize,
    },
    /// Something comes behind the value.
    #[error("the document goes on behind its value at offset {0}")]
    Trailing(usize),
    /// Objects and arrays are nested deeper than [`crate::Limits::depth_max`].
    #[error("nested deeper than the limit allows")]
    TooDeep,
    /// There are more values than [`crate::Limits::items_max`]; those before were handed over.
    #[error("more values than the limit allows")]
    TooManyValues,
    /// The names need more room than [`crate::Limits::name_bytes_max`].
    #[error("the names of the values are longer than the limit allows")]
    NamesTooLong,
    /// A string has a control character that is not escaped, or an escape that is none.
    #[error("a string is not written as RFC 8259 asks, at offset {0}")]
    BadString(usize),
    /// A string is not UTF-8.
    #[error("a string is not UTF-8, at offset {0}")]
    NotUtf8(usize),
}
