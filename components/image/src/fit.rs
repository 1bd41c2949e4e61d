//! Fit: from the size of a picture and the options to how large it becomes and what of it is
//! kept. Sizes are rounded as Sharp rounds them.

use lockgate_image_options::{DIMENSION_OUT_MAX, Gravity, PIXELS_OUT_MAX};

use crate::turn::Part;
use crate::{Fit, ImageError, Options};

/// A size in pixels.
pub(crate) type Size = (u32, u32);

/// How large a picture becomes, what is kept of it, and the canvas it lies on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    picture: Size,
    /// By what the picture is made smaller, across and down, before sizes are rounded; below 1
    /// where it grows.
    shrink: (f64, f64),
    /// The whole picture at its new size, in pixels.
    pub(crate) scaled: Size,
    /// What is kept of that; smaller only for `cover`.
    pub(crate) kept: Size,
    /// Where the kept part begins in `scaled`. `None`: the pixels decide.
    pub(crate) from: Option<(u32, u32)>,
    /// The output, in pixels; larger than `kept` only for `contain`.
    pub(crate) canvas: Size,
    /// Where the picture lies on the canvas.
    pub(crate) place: (u32, u32),
}

impl Plan {
    /// Plan `options` for an upright picture of `picture` pixels.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`] for an output that would be too large.
    pub(crate) fn new(picture: Size, options: &Options) -> Result<Self, ImageError> {
        let (width, height) = (f64::from(picture.0), f64::from(picture.1));
        let enlarge = options.enlarge && options.fit != Fit::ScaleDown;
        let (mut across, mut down) = match (options.width, options.height) {
            (None, None) => (1.0, 1.0),
            (Some(w), None) => (width / f64::from(w), width / f64::from(w)),
            (None, Some(h)) => (height / f64::from(h), height / f64::from(h)),
            (Some(w), Some(h)) => {
                let (across, down) = (width / f64::from(w), height / f64::from(h));
                match options.fit {
                    Fit::Fill => (across, down),
                    Fit::Inside | Fit::Contain | Fit::ScaleDown => {
                        (across.max(down), across.max(down))
                    }
                    Fit::Outside | Fit::Cover => (across.min(down), across.min(down)),
                }
            }
        };
        if !enlarge {
            (across, down) = (across.max(1.0), down.max(1.0));
        }
        // No side vanishes.
        (across, down) = (across.min(width), down.min(height));

        let scaled = (pixels(width / across), pixels(height / down));
        let mut plan = Self {
            picture,
            shrink: (across, down),
            scaled,
            kept: scaled,
            from: Some((0, 0)),
            canvas: scaled,
            place: (0, 0),
        };
        if let (Some(w), Some(h)) = (options.width, options.height) {
            match options.fit {
                Fit::Cover => {
                    plan.kept = (scaled.0.min(w), scaled.1.min(h));
                    plan.canvas = plan.kept;
                    if plan.kept != scaled {
                        plan.from = place(options.gravity, plan.kept, scaled, Half::Up);
                    }
                }
                Fit::Contain => {
                    plan.kept = (scaled.0.min(w), scaled.1.min(h));
                    plan.canvas = (w, h);
                    let place = place(options.gravity, plan.kept, plan.canvas, Half::Down);
                    let middle = || middle(plan.kept, plan.canvas, Half::Down);
                    plan.place = place.unwrap_or_else(middle);
                }
                Fit::Fill | Fit::Inside | Fit::Outside | Fit::ScaleDown => {}
            }
        }
        check_output(plan.canvas)?;
        // What is cut away is computed too where the pixels decide.
        if plan.from.is_none() {
            check_output(plan.scaled)?;
        }
        Ok(plan)
    }

    /// By how much the picture is made smaller, across and down; below 1 where it grows.
    pub(crate) fn reduction(&self) -> (f64, f64) {
        self.shrink
    }

    /// What is cut out of the picture before it is resized to `kept`; all of it, to `scaled`,
    /// where the pixels decide.
    ///
    /// The grid of the output lies about the middle of the picture, as in libvips: what rounding
    /// takes away is shared by both edges. (What it adds is stretched, where libvips repeats the
    /// edge: less than a pixel of the output.)
    pub(crate) fn part(&self) -> Part {
        let Some(from) = self.from else {
            return Part::WHOLE;
        };
        let along = |from: u32, kept: u32, scaled: u32, shrink: f64, side: u32| {
            let side = f64::from(side);
            if kept == scaled && f64::from(kept) * shrink >= side {
                return (0.0, 1.0);
            }
            let start = f64::from(from) * shrink + (side - f64::from(scaled) * shrink) / 2.0;
            let end = start + f64::from(kept) * shrink;
            ((start / side).max(0.0), (end / side).min(1.0))
        };
        let (left, right) = along(
            from.0,
            self.kept.0,
            self.scaled.0,
            self.shrink.0,
            self.picture.0,
        );
        let (top, bottom) = along(
            from.1,
            self.kept.1,
            self.scaled.1,
            self.shrink.1,
            self.picture.1,
        );
        Part {
            left,
            top,
            right,
            bottom,
        }
    }
}

/// Refuse an output that would be too large.
///
/// # Errors
/// [`ImageError::BadOptions`].
pub(crate) fn check_output((width, height): Size) -> Result<(), ImageError> {
    if width > DIMENSION_OUT_MAX
        || height > DIMENSION_OUT_MAX
        || u64::from(width) * u64::from(height) > PIXELS_OUT_MAX
    {
        let why = format!("an output of {width} x {height} is too large");
        return Err(ImageError::BadOptions(why));
    }
    Ok(())
}

