//! A program as bytes: the tables (postcard), then the pattern tables as they are.

use super::Program;

/// The first bytes of an image; the last one is the version of the layout.
pub const IMAGE_MAGIC: [u8; 8] = *b"LGWAF\0\0\x01";

/// Magic, length of the tables (u32, little-endian), four bytes of zero.
const HEADER_BYTES: usize = 16;

/// The pattern tables begin at a multiple of this, counted from the image's first byte.
const ALIGNMENT_BYTES: usize = 16;

/// Why bytes are no program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImageError {
    /// Other bytes than [`IMAGE_MAGIC`] stand in front.
    #[error("not a firewall program, or one of another version")]
    Magic,
    /// It ends before its tables do.
    #[error("the firewall program is cut short")]
    Short,
    /// The tables do not decode.
    #[error("the tables of the firewall program are damaged")]
    Tables,
    /// The tables do not encode: they do not fit in 4 GiB.
    #[error("the firewall program is too large")]
    Large,
}

impl Program {
    /// The image of this program.
    ///
    /// # Errors
    /// [`ImageError::Large`].
    pub fn to_image(&self) -> Result<Vec<u8>, ImageError> {
        let tables = postcard::to_allocvec(self).map_err(|_| ImageError::Large)?;
        let length = u32::try_from(tables.len()).map_err(|_| ImageError::Large)?;
        let patterns_at = (HEADER_BYTES + tables.len()).next_multiple_of(ALIGNMENT_BYTES);
        let mut image = Vec::with_capacity(patterns_at + self.patterns.len());
        image.extend_from_slice(&IMAGE_MAGIC);
        image.extend_from_slice(&length.to_le_bytes());
        image.resize(HEADER_BYTES, 0);
        image.extend_from_slice(&tables);
        image.resize(patterns_at, 0);
        image.extend_from_slice(&self.patterns);
        Ok(image)
    }

    /// The program without its pattern tables, and where those begin in `image`.
    ///
    /// # Errors
    /// [`ImageError::Magic`], [`ImageError::Short`] or [`ImageError::Tables`].
    pub fn from_image(image: &[u8]) -> Result<(Self, usize), ImageError> {
        let rest = image.strip_prefix(&IMAGE_MAGIC).ok_or(ImageError::Magic)?;
        let (length, _) = rest.split_first_chunk::<4>().ok_or(ImageError::Short)?;
        let length = u32::from_le_bytes(*length) as usize;
        let end = HEADER_BYTES.checked_add(length).ok_or(ImageError::Short)?;
        let tables = image.get(HEADER_BYTES..end).ok_or(ImageError::Short)?;
        let program = postcard::from_bytes(tables).map_err(|_| ImageError::Tables)?;
        let patterns_at = end.next_multiple_of(ALIGNMENT_BYTES);
        if patterns_at > image.len() {
            return Err(ImageError::Short);
        }
        Ok((program, patterns_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_reads_back_and_is_aligned() {
        let program = Program {
            tx_names: vec!["0".to_owned()],
            patterns: vec![7; 5],
            ..Program::default()
        };
        let image = program.to_image().unwrap();
        let (back, at) = Program::from_image(&image).unwrap();
        assert_eq!(back.tx_names, program.tx_names);
        assert_eq!(at % ALIGNMENT_BYTES, 0);
        assert_eq!(&image[at..], &[7; 5]);
    }

    #[test]
    fn what_is_none_is_refused() {
        let image = Program::default().to_image().unwrap();
        assert_eq!(Program::from_image(b"other"), Err(ImageError::Magic));
        for cut in 8..image.len() {
            assert!(Program::from_image(&image[..cut]).is_err(), "cut at {cut}");
        }
    }
}
