//! Sequential scans (T.81 annex F): blocks are decoded, transformed and written one by one, and no
//! coefficient is kept.

#![allow(
    clippy::indexing_slicing,
    reason = "indexes are masked to the length of their array"
)]

use super::bits::Bits;
use super::block::{Places, last_wanted, put};
use super::frame::{Component, Frame, Scan};
use super::huffman::{Code, NoCode, Steps, extended};
use super::markers::Markers;
use super::restarts::{self, Restarts};
use super::tables::Tables;
use crate::planes::{Plane, Planes};
use crate::{JpegError, idct};

/// All scans of a sequential file.
pub(super) fn decode(
    frame: &Frame,
    mut tables: Tables,
    mut markers: Markers<'_>,
    first_scan: &[u8],
    planes: &mut Planes,
) -> Result<(), JpegError> {
    let mut seen = [false; 4];
    let mut header = first_scan;
    loop {
        let scan = frame.scan(header)?;
        for (component, _, _) in &scan.components {
            let seen = seen.get_mut(*component);
            if seen.is_none_or(|seen| std::mem::replace(seen, true)) {
                return Err(JpegError::Corrupt("a component in more than one scan"));
            }
        }
        markers.at = decode_scan(frame, &scan, &tables, &markers, planes)?;
        // Up to the end of the image: one that has none was cut off.
        match markers.next_scan(|segment| tables.read(segment))? {
            Some(next) => header = next,
            None => break,
        }
    }
    if seen.iter().zip(&frame.components).all(|(seen, _)| *seen) {
        Ok(())
    } else {
        Err(JpegError::Truncated)
    }
}

/// What decoding a component takes.
struct Decoder<'a> {
    component: &'a Component,
    dc: Code,
    ac: Code,
    steps: Option<Steps>,
    places: Places,
    plane: &'a mut Plane,
    /// The DC before, which the next is coded as a difference to.
    dc_before: i32,
    /// Blocks of an MCU: those of the sampling factors, one in a scan of one component.
    across: usize,
    down: usize,
}

/// Gives where the marker behind the scan stands.
fn decode_scan(
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    markers: &Markers<'_>,
    planes: &mut Planes,
) -> Result<usize, JpegError> {
    let alone = scan.components.len() == 1;
    let mut decoders = Vec::with_capacity(4);
    for (index, (component, plane)) in frame.components.iter().zip(&mut planes.planes).enumerate() {
        let of_scan = scan.components.iter().find(|(c, _, _)| *c == index);
        let Some((_, dc, ac)) = of_scan else { continue };
        let ac = tables.ac_code(*ac)?;
        decoders.push(Decoder {
            component,
            dc: tables.dc_code(*dc)?,
            steps: (component.block < 8).then(|| Steps::new(&ac)),
            ac,
            places: Places::new(component.block, &component.quantisation(tables)?),
            plane,
            dc_before: 0,
            across: if alone { 1 } else { component.across },
            down: if alone { 1 } else { component.down },
        });
    }
    // In the order of the scan, which need not be the frame's.
    decoders.sort_by_key(|decoder| {
        scan.components.iter().position(|(c, _, _)| {
            frame
                .components
                .get(*c)
                .is_some_and(|c| std::ptr::eq(c, decoder.component))
        })
    });

    let mut restarts = Restarts::new(tables.restart);
    let mut bits = Bits::new(markers.source, markers.at);
    let (across, down) = match decoders.as_slice() {
        [alone] => alone.component.blocks,
        _ => frame.mcus,
    };
    for y in 0..down {
        for x in 0..across {
            if restarts.is_due() {
                bits = restarts.pass(bits)?;
                for decoder in &mut decoders {
                    decoder.dc_before = 0;
                }
            }
            for decoder in &mut decoders {
                if decoder.mcu(&mut bits, (x, y)).is_err() {
                    return Err(restarts::broken(bits));
                }
            }
            if bits.overrun() {
                return Err(restarts::broken(bits));
            }
        }
    }
    Ok(bits.end())
}

