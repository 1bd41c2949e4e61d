//! The images of a bundle's programs, where they go beside it.

use crate::document::Document;
use crate::package::{PackageError, hex_digest};

/// The images of all programs that a document names, one behind the other, in its order: what goes
/// behind the bundle where the policy does not hold them yet. Each is named by its digest, so that
/// it can be kept once for many packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Programs<'a> {
    images: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Programs<'a> {
    /// Takes bytes apart. An image is not hashed here: see [`Programs::check`].
    ///
    /// # Errors
    /// [`PackageError::Programs`] where they have another length than the document says.
    pub fn split(document: &'a Document, mut bytes: &'a [u8]) -> Result<Self, PackageError> {
        let mut images = Vec::with_capacity(document.programs.len());
        for program in &document.programs {
            let parts = bytes.split_at_checked(program.bytes as usize);
            let (image, rest) = parts.ok_or(PackageError::Programs)?;
            images.push((program.digest.as_str(), image));
            bytes = rest;
        }
        if bytes.is_empty() {
            Ok(Self { images })
        } else {
            Err(PackageError::Programs)
        }
    }

    /// Whether each image is what its name says. Hashes megabytes.
    ///
    /// # Errors
    /// [`PackageError::Programs`].
    pub fn check(&self) -> Result<(), PackageError> {
        let sound = |(digest, image): &(&str, &[u8])| hex_digest(image) == *digest;
        if self.images.iter().all(sound) {
            Ok(())
        } else {
            Err(PackageError::Programs)
        }
    }

    /// Digest and image of each.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.images.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Program;
    use crate::document::tests::document;

    #[test]
    fn programs_are_taken_apart_and_checked() {
        let mut document = document();
        document.programs = [&b"one"[..], b"22"]
            .map(|image| Program {
                digest: hex_digest(image),
                bytes: image.len() as u32,
            })
            .into();
        let programs = Programs::split(&document, b"one22").unwrap();
        let images: Vec<_> = programs.iter().map(|(_, image)| image).collect();
        assert_eq!(images, [&b"one"[..], b"22"]);
        assert_eq!(programs.check(), Ok(()));
        let other = Programs::split(&document, b"one23").unwrap();
        assert_eq!(other.check(), Err(PackageError::Programs));
        for bytes in [&b"one2"[..], b"one222", b""] {
            let split = Programs::split(&document, bytes);
            assert_eq!(split, Err(PackageError::Programs), "{bytes:?}");
        }
    }
}
