//! ICC profiles as they are found in sources: which are looked at, and which are sRGB by name.
//! What becomes of the pixels is the business of `render/profile.rs`.

use crate::Model;

/// The largest profile that is read. Displays have a few kilobytes, presses up to two megabytes.
pub const PROFILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The largest profile that is passed on to an output.
pub const PASSED_ON_BYTES_MAX: usize = 128 * 1024;

/// `profile` if it says something about pixels of `model`, else nothing: it must be no larger
/// than [`PROFILE_BYTES_MAX`], of their colour space, and another one than sRGB.
///
/// Reads the colour space (bytes 16 to 20) and the signature (36 to 40) of the header, ICC.1:2022
/// section 7.2.
#[must_use]
pub fn worth_keeping(profile: Option<Vec<u8>>, model: Model) -> Vec<u8> {
    let space: &[u8] = match model {
        Model::Grey | Model::GreyAlpha => b"GRAY",
        Model::Rgb | Model::Rgba | Model::YCbCr => b"RGB ",
        Model::Cmyk => b"CMYK",
    };
    profile
        .filter(|profile| {
            profile.len() <= PROFILE_BYTES_MAX
                && profile.get(36..40) == Some(b"acsp".as_slice())
                && profile.get(16..20) == Some(space)
                && !is_srgb(profile)
        })
        .unwrap_or_default()
}

/// Whether the description is one of those that sRGB has: nothing has to be computed then. There
/// are profiles named after sRGB that are something else ("sRGB-elle-V2-g10.icc" is linear), so
/// no other name will do.
fn is_srgb(profile: &[u8]) -> bool {
    let Some(name) = description(profile) else {
        return false;
    };
    name == b"sRGB" || name == b"sRGB built-in" || name.starts_with(b"sRGB IEC61966-2")
}

/// The description in ASCII: tag `desc`, of version 2 (`desc`) or 4 (`mluc`, its first record).
fn description(profile: &[u8]) -> Option<Vec<u8>> {
    const TAGS_MAX: usize = 100;
    let number = |at: usize| -> Option<usize> {
        let bytes = profile.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(bytes)).ok()
    };
    for tag in 0..number(128)?.min(TAGS_MAX) {
        let entry = 132 + 12 * tag;
        if profile.get(entry..entry + 4)? != b"desc" {
            continue;
        }
        let start = number(entry + 4)?;
        let text = |at: usize, length: usize| profile.get(at..at.checked_add(length)?);
        return match profile.get(start..start.checked_add(4)?)? {
            b"desc" => {
                let length = number(start + 8)?.checked_sub(1)?;
                text(start + 12, length).map(<[u8]>::to_vec)
            }
            b"mluc" => {
                let (length, at) = (number(start + 20)?, number(start + 24)?);
                let wide = text(start.checked_add(at)?, length)?;
                let (units, _) = wide.as_chunks::<2>();
                // A letter beyond ASCII makes it no name of sRGB.
                units
                    .iter()
                    .map(|[high, low]| (*high == 0).then_some(*low))
                    .collect()
            }
            _ => None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(space: &[u8; 4], desc: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes[16..20].copy_from_slice(space);
        bytes[36..40].copy_from_slice(b"acsp");
        bytes.extend(1_u32.to_be_bytes());
        bytes.extend(b"desc");
        bytes.extend(144_u32.to_be_bytes());
        bytes.extend((desc.len() as u32).to_be_bytes());
        bytes.extend(desc);
        bytes
    }

    fn old(space: &[u8; 4], name: &str) -> Vec<u8> {
        let mut desc = b"desc\0\0\0\0".to_vec();
        desc.extend((name.len() as u32 + 1).to_be_bytes());
        desc.extend(name.as_bytes());
        desc.push(0);
        profile(space, &desc)
    }

    fn new(space: &[u8; 4], name: &str) -> Vec<u8> {
        let mut desc = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS".to_vec();
        desc.extend((name.len() as u32 * 2).to_be_bytes());
        desc.extend(28_u32.to_be_bytes());
        desc.extend(name.bytes().flat_map(|letter| [0, letter]));
        profile(space, &desc)
    }

    #[test]
    fn only_a_fitting_profile_is_kept() {
        let p3 = old(b"RGB ", "Display P3");
        for (profile, model) in [
            (p3.clone(), Model::Rgb),
            (p3.clone(), Model::YCbCr),
            (new(b"RGB ", "Display P3"), Model::Rgba),
            (old(b"CMYK", "FOGRA39"), Model::Cmyk),
            (old(b"RGB ", "sRGB-elle-V2-g10.icc"), Model::Rgb),
        ] {
            assert_eq!(worth_keeping(Some(profile.clone()), model), profile);
        }
        for (profile, model) in [
            (p3, Model::Grey),
            (old(b"CMYK", "FOGRA39"), Model::Rgb),
            (old(b"RGB ", "sRGB IEC61966-2.1"), Model::Rgb),
            (new(b"RGB ", "sRGB"), Model::Rgb),
            (vec![7; PROFILE_BYTES_MAX + 1], Model::Rgb),
            (b"not a profile".to_vec(), Model::Rgb),
        ] {
            assert!(worth_keeping(Some(profile), model).is_empty());
        }
        assert!(worth_keeping(None, Model::Rgb).is_empty());
    }
}
