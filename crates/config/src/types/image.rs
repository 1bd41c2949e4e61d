//! Pictures: presets, watermarks, and what the requests of a route may ask for.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ImageOption;

/// Image options with a name.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImagePreset {
    /// All options as one text, `w=320,h=320,fit=cover,blur=2`: the names and values of
    /// docs/images.md. In place of the keys below.
    #[schemars(extend("x-format" = "image-options"))]
    pub options: Option<String>,
    /// Width of the output, in pixels. Without it: after the height.
    #[schemars(range(min = 1, max = 16_383))]
    pub width: Option<u32>,
    /// Height of the output, in pixels. Without it: after the width.
    #[schemars(range(min = 1, max = 16_383))]
    pub height: Option<u32>,
    /// How a picture of another shape is fitted in.
    pub fit: ImageFit,
    /// Quality of JPEG and WebP, 1 to 100. Without it: the route's.
    #[schemars(range(min = 1, max = 100))]
    pub quality: Option<u8>,
    /// Format of the output. Without it: what the route and the client agree on.
    pub format: Option<ImageFormat>,
}

/// How a picture is fitted into a box that has both a width and a height. The names are Sharp's.
/// No picture is made larger than its source.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFit {
    /// As large as fits into the box; the output may be smaller than it.
    #[default]
    Inside,
    /// The box is filled; what sticks out is cut off evenly.
    Cover,
    /// As large as fits into the box; the rest of it is transparent, in JPEG white.
    Contain,
    /// The picture is stretched to the box.
    Fill,
    /// As small as covers the box; the output may be larger than it.
    Outside,
}

/// Formats that pictures are sent in.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// `image/jpeg`.
    Jpeg,
    /// `image/png`.
    Png,
    /// `image/webp`.
    Webp,
    /// `image/avif`.
    Avif,
    /// `image/gif`.
    Gif,
    /// A description of the picture, `application/json`.
    Json,
}

/// A picture that is laid over others.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ImageWatermark {
    /// Where it is.
    #[serde(flatten)]
    pub source: WatermarkSource,
}

/// Where a watermark is.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WatermarkSource {
    /// Path on the origin of the route that uses it; fetched once a minute at most.
    Path(#[schemars(extend("x-format" = "path-prefix"))] String),
    /// A picture file of the gate's own. Not under Spin.
    File(#[schemars(extend("x-path" = "watermark"))] PathBuf),
}

/// How the pictures of a route are transformed.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteImage {
    /// How addresses are written.
    pub address: ImageAddress,
    /// Widths that a request may ask for (`w`), in pixels. Without `widths`, `heights`,
    /// `qualities` and `presets_only`: any up to `image.dimension_max`, which lets everybody ask
    /// for as many pictures as there are numbers. With one of them: those of the list.
    #[schemars(inner(range(min = 1, max = 16_383)))]
    pub widths: Vec<u32>,
    /// Heights that a request may ask for (`h`), in pixels, as for `widths`.
    #[schemars(inner(range(min = 1, max = 16_383)))]
    pub heights: Vec<u32>,
    /// Qualities that a request may ask for (`q`), as for `widths`; without any list 1 to 100.
    #[schemars(inner(range(min = 1, max = 100)))]
    pub qualities: Vec<u32>,
    /// Whether a number that is not in its list becomes the next larger one of it, beyond the
    /// largest that one. Else it is refused.
    pub round_up: bool,
    /// Options that a request may give besides `w`, `h`, `q`, `fit`, `f` and `preset`, such as
    /// `blur` or `dpr`; `h` and the like free of their lists. Without it: all of them where
    /// there is no list and no `presets_only`, else none.
    #[schemars(extend("uniqueItems" = true))]
    pub allow: Option<Vec<ImageOption>>,
    /// Whether a request may name a preset and a format, and nothing else.
    pub presets_only: bool,
    /// Presets that a request may ask for.
    #[schemars(extend("x-ref" = "image_presets"))]
    pub presets: Vec<String>,
    /// Watermarks that `wm` may name.
    #[schemars(extend("x-ref" = "image_watermarks", "uniqueItems" = true))]
    pub watermarks: Vec<String>,
    /// Formats that a request may get.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub formats: Vec<ImageFormat>,
    /// Quality of JPEG and WebP when the request does not say, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub quality: u8,
    /// Whether the format is chosen by the client's `Accept` when the request does not say.
    pub auto_format: bool,
    /// Most pixels of an output that `auto` makes AVIF of, where `formats` have it; beyond it,
    /// and where neither width nor height are given: WebP.
    #[schemars(range(max = 40_000_000))]
    pub avif_pixels_max: u32,
    /// Whether arguments of the query that are no options are refused. Else they are forwarded.
    pub only_options: bool,
    /// Whether addresses are signed.
    pub signed: ImageSigned,
    /// Secrets that signatures are made with; each is accepted.
    #[schemars(
        length(max = 8),
        extend("x-ref" = "secrets", "uniqueItems" = true)
    )]
    pub keys: Vec<String>,
    /// Secrets that are imgproxy's salts, in the order of `keys`.
    #[schemars(length(max = 8), extend("x-ref" = "secrets"))]
    pub salts: Vec<String>,
    /// Where the sources that another service's addresses name are on the origin. Without any:
    /// a path is that path, and an address is refused.
    pub sources: Vec<ImageSource>,
    /// Largest source file, in bytes. Without it: `image.source_bytes_max`.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub source_bytes_max: Option<u64>,
    /// Most pixels of a source. Without it: `image.pixels_max`.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub pixels_max: Option<u64>,
    /// Most frames of an animation. Without it: `image.frames_max`.
    #[schemars(range(min = 1, max = 100_000))]
    pub frames_max: Option<u32>,
    /// What is done with a source that ends early. Without it: `image.truncated`.
    pub truncated: Option<ImageTruncated>,
    /// What is done with an SVG. Without it: `image.svg`.
    pub svg: Option<ImageSvg>,
    /// What is sent where a picture cannot be made, and it is not the address that is wrong.
    pub fallback: ImageFallback,
    /// Whether a request brings the picture along, as its body, and gets back what is made of it.
    /// Such a route takes POST alone and needs no origin; nothing of it is cached.
    pub upload: bool,
}

