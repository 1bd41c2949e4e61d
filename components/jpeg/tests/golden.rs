//! The same bytes on every machine: digests of what is encoded and decoded. They change only where
//! the arithmetic does, and then on purpose.

use lockgate_jpeg::{Channels, Chroma, EncodeOptions, Options, Pixels, Scale, decode, encode};

/// FNV-1a.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn the_same_bytes_everywhere() {
    let (width, height) = (233, 151);
    // 64 bits, for machines where usize has 32.
    let samples: Vec<u8> = (0..(width * height * 3) as u64)
        .map(|i| ((i / 3 % 233) ^ (i / 700) ^ (i % 3 * 50) ^ ((i * i) >> 13 & 15)) as u8)
        .collect();
    let pixels = Pixels {
        width,
        height,
        channels: Channels::Rgb,
        samples: &samples,
    };
    let mut digests = Vec::new();
    for subsampled in [true, false] {
        let options = EncodeOptions {
            quality: 75,
            subsampled,
            icc: &[],
        };
        let file = encode(&pixels, &options).unwrap();
        digests.push(digest(&file));
        for scale in Scale::ALL {
            for chroma in [Chroma::LikeLuma, Chroma::AsStored] {
                let mut options = Options::new(scale);
                options.chroma = chroma;
                digests.push(digest(&decode(&file, &options).unwrap().interleave()));
            }
        }
    }
    assert_eq!(
        digest(format!("{digests:x?}").as_bytes()),
        0xcd5d_a355_2040_dd1b
    );
}
