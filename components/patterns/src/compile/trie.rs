//! Tries of literals with the links of Aho and Corasick, nodes numbered by depth.

use std::collections::BTreeMap;

use crate::phrases::NODE;

/// A trie. Node 0 is the root; a node's number is larger than those of all less deep.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// The children of each node.
    pub(super) children: Vec<BTreeMap<u8, u32>>,
    /// The node of the longest proper suffix of each node's text that is in the trie.
    pub(super) back: Vec<u32>,
    /// The literals that are each node's whole text.
    pub(super) own: Vec<Vec<u32>>,
    depth: Vec<u32>,
}

impl Trie {
    /// The trie of `literals`, by number. Empty ones are left out.
    pub(super) fn of(literals: &[Vec<u8>]) -> Self {
        let mut sorted: Vec<(&[u8], u32)> = literals
            .iter()
            .map(Vec::as_slice)
            .zip(0..)
            .filter(|(literal, _)| !literal.is_empty())
            .collect();
        sorted.sort_unstable();
        let mut trie = Self::default();
        trie.push(0);
        // Breadth first: each node takes the literals that begin with its text.
        let mut ranges = vec![(0, sorted.len())];
        let mut node = 0;
        while let Some((start, end)) = ranges.get(node).copied() {
            let depth = trie.depth.get(node).copied().unwrap_or(0) as usize;
            let mut at = start;
            while at < end {
                let Some((literal, number)) = sorted.get(at).copied() else {
                    break;
                };
                let Some(byte) = literal.get(depth).copied() else {
                    if let Some(own) = trie.own.get_mut(node) {
                        own.push(number);
                    }
                    at += 1;
                    continue;
                };
                let rest = sorted.get(at..end).unwrap_or_default();
                let same = rest.partition_point(|(other, _)| other.get(depth) <= Some(&byte));
                let child = trie.push(depth as u32 + 1);
                if let Some(children) = trie.children.get_mut(node) {
                    children.insert(byte, child);
                }
                ranges.push((at, at + same));
                at += same;
            }
            node += 1;
        }
        trie.link();
        trie
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.children.len()
    }

    /// The node after `byte` from `node`, links followed.
    pub(super) fn next(&self, node: u32, byte: u8) -> u32 {
        let mut node = node;
        loop {
            let children = self.children.get(node as usize);
            if let Some(next) = children.and_then(|children| children.get(&byte)) {
                return *next;
            }
            if node == 0 {
                return 0;
            }
            node = self.back.get(node as usize).copied().unwrap_or(0);
        }
    }

    /// Nodes and edges as [`crate::phrases::Phrases`] reads them.
    pub(super) fn sparse(&self) -> (Vec<u32>, Vec<u32>) {
        let mut nodes = Vec::with_capacity((self.len() + 1) * NODE);
        let mut edges = Vec::new();
        let mut hits: Vec<u32> = Vec::with_capacity(self.len());
        for (node, children) in self.children.iter().enumerate() {
            let back = self.back.get(node).copied().unwrap_or(0);
            let depth = self.depth.get(node).copied().unwrap_or(0);
            let ends = self.own.get(node).is_some_and(|own| !own.is_empty());
            let hit = if ends {
                depth
            } else {
                hits.get(back as usize).copied().unwrap_or(0)
            };
            hits.push(hit);
            nodes.extend([edges.len() as u32, back, hit]);
            edges.extend(
                children
                    .iter()
                    .map(|(byte, node)| u32::from(*byte) << 24 | node),
            );
        }
        nodes.extend([edges.len() as u32, 0, 0]);
        (nodes, edges)
    }

    fn push(&mut self, depth: u32) -> u32 {
        self.children.push(BTreeMap::new());
        self.back.push(0);
        self.own.push(Vec::new());
        self.depth.push(depth);
        self.children.len() as u32 - 1
    }

    fn link(&mut self) {
        for node in 0..self.len() {
            let children: Vec<(u8, u32)> = self
                .children
                .get(node)
                .into_iter()
                .flatten()
                .map(|(byte, child)| (*byte, *child))
                .collect();
            for (byte, child) in children {
                let back = if node == 0 {
                    0
                } else {
                    self.next(self.back.get(node).copied().unwrap_or(0), byte)
                };
                if let Some(link) = self.back.get_mut(child as usize) {
                    *link = back;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::Phrases;

    fn find(phrases: &[&str], value: &str) -> Option<(usize, usize)> {
        let phrases: Vec<Vec<u8>> = phrases.iter().map(|p| p.as_bytes().to_vec()).collect();
        let (nodes, edges) = Trie::of(&phrases).sparse();
        let phrases = Phrases {
            nodes: nodes.as_chunks().0,
            edges: &edges,
        };
        phrases.find(value.as_bytes())
    }

    #[test]
    fn finds_the_phrase_that_ends_first() {
        let phrases = ["union select", "on s", "select", "zz"];
        assert_eq!(find(&phrases, "a UNION SELECT"), Some((5, 9)));
        assert_eq!(find(&phrases, "sele Selec select"), Some((11, 17)));
        assert_eq!(find(&phrases, "uniozz"), Some((4, 6)));
        assert_eq!(find(&phrases, "union"), None);
        assert_eq!(find(&[], "union"), None);
    }

    #[test]
    fn falls_back_through_shared_suffixes() {
        let phrases = ["abcd", "bcx", "cy"];
        assert_eq!(find(&phrases, "abcx"), Some((1, 4)));
        assert_eq!(find(&phrases, "abcy"), Some((2, 4)));
        assert_eq!(find(&phrases, "ababcd"), Some((2, 6)));
    }
}
