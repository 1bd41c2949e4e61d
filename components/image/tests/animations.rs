//! Animations: frames, delays, loops, disposal; from GIF and WebP to both.

mod common;

use std::io::Cursor;

use common::{make, pixels};
use gif::{DisposalMethod, Encoder, Frame, Repeat};
use image::codecs::gif::GifDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, RgbaImage};
use lockgate_image::{ErrorCode, Limits, Options, OutputFormat, probe, transform};

const PALETTE: [u8; 12] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9];
const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const CLEAR: [u8; 4] = [0; 4];

/// A frame of one colour of [`PALETTE`] at a place: left, top, width, height.
fn frame(colour: u8, place: [u16; 4], delay: u16, dispose: DisposalMethod) -> Frame<'static> {
    let [left, top, width, height] = place;
    Frame {
        delay,
        dispose,
        left,
        top,
        width,
        height,
        buffer: vec![colour; usize::from(width) * usize::from(height)].into(),
        ..Frame::default()
    }
}

fn gif(size: (u16, u16), repeat: Option<Repeat>, frames: &[Frame<'_>]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), size.0, size.1, &PALETTE).unwrap();
    if let Some(repeat) = repeat {
        encoder.set_repeat(repeat).unwrap();
    }
    for frame in frames {
        encoder.write_frame(frame).unwrap();
    }
    encoder.into_inner().unwrap()
}

/// All three ways of disposal, drawn on 8 x 8.
fn disposals() -> Vec<u8> {
    use DisposalMethod::{Background, Keep, Previous};
    let frames = [
        frame(0, [0, 0, 8, 8], 10, Keep),
        // Gone again, and red is back.
        frame(1, [0, 0, 4, 4], 20, Previous),
        // Leaves a hole.
        frame(2, [4, 4, 4, 4], 30, Background),
        frame(1, [0, 4, 4, 4], 40, Keep),
    ];
    gif((8, 8), Some(Repeat::Finite(2)), &frames)
}

/// What is at the middles of the quarters of each frame of [`disposals`], and its delay.
const DISPOSED: [([[u8; 4]; 4], u32); 4] = [
    ([RED, RED, RED, RED], 100),
    ([GREEN, RED, RED, RED], 200),
    ([RED, RED, RED, BLUE], 300),
    ([RED, RED, GREEN, CLEAR], 400),
];

/// The frames that another decoder sees: pictures and milliseconds.
fn frames(bytes: &[u8], format: OutputFormat) -> Vec<(RgbaImage, u32)> {
    let reader = Cursor::new(bytes);
    let frames = if format == OutputFormat::Gif {
        GifDecoder::new(reader).unwrap().into_frames()
    } else {
        WebPDecoder::new(reader).unwrap().into_frames()
    };
    let each = frames.map(|frame| {
        let frame = frame.unwrap();
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        (frame.into_buffer(), numerator / denominator)
    });
    each.collect()
}

fn quarters_of(image: &RgbaImage) -> [[u8; 4]; 4] {
    let (w, h) = image.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| image.get_pixel(w * x / 4, h * y / 4).0)
}

fn assert_disposed(seen: &[(RgbaImage, u32)], near: u8, what: &str) {
    assert_eq!(seen.len(), DISPOSED.len(), "{what}");
    for (number, ((image, delay), (colours, expected))) in seen.iter().zip(DISPOSED).enumerate() {
        assert_eq!(*delay, expected, "{what} {number}");
        for (got, colour) in quarters_of(image).iter().zip(colours) {
            let fits = if colour[3] == 0 {
                got[3] <= near
            } else {
                got.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= near)
            };
            assert!(fits, "{what} {number}: {got:?} is not {colour:?}");
        }
    }
}

/// How often a GIF is played, as its Netscape block says: 0 for ever, 1 without one.
fn plays(gif: &[u8]) -> u16 {
    let block = gif.windows(11).position(|window| window == b"NETSCAPE2.0");
    block.map_or(1, |at| {
        match u16::from_le_bytes([gif[at + 13], gif[at + 14]]) {
            0 => 0,
            repeats => repeats + 1,
        }
    })
}

