//! The options of a picture, from a query.

use lockgate_image_options::{DIMENSION_OUT_MAX, Fit, Format, Options as Picture, Quality};

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is to become of the picture. Every side has a value: one that is not given is as
    /// large as allowed. With one side, or none, the fit is always `Inside`: no other one makes
    /// sense then.
    pub picture: Picture,
    /// Bytes of the source.
    pub source_bytes_max: u64,
    /// Width times height of the source.
    pub pixels_max: u64,
}

/// In a query a name or its place here (the names of Sharp).
const FITS: [(&str, Fit); 5] = [
    ("inside", Fit::Inside),
    ("cover", Fit::Cover),
    ("contain", Fit::Contain),
    ("fill", Fit::Fill),
    ("outside", Fit::Outside),
];

/// In a query a name or its number: 1 is JPEG, 0 the source's.
const FORMATS: [(&str, Option<Format>); 4] = [
    ("source", None),
    ("jpeg", Some(Format::Jpeg)),
    ("png", Some(Format::Png)),
    ("webp", Some(Format::Webp)),
];

impl Options {
    /// Reads a query. 0, or nothing, stands for "not given".
    ///
    /// # Errors
    /// What is wrong with it, for a log.
    pub fn parse(query: &str) -> Result<Self, String> {
        let (mut width, mut height, mut quality) = (0, 0, 0);
        let mut side_max = DIMENSION_OUT_MAX;
        let mut options = Self {
            picture: Picture::default(),
            source_bytes_max: 32 * 1024 * 1024,
            pixels_max: 40_000_000,
        };
        let picture = &mut options.picture;
        for piece in query.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            match name {
                "width" => width = number(name, value)?,
                "height" => height = number(name, value)?,
                "side_max" => side_max = number(name, value)?,
                "fit" => picture.fit = named(name, value, &FITS)?,
                "format" => picture.format = named(name, value, &FORMATS)?,
                "quality" => quality = number(name, value)?,
                "source_bytes_max" => options.source_bytes_max = number(name, value)?,
                "pixels_max" => options.pixels_max = number(name, value)?,
                _ => return Err(format!("there is no option {name:?}")),
            }
        }
        let most = side_max.min(DIMENSION_OUT_MAX);
        if width > most || height > most {
            return Err(format!("{width} x {height} is larger than {most}"));
        }
        if quality > 100 {
            return Err(format!("quality {quality} is more than 100"));
        }
        if width == 0 || height == 0 {
            picture.fit = Fit::Inside;
        }
        let side = |side| Some(if side == 0 { most } else { side });
        (picture.width, picture.height) = (side(width), side(height));
        picture.quality = (quality != 0).then_some(Quality::Fixed(quality));
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    let number = value.parse();
    number.map_err(|_| format!("{name} is {value:?}, which is no number that fits"))
}

/// A value by its name, or by its place in the list.
fn named<T: Copy>(name: &str, value: &str, all: &[(&str, T)]) -> Result<T, String> {
    let by_name = all.iter().find(|(known, _)| *known == value);
    let by_place = || value.parse::<usize>().ok().and_then(|at| all.get(at));
    let found = by_name.or_else(by_place);
    found
        .map(|(_, found)| *found)
        .ok_or_else(|| format!("there is no {name} {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_mean_the_same() {
        let by_name = Options::parse("width=800&height=600&fit=cover&format=webp&quality=70");
        let by_number = Options::parse("width=800&height=600&fit=1&format=3&quality=70");
        assert_eq!(by_name, by_number);
        assert_eq!(
            by_name.unwrap().picture.to_string(),
            "w=800,h=600,fit=cover,f=webp,q=70"
        );
    }

    #[test]
    fn every_side_has_a_limit_and_one_side_is_no_box() {
        for (query, text) in [
            ("", "w=16383,h=16383"),
            ("width=800&fit=fill&side_max=4000", "w=800,h=4000"),
            ("height=600&fit=cover&side_max=4000", "w=4000,h=600"),
            ("quality=0&format=0&side_max=9", "w=9,h=9"),
        ] {
            let picture = Options::parse(query).unwrap().picture;
            assert_eq!(picture.to_string(), text, "{query}");
            assert_eq!(Picture::parse(text).as_ref(), Ok(&picture));
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        for query in [
            "width=4001&side_max=4000",
            "width=20000&side_max=60000",
            "width=-1",
            "fit=5",
            "fit=",
            "format=4",
            "format=gif",
            "quality=101",
            "quality=300",
            "w=800",
        ] {
            assert!(Options::parse(query).is_err(), "{query}");
        }
    }
}
