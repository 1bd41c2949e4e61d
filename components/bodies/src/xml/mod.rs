//! XML 1.0: the text and the attributes of a document.
//!
//! The reader fetches nothing, expands no entities but the five that XML has and numbers, and
//! goes on behind faults: mismatched tags, text outside of the root, references to other entities
//! (which stay as they are written).

mod content;
mod encoding;
mod reader;

pub use reader::parse;

/// What is wrong with a document.
///
/// All but the limits let the reader go on; where markup has no end, the rest is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no element.
    #[error("the document has no element")]
    NoRoot,
    /// Markup that begins at this place has no end.
    #[error("markup at offset {0} has no end")]
    Unfinished(usize),
    /// Elements are open at the end.
    #[error("the document ends inside of an element")]
    OpenElement,
    /// An end tag at this place does not fit the element that it is in.
    #[error("the end tag at offset {0} does not match")]
    MismatchedTag(usize),
    /// A tag at this place is not written as XML asks.
    #[error("the tag at offset {0} is malformed")]
    BadTag(usize),
    /// Text, a section or a second element outside of the root element.
    #[error("content outside of the root element at offset {0}")]
    OutsideRoot(usize),
    /// A reference to an entity that is neither a number nor one of the five.
    #[error("a reference to an unknown entity")]
    UnknownEntity,
    /// The document declares an encoding that is not read.
    #[error("unknown encoding")]
    UnknownEncoding,
    /// Elements are nested deeper than [`crate::Limits::depth_max`]. This ends the reading.
    #[error("nested deeper than the limit allows")]
    TooDeep,
    /// There are more attributes than [`crate::Limits::items_max`]. This ends the reading.
    #[error("more attributes than the limit allows")]
    TooManyAttributes,
}

/// What rules see of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// All text inside of the root element, sections included, one after the other: what
    /// ModSecurity's `XML:/*` selects. Comments and instructions are not in it.
    pub text: Vec<u8>,
    /// The values of all attributes in order: what `XML://@*` selects. Namespace declarations are
    /// not among them.
    pub attributes: Vec<Vec<u8>>,
    /// The document type declaration as it is written: its entities are not expanded, so rules
    /// may want to look at it itself.
    pub doctype: Vec<u8>,
    /// The first fault.
    pub error: Option<Error>,
}

impl Document {
    pub(crate) fn note(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }
}
