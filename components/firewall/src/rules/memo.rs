//! What statements have said of one request so far.

use super::statement::{Answer, Found};

/// The answers by node, and by what a node says of an oversize User-Agent.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// By node, half a byte for each way of asking.
    known: Vec<u8>,
    /// Node, way of asking, and what was found.
    found: Vec<(u32, bool, Found)>,
}

const OPEN: u8 = 0;
const NO: u8 = 1;
const LATER: u8 = 2;
const YES: u8 = 3;

impl Memo {
    /// Forgets all, and makes room for so many nodes.
    pub(super) fn reset(&mut self, nodes: usize) {
        self.known.clear();
        self.known.resize(nodes, OPEN);
        self.found.clear();
    }

    #[inline]
    pub(super) fn get(&self, node: u32, lean: bool) -> Option<Answer> {
        match (self.known.get(node as usize)? >> shift(lean)) & 15 {
            NO => Some(Answer::No),
            LATER => Some(Answer::Later),
            YES => {
                let mut found = self.found.iter();
                let found = found.find(|(of, way, _)| (*of, *way) == (node, lean));
                found.map(|(_, _, found)| Answer::Yes(*found))
            }
            _ => None,
        }
    }

    pub(super) fn keep(&mut self, node: u32, lean: bool, answer: Answer) {
        let known = match answer {
            Answer::No => NO,
            Answer::Later => LATER,
            Answer::Yes(found) => {
                self.found.push((node, lean, found));
                YES
            }
        };
        if let Some(slot) = self.known.get_mut(node as usize) {
            *slot = *slot & !(15 << shift(lean)) | known << shift(lean);
        }
    }

    /// Forgets the answers of the nodes that `which` names.
    pub(super) fn forget(&mut self, which: &[bool]) {
        let known = self.known.iter_mut().zip(which);
        for (known, _) in known.filter(|(_, forget)| **forget) {
            *known = OPEN;
        }
        let stays = |node: u32| which.get(node as usize).is_none_or(|forget| !forget);
        self.found.retain(|(node, _, _)| stays(*node));
    }
}

fn shift(lean: bool) -> u8 {
    if lean { 4 } else { 0 }
}