#[test]
fn frames_are_shown_as_their_disposal_says() {
    let source = disposals();
    let info = probe(&source, &Limits::default()).unwrap();
    assert_eq!((info.width, info.height, info.frames), (8, 8, 4));
    assert_eq!(plays(&source), 3);
    // Half the size mixes the quarters at their edges.
    for (width, near) in [(8, 1), (4, 40)] {
        let text = format!("w={width}");
        let made = make(&source, &Options::parse(&text).unwrap());
        assert_eq!((made.format, made.width), (OutputFormat::Gif, width));
        assert_eq!(plays(&made.bytes), 3);
        assert_disposed(&frames(&made.bytes, OutputFormat::Gif), near, &text);

        let text = format!("w={width},f=webp,lossless=1");
        let made = make(&source, &Options::parse(&text).unwrap());
        assert_disposed(&frames(&made.bytes, OutputFormat::Webp), near, &text);

        // And back: the frames of a WebP to GIF and to WebP.
        let webp = made.bytes;
        assert_eq!(probe(&webp, &Limits::default()).unwrap().frames, 4);
        let again = make(&webp, &Options::new(OutputFormat::Gif));
        assert_eq!(plays(&again.bytes), 3);
        assert_disposed(
            &frames(&again.bytes, OutputFormat::Gif),
            near,
            "WebP to GIF",
        );
        let again = make(&webp, &Options::parse("f=webp,lossless=1").unwrap());
        assert_disposed(
            &frames(&again.bytes, OutputFormat::Webp),
            near,
            "WebP to WebP",
        );
    }
}

#[test]
fn lossy_frames_are_near() {
    // Large enough that the blocks of VP8 do not mix the quarters.
    let large: Vec<Frame<'_>> = (0..3)
        .map(|colour| frame(colour, [0, 0, 64, 64], 7, DisposalMethod::Keep))
        .collect();
    let source = gif((64, 64), Some(Repeat::Infinite), &large);
    let made = make(&source, &Options::parse("w=32,f=webp,q=90").unwrap());
    let seen = frames(&made.bytes, OutputFormat::Webp);
    let delays: Vec<u32> = seen.iter().map(|(_, delay)| *delay).collect();
    assert_eq!(delays, [70, 70, 70]);
    for ((image, _), colour) in seen.iter().zip([RED, GREEN, BLUE]) {
        for got in quarters_of(image) {
            assert!(
                got.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 12),
                "{got:?}"
            );
        }
    }
}

#[test]
fn what_stands_still_is_not_written_again() {
    let mut all = vec![frame(0, [0, 0, 200, 200], 5, DisposalMethod::Keep)];
    for step in 0..20 {
        all.push(frame(
            1 + (step % 2) as u8,
            [10, 10, 8, 8],
            5,
            DisposalMethod::Keep,
        ));
        // The same again: its time is added to the one before.
        all.push(frame(
            1 + (step % 2) as u8,
            [10, 10, 8, 8],
            5,
            DisposalMethod::Keep,
        ));
    }
    let source = gif((200, 200), Some(Repeat::Infinite), &all);
    for (text, format, most) in [
        ("f=gif", OutputFormat::Gif, 3_000),
        ("f=webp,lossless=1", OutputFormat::Webp, 4_000),
    ] {
        let made = make(&source, &Options::parse(text).unwrap());
        let seen = frames(&made.bytes, format);
        assert_eq!(seen.len(), 21, "{text}");
        let all: u32 = seen.iter().map(|(_, delay)| delay).sum();
        assert_eq!(all, 41 * 50, "{text}");
        assert!(made.bytes.len() < most, "{text}: {}", made.bytes.len());
    }
}

#[test]
fn stills_have_the_first_frame() {
    let source = disposals();
    for text in [
        "f=png",
        "f=jpeg",
        "f=gif,still=1",
        "f=webp,still=1,lossless=1",
    ] {
        let made = make(&source, &Options::parse(text).unwrap());
        assert_eq!(
            probe(&made.bytes, &Limits::default()).unwrap().frames,
            1,
            "{text}"
        );
        let [red, ..] = quarters_of(&pixels(&made));
        assert!(
            red.iter().zip(RED).all(|(a, b)| a.abs_diff(b) <= 2),
            "{text} {red:?}"
        );
    }
}

#[test]
fn the_time_of_frames_survives_rounding() {
    // WebP counts milliseconds, GIF hundredths of a second.
    let source = gif(
        (8, 8),
        None,
        &[0, 1, 2].map(|colour| frame(colour, [0, 0, 8, 8], 3, DisposalMethod::Keep)),
    );
    let mut webp = make(&source, &Options::parse("f=webp,lossless=1").unwrap()).bytes;
    let mut at = 0;
    while let Some(next) = webp[at..].windows(4).position(|window| window == b"ANMF") {
        at += next;
        webp[at + 20..at + 23].copy_from_slice(&[33, 0, 0]);
        at += 4;
    }
    let made = make(&webp, &Options::new(OutputFormat::Gif));
    assert_eq!(plays(&made.bytes), 1);
    let delays: Vec<u32> = frames(&made.bytes, OutputFormat::Gif)
        .iter()
        .map(|(_, delay)| *delay)
        .collect();
    assert_eq!(delays, [30, 30, 40]);
}

