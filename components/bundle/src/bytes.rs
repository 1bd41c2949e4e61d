//! A bundle as bytes, and the digests that name it.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::Bundle;

/// The first bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"LGBUNDLE";

/// The format that this build reads and writes; a little-endian `u16` behind [`MAGIC`].
pub const FORMAT_VERSION: u16 = 3;

const HEAD_BYTES: usize = MAGIC.len() + 2;

/// Why bytes were refused, or a bundle could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Something else than a bundle.
    #[error("this is not a policy bundle")]
    Magic,
    /// A format of another build.
    #[error("the bundle has format {0}, this build reads {FORMAT_VERSION}")]
    Version(u16),
    /// Damaged bytes.
    #[error("the bundle is damaged: {0}")]
    Damaged(String),
    /// An index that points nowhere.
    #[error("the bundle is not sound: {0}")]
    Unsound(&'static str),
    /// The bundle cannot be written.
    #[error("the bundle cannot be written: {0}")]
    Write(String),
}

impl Bundle {
    /// The bytes, the same ones for the same bundle. `images` are those of [`Bundle::programs`].
    ///
    /// # Errors
    /// [`BundleError::Unsound`] where an index points nowhere, or an image has another length than
    /// the bundle says; [`BundleError::Write`].
    pub fn to_bytes(&self, images: &[&[u8]]) -> Result<Vec<u8>, BundleError> {
        self.check().map_err(BundleError::Unsound)?;
        let told = self
            .programs
            .iter()
            .map(|program| program.image_bytes as usize);
        if !told.eq(images.iter().map(|image| image.len())) {
            return Err(BundleError::Unsound("an image is not that of its program"));
        }
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        let mut out = postcard::to_extend(self, out)
            .map_err(|error| BundleError::Write(error.to_string()))?;
        for image in images {
            out.extend_from_slice(image);
        }
        Ok(out)
    }

    /// Reads a bundle and checks that every index in it points somewhere. What the stages check
    /// of their own tables they check when these are loaded.
    ///
    /// # Errors
    /// [`BundleError`] for anything that [`Bundle::to_bytes`] would not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        Self::read(bytes).map(|(bundle, _)| bundle)
    }

    /// The same with the images of its programs. Takes the bytes, so that the last image, which
    /// is megabytes, is not held twice.
    ///
    /// # Errors
    /// As [`Bundle::from_bytes`].
    pub fn with_images(mut bytes: Vec<u8>) -> Result<(Self, Vec<Vec<u8>>), BundleError> {
        let (bundle, mut at) = Self::read(&bytes)?;
        let mut images = Vec::with_capacity(bundle.programs.len());
        let (last, others) = match bundle.programs.split_last() {
            Some((last, others)) => (Some(last), others),
            None => (None, &[][..]),
        };
        for program in others {
            let end = at.saturating_add(program.image_bytes as usize);
            images.push(bytes.get(at..end).unwrap_or_default().to_vec());
            at = end;
        }
        if last.is_some() {
            bytes.drain(..at.min(bytes.len()));
            images.push(bytes);
        }
        Ok((bundle, images))
    }

    /// The bundle, and where its images begin.
    fn read(bytes: &[u8]) -> Result<(Self, usize), BundleError> {
        let (head, body) = bytes
            .split_at_checked(HEAD_BYTES)
            .ok_or(BundleError::Magic)?;
        let version = head.strip_prefix(&MAGIC).ok_or(BundleError::Magic)?;
        let version = version.try_into().map_or(0, u16::from_le_bytes);
        if version != FORMAT_VERSION {
            return Err(BundleError::Version(version));
        }
        let (bundle, rest) = postcard::take_from_bytes::<Self>(body)
            .map_err(|error| BundleError::Damaged(error.to_string()))?;
        let images = bundle.programs.iter();
        let images: u64 = images.map(|program| u64::from(program.image_bytes)).sum();
        if rest.len() as u64 != images {
            let (has, says) = (rest.len(), images);
            let text = format!("{has} bytes of programs where it says {says}");
            return Err(BundleError::Damaged(text));
        }
        bundle.check().map_err(BundleError::Unsound)?;
        Ok((bundle, bytes.len() - rest.len()))
    }

    /// SHA-256 over all sign-ins in their order: keys, rules, names. Claims that were verified
    /// under another digest mean nothing under this one, so it is part of the key by which the
    /// host remembers them.
    #[must_use]
    pub fn sign_in_digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"lockgate sign-ins\0");
        hash.update(FORMAT_VERSION.to_le_bytes());
        hash.update(written(&self.sign_ins));
        hash.finalize().into()
    }
}

/// Postcard fails on sequences of unknown length and on a full buffer only; neither occurs.
fn written(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}

/// The SHA-256 of a bundle's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The first eight bytes: enough to tell the bundles of one process apart.
    #[must_use]
    pub fn tag(&self) -> [u8; 8] {
        self.0.first_chunk().copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Digest {
    /// 64 hexadecimal digits, lower case.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The digest of a bundle's bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