/// To which side half a pixel goes: Sharp rounds up where it cuts and down where it lays.
#[derive(Clone, Copy)]
pub(crate) enum Half {
    Up,
    Down,
}

/// Where `inner` begins in `outer` (in each axis the larger of the two has room for the other);
/// `None` where the pixels decide.
pub(crate) fn place(gravity: Gravity, inner: Size, outer: Size, half: Half) -> Option<(u32, u32)> {
    let (x, y) = middle(inner, outer, half);
    let right = outer.0.saturating_sub(inner.0);
    let below = outer.1.saturating_sub(inner.1);
    Some(match gravity {
        Gravity::Centre => (x, y),
        Gravity::North => (x, 0),
        Gravity::NorthEast => (right, 0),
        Gravity::East => (right, y),
        Gravity::SouthEast => (right, below),
        Gravity::South => (x, below),
        Gravity::SouthWest => (0, below),
        Gravity::West => (0, y),
        Gravity::NorthWest => (0, 0),
        Gravity::Focal(x, y) => (focal(x, inner.0, outer.0), focal(y, inner.1, outer.1)),
        Gravity::Entropy | Gravity::Attention => return None,
    })
}

fn middle(inner: Size, outer: Size, half: Half) -> (u32, u32) {
    let along = |inner: u32, outer: u32| {
        let rest = outer.saturating_sub(inner);
        match half {
            Half::Up => rest.div_ceil(2),
            Half::Down => rest / 2,
        }
    };
    (along(inner.0, outer.0), along(inner.1, outer.1))
}

/// The window of `inner` pixels whose middle is nearest to the point, a share of `outer` in
/// ten-thousandths.
#[allow(
    clippy::cast_possible_truncation,
    reason = "clamped to the length of the side"
)]
fn focal(share: u16, inner: u32, outer: u32) -> u32 {
    let twice = u64::from(outer) * u64::from(share) * 2 / 10_000;
    let start = twice.saturating_sub(u64::from(inner)) / 2;
    start.min(u64::from(outer.saturating_sub(inner))) as u32
}

/// The nearest whole number of pixels, at least one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and `as` saturates; check_output refuses what is too large"
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
        let large = (Some(800), Some(800));
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
            (both, Fit::ScaleDown, false, (100, 50)),
            (large, Fit::ScaleDown, true, (400, 200)),
            ((Some(800), Some(100)), Fit::Fill, false, (400, 100)),
            ((Some(300), Some(300)), Fit::Cover, false, (300, 200)),
            ((Some(300), Some(300)), Fit::Cover, true, (300, 300)),
            (large, Fit::Outside, false, (400, 200)),
            ((Some(1), None), Fit::Inside, false, (1, 1)),
        ] {
            let plan = plan(picture, ask, fit, enlarge);
            assert_eq!(plan.canvas, canvas, "{ask:?} {fit:?} {enlarge}");
        }
    }

    #[test]
    fn cover_keeps_the_middle() {
        let plan = plan((400, 200), (Some(100), Some(100)), Fit::Cover, false);
        let part = plan.part();
        assert_eq!((part.left, part.right), (0.25, 0.75));
        assert_eq!((part.top, part.bottom), (0.0, 1.0));
        assert_eq!(plan.reduction(), (2.0, 2.0));
    }

    #[test]
    fn cover_keeps_what_gravity_says() {
        for (gravity, left) in [
            ("west", 0),
            ("northeast", 100),
            ("centre", 50),
            ("0p:0p", 0),
            ("50p:0p", 50),
            ("60p:10p", 70),
            ("100p:0p", 100),
        ] {
            let text = format!("w=100,h=100,fit=cover,g={gravity}");
            let plan = Plan::new((400, 200), &Options::parse(&text).unwrap()).unwrap();
            assert_eq!(plan.from, Some((left, 0)), "{gravity}");
        }
        let text = "w=100,h=100,fit=cover,g=entropy";
        let plan = Plan::new((400, 200), &Options::parse(text).unwrap()).unwrap();
        assert_eq!((plan.from, plan.part()), (None, Part::WHOLE));
    }

    #[test]
    fn contain_lies_on_its_canvas() {
        for (gravity, place) in [("centre", (0, 25)), ("north", (0, 0)), ("entropy", (0, 25))] {
            let text = format!("w=100,h=100,fit=contain,g={gravity}");
            let plan = Plan::new((400, 200), &Options::parse(&text).unwrap()).unwrap();
            assert_eq!((plan.kept, plan.canvas), ((100, 50), (100, 100)));
            assert_eq!(plan.place, place, "{gravity}");
        }
    }

    #[test]
    fn a_thin_picture_cannot_grow_without_bound() {
        let mut options = Options::new(OutputFormat::Png);
        (options.width, options.enlarge) = (Some(16_383), true);
        assert!(Plan::new((1, 30_000), &options).is_err());
        (options.height, options.fit) = (Some(16_383), Fit::Fill);
        assert!(Plan::new((10, 10), &options).is_err());
        // The window would be small, but to find it the whole strip is needed.
        let text = "w=10000,h=10,fit=cover,g=attention,enlarge=1";
        assert!(Plan::new((10, 10_000), &Options::parse(text).unwrap()).is_err());
    }
}
