//! The list of the options: their names, what they take, how they are read and written.

use crate::values::{
    colour, edges, gravity, hundredths, keep, quality, radius, rect, watermark, whole,
    write_colour, write_edges, write_gravity, write_hundredths, write_keep, write_quality,
    write_radius, write_rect, write_watermark, yes,
};
use crate::{DIMENSION_OUT_MAX, Edges, Effort, Fit, Format, Gravity, OptionError, Options, Radius};

/// One option.
pub struct Spec {
    /// In canonical text.
    pub name: &'static str,
    /// Other names for it in addresses.
    pub aliases: &'static [&'static str],
    /// What it takes, for the one who gave something else: "{name} takes {takes}".
    pub takes: &'static str,
    /// Reads a value into the options; `None`: it is none that this takes.
    read: fn(&mut Options, &str) -> Option<()>,
    /// The value in canonical text; `None`: it changes nothing.
    pub(crate) write: fn(&Options) -> Option<String>,
}

const FITS: [(&str, Fit); 6] = [
    ("inside", Fit::Inside),
    ("cover", Fit::Cover),
    ("contain", Fit::Contain),
    ("fill", Fit::Fill),
    ("outside", Fit::Outside),
    ("scale-down", Fit::ScaleDown),
];

const FORMATS: [(&str, Format); 7] = [
    ("jpeg", Format::Jpeg),
    ("png", Format::Png),
    ("webp", Format::Webp),
    ("avif", Format::Avif),
    ("gif", Format::Gif),
    ("json", Format::Json),
    ("jpg", Format::Jpeg),
];

const EFFORTS: [(&str, Effort); 3] = [
    ("fast", Effort::Fast),
    ("normal", Effort::Normal),
    ("small", Effort::Small),
];

fn named<T: Copy>(names: &[(&str, T)], text: &str) -> Option<T> {
    names
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
}

fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> Option<String> {
    names
        .iter()
        .find(|(_, known)| known == value)
        .map(|(name, _)| (*name).to_owned())
}

fn set<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn give<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    *place = Some(value?);
    Some(())
}

fn flag(value: bool) -> Option<String> {
    value.then(|| "1".to_owned())
}

fn percent(text: &str) -> Option<u16> {
    whole(text, 0, 1_000).and_then(|number| u16::try_from(number).ok())
}

