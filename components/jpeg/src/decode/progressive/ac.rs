//! Scans of a band of AC coefficients of one component: first (T.81 G.1.2.2) and refining
//! (G.1.2.3).

#![allow(
    clippy::cast_possible_truncation,
    reason = "values in a file that is not broken fit; in another any value will do"
)]

use super::needs::band;
use super::store::{Block, Store};
use crate::JpegError;
use crate::decode::bits::Bits;
use crate::decode::frame::{Frame, Scan};
use crate::decode::huffman::{Code, NoCode, extended};
use crate::decode::markers::Markers;
use crate::decode::restarts::{self, Restarts};
use crate::decode::tables::Tables;

/// A scan of one component.
struct Band<'a> {
    code: Code,
    places: &'a [u8; 64],
    from: usize,
    to: usize,
    low: u32,
    /// The positions that are kept, as bits.
    kept: u64,
}

/// Gives where the marker behind the scan stands.
pub(super) fn decode_scan(
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    markers: &Markers<'_>,
    stores: &mut [Store],
) -> Result<usize, JpegError> {
    const NONE: JpegError = JpegError::Corrupt("a scan of no component");
    let (index, _, ac) = scan.components.first().ok_or(NONE)?;
    let component = frame.components.get(*index).ok_or(NONE)?;
    let store = stores.get_mut(*index).ok_or(NONE)?;
    store.make_maps();
    let places = store.places;
    let band = Band {
        code: tables.ac_code(*ac)?,
        places: &places,
        from: scan.from,
        to: scan.to,
        low: scan.low,
        kept: store.kept,
    };
    let mut restarts = Restarts::new(tables.restart);
    let mut bits = Bits::new(markers.source, markers.at);
    // Blocks from here on that have no symbols of their own.
    let mut ended = 0;
    for y in 0..component.blocks.1 {
        for block in store.row(y, component.blocks.0) {
            if restarts.is_due() {
                bits = restarts.pass(bits)?;
                ended = 0;
            }
            let outcome = if scan.high == 0 {
                band.first(&mut bits, block, &mut ended)
            } else {
                band.refine(&mut bits, block, &mut ended)
            };
            if outcome.is_err() || bits.overrun() {
                return Err(restarts::broken(bits));
            }
        }
    }
    Ok(bits.end())
}

impl Band<'_> {
    #[inline(always)]
    fn place(&self, k: usize) -> usize {
        self.places.get(k).copied().map_or(64, usize::from)
    }

    /// The band of a block that has nothing of it yet.
    #[inline(always)]
    fn first(&self, bits: &mut Bits<'_>, block: Block<'_>, ended: &mut u32) -> Result<(), NoCode> {
        if *ended > 0 {
            *ended -= 1;
            return Ok(());
        }
        let mut map = *block.map;
        let mut k = self.from;
        while k <= self.to {
            bits.need();
            let (length, symbol) = self.code.next(bits)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 0xF));
            if size == 0 {
                bits.take(length);
                if run == 15 {
                    k += 16;
                    continue;
                }
                // This block is one of them.
                *ended = (1 << run) + bits.number(run) - 1;
                break;
            }
            k += run as usize;
            let value = extended(bits.behind(length), size);
            bits.take(length + size);
            if k > self.to {
                // Broken, but of no consequence.
                break;
            }
            map |= 1 << k;
            if let Some(at) = block.values.get_mut(self.place(k)) {
                *at = value.wrapping_shl(self.low) as i16;
            }
            k += 1;
        }
        *block.map = map;
        Ok(())
    }

    /// One bit more of a band.
    #[inline(always)]
    fn refine(&self, bits: &mut Bits<'_>, block: Block<'_>, ended: &mut u32) -> Result<(), NoCode> {
        let before = *block.map;
        let mut map = before;
        let mut k = self.from;
        if *ended == 0 {
            while k <= self.to {
                bits.need();
                let symbol = self.code.symbol(bits)?;
                let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 0xF));
                let mut value = 0;
                if size != 0 {
                    // Only one bit is possible: a sign.
                    value = if bits.bit() {
                        1 << self.low
                    } else {
                        -1 << self.low
                    };
                } else if run != 15 {
                    *ended = (1 << run) + bits.number(run);
                    break;
                }
                // The position behind so many that are zero.
                let mut zeros = !before & band(k, self.to);
                for _ in 0..run {
                    zeros &= zeros.wrapping_sub(1);
                }
                let at = (zeros.trailing_zeros() as usize).min(self.to + 1);
                if at > k {
                    self.correct(bits, block.values, before & band(k, at - 1));
                }
                if value != 0 && at <= self.to {
                    map |= 1 << at;
                    if let Some(to) = block.values.get_mut(self.place(at)) {
                        *to = value;
                    }
                }
                k = at + 1;
            }
        }
        if *ended > 0 {
            if k <= self.to {
                self.correct(bits, block.values, before & band(k, self.to));
            }
            *ended -= 1;
        }
        *block.map = map;
        Ok(())
    }

    /// A bit for each position of `nonzero`: whether its value is one further from zero.
    #[inline(always)]
    fn correct(&self, bits: &mut Bits<'_>, values: &mut [i16], nonzero: u64) {
        let mut kept = nonzero & self.kept;
        if kept == 0 {
            return bits.skip(nonzero.count_ones());
        }
        let mut left = nonzero;
        while kept != 0 {
            let k = kept.trailing_zeros();
            kept &= kept - 1;
            // Those before it that nobody wants.
            let before = left & ((1_u64 << k) - 1);
            bits.skip(before.count_ones());
            left &= !before & !(1 << k);
            if !bits.bit() {
                continue;
            }
            if let Some(value) = values.get_mut(self.place(k as usize)) {
                let step = 1_i16 << self.low;
                // A scan that comes twice does nothing the second time.
                if *value & step == 0 {
                    let away = if *value < 0 { -step } else { step };
                    *value = value.wrapping_add(away);
                }
            }
        }
        bits.skip(left.count_ones());
    }
}
