//! Whatever the bytes: an error or a picture, never a panic, and never more rows than there are.

use lockgate_webp::{decode_half_ycbcr, decode_rgb, frame_size};
use proptest::prelude::*;

mod common;
use common::{encoded, noise, payload};

fn decode(payload: &[u8]) {
    let size = frame_size(payload);
    // Sides are bounded by the caller's limits; here by what a test has time for.
    if size.is_ok_and(|size| size.width * size.height > 1 << 20) {
        return;
    }
    let mut rows = 0;
    let decoded = decode_rgb(payload, |_| rows += 1);
    if let Ok(size) = decoded {
        assert_eq!(rows, size.height);
    }
    let mut halves = 0;
    let decoded_half = decode_half_ycbcr(payload, |_| halves += 1);
    assert_eq!(decoded, decoded_half);
    if let Ok(size) = decoded {
        assert_eq!(halves, size.height.div_ceil(2));
    }
}

proptest! {
    #[test]
    fn changed_bytes(
        seed in 0_u32..6,
        quality in 1_u8..100,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        keep in any::<prop::sample::Index>(),
    ) {
        let (width, height) = (20 + 9 * seed, 50 - 7 * seed);
        let file = encoded(&noise(width, height, seed), width, height, quality, 4);
        let mut frame = payload(&file).to_vec();
        for (at, value) in changes {
            let at = at.index(frame.len());
            frame[at] = value;
        }
        decode(&frame);
        frame.truncate(keep.index(frame.len()) + 1);
        decode(&frame);
    }

    #[test]
    fn any_bytes_behind_a_header(
        width in 1_u16..80,
        height in 1_u16..80,
        first in 0_u32..200,
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut frame = ((first << 5) | 0x10).to_le_bytes()[..3].to_vec();
        frame.extend([0x9D, 0x01, 0x2A]);
        frame.extend(width.to_le_bytes());
        frame.extend(height.to_le_bytes());
        frame.extend(body);
        decode(&frame);
    }
}

#[test]
fn a_cut_frame_is_an_error() {
    let file = encoded(&noise(64, 64, 3), 64, 64, 80, 4);
    let frame = payload(&file);
    for len in 0..frame.len() - 8 {
        assert!(decode_rgb(&frame[..len], |_| ()).is_err(), "{len}");
    }
}
