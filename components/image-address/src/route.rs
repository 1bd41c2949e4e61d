//! What the requests of a route may ask for, as the policy bundle carries it.

use serde::{Deserialize, Serialize};

/// What the requests of a route may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRoute {
    /// How addresses are written.
    pub form: Form,
    /// Other services' addresses begin behind this start of the path, which ends in `/`.
    pub prefix: String,
    /// What `w` may be, up to the largest side of an output.
    pub widths: Choice,
    /// What `h` may be, likewise.
    pub heights: Choice,
    /// What `q` may be, up to 100.
    pub qualities: Choice,
    /// A number between those of a list becomes the next larger one, else it is refused.
    pub round_up: bool,
    /// Whether `fit` may be given.
    pub fits: bool,
    /// Which of the other options may be given.
    pub allow: Allow,
    /// Presets that `preset` may name, in the order of their names.
    pub presets: Vec<Preset>,
    /// Watermarks that `wm` may name.
    pub watermarks: Vec<String>,
    /// Formats that `f` may name, by the names of `lockgate-image-options`.
    pub formats: Vec<String>,
    /// The quality of JPEG and WebP where the request gives none, 1 to 100.
    pub quality: u8,
    /// The format is chosen by Accept where the request gives none.
    pub auto_format: bool,
    /// `auto` is AVIF only up to so many pixels of the output.
    pub avif_pixels_max: u32,
    /// Arguments of the query that are no options are refused, else they are the origin's.
    pub only_options: bool,
    /// Whether addresses are signed.
    pub signed: Signed,
    /// Names of the secrets that signatures are made with. Each is accepted.
    pub keys: Vec<String>,
    /// Names of imgproxy's salts, as many as keys.
    pub salts: Vec<String>,
    /// Where sources of other services' addresses are.
    pub sources: Vec<Source>,
    /// The request brings the source along: its address names none, and asks for a picture even
    /// where it has no options.
    pub upload: bool,
}

/// How addresses are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// `/a.jpg?w=800&fit=cover`.
    Query,
    /// `/w=800,fit=cover/a.jpg`: the segment of this index holds the options. The query may, too.
    Segment(u8),
    /// The image handler of AWS: base64 of JSON.
    Aws,
    /// thumbor.
    Thumbor,
    /// imgproxy.
    Imgproxy,
}

/// The numbers that an option may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Any from 1 on.
    Any,
    /// These, ascending. Without one the option must not be given.
    Of(Vec<u32>),
}

/// Options that have no list of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allow {
    /// All.
    All,
    /// Those with these names, as `lockgate-image-options` calls them, and `dpr`.
    These(Vec<String>),
}

/// Image options under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    /// The name.
    pub name: String,
    /// Canonical text.
    pub options: String,
}

/// Whether addresses are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signed {
    /// No signature is looked at.
    No,
    /// One that is there must be right; then the lists of the route do not bind.
    Optional,
    /// There must be one.
    Required,
}

/// Where sources of another service's addresses are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Start of a source, `s3://photos/` or `https://img.example.com/`.
    pub from: String,
    /// What stands for it in a path of the origin, with `/` at both ends.
    pub to: String,
}

impl ImageRoute {
    /// A route that takes any plain option in the query, as `image = {}` says it.
    #[must_use]
    pub fn open() -> Self {
        Self {
            form: Form::Query,
            prefix: String::new(),
            widths: Choice::Any,
            heights: Choice::Any,
            qualities: Choice::Any,
            round_up: false,
            fits: true,
            allow: Allow::All,
            presets: Vec::new(),
            watermarks: Vec::new(),
            formats: ["jpeg", "png", "webp"].map(str::to_owned).to_vec(),
            quality: 80,
            auto_format: true,
            avif_pixels_max: 1_000_000,
            only_options: false,
            signed: Signed::No,
            keys: Vec::new(),
            salts: Vec::new(),
            sources: Vec::new(),
            upload: false,
        }
    }
}
