//! A bundle as bytes, and the digests that name it.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::Bundle;

/// The first bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"LGBUNDLE";

/// The format that this build reads and writes; a little-endian `u16` behind [`MAGIC`].
pub const FORMAT_VERSION: u16 = 6;

/// Behind the version: the length of the bundle in postcard, a little-endian `u32`.
const HEAD_BYTES: usize = MAGIC.len() + 2 + 4;

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
        let write = |error: String| BundleError::Write(error);
        let own = postcard::to_allocvec(self).map_err(|error| write(error.to_string()))?;
        let length = u32::try_from(own.len()).map_err(|error| write(error.to_string()))?;
        let images_bytes: usize = images.iter().map(|image| image.len()).sum();
        let mut out = Vec::with_capacity(HEAD_BYTES + own.len() + images_bytes);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&own);
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

    /// The same with the images of its programs: all of them, or none where the bytes are only those
    /// of the bundle itself. Takes the bytes, so that the last image, which is megabytes, is not held
    /// twice.
    ///
    /// # Errors
    /// As [`Bundle::from_bytes`].
    pub fn with_images(mut bytes: Vec<u8>) -> Result<(Self, Vec<Vec<u8>>), BundleError> {
        let (bundle, mut at) = Self::read(&bytes)?;
        let mut images = Vec::with_capacity(bundle.programs.len());
        let others = match bundle.programs.split_last() {
            Some((_, others)) if at < bytes.len() => others,
            _ => return Ok((bundle, images)),
        };
        for program in others {
            let end = at.saturating_add(program.image_bytes as usize);
            images.push(bytes.get(at..end).unwrap_or_default().to_vec());
            at = end;
        }
        bytes.drain(..at.min(bytes.len()));
        images.push(bytes);
        Ok((bundle, images))
    }

    /// The bundle, and where its images begin.
    fn read(bytes: &[u8]) -> Result<(Self, usize), BundleError> {
        let (own, images) = split(bytes)?;
        let own = own.get(HEAD_BYTES..).unwrap_or_default();
        let (bundle, rest) = postcard::take_from_bytes::<Self>(own)
            .map_err(|error| BundleError::Damaged(error.to_string()))?;
        if !rest.is_empty() {
            let text = format!("{} bytes too many", rest.len());
            return Err(BundleError::Damaged(text));
        }
        let told = bundle.programs.iter();
        let told: u64 = told.map(|program| u64::from(program.image_bytes)).sum();
        let has = images.len() as u64;
        if has != told && has != 0 {
            let text = format!("{has} bytes of programs where it says {told}");
            return Err(BundleError::Damaged(text));
        }
        bundle.check().map_err(BundleError::Unsound)?;
        Ok((bundle, bytes.len() - images.len()))
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

/// The SHA-256 of a bundle's own bytes, or of an image.
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

/// The bytes of a bundle itself, and those of the images behind it. The bundle names the digests of
/// its images, so that it may go about without them.
///
/// # Errors
/// [`BundleError`] where they are no bundle of this format, or a part of one.
pub fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), BundleError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(BundleError::Magic)?;
    let (version, rest) = rest.split_first_chunk().ok_or(BundleError::Magic)?;
    let version = u16::from_le_bytes(*version);
    if version != FORMAT_VERSION {
        return Err(BundleError::Version(version));
    }
    let (length, _) = rest.split_first_chunk().ok_or(BundleError::Magic)?;
    let length = u32::from_le_bytes(*length) as usize;
    bytes
        .split_at_checked(HEAD_BYTES.saturating_add(length))
        .ok_or_else(|| BundleError::Damaged("it ends too early".to_owned()))
}

/// The digest of a bundle: of its own bytes, which name the digests of the images behind them.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    let own = split(bytes).map_or(bytes, |(own, _)| own);
    image_digest(own)
}

/// The digest of an image.
#[must_use]
pub fn image_digest(image: &[u8]) -> Digest {
    Digest(Sha256::digest(image).into())
}
