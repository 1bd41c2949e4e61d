//! The options of a picture, from a query.

use lockgate_image_options::{DIMENSION_OUT_MAX, Options as Picture};

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is to become of the picture. Every side has a value: one that is not given is as
    /// large as allowed.
    pub picture: Picture,
    /// The format was chosen by `Accept`: a source that moves becomes none that does not.
    pub negotiated: bool,
    /// Bytes of the source.
    pub source_bytes_max: u64,
    /// Width times height of the source.
    pub pixels_max: u64,
    /// Frames of an animation.
    pub frames_max: u32,
    /// A source that ends early is shown as far as it goes.
    pub keep_truncated: bool,
    /// An SVG is sent as it is where nothing but a size is asked for.
    pub pass_svg: bool,
    /// So many bytes of the body are the watermark; the source follows them.
    pub overlay_bytes: usize,
}

impl Options {
    /// Reads a query: the options of `lockgate-image-options` by any of their names, as they
    /// stand in canonical text (nothing is percent-encoded), and the limits.
    ///
    /// # Errors
    /// What is wrong with it, for whoever wrote the address.
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut side_max = DIMENSION_OUT_MAX;
        let mut options = Self {
            picture: Picture::default(),
            negotiated: false,
            source_bytes_max: 32 * 1024 * 1024,
            pixels_max: 40_000_000,
            frames_max: 200,
            keep_truncated: false,
            pass_svg: false,
            overlay_bytes: 0,
        };
        let mut asked = Vec::new();
        for piece in query.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            match name {
                "side_max" => side_max = number(name, value)?,
                "source_bytes_max" => options.source_bytes_max = number(name, value)?,
                "pixels_max" => options.pixels_max = number(name, value)?,
                "frames_max" => options.frames_max = number(name, value)?,
                "overlay_bytes" => options.overlay_bytes = number(name, value)?,
                "keep_truncated" => options.keep_truncated = number::<u8>(name, value)? == 1,
                "pass_svg" => options.pass_svg = number::<u8>(name, value)? == 1,
                "negotiated" => options.negotiated = number::<u8>(name, value)? == 1,
                _ => asked.push((name, value)),
            }
        }
        let picture = Picture::from_pairs(asked).and_then(|picture| picture.within(side_max));
        options.picture = picture.map_err(|error| error.to_string())?;
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    let number = value.parse();
    number.map_err(|_| format!("{name} is {value:?}, which is no number that fits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str) -> String {
        Options::parse(query).unwrap().picture.to_string()
    }

    #[test]
    fn options_are_read_by_all_of_their_names() {
        let text = "w=800,h=600,fit=cover,f=webp,q=70";
        assert_eq!(canonical(&text.replace(',', "&")), text);
        let long = "width=800&height=600&fit=cover&format=webp&quality=70";
        assert_eq!(canonical(long), text);
    }

    #[test]
    fn every_side_has_a_limit_and_one_side_is_no_box() {
        for (query, text) in [
            ("", "w=16383,h=16383"),
            ("width=800&fit=fill&side_max=4000", "w=800,h=4000"),
            ("height=600&fit=cover&side_max=4000", "w=4000,h=600"),
        ] {
            assert_eq!(canonical(query), text, "{query}");
        }
    }

    #[test]
    fn limits_stand_beside_the_options() {
        let query = "w=8&frames_max=3&keep_truncated=1&negotiated=1&overlay_bytes=12&pixels_max=9";
        let options = Options::parse(query).unwrap();
        assert_eq!((options.frames_max, options.pixels_max), (3, 9));
        assert!(options.keep_truncated && options.negotiated);
        assert_eq!(options.overlay_bytes, 12);
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
            "quality=101",
            "pixels_max=-1",
            "w=800&width=800",
        ] {
            assert!(Options::parse(query).is_err(), "{query}");
        }
    }
}
