//! The frame header (T.81 B.2.2), scan headers (B.2.3) and the geometry that follows from them.

use super::options::{Chroma, Options, Truncated};
use super::tables::Tables;
use crate::JpegError;
use crate::planes::{Colour, Plane, Planes};

/// What a level of 0 is stored as.
const GREY: u8 = 128;

/// A picture of components.
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) size: (u32, u32),
    pub(super) components: Vec<Component>,
    /// At the scale, of luma.
    scaled: (u32, u32),
    /// MCUs of a scan of several components: across and down.
    pub(super) mcus: (usize, usize),
    across_max: usize,
    down_max: usize,
    luma_block: usize,
}

/// A component of it.
pub(super) struct Component {
    id: u8,
    quantisation: usize,
    /// Sampling factors: blocks of an MCU.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Pixels that come of a block, along a side: 1, 2, 4 or 8.
    pub(super) block: usize,
    /// Blocks with pixels in them: what a scan of this component alone has.
    pub(super) blocks: (usize, usize),
    /// Blocks that there is room for: those of whole MCUs.
    pub(super) room: (usize, usize),
    /// Pixels, at the scale.
    size: (usize, usize),
}

/// A scan header.
pub(super) struct Scan {
    /// Index of the component, number of its DC table, and of its AC table.
    pub(super) components: Vec<(usize, usize, usize)>,
    /// The band of coefficients, in zigzag order.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Successive approximation: the bit position of the scan before, and of this one.
    pub(super) high: u32,
    pub(super) low: u32,
}

impl Frame {
    pub(super) fn read(kind: u8, payload: &[u8], options: &Options) -> Result<Self, JpegError> {
        const SHORT: JpegError = JpegError::Corrupt("a frame header of the wrong length");
        let ([precision, h1, h0, w1, w0, count], rest) =
            payload.split_first_chunk::<6>().ok_or(SHORT)?;
        if *precision != 8 {
            return Err(JpegError::Unsupported("samples of other than 8 bits"));
        }
        let size = (
            u32::from(u16::from_be_bytes([*w1, *w0])),
            u32::from(u16::from_be_bytes([*h1, *h0])),
        );
        if size.1 == 0 {
            return Err(JpegError::Unsupported("a height after the scan (DNL)"));
        }
        if size.0 == 0 {
            return Err(JpegError::Corrupt("no width"));
        }
        if u64::from(size.0) * u64::from(size.1) > options.limits.pixels_max {
            return Err(JpegError::OverLimit("too many pixels"));
        }
        let (headers, _) = rest.as_chunks::<3>();
        if headers.len() != usize::from(*count) || !matches!(count, 1..=4) {
            return Err(SHORT);
        }
        let factors = headers
            .iter()
            .map(|[_, factors, _]| (usize::from(factors >> 4), usize::from(factors & 0xF)));
        if !factors
            .clone()
            .all(|(h, v)| (1..=4).contains(&h) && (1..=4).contains(&v))
        {
            return Err(JpegError::Corrupt("sampling factors over four"));
        }
        let across_max = factors.clone().map(|(h, _)| h).max().unwrap_or(1);
        let down_max = factors.clone().map(|(_, v)| v).max().unwrap_or(1);

        let (width, height) = (size.0 as usize, size.1 as usize);
        let mcus = (
            width.div_ceil(8 * across_max),
            height.div_ceil(8 * down_max),
        );
        let luma = options.scale.block();
        let components = headers.iter().zip(factors).map(|([id, _, table], (h, v))| {
            let mut block = luma;
            // As libjpeg does (`jpeg_calc_output_dimensions`): both axes or none.
            while options.chroma == Chroma::LikeLuma
                && block < 8
                && (across_max * luma).is_multiple_of(h * block * 2)
                && (down_max * luma).is_multiple_of(v * block * 2)
            {
                block *= 2;
            }
            let pixels = |length: usize, factor: usize, max: usize, block: usize| {
                (length * factor * block).div_ceil(max * 8)
            };
            Component {
                id: *id,
                quantisation: usize::from(*table),
                across: h,
                down: v,
                block,
                blocks: (
                    pixels(width, h, across_max, 1),
                    pixels(height, v, down_max, 1),
                ),
                room: (mcus.0 * h, mcus.1 * v),
                size: (
                    pixels(width, h, across_max, block),
                    pixels(height, v, down_max, block),
                ),
            }
        });
        Ok(Self {
            progressive: kind == 2,
            size,
            scaled: options.scale.of(size),
            components: components.collect(),
            mcus,
            across_max,
            down_max,
            luma_block: luma,
        })
    }

