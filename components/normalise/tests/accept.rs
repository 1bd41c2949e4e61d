//! `Accept` for images.

use lockgate_normalise::{ImageAccept, ImageFormat};
use proptest::prelude::*;

const CHROME: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

fn qualities(accept: &str) -> [u16; 4] {
    let accept = ImageAccept::parse([accept.as_bytes()]);
    [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Webp,
        ImageFormat::Avif,
    ]
    .map(|format| accept.quality(format))
}

#[test]
fn the_most_specific_range_counts() {
    // Accept => JPEG, PNG, WebP, AVIF in thousandths.
    for (accept, expected) in [
        (CHROME, [1000, 1000, 1000, 1000]),
        ("", [1000, 1000, 1000, 1000]),
        ("*/*", [1000, 1000, 1000, 1000]),
        ("image/*;q=0.5", [500, 500, 500, 500]),
        ("text/html", [0, 0, 0, 0]),
        ("image/webp", [0, 0, 1000, 0]),
        (
            "*/*;q=0.1, image/*;q=0.2, image/webp;q=0.3",
            [200, 200, 300, 200],
        ),
        ("image/webp;q=0, */*", [1000, 1000, 0, 1000]),
        ("image/webp;q=0.0, image/*", [1000, 1000, 0, 1000]),
        ("IMAGE/WEBP ; Q=0.875 , image/jpeg", [1000, 0, 875, 0]),
        ("image/webp;v=1;q=0.5", [0, 0, 500, 0]),
        ("image/webp;q=0.5;q=0.9", [0, 0, 500, 0]),
        ("image/webp;q=0.5, image/webp;q=0.9", [0, 0, 500, 0]),
        ("image/webp;q=1.001, image/jpeg;q=1.000", [1000, 0, 0, 0]),
        (
            "image/webp;q=2, image/jpeg;q=.5, image/png;q=0.",
            [0, 0, 0, 0],
        ),
        ("image/webp;q=0.1234, image/jpeg;q=-1", [0, 0, 0, 0]),
        (",,image/png,,", [0, 1000, 0, 0]),
    ] {
        assert_eq!(qualities(accept), expected, "{accept}");
    }
}

#[test]
fn naming_a_format_is_told_from_taking_anything() {
    let chrome = ImageAccept::parse([CHROME.as_bytes()]);
    assert_eq!(chrome.named(ImageFormat::Webp), Some(1000));
    let curl = ImageAccept::parse([&b"*/*"[..]]);
    assert_eq!(curl.named(ImageFormat::Webp), None);
    let none = ImageAccept::parse([]);
    assert_eq!(
        (
            none.named(ImageFormat::Webp),
            none.quality(ImageFormat::Jpeg)
        ),
        (None, 1000)
    );
}

#[test]
fn several_lines_are_one_list_and_the_list_is_bounded() {
    let two = ImageAccept::parse([&b"image/webp;q=0.5"[..], b"image/png"]);
    assert_eq!(two.quality(ImageFormat::Png), 1000);
    assert_eq!(two.quality(ImageFormat::Webp), 500);
    let long = "text/x,".repeat(64) + "image/webp";
    assert_eq!(
        ImageAccept::parse([long.as_bytes()]).named(ImageFormat::Webp),
        None
    );
}

proptest! {
    #[test]
    fn a_quality_is_never_above_one(line: Vec<u8>, text in "[image/webpq=01.;, *]{0,60}") {
        for line in [line.as_slice(), text.as_bytes()] {
            let accept = ImageAccept::parse([line]);
            prop_assert!(accept.quality(ImageFormat::Webp) <= 1000);
            prop_assert!(accept.quality(ImageFormat::Avif) <= 1000);
        }
    }
}
