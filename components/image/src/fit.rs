//! Fit: from the size of a picture and the options to what is cut out and how large it becomes.

use lockgate_image_options::{DIMENSION_OUT_MAX, PIXELS_OUT_MAX};

use crate::{Fit, ImageError, Options};

/// A size in pixels.
pub(crate) type Size = (u32, u32);

/// What is cut out of the upright picture, what it is resized to, and the canvas it lies on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    /// By what the picture is made larger, across and down, before sizes are rounded.
    scale: (f64, f64),
    /// The part of the picture that is kept, about its centre: width and height as fractions.
    pub(crate) keep: (f64, f64),
    /// What the kept part is resized to, in pixels.
    pub(crate) resized: Size,
    /// The output, in pixels; larger than `resized` only for `contain`.
    pub(crate) canvas: Size,
}

impl Plan {
    /// Plan `options` for an upright picture of `picture` pixels.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`] for an output that would be too large.
    pub(crate) fn new(picture: Size, options: &Options) -> Result<Self, ImageError> {
        let (width, height) = (f64::from(picture.0), f64::from(picture.1));
        let enlarge = options.enlarge && options.fit != Fit::ScaleDown;
        let most = if enlarge { f64::INFINITY } else { 1.0 };

        let (mut across, mut down) = match (options.width, options.height) {
            (None, None) => (1.0, 1.0),
            (Some(w), None) => (f64::from(w) / width, f64::from(w) / width),
            (None, Some(h)) => (f64::from(h) / height, f64::from(h) / height),
            (Some(w), Some(h)) => {
                let (across, down) = (f64::from(w) / width, f64::from(h) / height);
                match options.fit {
                    Fit::Fill => (across, down),
                    Fit::Inside | Fit::Contain | Fit::ScaleDown => {
                        (across.min(down), across.min(down))
                    }
                    Fit::Outside | Fit::Cover => (across.max(down), across.max(down)),
                }
            }
        };
        (across, down) = (across.min(most), down.min(most));

        let scaled = (pixels(width * across), pixels(height * down));
        let mut plan = Self {
            scale: (across, down),
            keep: (1.0, 1.0),
            resized: scaled,
            canvas: scaled,
        };
        if let (Some(w), Some(h)) = (options.width, options.height) {
            match options.fit {
                Fit::Cover => {
                    plan.resized = (scaled.0.min(w), scaled.1.min(h));
                    plan.canvas = plan.resized;
                    plan.keep = (
                        (f64::from(plan.resized.0) / (width * across)).min(1.0),
                        (f64::from(plan.resized.1) / (height * down)).min(1.0),
                    );
                }
                Fit::Contain => {
                    plan.resized = (scaled.0.min(w), scaled.1.min(h));
                    plan.canvas = (w, h);
                }
                Fit::Fill | Fit::Inside | Fit::Outside | Fit::ScaleDown => {}
            }
        }
        plan.check()
    }

    /// By how much the picture is made smaller, across and down; below 1 where it grows.
    pub(crate) fn reduction(&self) -> (f64, f64) {
        (self.scale.0.recip(), self.scale.1.recip())
    }

    fn check(self) -> Result<Self, ImageError> {
        let (width, height) = self.canvas;
        if width > DIMENSION_OUT_MAX
            || height > DIMENSION_OUT_MAX
            || u64::from(width) * u64::from(height) > PIXELS_OUT_MAX
        {
            let why = format!("an output of {width} x {height} is too large");
            return Err(ImageError::BadOptions(why));
        }
        Ok(self)
    }
}

/// The nearest whole number of pixels, at least one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and `as` saturates; Plan::check refuses what is too large"
)]
fn pixels(length: f64) -> u32 {
    length.round().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OutputFormat;

    fn plan(picture: Size, ask: (Option<u32>, Option<u32>), fit: Fit, enlarge: bool) -> Plan {
        let mut options = Options::new(OutputFormat::Png);
        (options.width, options.height) = ask;
        (options.fit, options.enlarge) = (fit, enlarge);
        Plan::new(picture, &options).unwrap()
    }

    #[test]
    fn the_canvas_follows_the_fit() {
        let picture = (400, 200);
        let both = (Some(100), Some(100));
        for (ask, fit, enlarge, canvas) in [
            ((None, None), Fit::Inside, false, (400, 200)),
            ((Some(100), None), Fit::Cover, false, (100, 50)),
            ((None, Some(100)), Fit::Cover, false, (200, 100)),
            ((Some(800), None), Fit::Inside, false, (400, 200)),
            ((Some(800), None), Fit::Inside, true, (800, 400)),
            (both, Fit::Inside, false, (100, 50)),
            (both, Fit::Outside, false, (200, 100)),
            (both, Fit::Fill, false, (100, 100)),
            (both, Fit::Cover, false, (100, 100)),
            (both, Fit::Contain, false, (100, 100)),
            ((Some(800), Some(100)), Fit::Fill, false, (400, 100)),
            ((Some(300), Some(300)), Fit::Cover, false, (300, 200)),
            ((Some(300), Some(300)), Fit::Cover, true, (300, 300)),
            ((Some(800), Some(800)), Fit::Outside, false, (400, 200)),
            ((Some(1), None), Fit::Inside, false, (1, 1)),
        ] {
            let plan = plan(picture, ask, fit, enlarge);
            assert_eq!(plan.canvas, canvas, "{ask:?} {fit:?} {enlarge}");
        }
    }

    #[test]
    fn cover_keeps_the_middle() {
        let plan = plan((400, 200), (Some(100), Some(100)), Fit::Cover, false);
        assert_eq!(plan.keep, (0.5, 1.0));
        assert_eq!(plan.reduction(), (2.0, 2.0));
    }

    #[test]
    fn contain_lies_on_its_canvas() {
        let plan = plan((400, 200), (Some(100), Some(100)), Fit::Contain, false);
        assert_eq!((plan.resized, plan.canvas), ((100, 50), (100, 100)));
    }

    #[test]
    fn a_thin_picture_cannot_grow_without_bound() {
        let mut options = Options::new(OutputFormat::Png);
        (options.width, options.enlarge) = (Some(16_383), true);
        assert!(Plan::new((1, 30_000), &options).is_err());
        (options.height, options.fit) = (Some(16_383), Fit::Fill);
        assert!(Plan::new((10, 10), &options).is_err());
    }
}