#[test]
fn endless_animations_are_refused_and_their_first_frame_is_not() {
    let one = frame(0, [0, 0, 1, 1], 1, DisposalMethod::Keep);
    let many = vec![one; 65_535];
    let source = gif((1, 1), Some(Repeat::Infinite), &many);
    let limits = Limits::default();
    for text in ["", "f=gif", "f=webp"] {
        let error = transform(&source, None, &Options::parse(text).unwrap(), &limits).unwrap_err();
        assert_eq!(error.code(), ErrorCode::TooManyPixels, "{text}: {error}");
    }
    assert!(transform(&source, None, &Options::new(OutputFormat::Png), &limits).is_ok());
    assert_eq!(probe(&source, &limits).unwrap().frames, 65_535);

    // A large screen with a pixel a frame: each costs a whole screen.
    let mut large = vec![frame(0, [0, 0, 1, 1], 1, DisposalMethod::Keep); 60];
    large[0] = frame(0, [0, 0, 1, 1], 1, DisposalMethod::Previous);
    let source = gif((2_000, 2_000), None, &large);
    let error = transform(&source, None, &Options::default(), &limits).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TooManyPixels);

    // Enlarged frames are many pixels as well.
    let small = gif(
        (10, 10),
        None,
        &(0..100)
            .map(|n| frame(n % 3, [0, 0, 10, 10], 1, DisposalMethod::Keep))
            .collect::<Vec<_>>(),
    );
    let options = Options::parse("w=4000,enlarge=1").unwrap();
    let error = transform(&small, None, &options, &limits).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadOptions);
}

#[test]
fn a_cut_animation_is_refused_or_keeps_its_whole_frames() {
    let source = disposals();
    let keep = Limits {
        keep_truncated: true,
        ..Limits::default()
    };
    let cut = &source[..source.len() - 5];
    let error = transform(cut, None, &Options::default(), &Limits::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Truncated);
    let kept = transform(cut, None, &Options::default(), &keep).unwrap();
    assert_eq!(frames(&kept.bytes, OutputFormat::Gif).len(), 3);
    // Without its trailer it is whole.
    let bare = &source[..source.len() - 1];
    assert!(transform(bare, None, &Options::default(), &Limits::default()).is_ok());
}

#[test]
fn a_photograph_in_a_gif_has_a_fitting_palette() {
    // A smooth picture in two frames that differ below the middle.
    let smooth = |shift: u32| {
        RgbaImage::from_fn(64, 64, |x, y| {
            let low = if y >= 32 { shift } else { 0 };
            image::Rgba([(x * 4) as u8, (y * 4) as u8, ((x + y + low) * 2) as u8, 255])
        })
    };
    let mut writer = Vec::new();
    for shift in [0, 40] {
        let mut bytes = Vec::new();
        image::codecs::webp::WebPEncoder::new_lossless(&mut bytes)
            .encode(&smooth(shift), 64, 64, image::ExtendedColorType::Rgba8)
            .unwrap();
        writer.push(bytes);
    }
    // A WebP animation by hand: VP8X, ANIM, two ANMF.
    let mut body =
        b"WEBPVP8X\x0a\0\0\0\x12\0\0\0\x3f\0\0\x3f\0\0ANIM\x06\0\0\0\0\0\0\0\0\0".to_vec();
    for file in &writer {
        let at = file
            .windows(4)
            .position(|window| window == b"VP8L")
            .unwrap();
        let chunk = &file[at..];
        body.extend(b"ANMF");
        body.extend((16 + chunk.len() as u32).to_le_bytes());
        body.extend([0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0x3f, 0, 0, 100, 0, 0, 2]);
        body.extend(chunk);
    }
    let mut source = b"RIFF".to_vec();
    source.extend((body.len() as u32).to_le_bytes());
    source.extend(body);
    let made = make(&source, &Options::new(OutputFormat::Gif));
    let seen = frames(&made.bytes, OutputFormat::Gif);
    assert_eq!((seen.len(), plays(&made.bytes)), (2, 0));
    for ((image, _), shift) in seen.iter().zip([0, 40]) {
        let apart: u64 = image
            .as_raw()
            .iter()
            .zip(smooth(shift).as_raw())
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let mean = apart as f64 / f64::from(64 * 64 * 3);
        assert!(mean < 7.0, "{mean}");
    }
    // What stands still has not changed by a bit, though it is dithered.
    let half = 64 * 32 * 4;
    assert_eq!(seen[0].0.as_raw()[..half], seen[1].0.as_raw()[..half]);
}
