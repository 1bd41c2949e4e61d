//! The options of a picture, from a query.

/// The component's own limit of a width and of a height (that of WebP), pixels.
const SIDE_MAX: u32 = 16_383;

/// What the encoder gets where the query does not say.
const QUALITY: u8 = 80;

/// What a query asks for. Every side has a value: one that is not given is as large as allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// How the picture meets the box. With one side, or none, it is always `Inside`: no other one
    /// makes sense then.
    pub fit: Fit,
    /// `None`: that of the source.
    pub format: Option<Format>,
    /// 1 to 100.
    pub quality: u8,
    /// Bytes of the source.
    pub source_bytes_max: u64,
    /// Width times height of the source.
    pub pixels_max: u64,
}

/// How a picture meets a box (the names of Sharp). In a query a name or its place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// As large as fits in.
    Inside,
    /// Fill the box, crop.
    Cover,
    /// Fit in, fill the rest.
    Contain,
    /// Stretch.
    Fill,
    /// As small as covers the box.
    Outside,
}

const FITS: [(&str, Fit); 5] = [
    ("inside", Fit::Inside),
    ("cover", Fit::Cover),
    ("contain", Fit::Contain),
    ("fill", Fit::Fill),
    ("outside", Fit::Outside),
];

/// A format. In a query a name or its number: 1 is JPEG, 0 the source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
}

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
        let (mut width, mut height) = (0, 0);
        let mut side_max = SIDE_MAX;
        let mut options = Self {
            width: 0,
            height: 0,
            fit: Fit::Inside,
            format: None,
            quality: QUALITY,
            source_bytes_max: 32 * 1024 * 1024,
            pixels_max: 40_000_000,
        };
        for piece in query.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            match name {
                "width" => width = number(name, value)?,
                "height" => height = number(name, value)?,
                "side_max" => side_max = number(name, value)?,
                "fit" => options.fit = named(name, value, &FITS)?,
                "format" => options.format = named(name, value, &FORMATS)?,
                "quality" => match number(name, value)? {
                    0 => options.quality = QUALITY,
                    quality => options.quality = quality,
                },
                "source_bytes_max" => options.source_bytes_max = number(name, value)?,
                "pixels_max" => options.pixels_max = number(name, value)?,
                _ => return Err(format!("there is no option {name:?}")),
            }
        }
        let most = side_max.min(SIDE_MAX);
        if width > most || height > most {
            return Err(format!("{width} x {height} is larger than {most}"));
        }
        if options.quality > 100 {
            return Err(format!("quality {} is more than 100", options.quality));
        }
        if width == 0 || height == 0 {
            options.fit = Fit::Inside;
        }
        let side = |side| if side == 0 { most } else { side };
        (options.width, options.height) = (side(width), side(height));
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
        let options = by_name.unwrap();
        assert_eq!((options.width, options.height), (800, 600));
        assert_eq!(
            (options.fit, options.format),
            (Fit::Cover, Some(Format::Webp))
        );
    }

    #[test]
    fn every_side_has_a_limit_and_one_side_is_no_box() {
        for (query, sides) in [
            ("", (16_383, 16_383)),
            ("width=800&fit=fill&side_max=4000", (800, 4000)),
            ("height=600&fit=cover&side_max=4000", (4000, 600)),
        ] {
            let options = Options::parse(query).unwrap();
            assert_eq!((options.width, options.height), sides, "{query}");
            assert_eq!(options.fit, Fit::Inside, "{query}");
        }
        assert_eq!(Options::parse("quality=0").unwrap().quality, 80);
        assert_eq!(Options::parse("format=0").unwrap().format, None);
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
