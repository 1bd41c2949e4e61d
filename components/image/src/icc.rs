//! ICC profiles: passed on where they still describe the pixels and are worth their bytes.
//!
//! Pixels are never converted to another profile. A profile is dropped when it is sRGB (that is
//! what a viewer assumes without one), when it is larger than [`PROFILE_BYTES_MAX`], and when
//! its colour space is not that of the pixels we hand on (a CMYK profile, above all).

use crate::Model;

/// The largest profile that is passed on. Display profiles have a few kilobytes.
pub const PROFILE_BYTES_MAX: usize = 16 * 1024;

/// `profile` if it is worth passing on with pixels of `model`, else nothing.
///
/// Reads the colour space (bytes 16 to 20) and the signature (36 to 40) of the header, ICC.1:2022
/// section 7.2; a profile calls itself sRGB in its description tag.
#[must_use]
pub fn worth_keeping(profile: Option<Vec<u8>>, model: Model) -> Vec<u8> {
    let space: &[u8] = if model.is_grey() { b"GRAY" } else { b"RGB " };
    profile
        .filter(|profile| {
            profile.len() <= PROFILE_BYTES_MAX
                && profile.get(36..40) == Some(b"acsp".as_slice())
                && profile.get(16..20) == Some(space)
                && !names_srgb(profile)
        })
        .unwrap_or_default()
}

/// Whether a description in the profile says sRGB, in ASCII or UTF-16.
fn names_srgb(profile: &[u8]) -> bool {
    profile.windows(4).any(|w| w == b"sRGB") || profile.windows(8).any(|w| w == b"\0s\0R\0G\0B")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(space: &[u8; 4], text: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes[16..20].copy_from_slice(space);
        bytes[36..40].copy_from_slice(b"acsp");
        bytes.extend_from_slice(text);
        bytes
    }

    #[test]
    fn only_a_fitting_profile_is_kept() {
        let p3 = profile(b"RGB ", b"Display P3");
        assert_eq!(worth_keeping(Some(p3.clone()), Model::Rgb), p3);
        assert_eq!(worth_keeping(Some(p3.clone()), Model::YCbCr), p3);
        for (profile, model) in [
            (p3, Model::Grey),
            (profile(b"CMYK", b"FOGRA39"), Model::Rgb),
            (profile(b"RGB ", b"sRGB IEC61966-2.1"), Model::Rgb),
            (profile(b"RGB ", b"\0s\0R\0G\0B"), Model::Rgb),
            (profile(b"RGB ", &[7; PROFILE_BYTES_MAX]), Model::Rgb),
            (b"not a profile".to_vec(), Model::Rgb),
        ] {
            assert!(worth_keeping(Some(profile), model).is_empty());
        }
        assert!(worth_keeping(None, Model::Rgb).is_empty());
    }
}