/// All options, in the order of canonical text.
pub const TABLE: &[Spec] = &[
    Spec {
        name: "w",
        aliases: &["width"],
        takes: "a whole number of pixels from 1 to 16383",
        read: |o, v| give(&mut o.width, whole(v, 1, DIMENSION_OUT_MAX)),
        write: |o| o.width.map(|side| side.to_string()),
    },
    Spec {
        name: "h",
        aliases: &["height"],
        takes: "a whole number of pixels from 1 to 16383",
        read: |o, v| give(&mut o.height, whole(v, 1, DIMENSION_OUT_MAX)),
        write: |o| o.height.map(|side| side.to_string()),
    },
    Spec {
        name: "fit",
        aliases: &[],
        takes: "one of inside, cover, contain, fill, outside, scale-down",
        read: |o, v| set(&mut o.fit, named(&FITS, v)),
        write: |o| (o.fit != Fit::Inside).then(|| name_of(&FITS, &o.fit))?,
    },
    Spec {
        name: "g",
        aliases: &["gravity", "position"],
        takes: "one of centre, north, northeast, east, southeast, south, southwest, west, \
                northwest, entropy, attention, or a focal point such as 50p:33.3p",
        read: |o, v| set(&mut o.gravity, gravity(v)),
        write: |o| (o.gravity != Gravity::Centre).then(|| write_gravity(o.gravity)),
    },
    Spec {
        name: "enlarge",
        aliases: &[],
        takes: "1 or 0",
        read: |o, v| set(&mut o.enlarge, yes(v)),
        write: |o| flag(o.enlarge),
    },
    Spec {
        name: "linear",
        aliases: &[],
        takes: "1 or 0",
        read: |o, v| set(&mut o.linear, yes(v)),
        write: |o| flag(o.linear),
    },
    Spec {
        name: "crop",
        aliases: &[],
        takes: "x:y:width:height in pixels, or in percent with a p as in 10p:0:80p:100p",
        read: |o, v| give(&mut o.crop, rect(v)),
        write: |o| o.crop.as_ref().map(write_rect),
    },
    Spec {
        name: "crop_after",
        aliases: &[],
        takes: "x:y:width:height in pixels, or in percent with a p as in 10p:0:80p:100p",
        read: |o, v| give(&mut o.crop_after, rect(v)),
        write: |o| o.crop_after.as_ref().map(write_rect),
    },
    Spec {
        name: "trim",
        aliases: &[],
        takes: "a whole number from 1 to 255",
        read: |o, v| {
            let threshold = whole(v, 1, 255).and_then(|number| u8::try_from(number).ok());
            give(&mut o.trim, threshold)
        },
        write: |o| o.trim.map(|threshold| threshold.to_string()),
    },
    Spec {
        name: "rotate",
        aliases: &["r"],
        takes: "whole degrees clockwise from 0 to 359",
        read: |o, v| {
            let degrees = whole(v, 0, 359).and_then(|number| u16::try_from(number).ok());
            set(&mut o.rotate, degrees)
        },
        write: |o| (o.rotate != 0).then(|| o.rotate.to_string()),
    },
    Spec {
        name: "flip",
        aliases: &[],
        takes: "1 or 0",
        read: |o, v| set(&mut o.flip, yes(v)),
        write: |o| flag(o.flip),
    },
    Spec {
        name: "flop",
        aliases: &[],
        takes: "1 or 0",
        read: |o, v| set(&mut o.flop, yes(v)),
        write: |o| flag(o.flop),
    },
    Spec {
        name: "pad",
        aliases: &["extend"],
        takes: "pixels from 0 to 10000: all around, down:across or top:right:bottom:left",
        read: |o, v| give(&mut o.pad, edges(v)),
        write: |o| o.pad.map(write_edges),
    },
    Spec {
        name: "bg",
        aliases: &["background"],
        takes: "a colour as rgb, rrggbb or rrggbbaa in hexadecimal, white, black, red, gray or \
                transparent",
        read: |o, v| give(&mut o.background, colour(v)),
        write: |o| o.background.map(write_colour),
    },
    Spec {
        name: "blur",
        aliases: &[],
        takes: "a number from 0.3 to 100 with at most two decimals",
        read: |o, v| give(&mut o.blur, hundredths(v, 30, 10_000)),
        write: |o| o.blur.map(write_hundredths),
    },
    Spec {
        name: "sharpen",
        aliases: &[],
        takes: "a number from 0.3 to 10 with at most two decimals",
        read: |o, v| give(&mut o.sharpen, hundredths(v, 30, 1_000)),
        write: |o| o.sharpen.map(write_hundredths),
    },
    Spec {
        name: "brightness",
        aliases: &[],
        takes: "percent from 0 to 1000; 100 changes nothing",
        read: |o, v| give(&mut o.brightness, percent(v)),
        write: |o| o.brightness.filter(|p| *p != 100).map(|p| p.to_string()),
    },
    Spec {
        name: "saturation",
        aliases: &[],
        takes: "percent from 0 to 1000; 100 changes nothing",
        read: |o, v| give(&mut o.saturation, percent(v)),
        write: |o| o.saturation.filter(|p| *p != 100).map(|p| p.to_string()),
    },
    Spec {
        name: "contrast",
        aliases: &[],
        takes: "percent from 0 to 1000; 100 changes nothing",
        read: |o, v| give(&mut o.contrast, percent(v)),
        write: |o| o.contrast.filter(|p| *p != 100).map(|p| p.to_string()),
    },
    Spec {
        name: "gamma",
        aliases: &[],
        takes: "a number from 1 to 3 with at most two decimals",
        read: |o, v| give(&mut o.gamma, hundredths(v, 100, 300)),
        write: |o| o.gamma.filter(|g| *g != 100).map(write_hundredths),
    },
    Spec {
        name: "grayscale",
        aliases: &["greyscale"],
        takes: "1 or 0",
        read: |o, v| set(&mut o.grayscale, yes(v)),
        write: |o| flag(o.grayscale),
    },
    Spec {
        name: "wm",
        aliases: &["watermark"],
        takes: "a picture, then any of a gravity, X_Y in pixels, oPERCENT, wPERCENT, tile, as in \
                logo:southeast:10_10:o60:w20",
        read: |o, v| give(&mut o.watermark, watermark(v)),
        write: |o| o.watermark.as_ref().map(write_watermark),
    },
    Spec {
        name: "radius",
        aliases: &[],
        takes: "pixels from 1 to 100000, or max",
        read: |o, v| give(&mut o.radius, radius(v)),
        write: |o| o.radius.map(write_radius),
    },
    Spec {
        name: "f",
        aliases: &["format"],
        takes: "one of jpeg, png, webp, avif, gif, json",
        read: |o, v| give(&mut o.format, named(&FORMATS, v)),
        write: |o| name_of(&FORMATS, o.format.as_ref()?),
    },
    Spec {
        name: "q",
        aliases: &["quality"],
        takes: "a whole number from 1 to 100, a size such as 40kb, or an SSIM such as ssim0.98",
        read: |o, v| give(&mut o.quality, quality(v)),
        write: |o| o.quality.map(write_quality),
    },
    Spec {
        name: "effort",
        aliases: &[],
        takes: "one of fast, normal, small",
        read: |o, v| set(&mut o.effort, named(&EFFORTS, v)),
        write: |o| (o.effort != Effort::Normal).then(|| name_of(&EFFORTS, &o.effort))?,
    },
    Spec {
        name: "lossless",
        aliases: &[],
        takes: "1 or 0",
        read: |o, v| set(&mut o.lossless, yes(v)),
        write: |o| flag(o.lossless),
    },
    Spec {
        name: "still",
        aliases: &[],
        takes: "1 or 0",
        read: |o, v| set(&mut o.still, yes(v)),
        write: |o| flag(o.still),
    },
    Spec {
        name: "keep",
        aliases: &[],
        takes: "icc, copyright or icc:copyright",
        read: |o, v| set(&mut o.keep, keep(v)),
        write: |o| write_keep(o.keep),
    },
];

