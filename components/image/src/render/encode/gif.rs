//! GIF, still and animated. Each frame has a palette of its own and is cut down to what changed.
//!
//! Frames are written one behind: whether a frame has to be cleared is known from the next one.

use gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};

use super::palette::Palette;
use crate::ImageError;
use crate::render::picture::Picture;

/// From this alpha on a pixel is opaque: GIF knows nothing between.
const OPAQUE: u8 = 128;

/// A frame shown in RGBA, in which each pixel is opaque or all zero.
type Shown = Vec<[u8; 4]>;

/// Writes frame after frame.
pub(crate) struct GifWriter {
    encoder: Encoder<Vec<u8>>,
    width: usize,
    height: usize,
    /// What is on the screen when the waiting frame is drawn.
    before: Shown,
    waiting: Option<Waiting>,
    /// Milliseconds that rounding to hundredths has kept back.
    owed_ms: u32,
}

struct Waiting {
    shown: Shown,
    delay_ms: u32,
}

/// A part of the screen: left, top, width, height.
#[derive(Clone, Copy)]
struct Part {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl GifWriter {
    /// A file of frames of `width` x `height`, played so often (0: for ever; 1: no loop).
    ///
    /// # Errors
    /// [`ImageError::BadOptions`] for a side over 65,535.
    pub(crate) fn new(width: u32, height: u32, plays: u16) -> Result<Self, ImageError> {
        let side = |length: u32| {
            u16::try_from(length)
                .map_err(|_| ImageError::BadOptions("a GIF has no side over 65535".into()))
        };
        let mut encoder =
            Encoder::new(Vec::new(), side(width)?, side(height)?, &[]).map_err(internal)?;
        match plays {
            0 => encoder.set_repeat(Repeat::Infinite).map_err(internal)?,
            1 => {}
            // The file counts repeats.
            more => encoder
                .set_repeat(Repeat::Finite(more - 1))
                .map_err(internal)?,
        }
        let (width, height) = (width as usize, height as usize);
        Ok(Self {
            encoder,
            width,
            height,
            before: vec![[0; 4]; width * height],
            waiting: None,
            owed_ms: 0,
        })
    }

    /// The next frame, shown so long.
    ///
    /// # Errors
    /// [`ImageError::Internal`].
    pub(crate) fn push(&mut self, picture: &Picture, delay_ms: u32) -> Result<(), ImageError> {
        let shown = shown(picture)?;
        if shown.len() != self.before.len() {
            return Err(ImageError::internal("frames of different sizes"));
        }
        match &mut self.waiting {
            Some(waiting) if waiting.shown == shown => {
                waiting.delay_ms = waiting.delay_ms.saturating_add(delay_ms);
            }
            _ => {
                if let Some(waiting) = self.waiting.take() {
                    self.write(waiting, Some(&shown))?;
                }
                self.waiting = Some(Waiting { shown, delay_ms });
            }
        }
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// [`ImageError::Internal`].
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ImageError> {
        if let Some(waiting) = self.waiting.take() {
            self.write(waiting, None)?;
        }
        self.encoder.into_inner().map_err(ImageError::internal)
    }

    fn write(&mut self, waiting: Waiting, next: Option<&Shown>) -> Result<(), ImageError> {
        let Waiting { shown, delay_ms } = waiting;
        // Nothing opaque can be drawn transparent: then all of it is cleared after this frame.
        let clears = next.is_some_and(|next| {
            shown
                .iter()
                .zip(next)
                .any(|(now, then)| now[3] != 0 && then[3] == 0)
        });
        let part = if clears {
            self.all()
        } else {
            self.changed(&shown)
        };
        let indices = self.indices(&shown, part);
        let ms = delay_ms.saturating_add(self.owed_ms);
        // The last frame is rounded up, the others leave the rest to the next.
        let hundredths = if next.is_some() {
            ms / 10
        } else {
            ms.div_ceil(10)
        };
        self.owed_ms = ms % 10;
        let side = |length: usize| u16::try_from(length).map_err(ImageError::internal);
        let frame = Frame {
            delay: u16::try_from(hundredths).unwrap_or(u16::MAX),
            dispose: if clears {
                DisposalMethod::Background
            } else {
                DisposalMethod::Keep
            },
            transparent: indices.transparent,
            left: side(part.left)?,
            top: side(part.top)?,
            width: side(part.width)?,
            height: side(part.height)?,
            palette: Some(indices.palette),
            buffer: indices.pixels.into(),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(internal)?;
        self.before = if clears {
            vec![[0; 4]; shown.len()]
        } else {
            shown
        };
        Ok(())
    }

    fn all(&self) -> Part {
        Part {
            left: 0,
            top: 0,
            width: self.width,
            height: self.height,
        }
    }

    /// The smallest part that holds what differs from the screen before; one pixel if nothing does.
    fn changed(&self, shown: &Shown) -> Part {
        let rows = shown
            .chunks_exact(self.width)
            .zip(self.before.chunks_exact(self.width));
        let (mut left, mut right, mut top, mut bottom) = (self.width, 0, self.height, 0);
        for (y, (now, before)) in rows.enumerate() {
            let differs = |(a, b): (&[u8; 4], &[u8; 4])| a != b;
            let Some(first) = now.iter().zip(before).position(differs) else {
                continue;
            };
            let last = now.iter().zip(before).rposition(differs).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last + 1));
            (top, bottom) = (top.min(y), y + 1);
        }
        if right == 0 {
            return Part {
                left: 0,
                top: 0,
                width: 1,
                height: 1,
            };
        }
        Part {
            left,
            top,
            width: right - left,
            height: bottom - top,
        }
    }

