//! `Accept`, as far as choosing an image format needs it (RFC 9110 §12.5.1).

use crate::bytes::trim;

const ELEMENTS_MAX: usize = 64;

/// An image format that can be negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ImageFormat {
    /// `image/jpeg`.
    Jpeg,
    /// `image/png`.
    Png,
    /// `image/webp`.
    Webp,
    /// `image/avif`.
    Avif,
}

const FORMATS: usize = ImageFormat::Avif as usize + 1;

/// What a client takes. Qualities are in thousandths, 0 to 1000; 0 means "not acceptable".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageAccept {
    exact: [Option<u16>; FORMATS],
    any_image: Option<u16>,
    anything: Option<u16>,
    present: bool,
}

impl ImageAccept {
    /// Reads the lines of the Accept field. Elements that cannot be read are left out, and so is
    /// what comes after 64 elements; of two elements for one range the first counts.
    #[must_use]
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut accept = Self {
            exact: [None; FORMATS],
            any_image: None,
            anything: None,
            present: false,
        };
        let elements = lines
            .into_iter()
            .flat_map(|line| line.split(|byte| *byte == b','));
        for element in elements.take(ELEMENTS_MAX) {
            accept.add(element);
        }
        accept
    }

    fn add(&mut self, element: &[u8]) {
        let mut parts = element.split(|byte| *byte == b';').map(trim);
        let range = parts.next().unwrap_or_default();
        if range.is_empty() {
            return;
        }
        self.present = true;
        let is = |name: &str| range.eq_ignore_ascii_case(name.as_bytes());
        let slot = if is("image/webp") {
            self.exact.get_mut(ImageFormat::Webp as usize)
        } else if is("image/avif") {
            self.exact.get_mut(ImageFormat::Avif as usize)
        } else if is("image/jpeg") {
            self.exact.get_mut(ImageFormat::Jpeg as usize)
        } else if is("image/png") {
            self.exact.get_mut(ImageFormat::Png as usize)
        } else if is("image/*") {
            Some(&mut self.any_image)
        } else if is("*/*") {
            Some(&mut self.anything)
        } else {
            None
        };
        let quality = parts
            .find_map(|part| match part {
                [b'q' | b'Q', b'=', value @ ..] => Some(quality(value)),
                _ => None,
            })
            .unwrap_or(Some(1000));
        if let (Some(slot @ None), Some(quality)) = (slot, quality) {
            *slot = Some(quality);
        }
    }

    /// The quality of a format: the most specific range counts. Without an Accept field
    /// everything is acceptable.
    #[must_use]
    pub fn quality(&self, format: ImageFormat) -> u16 {
        if !self.present {
            return 1000;
        }
        self.named(format)
            .or(self.any_image)
            .or(self.anything)
            .unwrap_or(0)
    }

    /// The quality that the client gives the format by its own name. A new format (WebP, AVIF)
    /// should be chosen only where it is named: clients that send `image/*` or `*/*` say so
    /// without knowing it.
    #[must_use]
    pub fn named(&self, format: ImageFormat) -> Option<u16> {
        self.exact.get(format as usize).copied().flatten()
    }
}

/// RFC 9110 §12.4.2: `0` to `1` with at most three decimals.
fn quality(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [b'0'] => return Some(0),
        [b'1'] => return Some(1000),
        [b'0', b'.', decimals @ ..] => (0, decimals),
        [b'1', b'.', decimals @ ..] => (1000, decimals),
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let fraction = decimals
        .iter()
        .zip([100_u16, 10, 1])
        .fold(0, |sum, (digit, weight)| {
            sum + u16::from(digit - b'0') * weight
        });
    let quality = whole + fraction;
    (quality <= 1000).then_some(quality)
}
