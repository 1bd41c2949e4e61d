//! What the resize looks at: pixels, the part of them that is wanted, and how it is turned
//! afterwards. Cropping, quarter turns and mirroring cost nothing here: they only change numbers.

use std::borrow::Cow;

use super::crop::cut;
use super::ground::Ground;
use super::picture::Picture;
use super::{rotate, trim};
use crate::before::{Area, Before};
use crate::fit::{Plan, Size};
use crate::turn::{Part, Turn};
use crate::{ImageError, Model, Options, Raster};

/// Pixels before the resize.
pub(super) struct View<'p> {
    pub(super) model: Model,
    /// Of `pixels`, as stored.
    pub(super) stored: Size,
    pub(super) pixels: Cow<'p, [u8]>,
    /// What of the stored pixels is wanted: left, top, width, height, in pixels.
    pub(super) area: [f64; 4],
    /// What is done after the resize.
    pub(super) turn: Turn,
    /// The size of what is wanted after the turn, in pixels of the source.
    pub(super) size: Size,
}

impl<'p> View<'p> {
    /// All of `intermediate`, upright.
    ///
    /// A bucket rounds sizes up, so the picture may end within the last pixel: the area does too.
    fn whole(intermediate: &'p Raster) -> Self {
        let divisor = f64::from(intermediate.bucket.divisor());
        Self {
            model: intermediate.model,
            stored: intermediate.size(),
            pixels: Cow::Borrowed(&intermediate.pixels),
            area: [
                0.0,
                0.0,
                f64::from(intermediate.source_size.0) / divisor,
                f64::from(intermediate.source_size.1) / divisor,
            ],
            turn: Turn::of(intermediate.orientation),
            size: intermediate.upright_size(),
        }
    }

    /// What is left of `intermediate` before the resize.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`].
    pub(super) fn new(
        intermediate: &'p Raster,
        options: &Options,
        ground: Ground,
    ) -> Result<Self, ImageError> {
        let mut view = Self::whole(intermediate);
        let before = Before::new(view.size, options)?;
        view.narrow(before.part);
        view.size = before.cropped;
        if let Some(threshold) = options.trim {
            trim::trim(&mut view, threshold)?;
        }
        if options.crop.is_some() || options.trim.is_some() {
            view.forget_the_rest();
        }
        if before.angle == 0 {
            view.size = before.turn.size(view.size);
            view.turn = view.turn.then(before.turn);
            return Ok(view);
        }
        let plan = Plan::new(before.size(view.size), options)?;
        rotate::rotate(&view, &before, &plan, ground)
    }

    /// Of a picture that is as it is seen.
    pub(super) fn of(picture: Picture, size: Size) -> Self {
        Self {
            model: picture.model,
            stored: (picture.width, picture.height),
            area: [
                0.0,
                0.0,
                f64::from(picture.width),
                f64::from(picture.height),
            ],
            pixels: Cow::Owned(picture.pixels),
            turn: Turn::NONE,
            size,
        }
    }

    /// Keep `part` of what is seen. The size stays what the caller says.
    fn narrow(&mut self, part: Part) {
        if part != Part::WHOLE {
            self.area = self.area_of(part);
        }
    }

    /// Drop the pixels outside of the area, so that no filter mixes them in.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounds within a picture; `as` saturates"
    )]
    fn forget_the_rest(&mut self) {
        let [left, top, width, height] = self.area;
        let (x, y) = (left.floor().max(0.0), top.floor().max(0.0));
        let right = ((left + width).ceil() as u32).min(self.stored.0);
        let bottom = ((top + height).ceil() as u32).min(self.stored.1);
        let area = Area {
            x: x as u32,
            y: y as u32,
            width: right.saturating_sub(x as u32).max(1),
            height: bottom.saturating_sub(y as u32).max(1),
        };
        let picture = Picture {
            model: self.model,
            width: self.stored.0,
            height: self.stored.1,
            pixels: std::mem::take(&mut self.pixels).into_owned(),
        };
        let picture = cut(picture, area);
        self.stored = (picture.width, picture.height);
        self.pixels = Cow::Owned(picture.pixels);
        self.area = [left - x, top - y, width, height];
    }

    /// The stored pixels of a part of what is seen.
    pub(super) fn area_of(&self, part: Part) -> [f64; 4] {
        let [left, top, width, height] = self.area;
        if part == Part::WHOLE {
            return self.area;
        }
        let part = self.turn.stored(part);
        [
            left + part.left * width,
            top + part.top * height,
            (part.right - part.left) * width,
            (part.bottom - part.top) * height,
        ]
    }
}