    /// Refuse what takes more memory than allowed, and what is far too short for its size, before
    /// memory is taken.
    pub(super) fn is_plausible(&self, bytes: usize, options: &Options) -> Result<(), JpegError> {
        let blocks = |c: &Component| c.room.0 as u64 * c.room.1 as u64;
        let held = self.components.iter().map(|c| {
            let samples = (c.block * c.block) as u64;
            let coefficients = if self.progressive { 2 * samples + 8 } else { 0 };
            blocks(c) * (samples + coefficients)
        });
        if held.sum::<u64>() > options.limits.memory_bytes_max {
            return Err(JpegError::OverLimit("too much memory"));
        }
        // Each block has a code for its DC, and in a sequential file one more.
        let coded = self.components.iter().map(|c| {
            let codes = if self.progressive { 1 } else { 2 };
            c.blocks.0 as u64 * c.blocks.1 as u64 * codes
        });
        let too_short = coded.sum::<u64>() > bytes as u64 * 8;
        if too_short && options.truncated == Truncated::Refuse {
            return Err(JpegError::Truncated);
        }
        Ok(())
    }

    /// Planes for it, grey.
    pub(super) fn planes(&self, jfif: bool, adobe: Option<u8>) -> Planes {
        let planes = self.components.iter().map(|c| {
            let stride = c.room.0 * c.block;
            Plane {
                width: c.size.0,
                height: c.size.1,
                stride,
                samples: vec![GREY; stride * c.room.1 * c.block],
                step: (
                    (c.across * c.block, self.across_max * self.luma_block),
                    (c.down * c.block, self.down_max * self.luma_block),
                ),
            }
        });
        Planes {
            size: self.scaled,
            full_size: self.size,
            colour: self.colour(jfif, adobe),
            complete: false,
            planes: planes.collect(),
        }
    }

    /// The order of evidence is libjpeg's (`default_decompress_parms`).
    fn colour(&self, jfif: bool, adobe: Option<u8>) -> Colour {
        let ids: Vec<u8> = self.components.iter().map(|c| c.id).collect();
        match ids.len() {
            1 => Colour::Grey,
            3 if jfif => Colour::YCbCr,
            3 => match adobe {
                Some(0) => Colour::Rgb,
                Some(_) => Colour::YCbCr,
                None if ids == *b"RGB" => Colour::Rgb,
                None => Colour::YCbCr,
            },
            4 => match adobe {
                Some(2) => Colour::Ycck { inverted: true },
                Some(_) => Colour::Cmyk { inverted: true },
                None => Colour::Cmyk { inverted: false },
            },
            _ => Colour::Other,
        }
    }

    pub(super) fn scan(&self, payload: &[u8]) -> Result<Scan, JpegError> {
        const BAD: JpegError = JpegError::Corrupt("a scan header that is none");
        let (count, rest) = payload.split_first().ok_or(BAD)?;
        let (headers, rest) = rest.split_at_checked(2 * usize::from(*count)).ok_or(BAD)?;
        let [from, to, approximation, ..] = rest else {
            return Err(BAD);
        };
        let (headers, _) = headers.as_chunks::<2>();
        let mut components = Vec::with_capacity(4);
        for [id, tables] in headers {
            let index = self.components.iter().position(|c| c.id == *id);
            let index = index.ok_or(JpegError::Corrupt("a scan of an unknown component"))?;
            if components.iter().any(|(seen, _, _)| *seen == index) {
                return Err(BAD);
            }
            components.push((index, usize::from(tables >> 4), usize::from(tables & 0xF)));
        }
        let blocks = components.iter().filter_map(|(c, _, _)| {
            let c = self.components.get(*c)?;
            Some(c.across * c.down)
        });
        // T.81 B.2.3 allows ten blocks to an MCU. libjpeg holds to that too.
        if components.is_empty() || (components.len() > 1 && blocks.sum::<usize>() > 10) {
            return Err(BAD);
        }
        let scan = Scan {
            components,
            from: usize::from(*from),
            to: usize::from(*to),
            high: u32::from(approximation >> 4),
            low: u32::from(approximation & 0xF),
        };
        if self.progressive {
            scan.check_band()?;
        }
        Ok(scan)
    }
}

impl Component {
    /// Its quantisation table, in zigzag order.
    pub(super) fn quantisation(&self, tables: &Tables) -> Result<[u16; 64], JpegError> {
        tables
            .quantisation
            .get(self.quantisation)
            .copied()
            .flatten()
            .ok_or(JpegError::Corrupt("no quantisation table"))
    }
}

impl Scan {
    /// Bands of progressive scans (T.81 G.1.1.1).
    fn check_band(&self) -> Result<(), JpegError> {
        let band = if self.from == 0 {
            self.to == 0
        } else {
            self.from <= self.to && self.to < 64 && self.components.len() == 1
        };
        if !band || self.low > 13 || (self.high != 0 && self.high != self.low + 1) {
            return Err(JpegError::Corrupt("a progressive scan that is none"));
        }
        Ok(())
    }
}
