//! Static segments by hash, so that a node with a thousand children costs what one with ten
//! does.
//!
//! The hash has no secret: the keys are the developers' own segments, and what a client sends is
//! only looked up. A lookup ends at the first free bucket, so its length is fixed by the table,
//! whatever the client sends.

use crate::compiled::Edge;

/// An open-addressed table of edge numbers.
#[derive(Debug, Clone)]
pub(crate) struct EdgeTable {
    /// Edge number plus one; 0 is free. At most half are taken.
    buckets: Vec<u32>,
    shift: u32,
}

impl EdgeTable {
    pub(crate) fn new(edges: &[Edge]) -> Self {
        let buckets = edges.len().saturating_mul(2).next_power_of_two().max(2);
        let mut table = Self {
            buckets: vec![0; buckets],
            shift: 64_u32.saturating_sub(buckets.trailing_zeros()),
        };
        for (number, edge) in (1_u32..).zip(edges) {
            let free = table
                .probe(edge.parent, &edge.segment)
                .find(|slot| table.buckets.get(*slot) == Some(&0));
            if let Some(bucket) = free.and_then(|slot| table.buckets.get_mut(slot)) {
                *bucket = number;
            }
        }
        table
    }

    /// The child that `segment` leads to.
    #[inline]
    pub(crate) fn get(&self, edges: &[Edge], parent: u32, segment: &str) -> Option<u32> {
        for slot in self.probe(parent, segment) {
            let number = self.buckets.get(slot)?.checked_sub(1)?;
            let edge = edges.get(number as usize)?;
            if edge.parent == parent && edge.segment == segment {
                return Some(edge.child);
            }
        }
        None
    }

    /// The buckets to look at, each once.
    #[inline]
    fn probe(&self, parent: u32, segment: &str) -> impl Iterator<Item = usize> + use<> {
        let size = self.buckets.len();
        let mask = size.wrapping_sub(1);
        let first = (hash(parent, segment.as_bytes()) >> self.shift) as usize;
        (0..size).map(move |step| first.wrapping_add(step) & mask)
    }
}

/// FxHash (as in rustc), which is fast for short keys; the high bits are the good ones.
#[inline]
fn hash(parent: u32, segment: &[u8]) -> u64 {
    let add =
        |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = segment.as_chunks::<8>();
    let mut hash = add(0, u64::from(parent));
    for word in words {
        hash = add(hash, u64::from_le_bytes(*word));
    }
    let tail = rest.iter().fold(segment.len() as u64, |tail, byte| {
        tail << 8 | u64::from(*byte)
    });
    add(hash, tail)
}
