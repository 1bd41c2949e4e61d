//! The flat table format that compiled sets and lists share: a magic word, a version and sections.
//!
//! ```text
//! 0  magic    4 bytes
//! 4  version  u32 LE
//! 8  section* length u32 LE, then so many bytes
//! ```
//! Numbers inside sections are little-endian and read byte by byte: nothing needs alignment.

use std::ops::Range;

/// Why a compiled table was refused at load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The magic word is another table's, or none.
    #[error("not a compiled {0}")]
    Magic(&'static str),
    /// The table was written by another version of the compiler.
    #[error("version {found} of the table; this build reads version {wanted}")]
    Version {
        /// The version that the bytes claim.
        found: u32,
        /// The one version that is readable.
        wanted: u32,
    },
    /// The bytes end too early, or too late.
    #[error("the table's length does not fit its content")]
    Length,
    /// A check of the content failed: what was wrong.
    #[error("the table contradicts itself: {0}")]
    Content(&'static str),
}

/// Writes a table.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(magic: [u8; 4], version: u32) -> Self {
        let mut bytes = magic.to_vec();
        bytes.extend_from_slice(&version.to_le_bytes());
        Self(bytes)
    }

    /// Appends one section. `None` when it would not fit the 32-bit length.
    #[must_use]
    pub(crate) fn section(mut self, content: &[u8]) -> Option<Self> {
        let length = u32::try_from(content.len()).ok()?;
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(content);
        Some(self)
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the sections' places in order.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        bytes: &'a [u8],
        magic: [u8; 4],
        version: u32,
        kind: &'static str,
    ) -> Result<Self, TableError> {
        let (found, rest) = bytes.split_first_chunk::<4>().ok_or(TableError::Length)?;
        if *found != magic {
            return Err(TableError::Magic(kind));
        }
        let number = rest.first_chunk::<4>().ok_or(TableError::Length)?;
        let found = u32::from_le_bytes(*number);
        if found != version {
            return Err(TableError::Version {
                found,
                wanted: version,
            });
        }
        Ok(Self { bytes, at: 8 })
    }

    /// The next section's place in the whole table; its length must be a multiple of `item` bytes.
    pub(crate) fn section(&mut self, item: usize) -> Result<Range<usize>, TableError> {
        let rest = self.bytes.get(self.at..).ok_or(TableError::Length)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(TableError::Length)?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > rest.len() || !length.is_multiple_of(item) {
            return Err(TableError::Length);
        }
        let start = self.at + 4;
        self.at = start + length;
        Ok(start..self.at)
    }

    /// Refuses bytes behind the last section.
    pub(crate) fn finish(self) -> Result<(), TableError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(TableError::Length)
        }
    }
}

/// The section at `range` as items of `N` bytes. Empty when the range is not there.
pub(crate) fn items<'a, const N: usize>(bytes: &'a [u8], range: &Range<usize>) -> &'a [[u8; N]] {
    bytes
        .get(range.clone())
        .unwrap_or_default()
        .as_chunks::<N>()
        .0
}

/// The `index`-th number of a section of 32-bit numbers.
pub(crate) fn u32_at(items: &[[u8; 4]], index: usize) -> Option<u32> {
    items.get(index).map(|item| u32::from_le_bytes(*item))
}
