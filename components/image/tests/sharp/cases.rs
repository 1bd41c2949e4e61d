//! The operations: our options, Sharp's calls, and how far apart the two may be.

use lockgate_image::OutputFormat;

/// Which sources a case is tried on.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum On {
    /// All that is large enough in both directions for the operation to be one.
    Areas,
    /// All, the row and the column too.
    All,
    /// The picture with a border.
    Bordered,
    /// The opaque ones.
    Opaque,
    /// Those of eight bits in colour: a grey one stays grey in Sharp, whatever is laid under it.
    Colours,
    /// Opaque pictures of a scene, on which a search has something to find.
    Scenes,
    /// The one in inks.
    Inks,
    /// Those in other formats.
    Formats,
    /// The one without pixels.
    Drawing,
}

/// One operation.
pub(crate) struct Case {
    /// What it is, for people.
    pub(crate) name: &'static str,
    /// Ours, without the format.
    pub(crate) options: &'static str,
    /// Sharp's: pipelines of calls, as `make.mjs` reads them. `W` and `H` stand for the size of
    /// our output.
    pub(crate) calls: &'static str,
    pub(crate) on: On,
    /// The format in which we write it, for Sharp to read; else PNG.
    pub(crate) written: Option<OutputFormat>,
    /// The most that the mean difference of a source may be, in steps of 255.
    pub(crate) mean_max: f64,
    /// The most that 99 of 100 channels of a source may differ.
    pub(crate) most_max: u8,
}

const fn case(
    name: &'static str,
    options: &'static str,
    calls: &'static str,
    on: On,
    mean_max: f64,
    most_max: u8,
) -> Case {
    Case {
        name,
        options,
        calls,
        on,
        written: None,
        mean_max,
        most_max,
    }
}

/// What we write in another format, and Sharp reads: it shall show what we write as PNG.
const fn written(
    name: &'static str,
    options: &'static str,
    format: OutputFormat,
    on: On,
    mean_max: f64,
    most_max: u8,
) -> Case {
    Case {
        written: Some(format),
        ..case(name, options, "[[]]", on, mean_max, most_max)
    }
}