impl Default for RouteImage {
    fn default() -> Self {
        Self {
            address: ImageAddress::default(),
            widths: Vec::new(),
            heights: Vec::new(),
            qualities: Vec::new(),
            round_up: false,
            allow: None,
            presets_only: false,
            presets: Vec::new(),
            watermarks: Vec::new(),
            formats: vec![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp],
            quality: 80,
            auto_format: true,
            avif_pixels_max: 1_000_000,
            only_options: false,
            signed: ImageSigned::default(),
            keys: Vec::new(),
            salts: Vec::new(),
            sources: Vec::new(),
            source_bytes_max: None,
            pixels_max: None,
            frames_max: None,
            truncated: None,
            svg: None,
            fallback: ImageFallback::default(),
            upload: false,
        }
    }
}

/// How addresses of pictures are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageAddress {
    /// As Lockgate has them: options in the query, and in the segment `{options}` of the path
    /// where the route's path has one.
    #[default]
    Lockgate,
    /// As the image handler of AWS has them: base64 of JSON.
    Aws,
    /// As thumbor has them.
    Thumbor,
    /// As imgproxy has them.
    Imgproxy,
}

/// Whether addresses of pictures are signed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageSigned {
    /// No signature is looked at.
    #[default]
    No,
    /// One that is there must be right; it frees the request of the lists.
    Optional,
    /// There must be one: else 403.
    Required,
}

/// What is done with a source that ends before its pixels do.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageTruncated {
    /// It is refused: 422.
    #[default]
    Fail,
    /// What there is of it is shown, the rest grey.
    Keep,
}

/// What is done with a source that is an SVG.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageSvg {
    /// It is drawn, in the format that is asked for or that `Accept` chooses.
    #[default]
    Draw,
    /// It is sent as it is where the address asks for no more than a size and a quality, and names
    /// no format; with fields that let nothing in it run. Else it is drawn.
    Pass,
}

/// What is sent where a picture cannot be made.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFallback {
    /// An error that says why.
    #[default]
    Error,
    /// The picture of the origin as it is, where that is no SVG, and no watermark is asked for.
    /// Not under Spin.
    Original,
}

/// Where sources are that another service's addresses name.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSource {
    /// Start of a source, with `/` at its end: `s3://photos/`, `https://img.example.com/`.
    #[schemars(extend("x-format" = "image-source"))]
    pub from: String,
    /// The path on the origin that stands for it, with `/` at its end.
    #[schemars(extend("x-format" = "image-folder"))]
    pub to: String,
}
