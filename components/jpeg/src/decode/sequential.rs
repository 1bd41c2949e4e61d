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
    steps: Steps,
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
    let mut planes: Vec<Option<&mut Plane>> = planes.planes.iter_mut().map(Some).collect();
    let mut decoders = Vec::with_capacity(4);
    for (index, dc, ac) in &scan.components {
        let component = frame.components.get(*index);
        let plane = planes.get_mut(*index).and_then(Option::take);
        let (Some(component), Some(plane)) = (component, plane) else {
            continue;
        };
        let ac = tables.ac_code(*ac)?;
        decoders.push(Decoder {
            component,
            dc: tables.dc_code(*dc)?,
            steps: Steps::new((component.block < 8).then_some(&ac)),
            ac,
            places: Places::new(component.block, &component.quantisation(tables)?),
            plane,
            dc_before: 0,
            across: if alone { 1 } else { component.across },
            down: if alone { 1 } else { component.down },
        });
    }
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
    fn mcu(&mut self, bits: &mut Bits<'_>, at: (usize, usize)) -> Result<(), NoCode> {
        match self.component.block {
            1 => self.blocks::<1, 2>(bits, at, |out| [[idct::one(out[0])]]),
            2 => self.blocks::<2, 8>(bits, at, |[a, b, c, d, ..]| idct::two([*a, *b, *c, *d])),
            4 => self.blocks::<4, 32>(bits, at, |out| {
                let (rows, _) = out.as_chunks::<4>();
                rows.first_chunk()
                    .map_or([[0; 4]; 4], |rows| idct::four(*rows))
            }),
            _ => self.blocks::<8, 128>(bits, at, |out| {
                let (rows, _) = out.as_chunks::<8>();
                rows.first_chunk().map_or([[0; 8]; 8], idct::eight)
            }),
        }
    }

    /// The same, of blocks that become `N` x `N` samples by `transform`. Each size is a function of
    /// its own, and the reader a variable of it: so what the loops use stays in registers.
    #[inline(never)]
    fn blocks<const N: usize, const M: usize>(
        &mut self,
        bits: &mut Bits<'_>,
        (x, y): (usize, usize),
        transform: impl Fn(&[i32; M]) -> [[u8; N]; N],
    ) -> Result<(), NoCode> {
        let mut local = *bits;
        for v in 0..self.down {
            for h in 0..self.across {
                let mut out = [0; M];
                let others = self.coefficients::<N, M>(&mut local, &mut out)?;
                let samples = if others {
                    transform(&out)
                } else {
                    [[idct::one(out[0]); N]; N]
                };
                let at = (x * self.across + h, y * self.down + v);
                put(self.plane, at, samples);
            }
        }
        *bits = local;
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
            let step = self.steps.next(bits);
            // Past the last coefficient what it looked at is the next block's.
            if !step.is_none() && k + step.advance() <= 64 {
                bits.take(step.bits());
                if step.is_end() {
                    return Ok(());
                }
                k += step.advance();
                continue;
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
