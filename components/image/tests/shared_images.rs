//! Real photographs, where the folder `shared` stands beside the checkout.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

mod common;

use std::path::PathBuf;

use common::pixels;
use lockgate_image::{Limits, Options, OutputFormat, probe, transform};

#[test]
fn real_photographs() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/images");
    if !folder.is_dir() {
        eprintln!("SKIPPED: real_photographs needs the folder ../shared/images");
        return;
    }
    for (name, size) in [
        ("big.jpg", (800, 450)),
        ("big_prog.jpg", (800, 450)),
        ("mid.jpg", (800, 500)),
        ("alpha.png", (800, 500)),
        ("cutout.png", (800, 500)),
        ("photo.webp", (800, 450)),
    ] {
        let source = std::fs::read(folder.join(name)).unwrap();
        for format in [OutputFormat::Jpeg, OutputFormat::Png, OutputFormat::Webp] {
            let mut options = Options::new(format);
            options.width = Some(800);
            let rendered = transform(&source, None, &options, &Limits::default()).unwrap();
            assert_eq!(pixels(&rendered).dimensions(), size, "{name} {format:?}");
        }
        let limits = Limits {
            pixels_max: 1_000_000,
            ..Limits::default()
        };
        assert!(probe(&source, &limits).is_err(), "{name}");
    }

    // The baseline and the progressive file are the same photograph.
    let both = ["big.jpg", "big_prog.jpg"].map(|name| {
        let source = std::fs::read(folder.join(name)).unwrap();
        let mut options = Options::new(OutputFormat::Png);
        options.width = Some(200);
        pixels(&transform(&source, None, &options, &Limits::default()).unwrap())
    });
    let [a, b] = &both;
    let apart = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(apart <= Some(3), "{apart:?}");
}
