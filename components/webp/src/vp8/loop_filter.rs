//! The loop filters (RFC 6386, section 15), a macroblock at a time.

#![allow(
    clippy::indexing_slicing,
    reason = "a strip has whole macroblocks and the rows above them; the caller stays within it"
)]

use super::edges::{self, Limits};
use super::header::Strength;
use super::strip::Strip;
use crate::simd::V;

/// Filters the macroblock of column `column` in the current rows of `strip`.
pub(crate) fn normal(strip: &mut Strip, column: usize, strength: Strength, inner: bool, top: bool) {
    if strength.limit == 0 {
        return;
    }
    let (outer_limits, inner_limits) = (Limits::outer(strength), Limits::inner(strength));
    let luma = strip.luma_at(column);
    let chroma = strip.chroma_at(column);
    let (stride, chroma_stride) = (strip.luma_stride, strip.chroma_stride);

    if column > 0 {
        let across = |edge: [V; 8]| edges::outer(edge, &outer_limits);
        columns_8(&mut strip.luma, luma - 4, stride, across);
        chroma_columns(strip, chroma - 4, across);
    }
    if inner {
        luma_columns(&mut strip.luma, luma, stride, &inner_limits);
        chroma_columns(strip, chroma, |edge| edges::inner(edge, &inner_limits));
    }
    if top {
        let down = |edge: [V; 8]| edges::outer(edge, &outer_limits);
        rows(&mut strip.luma, luma - 4 * stride, stride, 1, down);
        chroma_rows(strip, chroma - 4 * chroma_stride, 1, down);
    }
    if inner {
        let down = |edge: [V; 8]| edges::inner(edge, &inner_limits);
        for edge in 0..3 {
            rows(&mut strip.luma, luma + 4 * edge * stride, stride, 2, down);
        }
        chroma_rows(strip, chroma, 2, down);
    }
}

/// The same by the simple filter, which leaves chroma alone.
pub(crate) fn simple(strip: &mut Strip, column: usize, strength: Strength, inner: bool, top: bool) {
    if strength.limit == 0 {
        return;
    }
    let (outer_limits, inner_limits) = (Limits::outer(strength), Limits::inner(strength));
    let luma = strip.luma_at(column);
    let stride = strip.luma_stride;
    let filter = |[p3, p2, p1, p0, q0, q1, q2, q3]: [V; 8], limits: &Limits| {
        let [p1, p0, q0, q1] = edges::simple([p1, p0, q0, q1], limits);
        [p3, p2, p1, p0, q0, q1, q2, q3]
    };
    if column > 0 {
        columns_8(&mut strip.luma, luma - 4, stride, |edge| {
            filter(edge, &outer_limits)
        });
    }
    if inner {
        for edge in 0..3 {
            columns_8(&mut strip.luma, luma + 4 * edge, stride, |edge| {
                filter(edge, &inner_limits)
            });
        }
    }
    if top {
        rows(&mut strip.luma, luma - 4 * stride, stride, 1, |edge| {
            filter(edge, &outer_limits)
        });
    }
    if inner {
        for edge in 0..3 {
            rows(
                &mut strip.luma,
                luma + 4 * edge * stride,
                stride,
                1,
                |edge| filter(edge, &inner_limits),
            );
        }
    }
}

/// Filters across the edge below the fourth of eight rows of sixteen pixels, the first at `at`.
/// `same` rows at either end are not changed by `filter`.
#[inline(always)]
fn rows(
    plane: &mut [u8],
    at: usize,
    stride: usize,
    same: usize,
    filter: impl Fn([V; 8]) -> [V; 8],
) {
    let window = &mut plane[at..at + 7 * stride + 16];
    let mut edge = [V::zero(); 8];
    for (y, row) in edge.iter_mut().enumerate() {
        *row = V::load(&window[y * stride..]);
    }
    let edge = filter(edge);
    for (y, row) in edge.iter().enumerate().take(8 - same).skip(same) {
        row.store(&mut window[y * stride..]);
    }
}

/// The same of eight pixels in either chroma plane.
#[inline(always)]
fn chroma_rows(strip: &mut Strip, at: usize, same: usize, filter: impl Fn([V; 8]) -> [V; 8]) {
    let stride = strip.chroma_stride;
    let [u, v] = &mut strip.chroma;
    let mut edge = [V::zero(); 8];
    for (y, row) in edge.iter_mut().enumerate() {
        *row = V::halves(eight(u, at + y * stride), eight(v, at + y * stride));
    }
    let edge = filter(edge);
    for (y, row) in edge.iter().enumerate().take(8 - same).skip(same) {
        let (in_u, in_v) = row.to_halves();
        *eight_mut(u, at + y * stride) = in_u;
        *eight_mut(v, at + y * stride) = in_v;
    }
}