impl Decoder<'_> {
    /// The blocks of this component in an MCU.
    #[inline(always)]
    fn mcu(&mut self, bits: &mut Bits<'_>, (x, y): (usize, usize)) -> Result<(), NoCode> {
        for v in 0..self.down {
            for h in 0..self.across {
                self.block(bits, (x * self.across + h, y * self.down + v))?;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, at: (usize, usize)) -> Result<(), NoCode> {
        match self.component.block {
            1 => {
                let mut coefficients = [0; 2];
                self.coefficients::<1, 2>(bits, &mut coefficients)?;
                put(self.plane, at, [[idct::one(coefficients[0])]]);
            }
            2 => {
                let mut coefficients = [0; 8];
                self.coefficients::<2, 8>(bits, &mut coefficients)?;
                let [a, b, c, d, ..] = coefficients;
                put(self.plane, at, idct::two([a, b, c, d]));
            }
            4 => {
                let mut coefficients = [0; 32];
                if !self.coefficients::<4, 32>(bits, &mut coefficients)? {
                    put(self.plane, at, [[idct::one(coefficients[0]); 4]; 4]);
                    return Ok(());
                }
                let (rows, _) = coefficients.as_chunks::<4>();
                if let Some(rows) = rows.first_chunk::<4>() {
                    put(self.plane, at, idct::four(*rows));
                }
            }
            _ => {
                let mut coefficients = [0; 128];
                if !self.coefficients::<8, 128>(bits, &mut coefficients)? {
                    put(self.plane, at, [[idct::one(coefficients[0]); 8]; 8]);
                    return Ok(());
                }
                let (rows, _) = coefficients.as_chunks::<8>();
                if let Some(rows) = rows.first_chunk::<8>() {
                    put(self.plane, at, idct::eight(rows));
                }
            }
        }
        Ok(())
    }

    /// Coefficients for `N` x `N` samples, dequantised; `M` is a power of two over `N` x `N`, where
    /// what is not wanted goes. Whether there are others than the first.
    #[inline(always)]
    fn coefficients<const N: usize, const M: usize>(
        &mut self,
        bits: &mut Bits<'_>,
        out: &mut [i32; M],
    ) -> Result<bool, NoCode> {
        bits.need();
        let size = u32::from(self.dc.symbol(bits)?) & 0xF;
        let difference = extended(bits.behind(0), size);
        bits.take(size);
        self.dc_before = self.dc_before.wrapping_add(difference);
        let (step, _) = self.places.at(0);
        out[0] = self.dc_before.wrapping_mul(step);

        let mut others = false;
        let mut k = 1;
        while k <= last_wanted(N) {
            bits.need();
            let (length, symbol) = self.ac.next(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 0xF));
            if size == 0 {
                bits.take(length);
                if run != 15 {
                    return Ok(others);
                }
                k += 16;
                continue;
            }
            k += run;
            let value = extended(bits.behind(length), size);
            bits.take(length + size);
            let (step, place) = self.places.at(k);
            out[place & (M - 1)] = value.wrapping_mul(step);
            others = true;
            k += 1;
        }
        if N < 8 {
            self.step_over(bits, k)?;
        }
        Ok(others)
    }

    /// Take the rest of a block from coefficient `k` on.
    #[inline(always)]
    fn step_over(&self, bits: &mut Bits<'_>, mut k: usize) -> Result<(), NoCode> {
        while k < 64 {
            bits.need();
            if let Some(steps) = &self.steps {
                let step = steps.next(bits);
                // Past the last coefficient what it looked at is the next block's.
                if !step.is_none() && k + step.advance() <= 64 {
                    bits.take(step.bits());
                    if step.is_end() {
                        return Ok(());
                    }
                    k += step.advance();
                    continue;
                }
            }
            let (length, symbol) = self.ac.next(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 0xF));
            bits.take(length + size);
            if size == 0 && run != 15 {
                return Ok(());
            }
            k += run + 1;
        }
        Ok(())
    }
}
