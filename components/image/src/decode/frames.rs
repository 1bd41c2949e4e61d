//! An animation, whatever its format: frames as they are shown, one at a time.

use super::gif_frames::{self, GifFrames};
use super::webp_frames::WebpFrames;
use crate::{Format, ImageError, Limits, Model};

/// An opened animation.
pub(crate) struct Frames<'a> {
    /// Width and height, pixels.
    pub(crate) size: (u32, u32),
    /// What the bytes of [`Frames::screen`] mean.
    pub(crate) model: Model,
    /// How many frames there are.
    pub(crate) count: u32,
    /// How often it is played; 0: for ever.
    pub(crate) plays: u16,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Gif(Box<GifFrames<'a>>),
    Webp(Box<WebpFrames<'a>>),
}

impl<'a> Frames<'a> {
    /// Open an animation.
    ///
    /// # Errors
    /// Those of the decoders, [`ImageError::BadIntermediate`] for what is no animation.
    pub(crate) fn open(
        format: Format,
        source: &'a [u8],
        limits: &Limits,
    ) -> Result<Self, ImageError> {
        match format {
            Format::Gif => {
                let blocks = gif_frames::blocks(source, limits)?;
                Ok(Self {
                    size: blocks.size,
                    model: Model::Rgba,
                    count: blocks.frames,
                    plays: blocks.plays,
                    kind: Kind::Gif(Box::new(GifFrames::open(source, &blocks, limits)?)),
                })
            }
            Format::Webp => {
                let frames = WebpFrames::open(source, limits)?
                    .ok_or(ImageError::BadIntermediate("no animation"))?;
                Ok(Self {
                    size: frames.size(),
                    model: frames.model(),
                    count: frames.count(),
                    plays: frames.plays(),
                    kind: Kind::Webp(Box::new(frames)),
                })
            }
            _ => Err(ImageError::BadIntermediate("no animation")),
        }
    }

    /// Refuse more frames, or more pixels in all frames together, than `limits` allow: a frame
    /// costs as much as a picture of its size.
    ///
    /// # Errors
    /// [`ImageError::TooManyPixels`].
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), ImageError> {
        let (width, height) = self.size;
        let all = u64::from(width) * u64::from(height) * u64::from(self.count);
        if self.count > limits.frames_max || all > limits.pixels_max {
            return Err(ImageError::TooManyFrames {
                frames: self.count,
                frames_max: limits.frames_max,
                pixels: all,
                pixels_max: limits.pixels_max,
            });
        }
        Ok(())
    }

    /// Draw the next frame; how long it is shown, in milliseconds. `None` behind the last.
    ///
    /// # Errors
    /// [`ImageError::Truncated`], [`ImageError::Corrupt`].
    pub(crate) fn advance(&mut self) -> Result<Option<u32>, ImageError> {
        match &mut self.kind {
            Kind::Gif(frames) => frames.advance(),
            Kind::Webp(frames) => frames.advance(),
        }
    }

    /// The picture after [`Self::advance`].
    pub(crate) fn screen(&self) -> &[u8] {
        match &self.kind {
            Kind::Gif(frames) => frames.screen(),
            Kind::Webp(frames) => frames.screen(),
        }
    }
}