/// All of them.
pub(crate) const CASES: &[Case] = &[
    case("nothing", "", "[[]]", On::All, 0.1, 2),
    case("inks", "", "[[]]", On::Inks, 20.0, 70),
    case(
        "width",
        "w=50",
        r#"[[["resize",{"width":50,"withoutEnlargement":true}]]]"#,
        On::All,
        2.5,
        32,
    ),
    case(
        "height",
        "h=33",
        r#"[[["resize",{"height":33,"withoutEnlargement":true}]]]"#,
        On::All,
        2.5,
        32,
    ),
    case(
        "inside",
        "w=64,h=47",
        r#"[[["resize",{"width":64,"height":47,"fit":"inside","withoutEnlargement":true}]]]"#,
        On::All,
        1.5,
        12,
    ),
    case(
        "outside",
        "w=40,h=35,fit=outside",
        r#"[[["resize",{"width":40,"height":35,"fit":"outside","withoutEnlargement":true}]]]"#,
        On::All,
        2.5,
        32,
    ),
    case(
        "fill",
        "w=53,h=31,fit=fill",
        r#"[[["resize",{"width":53,"height":31,"fit":"fill","withoutEnlargement":true}]]]"#,
        On::Areas,
        1.5,
        12,
    ),
    case(
        "cover",
        "w=40,h=40,fit=cover",
        r#"[[["resize",{"width":40,"height":40,"fit":"cover","withoutEnlargement":true}]]]"#,
        On::Areas,
        2.5,
        32,
    ),
    case(
        "cover, north-east",
        "w=31,h=45,fit=cover,g=northeast",
        r#"[[["resize",{"width":31,"height":45,"fit":"cover","position":"northeast","withoutEnlargement":true}]]]"#,
        On::Areas,
        5.0,
        85,
    ),
    case(
        "cover, south",
        "w=50,h=20,fit=cover,g=south",
        r#"[[["resize",{"width":50,"height":20,"fit":"cover","position":"south","withoutEnlargement":true}]]]"#,
        On::Areas,
        2.5,
        32,
    ),
    case(
        "cover, entropy",
        "w=40,h=40,fit=cover,g=entropy",
        r#"[[["resize",{"width":40,"height":40,"fit":"cover","position":"entropy","withoutEnlargement":true}]]]"#,
        On::Scenes,
        18.0,
        185,
    ),
    case(
        "cover, attention",
        "w=40,h=40,fit=cover,g=attention",
        r#"[[["resize",{"width":40,"height":40,"fit":"cover","position":"attention","withoutEnlargement":true}]]]"#,
        On::Scenes,
        2.5,
        32,
    ),
    case(
        "contain, transparent",
        "w=60,h=60,fit=contain",
        r#"[[["resize",{"width":60,"height":60,"fit":"contain","background":{"r":0,"g":0,"b":0,"alpha":0},"withoutEnlargement":true}]]]"#,
        On::Areas,
        1.5,
        12,
    ),
    case(
        "contain, west",
        "w=70,h=40,fit=contain,g=west,bg=204060",
        r##"[[["resize",{"width":70,"height":40,"fit":"contain","position":"west","background":"#204060","withoutEnlargement":true}],["flatten",{"background":"#204060"}]]]"##,
        On::Colours,
        2.5,
        32,
    ),
    case(
        "enlarge",
        "w=300,enlarge=1",
        r#"[[["resize",{"width":300}]]]"#,
        On::Areas,
        2.5,
        35,
    ),
    case(
        "linear light",
        "w=50,linear=1",
        r#"[[["pipelineColourspace","scrgb"],["resize",{"width":50,"withoutEnlargement":true}],["toColourspace","srgb"]]]"#,
        On::Opaque,
        2.0,
        24,
    ),
    case(
        "gamma",
        "w=50,gamma=2.2",
        r#"[[["gamma",2.2],["resize",{"width":50,"withoutEnlargement":true}]]]"#,
        On::Opaque,
        2.0,
        24,
    ),
    case(
        "crop",
        "crop=11:7:30:20",
        r#"[[],[["extract",{"left":11,"top":7,"width":30,"height":20}]]]"#,
        On::Areas,
        0.1,
        2,
    ),
    case(
        "crop, resized",
        "crop=10:10:44:33,w=22",
        r#"[[],[["extract",{"left":10,"top":10,"width":44,"height":33}]],[["resize",{"width":22}]]]"#,
        On::Areas,
        2.5,
        40,
    ),
    case(
        "crop after",
        "w=50,crop_after=5:3:20:15",
        r#"[[["resize",{"width":50}]],[["extract",{"left":5,"top":3,"width":20,"height":15}]]]"#,
        On::Areas,
        2.5,
        32,
    ),
    case(
        "trim",
        "trim=10",
        r#"[[["trim",{"threshold":10}]]]"#,
        On::Bordered,
        0.1,
        1,
    ),
    case(
        "quarter turn",
        "rotate=90",
        r#"[[],[["rotate",90]]]"#,
        On::All,
        0.1,
        2,
    ),
    case(
        "half turn",
        "rotate=180",
        r#"[[],[["rotate",180]]]"#,
        On::All,
        0.1,
        2,
    ),
    case(
        "rotate 30",
        "rotate=30,bg=336699",
        r##"[[],[["rotate",30,{"background":"#336699"}],["flatten",{"background":"#336699"}]]]"##,
        On::Areas,
        0.5,
        4,
    ),
    case("flip", "flip=1", r#"[[],[["flip"]]]"#, On::All, 0.1, 2),
    case("flop", "flop=1", r#"[[],[["flop"]]]"#, On::All, 0.1, 2),
    case(
        "blur 0.5",
        "blur=0.5",
        r#"[[["blur",0.5]]]"#,
        On::Areas,
        0.8,
        3,
    ),
    case(
        "blur 1.5",
        "blur=1.5",
        r#"[[["blur",1.5]]]"#,
        On::Areas,
        0.8,
        3,
    ),
    case("blur 8", "blur=8", r#"[[["blur",8]]]"#, On::Areas, 0.8, 3),
    case(
        "sharpen 1",
        "sharpen=1",
        r#"[[["sharpen",{"sigma":1}]]]"#,
        On::Opaque,
        1.0,
        12,
    ),
    case(
        "sharpen 2.5",
        "sharpen=2.5",
        r#"[[["sharpen",{"sigma":2.5}]]]"#,
        On::Opaque,
        1.5,
        16,
    ),
    case(
        "brightness 130",
        "brightness=130",
        r#"[[["modulate",{"brightness":1.3}]]]"#,
        On::Areas,
        0.5,
        3,
    ),
    case(
        "brightness 60",
        "brightness=60",
        r#"[[["modulate",{"brightness":0.6}]]]"#,
        On::Areas,
        0.5,
        3,
    ),
    case(
        "saturation 40",
        "saturation=40",
        r#"[[["modulate",{"saturation":0.4}]]]"#,
        On::Areas,
        0.5,
        3,
    ),
    case(
        "saturation 180",
        "saturation=180",
        r#"[[["modulate",{"saturation":1.8}]]]"#,
        On::Areas,
        0.5,
        4,
    ),
    case(
        "contrast 150",
        "contrast=150",
        r#"[[["linear",1.5,-64]]]"#,
        On::Colours,
        0.5,
        3,
    ),
    case(
        "grayscale",
        "grayscale=1",
        r#"[[["grayscale"]]]"#,
        On::All,
        0.5,
        3,
    ),
    case(
        "pad",
        "pad=3:8:13:1,bg=aa3311",
        r##"[[["flatten",{"background":"#aa3311"}],["extend",{"top":3,"right":8,"bottom":13,"left":1,"background":"#aa3311"}]]]"##,
        On::Colours,
        0.5,
        3,
    ),
    case(
        "background",
        "bg=10c0a0",
        r##"[[["flatten",{"background":"#10c0a0"}]]]"##,
        On::Colours,
        0.5,
        3,
    ),
    case(
        "watermark",
        "wm=mark:southeast:5_3",
        r#"[[],[["composite",[{"input":"@mark.png","left":"W-53","top":"H-35"}]]]]"#,
        On::Areas,
        0.5,
        3,
    ),
    case(
        "watermark, tiled",
        "wm=mark:northwest:tile",
        r#"[[],[["composite",[{"input":"@mark.png","tile":true,"gravity":"northwest"}]]]]"#,
        On::Areas,
        0.5,
        3,
    ),
    case(
        "rounded corners",
        "radius=12",
        r#"[[],[["composite",[{"input":"@corners.svg","blend":"dest-in"}]]]]"#,
        On::Areas,
        0.5,
        8,
    ),
    case("other formats", "", "[[]]", On::Formats, 1.0, 12),
    case(
        "other formats, width",
        "w=50",
        r#"[[["resize",{"width":50,"withoutEnlargement":true}]]]"#,
        On::Formats,
        2.5,
        32,
    ),
    case("drawing", "", "[[]]", On::Drawing, 1.0, 8),
    case(
        "drawing, larger",
        "w=300",
        r#"[[["resize",{"width":300}]]]"#,
        On::Drawing,
        2.0,
        24,
    ),
    written("JPEG", "q=95", OutputFormat::Jpeg, On::Opaque, 3.0, 24),
    written(
        "JPEG, small",
        "q=95,effort=small",
        OutputFormat::Jpeg,
        On::Opaque,
        3.0,
        24,
    ),
    written(
        "PNG, small",
        "effort=small",
        OutputFormat::Png,
        On::All,
        0.1,
        1,
    ),
    written("WebP", "q=95", OutputFormat::Webp, On::All, 3.0, 64),
    written(
        "WebP without loss",
        "lossless=1",
        OutputFormat::Webp,
        On::All,
        0.1,
        1,
    ),
    written("AVIF", "q=90", OutputFormat::Avif, On::All, 3.0, 24),
    written("GIF", "", OutputFormat::Gif, On::Opaque, 6.0, 48),
];
