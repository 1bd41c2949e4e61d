//! A document and its bundle in one, as they are pushed and kept.

use sha2::{Digest as _, Sha256};

use crate::document::{Document, DocumentError};

/// The first bytes of every package.
const MAGIC: [u8; 8] = *b"LGSHELL2";

/// A document and its bundle. The document names the bundle's digest, so that neither is ever
/// used with another one's indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What the shell needs.
    pub document: Document,
    /// What the policy is loaded with; [`Programs`] that it names go behind it.
    pub bundle: Vec<u8>,
}

/// Why a package is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Something else than a package, or a part of one.
    #[error("it is not a package of a shell document and a policy bundle")]
    Magic,
    /// The document is refused.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The bytes behind it are other programs than those of the document, or a part of them.
    #[error("the programs are not those that the shell document names")]
    Programs,
    /// The bundle is another one than the document's.
    #[error("the bundle has the digest {found}, the shell document names {named}")]
    Digest {
        /// Of the bundle that is there.
        found: String,
        /// What the document says.
        named: String,
    },
}

impl Package {
    /// Puts the two files together that `lockgate policy build` writes.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn new(document: &[u8], bundle: Vec<u8>) -> Result<Self, PackageError> {
        let document = Document::from_bytes(document)?;
        let found = hex_digest(&bundle);
        if found != document.bundle {
            let named = document.bundle;
            return Err(PackageError::Digest { found, named });
        }
        Ok(Self { document, bundle })
    }

    /// The bytes: a magic, the lengths of the document and the bundle as little-endian `u32`, the
    /// document, the bundle. [`Programs`] may stand behind them.
    ///
    /// # Errors
    /// As [`Document::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackageError> {
        let document = self.document.to_bytes()?;
        let mut out = Vec::with_capacity(16 + document.len() + self.bundle.len());
        out.extend_from_slice(&MAGIC);
        for part in [&document, &self.bundle] {
            let length = u32::try_from(part.len()).map_err(|_| PackageError::Magic)?;
            out.extend_from_slice(&length.to_le_bytes());
        }
        out.extend_from_slice(&document);
        out.extend_from_slice(&self.bundle);
        Ok(out)
    }

    /// Reads a package, and gives the bytes behind it.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), PackageError> {
        let parts = || {
            let rest = bytes.strip_prefix(&MAGIC)?;
            let (document, rest) = rest.split_first_chunk::<4>()?;
            let (bundle, rest) = rest.split_first_chunk::<4>()?;
            let (document, rest) = rest.split_at_checked(u32::from_le_bytes(*document) as usize)?;
            let (bundle, rest) = rest.split_at_checked(u32::from_le_bytes(*bundle) as usize)?;
            Some((document, bundle, rest))
        };
        let (document, bundle, rest) = parts().ok_or(PackageError::Magic)?;
        let package = Self::new(document, bundle.to_vec())?;
        Ok((package, rest))
    }
}

/// SHA-256, 64 hexadecimal digits.
#[must_use]
pub fn hex_digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::document;

    #[test]
    fn a_package_is_read_as_written_and_every_cut_is_refused() {
        let mut document = document();
        document.bundle = hex_digest(b"bundle");
        let package = Package {
            document,
            bundle: b"bundle".to_vec(),
        };
        let bytes = package.to_bytes().unwrap();
        let read = Package::from_bytes(&bytes).unwrap();
        assert_eq!(read, (package, &b""[..]));
        for end in 0..bytes.len() {
            assert!(Package::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert_eq!(Package::from_bytes(&longer).unwrap().1, b"x");
        let mut other = bytes;
        *other.last_mut().unwrap() = b'x';
        let other = Package::from_bytes(&other);
        assert!(matches!(other, Err(PackageError::Digest { .. })));
    }
}
