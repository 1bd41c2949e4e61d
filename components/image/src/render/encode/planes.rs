//! YCbCr in a plane each, as encoders want it.

/// Luma and colours, rows from the top, no padding.
pub(super) struct Planes {
    pub(super) y: Vec<u8>,
    pub(super) cb: Vec<u8>,
    pub(super) cr: Vec<u8>,
}

impl Planes {
    /// Of interleaved YCbCr; the colours at half the resolution, each way, unless `full`.
    pub(super) fn new(pixels: &[u8], width: usize, full: bool) -> Self {
        let (pixels, _) = pixels.as_chunks::<3>();
        let y = pixels.iter().map(|[y, _, _]| *y).collect();
        if full {
            return Self {
                y,
                cb: pixels.iter().map(|[_, cb, _]| *cb).collect(),
                cr: pixels.iter().map(|[_, _, cr]| *cr).collect(),
            };
        }
        let rows: Vec<&[[u8; 3]]> = pixels.chunks_exact(width.max(1)).collect();
        let (mut cb, mut cr) = (Vec::new(), Vec::new());
        for pair in rows.chunks(2) {
            for left in (0..width).step_by(2) {
                // At odd edges the mean is of the pixels that are there.
                let square = pair.iter().flat_map(|row| row.iter().skip(left).take(2));
                let (mut sum, mut count) = ([0_u32; 2], 0_u32);
                for [_, blue, red] in square {
                    sum = [sum[0] + u32::from(*blue), sum[1] + u32::from(*red)];
                    count += 1;
                }
                let mean = sum.map(|sum| (sum + count / 2) / count.max(1));
                cb.push(u8::try_from(mean[0]).unwrap_or(u8::MAX));
                cr.push(u8::try_from(mean[1]).unwrap_or(u8::MAX));
            }
        }
        Self { y, cb, cr }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_averaged_to_the_odd_edge() {
        let pixels: Vec<u8> = (0..9).flat_map(|at| [at, 10 * at, 100 + at]).collect();
        let planes = Planes::new(&pixels, 3, false);
        assert_eq!(planes.y, (0..9).collect::<Vec<_>>());
        assert_eq!(planes.cb, [20, 35, 65, 80]);
        assert_eq!(planes.cr, [102, 104, 107, 108]);
    }
}
