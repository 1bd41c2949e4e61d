//! What becomes of a picture before it is resized: crop, rotation, mirroring; their sizes.

use lockgate_image_options::{Length, Rect};

use crate::fit::Size;
use crate::turn::{Part, Turn};
use crate::{ImageError, Options};

/// What is cut out of the upright source and how it is turned. (What `trim` takes away is only
/// known from the pixels.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Before {
    /// What is kept of the upright source.
    pub(crate) part: Part,
    /// Its size in pixels of the source.
    pub(crate) cropped: Size,
    /// Degrees clockwise that no quarter turn makes; 0: none.
    pub(crate) angle: u16,
    /// What is done after that; also quarter turns where `angle` is 0.
    pub(crate) turn: Turn,
}

impl Before {
    /// For an upright source of `source` pixels.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`] where nothing is left.
    pub(crate) fn new(source: Size, options: &Options) -> Result<Self, ImageError> {
        let (part, cropped) = match &options.crop {
            Some(crop) => {
                let area = Area::of(crop, source, "crop")?;
                (area.part_of(source), (area.width, area.height))
            }
            None => (Part::WHOLE, source),
        };
        let (angle, mut turn) = if options.rotate.is_multiple_of(90) {
            (0, Turn::quarters(options.rotate / 90))
        } else {
            (options.rotate % 360, Turn::NONE)
        };
        if options.flip {
            turn = turn.then(Turn::FLIP);
        }
        if options.flop {
            turn = turn.then(Turn::FLOP);
        }
        Ok(Self {
            part,
            cropped,
            angle,
            turn,
        })
    }

    /// What a cut of `size` pixels becomes, in pixels of the source.
    pub(crate) fn size(&self, size: Size) -> Size {
        self.turn.size(rotated(size, self.angle))
    }
}

/// The size of the box around a rotated picture, rounded as libvips does.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and at most the sum of two sides"
)]
pub(crate) fn rotated((width, height): Size, angle: u16) -> Size {
    if angle == 0 {
        return (width, height);
    }
    let (sine, cosine) = sine_cosine(angle);
    let (sine, cosine) = (sine.abs(), cosine.abs());
    let (w, h) = (f64::from(width), f64::from(height));
    let side = |length: f64| length.round().max(1.0) as u32;
    (side(w * cosine + h * sine), side(w * sine + h * cosine))
}

/// Sine and cosine of whole degrees, the same on every machine.
pub(crate) fn sine_cosine(degrees: u16) -> (f64, f64) {
    let radians = f64::from(degrees) * (core::f64::consts::PI / 180.0);
    (libm::sin(radians), libm::cos(radians))
}

/// A part of a picture in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Area {
    /// The pixels of `rect` in a picture of `size`; what reaches over the edge ends there.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`] that names `option` where it lies outside.
    pub(crate) fn of(rect: &Rect, size: Size, option: &str) -> Result<Self, ImageError> {
        let along = |start: Length, length: Length, side: u32| {
            let start = pixels(start, side);
            let rest = side.checked_sub(start).filter(|rest| *rest > 0)?;
            let length = match length {
                Length::Pixels(0) | Length::Share(0) => rest,
                other => pixels(other, side).clamp(1, rest),
            };
            Some((start, length))
        };
        let both = along(rect.x, rect.width, size.0).zip(along(rect.y, rect.height, size.1));
        match both {
            Some(((x, width), (y, height))) => Ok(Self {
                x,
                y,
                width,
                height,
            }),
            None => Err(ImageError::BadOptions(format!(
                "{option} begins outside of the picture of {} x {}",
                size.0, size.1
            ))),
        }
    }

    fn part_of(self, (width, height): Size) -> Part {
        let along = |at: u32, side: u32| f64::from(at) / f64::from(side);
        Part {
            left: along(self.x, width),
            top: along(self.y, height),
            right: along(self.x + self.width, width),
            bottom: along(self.y + self.height, height),
        }
    }
}

/// A length in pixels of a side, shares rounded.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a share is at most the side"
)]
fn pixels(length: Length, side: u32) -> u32 {
    match length {
        Length::Pixels(pixels) => pixels,
        Length::Share(share) => {
            ((u64::from(side) * u64::from(share.min(10_000)) + 5_000) / 10_000) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(text: &str) -> Result<Before, ImageError> {
        Before::new((400, 200), &Options::parse(text).unwrap())
    }

    #[test]
    fn crops_are_pixels_or_shares_and_end_at_the_edge() {
        for (text, expected) in [
            ("", (400, 200)),
            ("crop=10:20:100:50", (100, 50)),
            ("crop=25p:0:50p:0", (200, 200)),
            ("crop=399:199:100:100", (1, 1)),
            ("crop=0:0:0.1p:0.1p", (1, 1)),
        ] {
            assert_eq!(before(text).unwrap().cropped, expected, "{text}");
        }
        let error = before("crop=400:0:1:1").unwrap_err().to_string();
        assert!(error.starts_with("crop begins outside"), "{error}");
    }

    #[test]
    fn turns_change_sizes() {
        let size = |text: &str| {
            let before = before(text).unwrap();
            before.size(before.cropped)
        };
        assert_eq!(size("rotate=90"), (200, 400));
        assert_eq!(size("rotate=180,flip=1"), (400, 200));
        assert_eq!(size("rotate=45"), (424, 424));
        assert_eq!(size("rotate=30"), (446, 373));
        assert_eq!(before("rotate=270,flop=1").unwrap().angle, 0);
    }
}
