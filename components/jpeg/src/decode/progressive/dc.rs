//! Scans of DC coefficients (T.81 G.1.2.1), of one component or several.

use super::store::Store;
use crate::JpegError;
use crate::decode::bits::Bits;
use crate::decode::frame::{Frame, Scan};
use crate::decode::huffman::{Code, extended};
use crate::decode::markers::Markers;
use crate::decode::restarts::{self, Restarts};
use crate::decode::tables::Tables;

/// What decoding a component takes.
struct Part {
    index: usize,
    /// None in a scan that refines.
    code: Option<Code>,
    across: usize,
    down: usize,
    before: i32,
}

/// Gives where the marker behind the scan stands.
pub(super) fn decode_scan(
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    markers: &Markers<'_>,
    stores: &mut [Store],
) -> Result<usize, JpegError> {
    let alone = scan.components.len() == 1;
    let mut parts = Vec::with_capacity(4);
    let mut mcus = frame.mcus;
    for (index, dc, _) in &scan.components {
        let Some(component) = frame.components.get(*index) else {
            continue;
        };
        let code = (scan.high == 0).then(|| tables.dc_code(*dc)).transpose()?;
        parts.push(Part {
            index: *index,
            code,
            across: if alone { 1 } else { component.across },
            down: if alone { 1 } else { component.down },
            before: 0,
        });
        if alone {
            mcus = component.blocks;
        }
    }
    let mut restarts = Restarts::new(tables.restart);
    let mut bits = Bits::new(markers.source, markers.at);
    for y in 0..mcus.1 {
        for x in 0..mcus.0 {
            if restarts.is_due() {
                bits = restarts.pass(bits)?;
                for part in &mut parts {
                    part.before = 0;
                }
            }
            for part in &mut parts {
                let Some(store) = stores.get_mut(part.index) else {
                    continue;
                };
                for v in 0..part.down {
                    for h in 0..part.across {
                        let index = (y * part.down + v) * store.stride + x * part.across + h;
                        let Some(dc) = store.dc(index) else { continue };
                        let Some(code) = &part.code else {
                            bits.need();
                            *dc |= i16::from(bits.bit()) << scan.low;
                            continue;
                        };
                        bits.need();
                        let Ok(size) = code.symbol(&mut bits) else {
                            return Err(restarts::broken(bits));
                        };
                        let size = u32::from(size) & 0xF;
                        let difference = extended(bits.behind(0), size);
                        bits.take(size);
                        part.before = part.before.wrapping_add(difference);
                        *dc = low_bits(part.before.wrapping_shl(scan.low));
                    }
                }
            }
            if bits.overrun() {
                return Err(restarts::broken(bits));
            }
        }
    }
    Ok(bits.end())
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "in a file that is not broken it fits; in another any value will do"
)]
fn low_bits(number: i32) -> i16 {
    number as i16
}
