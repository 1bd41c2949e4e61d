//! Our own JPEG decoder, without the reader of headers that stands before it in `image`. The first
//! byte of an input is options, the rest is a file.

use lockgate_jpeg::{Chroma, JpegError, Limits, Options, Scale, Truncated, decode};

/// Decodes at one scale; what comes out has the size that it says.
pub fn run(data: &[u8]) {
    let Some((look, source)) = data.split_first() else {
        return;
    };
    let scale = match look & 3 {
        0 => Scale::Full,
        1 => Scale::Half,
        2 => Scale::Quarter,
        _ => Scale::Eighth,
    };
    let mut options = Options {
        scale,
        chroma: if look & 4 == 0 {
            Chroma::LikeLuma
        } else {
            Chroma::AsStored
        },
        truncated: Truncated::Keep,
        limits: Limits {
            pixels_max: 16_384,
            memory_bytes_max: 1 << 20,
            scans_max: 20,
        },
    };
    let kept = decode(source, &options);
    options.truncated = Truncated::Refuse;
    let refused = decode(source, &options);
    match (&kept, &refused) {
        (Ok(kept), Ok(whole)) => assert_eq!(kept, whole),
        (Ok(kept), Err(error)) => {
            assert!(!kept.complete);
            assert_eq!(*error, JpegError::Truncated);
        }
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("{error}"),
    }
    if let Ok(planes) = kept {
        assert_eq!(planes.size, scale.of(planes.full_size));
        let pixels = planes.size.0 as usize * planes.size.1 as usize;
        assert_eq!(planes.interleave().len(), pixels * planes.planes.len());
    }
}
