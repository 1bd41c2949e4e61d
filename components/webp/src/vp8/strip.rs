//! The pixels that are held while a frame is decoded: one row of macroblocks and a few rows above.

/// Columns before the first pixel; the last of them stands for the picture's left edge.
pub(crate) const MARGIN: usize = 16;

/// Rows above the current macroblocks that the loop filter may still change, and a few more, so
/// that what is handed on has whole chroma rows.
pub(crate) const LUMA_ABOVE: usize = 8;
pub(crate) const CHROMA_ABOVE: usize = LUMA_ABOVE / 2;

/// Planes of whole macroblocks, each row after [`MARGIN`] columns.
pub(crate) struct Strip {
    pub(crate) luma: Vec<u8>,
    pub(crate) chroma: [Vec<u8>; 2],
    pub(crate) luma_stride: usize,
    pub(crate) chroma_stride: usize,
}

impl Strip {
    /// For rows of `columns` macroblocks. Everything is 129, as left of the picture (RFC 6386,
    /// section 12.2).
    pub(crate) fn new(columns: usize) -> Self {
        let luma_stride = MARGIN + 16 * columns;
        let chroma_stride = MARGIN + 8 * columns;
        let chroma = vec![129; chroma_stride * (CHROMA_ABOVE + 8)];
        Self {
            luma: vec![129; luma_stride * (LUMA_ABOVE + 16)],
            chroma: [chroma.clone(), chroma],
            luma_stride,
            chroma_stride,
        }
    }

    /// The first luma pixel of the macroblock in `column`.
    pub(crate) fn luma_at(&self, column: usize) -> usize {
        LUMA_ABOVE * self.luma_stride + MARGIN + 16 * column
    }

    /// The first pixel of either chroma plane of the macroblock in `column`.
    pub(crate) fn chroma_at(&self, column: usize) -> usize {
        CHROMA_ABOVE * self.chroma_stride + MARGIN + 8 * column
    }

    /// Moves the last rows up to where they are above the next macroblocks.
    pub(crate) fn advance(&mut self) {
        self.luma.copy_within(16 * self.luma_stride.., 0);
        for plane in &mut self.chroma {
            plane.copy_within(8 * self.chroma_stride.., 0);
        }
    }
}
