//! Which scans have to be read.

use crate::JpegError;
use crate::decode::block::wanted;
use crate::decode::frame::{Frame, Scan};
use crate::decode::markers::Markers;

/// Of each scan whether it has to be read. As many as there are up to the end of the image, or of
/// the file, or up to what is broken: reading comes there too.
///
/// A scan is read if it has a coefficient of the scale; or if it says which coefficients are not
/// zero where a later scan that is read refines them, because what refines is only told apart by
/// knowing that.
pub(super) fn of_scans(
    frame: &Frame,
    mut markers: Markers<'_>,
    first: &[u8],
    scans_max: usize,
) -> Result<Vec<bool>, JpegError> {
    let mut scans: Vec<Scan> = Vec::new();
    let mut header = Some(first);
    while let Some(payload) = header {
        if scans.len() >= scans_max {
            return Err(JpegError::OverLimit("too many scans"));
        }
        scans.push(frame.scan(payload)?);
        header = match markers.next_scan(|_| Ok(())) {
            Ok(next) => next,
            Err(JpegError::Truncated) => None,
            Err(error) => return Err(error),
        };
    }
    let mut need: Vec<u64> = frame.components.iter().map(|c| wanted(c.block)).collect();
    let mut needs: Vec<bool> = scans
        .iter()
        .rev()
        .map(|scan| {
            if scan.from == 0 {
                return true;
            }
            let of_component = scan
                .components
                .first()
                .and_then(|(c, _, _)| need.get_mut(*c));
            let Some(need) = of_component else {
                return true;
            };
            let band = band(scan.from, scan.to);
            let needed = band & *need != 0;
            if needed && scan.high != 0 {
                *need |= band;
            }
            needed
        })
        .collect();
    needs.reverse();
    Ok(needs)
}

/// The coefficients from `from` to `to`, both below 64, as bits.
pub(super) fn band(from: usize, to: usize) -> u64 {
    (u64::MAX << from) & (u64::MAX >> (63 - to))
}