/// Filters across the edge behind the fourth of eight columns of sixteen pixels, the first at `at`.
#[inline(always)]
fn columns_8(plane: &mut [u8], at: usize, stride: usize, filter: impl Fn([V; 8]) -> [V; 8]) {
    let window = &mut plane[at..at + 15 * stride + 8];
    let mut pairs = [V::zero(); 8];
    for (y, pair) in pairs.iter_mut().enumerate() {
        *pair = V::halves(
            eight(window, 2 * y * stride),
            eight(window, (2 * y + 1) * stride),
        );
    }
    let pairs = across(pairs, filter);
    for (y, pair) in pairs.into_iter().enumerate() {
        let (even, odd) = pair.to_halves();
        *eight_mut(window, 2 * y * stride) = even;
        *eight_mut(window, (2 * y + 1) * stride) = odd;
    }
}

/// The same of eight pixels in either chroma plane.
#[inline(always)]
fn chroma_columns(strip: &mut Strip, at: usize, filter: impl Fn([V; 8]) -> [V; 8]) {
    let stride = strip.chroma_stride;
    let [u, v] = &mut strip.chroma;
    let mut pairs = [V::zero(); 8];
    let (in_u, in_v) = pairs.split_at_mut(4);
    for (plane, pairs) in [(&*u, in_u), (&*v, in_v)] {
        for (y, pair) in pairs.iter_mut().enumerate() {
            let at = at + 2 * y * stride;
            *pair = V::halves(eight(plane, at), eight(plane, at + stride));
        }
    }
    let pairs = across(pairs, filter);
    let (in_u, in_v) = pairs.split_at(4);
    for (plane, pairs) in [(u, in_u), (v, in_v)] {
        for (y, pair) in pairs.iter().enumerate() {
            let at = at + 2 * y * stride;
            let (even, odd) = pair.to_halves();
            *eight_mut(plane, at) = even;
            *eight_mut(plane, at + stride) = odd;
        }
    }
}

/// Turns pairs of rows of eight into columns of sixteen, filters, and turns them back.
#[inline(always)]
fn across(pairs: [V; 8], filter: impl Fn([V; 8]) -> [V; 8]) -> [V; 8] {
    // Each `shuffle_8` rotates the seven bits of a pixel's place (row, then column) by one.
    let columns = shuffle_8(shuffle_8(shuffle_8(shuffle_8(pairs))));
    shuffle_8(shuffle_8(shuffle_8(filter(columns))))
}

#[inline(always)]
fn shuffle_8([a, b, c, d, e, f, g, h]: [V; 8]) -> [V; 8] {
    [
        a.interleave_low_u8(e),
        a.interleave_high_u8(e),
        b.interleave_low_u8(f),
        b.interleave_high_u8(f),
        c.interleave_low_u8(g),
        c.interleave_high_u8(g),
        d.interleave_low_u8(h),
        d.interleave_high_u8(h),
    ]
}

/// Filters across the three inner vertical edges of a luma macroblock.
fn luma_columns(plane: &mut [u8], at: usize, stride: usize, limits: &Limits) {
    let window = &mut plane[at..at + 15 * stride + 16];
    let mut block = [V::zero(); 16];
    for (y, row) in block.iter_mut().enumerate() {
        *row = V::load(&window[y * stride..]);
    }
    let mut block = transpose(block);
    for edge in [0, 4, 8] {
        if let Some(eight) = block[edge..].first_chunk_mut::<8>() {
            *eight = edges::inner(*eight, limits);
        }
    }
    for (y, row) in transpose(block).into_iter().enumerate() {
        row.store(&mut window[y * stride..]);
    }
}

/// Transposes sixteen rows of sixteen pixels.
#[inline(always)]
fn transpose(block: [V; 16]) -> [V; 16] {
    shuffle_16(shuffle_16(shuffle_16(shuffle_16(block))))
}

#[inline(always)]
fn shuffle_16(block: [V; 16]) -> [V; 16] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = block;
    let [a0, a1, b0, b1, c0, c1, d0, d1] = [
        a.interleave_low_u8(i),
        a.interleave_high_u8(i),
        b.interleave_low_u8(j),
        b.interleave_high_u8(j),
        c.interleave_low_u8(k),
        c.interleave_high_u8(k),
        d.interleave_low_u8(l),
        d.interleave_high_u8(l),
    ];
    [
        a0,
        a1,
        b0,
        b1,
        c0,
        c1,
        d0,
        d1,
        e.interleave_low_u8(m),
        e.interleave_high_u8(m),
        f.interleave_low_u8(n),
        f.interleave_high_u8(n),
        g.interleave_low_u8(o),
        g.interleave_high_u8(o),
        h.interleave_low_u8(p),
        h.interleave_high_u8(p),
    ]
}

#[inline(always)]
fn eight(plane: &[u8], at: usize) -> [u8; 8] {
    let (chunks, _) = plane[at..at + 8].as_chunks::<8>();
    chunks[0]
}

#[inline(always)]
fn eight_mut(plane: &mut [u8], at: usize) -> &mut [u8; 8] {
    let (chunks, _) = plane[at..at + 8].as_chunks_mut::<8>();
    &mut chunks[0]
}
