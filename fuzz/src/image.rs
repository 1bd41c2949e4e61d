//! Pictures. The first six bytes of an input are options, the rest is a file.

use lockgate_image::{
    Bucket, Colour, ErrorCode, Fit, Format, ImageError, Info, Intermediate, Limits, Options,
    OutputFormat, Quality, decode_scaled, probe, render, scale_bucket, transform,
};

const LIMITS: Limits = Limits {
    source_bytes_max: 1 << 20,
    pixels_max: 4096,
    dimension_max: 256,
    frames_max: 8,
    keep_truncated: false,
};

/// Probes, decodes and renders.
pub fn run(data: &[u8]) {
    let Some((head, source)) = data.split_first_chunk::<6>() else {
        return;
    };
    if let Ok(intermediate) = Intermediate::from_bytes(source) {
        assert_eq!(intermediate.to_bytes(), source);
    }
    let options = options(head);
    let info = match probe(source, &LIMITS) {
        Ok(info) => info,
        Err(error) => {
            is_about_the_source(&error);
            assert!(transform(source, None, &options, &LIMITS).is_err());
            return;
        }
    };
    assert!(u64::from(info.width) * u64::from(info.height) <= LIMITS.pixels_max);
    assert!(info.width.max(info.height) <= LIMITS.dimension_max);
    let Ok(wanted) = scale_bucket(&info, &options) else {
        return;
    };
    // One that is not asked for as well: it may be kept from another request.
    for bucket in [wanted, Bucket::Eighth] {
        let intermediate = match decode_scaled(source, bucket, &LIMITS) {
            Ok(intermediate) => intermediate,
            Err(error) => return is_about_the_source(&error),
        };
        let kept = intermediate.to_bytes();
        let kept = Intermediate::from_bytes(&kept).expect("our own bytes");
        assert_eq!(kept, intermediate);
        let rendered = match render(&kept, None, &options, &LIMITS) {
            Ok(rendered) => rendered,
            // Of an SVG or an animation the pixels are made only now.
            Err(error) if is_file(&info) => return is_about_the_source(&error),
            Err(error) => panic!("{error}"),
        };
        fits(&info, &options, (rendered.width, rendered.height));
        let limits = Limits::default();
        let made = probe(&rendered.bytes, &limits).expect("a picture");
        assert_eq!(Some(made.format.output(false)), options.format);
        assert_eq!((made.width, made.height), (rendered.width, rendered.height));
    }
}

fn options([flags, width, height, quality, look, colour]: &[u8; 6]) -> Options {
    let side = |byte: &u8| (*byte != 0).then(|| u32::from(*byte % 48) + 1);
    let format = match look & 3 {
        0 => OutputFormat::Jpeg,
        1 => OutputFormat::Png,
        3 => OutputFormat::Gif,
        _ => OutputFormat::Webp,
    };
    Options {
        width: side(width),
        height: side(height),
        fit: match flags & 7 {
            0 => Fit::Cover,
            1 => Fit::Contain,
            2 => Fit::Fill,
            3 => Fit::Outside,
            _ => Fit::Inside,
        },
        quality: Some(Quality::Fixed(quality % 100 + 1)),
        background: (look & 4 != 0).then_some(Colour {
            red: *colour,
            green: colour.rotate_left(3),
            blue: *quality,
            alpha: 255,
        }),
        enlarge: look & 8 != 0,
        ..Options::new(format)
    }
}

/// Whether the intermediate is the file itself.
fn is_file(info: &Info) -> bool {
    info.format == Format::Svg || info.frames > 1
}

/// The options are fine and the limits are small: what goes wrong is the file's fault.
fn is_about_the_source(error: &ImageError) {
    let ours = [
        ErrorCode::BadOptions,
        ErrorCode::BadIntermediate,
        ErrorCode::Internal,
    ];
    assert!(!ours.contains(&error.code()), "{error}");
}

/// The size that the documentation of [`Fit`] promises.
fn fits(info: &Info, options: &Options, (width, height): (u32, u32)) {
    assert!(width > 0 && height > 0);
    let within = |box_: (u32, u32)| width <= box_.0 && height <= box_.1;
    let source = (info.width, info.height);
    let grows = options.enlarge || info.format == Format::Svg;
    match (options.width, options.height, options.fit) {
        (None, None, _) => assert_eq!((width, height), source),
        (Some(w), Some(h), Fit::Contain) => assert_eq!((width, height), (w, h)),
        (Some(w), Some(h), Fit::Outside) => assert!(grows || within(source), "{w} {h}"),
        (Some(w), Some(h), _) => assert!(within((w, h)), "{width} {height} {options:?}"),
        (Some(w), None, _) => assert!(width <= w),
        (None, Some(h), _) => assert!(height <= h),
    }
    if !grows && options.fit != Fit::Contain {
        assert!(within(source), "{width} {height} of {source:?}");
    }
}
