//! Segments and entropy-coded bits.

use super::blocks::{AC, DC, Symbols};
use super::huffman::Codes;
use super::tables::ZIGZAG;

/// Bytes of a profile in one APP2 segment.
const PART: usize = 65_519;

/// Writes a file.
pub(super) struct Writer {
    out: Vec<u8>,
    /// Bits that make no whole byte yet, from the top.
    buffer: u64,
    filled: u32,
}

impl Writer {
    /// For about so many symbols.
    pub(super) fn new(symbols: usize) -> Self {
        Self {
            out: Vec::with_capacity(symbols + 1024),
            buffer: 0,
            filled: 0,
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "segments are shorter than 65,534"
    )]
    fn segment(&mut self, marker: u8, payload: &[u8]) {
        let length = payload.len() as u16 + 2;
        self.out.extend([0xFF, marker]);
        self.out.extend(length.to_be_bytes());
        self.out.extend_from_slice(payload);
    }

    /// SOI, JFIF without a density, and the profile in parts (ICC.1:2022 annex B.4).
    pub(super) fn head(&mut self, icc: &[u8]) -> Option<()> {
        self.out.extend([0xFF, 0xD8]);
        self.segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
        let parts = u8::try_from(icc.len().div_ceil(PART)).ok()?;
        for (number, part) in (1..=parts).zip(icc.chunks(PART)) {
            let mut payload = b"ICC_PROFILE\0".to_vec();
            payload.extend([number, parts]);
            payload.extend_from_slice(part);
            self.segment(0xE2, &payload);
        }
        Some(())
    }

    /// DQT.
    pub(super) fn quantisation(&mut self, steps: &[[u8; 64]; 2], components: usize) {
        for (number, steps) in (0..).zip(steps).take(components.min(2)) {
            let mut payload = vec![number];
            payload.extend(ZIGZAG.iter().filter_map(|at| steps.get(usize::from(*at))));
            self.segment(0xDB, &payload);
        }
    }

    /// SOF0.
    pub(super) fn frame(&mut self, width: u16, height: u16, components: usize, subsampled: bool) {
        let mut payload = vec![8];
        payload.extend(height.to_be_bytes());
        payload.extend(width.to_be_bytes());
        let luma = if subsampled { 0x22 } else { 0x11 };
        if components == 1 {
            payload.extend([1, 1, 0x11, 0]);
        } else {
            payload.extend([3, 1, luma, 0, 2, 0x11, 1, 3, 0x11, 1]);
        }
        self.segment(0xC0, &payload);
    }

    /// DHT.
    pub(super) fn codes(&mut self, codes: &Codes, components: usize) {
        let of = |at: usize| codes.0.get(at);
        let all = [
            (0x00, of(DC)),
            (0x10, of(AC)),
            (0x01, of(DC + 1)),
            (0x11, of(AC + 1)),
        ];
        let count = if components == 1 { 2 } else { 4 };
        for (number, code) in all.into_iter().take(count) {
            let Some(code) = code else { continue };
            let mut payload = vec![number];
            payload.extend(code.counts);
            payload.extend_from_slice(&code.symbols);
            self.segment(0xC4, &payload);
        }
    }

    /// SOS, of all components.
    pub(super) fn scan(&mut self, components: usize) {
        if components == 1 {
            self.segment(0xDA, &[1, 1, 0x00, 0, 63, 0]);
        } else {
            self.segment(0xDA, &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
        }
    }

    /// The entropy-coded data.
    pub(super) fn symbols(&mut self, codes: &Codes, symbols: &Symbols) {
        for (code, symbol, bits) in symbols.iter() {
            let word = codes.0.get(code).map(|code| &code.words);
            let word = word.and_then(|words| words.get(usize::from(symbol)));
            let (word, length) = word.copied().unwrap_or_default();
            let size = u32::from(symbol & 0xF);
            self.put(
                u64::from(word) << size | u64::from(bits),
                u32::from(length) + size,
            );
        }
    }

    /// `length` bits, at most 31.
    #[inline(always)]
    fn put(&mut self, bits: u64, length: u32) {
        self.filled += length;
        self.buffer |= bits << (64 - self.filled);
        if self.filled >= 32 {
            self.flush();
        }
    }

    /// Write 32 bits.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the upper half")]
    fn flush(&mut self) {
        let bytes = ((self.buffer >> 32) as u32).to_be_bytes();
        self.buffer <<= 32;
        self.filled -= 32;
        if bytes.contains(&0xFF) {
            for byte in bytes {
                self.byte(byte);
            }
        } else {
            self.out.extend_from_slice(&bytes);
        }
    }

    /// A byte, with one of zeros behind it if it looks like a marker.
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xFF {
            self.out.push(0);
        }
    }

    /// What is left, filled up with ones, and EOI.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let filled = self.filled.div_ceil(8);
        let ones = u64::MAX.checked_shr(self.filled).unwrap_or(0);
        let rest = (self.buffer | ones).to_be_bytes();
        for byte in rest.into_iter().take(filled as usize) {
            self.byte(byte);
        }
        self.out.extend([0xFF, 0xD9]);
        self.out
    }
}