/// The name of the one option that is no property of the picture: lengths are multiplied by it.
const DPR: &str = "dpr";

/// What [`DPR`] takes.
const DPR_TAKES: &str = "a number from 0.5 to 5 with at most two decimals";

/// Reads options one by one, each at most once.
#[derive(Default)]
pub(crate) struct Reader {
    seen: u64,
    dpr: Option<u16>,
}

impl Reader {
    pub(crate) fn read(
        &mut self,
        options: &mut Options,
        name: &str,
        value: &str,
    ) -> Result<(), OptionError> {
        if name == DPR {
            let takes = OptionError::Value {
                name: DPR,
                takes: DPR_TAKES,
            };
            let dpr = hundredths(value, 50, 500).ok_or(takes)?;
            return match self.dpr.replace(dpr) {
                Some(_) => Err(OptionError::Twice(DPR)),
                None => Ok(()),
            };
        }
        let found = TABLE
            .iter()
            .position(|option| option.name == name || option.aliases.contains(&name));
        let Some((place, option)) = found.and_then(|place| Some((place, TABLE.get(place)?))) else {
            return Err(unknown(name));
        };
        let bit = 1_u64 << place;
        if self.seen & bit != 0 {
            return Err(OptionError::Twice(option.name));
        }
        self.seen |= bit;
        (option.read)(options, value).ok_or(OptionError::Value {
            name: option.name,
            takes: option.takes,
        })
    }

    /// Applies the pixel ratio, refuses what contradicts itself.
    pub(crate) fn finish(self, options: &mut Options) -> Result<(), OptionError> {
        if let Some(dpr) = self.dpr {
            multiply(options, u32::from(dpr));
        }
        options.check()
    }
}

/// Multiplies lengths of the output by hundredths; a side stays within what an output may have.
fn multiply(options: &mut Options, dpr: u32) {
    let scaled = |pixels: u32, most: u32| (pixels * dpr + 50).div_euclid(100).clamp(1, most);
    for side in [&mut options.width, &mut options.height] {
        *side = side.map(|side| scaled(side, DIMENSION_OUT_MAX));
    }
    if let Some(Edges {
        top,
        right,
        bottom,
        left,
    }) = &mut options.pad
    {
        for edge in [top, right, bottom, left] {
            *edge = (*edge * dpr + 50) / 100;
        }
    }
    if let Some(Radius::Pixels(pixels)) = &mut options.radius {
        *pixels = scaled(*pixels, 100_000);
    }
}

fn unknown(name: &str) -> OptionError {
    let names = TABLE
        .iter()
        .flat_map(|option| std::iter::once(option.name).chain(option.aliases.iter().copied()))
        .chain([DPR]);
    let nearest = names
        .map(|known| (distance(known, name), known))
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
        .min()
        .map(|(_, known)| known);
    OptionError::Unknown {
        name: name.chars().take(40).collect(),
        nearest,
    }
}

/// Levenshtein's, for short names.
fn distance(one: &str, other: &str) -> usize {
    if other.len() > 40 {
        return usize::MAX;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&other) {
            let here = (above_left + usize::from(a != *b))
                .min(left + 1)
                .min(*cell + 1);
            above_left = *cell;
            *cell = here;
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
