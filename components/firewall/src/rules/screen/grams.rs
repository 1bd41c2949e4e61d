//! Screens before searches: which texts cannot be in a value, told by its pairs of bytes.

use crate::rules::compiled::{Node, Position};
use crate::values::Grams;

/// So many texts have to be searched for in one input before a screen of its values is worth its cost.
const TEXTS_MIN: usize = 3;

/// For each node the pairs of its texts; none where no screen is worth it.
pub(in crate::rules) fn screens(nodes: &[Node], inputs: usize) -> Vec<Vec<Grams>> {
    let mut counts = vec![0; inputs];
    for (input, texts) in nodes.iter().filter_map(searched) {
        if let Some(count) = counts.get_mut(input) {
            *count += texts.len();
        }
    }
    let screen = |node: &Node| match searched(node) {
        Some((input, texts)) if counts.get(input).is_some_and(|count| *count >= TEXTS_MIN) => {
            texts.iter().map(|text| Grams::of_text(text)).collect()
        }
        _ => Vec::new(),
    };
    nodes.iter().map(screen).collect()
}

/// The input and the texts of a node that searches for texts anywhere.
fn searched(node: &Node) -> Option<(usize, &[Vec<u8>])> {
    match node {
        Node::Bytes {
            input,
            position: Position::Contains | Position::ContainsWord,
            texts,
            ..
        } => Some((*input as usize, texts)),
        _ => None,
    }
}
