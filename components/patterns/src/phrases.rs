//! Lists of phrases: a sparse Aho-Corasick trie, ASCII case folded.
//!
//! A node is three words: where its edges begin, the node to fall back to, and the length of the longest
//! phrase that ends here (0: none). An edge is one word: the byte above 24 bits of node number.

/// Words of a node.
pub(crate) const NODE: usize = 3;

/// A trie where it lies in the tables. Node 0 is the root; the edges of a node end where those of the next
/// begin, and one node more than there are closes the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phrases<'a> {
    /// The nodes.
    pub(crate) nodes: &'a [[u32; NODE]],
    /// The edges, ascending by byte within a node.
    pub(crate) edges: &'a [u32],
}

impl Phrases<'_> {
    /// Where the phrase that ends first lies in `value`; of several that end there, the longest.
    pub(crate) fn find(&self, value: &[u8]) -> Option<(usize, usize)> {
        let mut node = 0;
        for (at, byte) in value.iter().enumerate() {
            node = self.next(node, byte.to_ascii_lowercase());
            let length = self.nodes.get(node as usize).map_or(0, |words| words[2]) as usize;
            if length > 0 {
                let end = at + 1;
                return Some((end.saturating_sub(length), end));
            }
        }
        None
    }

    fn next(&self, from: u32, byte: u8) -> u32 {
        let mut node = from;
        loop {
            if let Some(next) = self.edge(node, byte) {
                return next;
            }
            if node == 0 {
                return 0;
            }
            let back = self.nodes.get(node as usize).map_or(0, |words| words[1]);
            // Always smaller: nodes are numbered by depth.
            node = if back < node { back } else { 0 };
        }
    }

    fn edge(&self, node: u32, byte: u8) -> Option<u32> {
        let node = node as usize;
        let start = self.nodes.get(node)?[0] as usize;
        let end = self.nodes.get(node + 1)?[0] as usize;
        let edges = self.edges.get(start..end)?;
        if edges.len() <= 8 {
            for edge in edges {
                if edge >> 24 == u32::from(byte) {
                    return Some(edge & 0xff_ffff);
                }
            }
            return None;
        }
        let place = edges
            .binary_search_by_key(&u32::from(byte), |edge| edge >> 24)
            .ok()?;
        edges.get(place).map(|edge| edge & 0xff_ffff)
    }
}