    /// The part in palette indices; what is already on the screen is transparent.
    fn indices(&self, shown: &Shown, part: Part) -> Indices {
        let pixels = || {
            let rows = shown
                .chunks_exact(self.width)
                .zip(self.before.chunks_exact(self.width));
            rows.skip(part.top)
                .take(part.height)
                .flat_map(move |(now, before)| {
                    let both = now.iter().zip(before);
                    both.skip(part.left).take(part.width)
                })
        };
        let drawn = pixels().filter(|(now, before)| now[3] != 0 && now != before);
        let drawn = drawn.map(|([red, green, blue, _], _)| [*red, *green, *blue]);
        let see_through = pixels().any(|(now, before)| now[3] == 0 || now == before);
        let mut palette = Palette::new(drawn, 256 - usize::from(see_through));
        let transparent = see_through.then(|| u8::try_from(palette.colours.len()).unwrap_or(255));
        let indices = pixels()
            .enumerate()
            .map(|(at, (now, before))| match transparent {
                Some(index) if now[3] == 0 || now == before => index,
                _ => {
                    let (x, y) = (at % part.width + part.left, at / part.width + part.top);
                    palette.index([now[0], now[1], now[2]], x, y)
                }
            });
        let pixels = indices.collect();
        let mut colours = palette.colours.concat();
        if see_through {
            colours.extend([0; 3]);
        }
        Indices {
            pixels,
            palette: colours,
            transparent,
        }
    }
}

struct Indices {
    pixels: Vec<u8>,
    palette: Vec<u8>,
    transparent: Option<u8>,
}

fn shown(picture: &Picture) -> Result<Shown, ImageError> {
    let opaque = |[red, green, blue, alpha]: [u8; 4]| {
        if alpha < OPAQUE {
            [0; 4]
        } else {
            [red, green, blue, 255]
        }
    };
    Ok(picture.rgba()?.map(opaque).collect())
}

fn internal(error: EncodingError) -> ImageError {
    ImageError::internal(error)
}

/// `picture` as a GIF of one frame.
///
/// # Errors
/// [`ImageError`], as [`GifWriter`].
pub(super) fn still(picture: &Picture) -> Result<Vec<u8>, ImageError> {
    let mut writer = GifWriter::new(picture.width, picture.height, 1)?;
    writer.push(picture, 0)?;
    writer.finish()
}
