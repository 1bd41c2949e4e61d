//! Restart markers (T.81 E.2.4), and what it means that data ends too early.

use super::bits::Bits;
use crate::JpegError;

/// Counts MCUs.
pub(super) struct Restarts {
    /// MCUs from one marker to the next; 0: there are none.
    interval: usize,
    left: usize,
    /// The number of the next marker, 0 to 7.
    next: u8,
}

impl Restarts {
    pub(super) fn new(interval: usize) -> Self {
        Self {
            interval,
            left: interval,
            next: 0,
        }
    }

    /// Whether a marker stands before the MCU that comes now. Counts it.
    #[inline(always)]
    pub(super) fn is_due(&mut self) -> bool {
        if self.interval == 0 {
            return false;
        }
        if self.left == 0 {
            self.left = self.interval - 1;
            return true;
        }
        self.left -= 1;
        false
    }

    /// Go on behind the marker.
    #[inline(never)]
    pub(super) fn pass<'a>(&mut self, bits: Bits<'a>) -> Result<Bits<'a>, JpegError> {
        let at = bits.end();
        let expected = 0xD0 + self.next;
        self.next = (self.next + 1) % 8;
        if bits.source().get(at + 1) == Some(&expected) {
            Ok(Bits::new(bits.source(), at + 2))
        } else {
            Err(broken(bits))
        }
    }
}

/// Why decoding cannot go on: the file ends here, or it is broken.
#[cold]
#[inline(never)]
pub(super) fn broken(bits: Bits<'_>) -> JpegError {
    match bits.source().get(bits.end() + 1) {
        // The end of the image, too.
        None | Some(0xD9) if bits.is_at_end() => JpegError::Truncated,
        _ => JpegError::Corrupt("entropy-coded data that makes no sense"),
    }
}
