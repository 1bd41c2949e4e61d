//! What statements have said of one request so far.

use super::statement::{Answer, Found};

/// The answers by node, and by what a node says of an oversize User-Agent.
pub(super) struct Memo {
    known: Vec<[Known; 2]>,
    found: Vec<Found>,
}

#[derive(Clone, Copy)]
enum Known {
    Open,
    No,
    Later,
    /// A place in the list of what was found.
    Yes(u32),
}

impl Memo {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            known: vec![[Known::Open; 2]; nodes],
            found: Vec::new(),
        }
    }

    pub(super) fn get(&self, node: u32, lean: bool) -> Option<Answer> {
        match self.known.get(node as usize)?.get(usize::from(lean))? {
            Known::Open => None,
            Known::No => Some(Answer::No),
            Known::Later => Some(Answer::Later),
            Known::Yes(place) => self.found.get(*place as usize).copied().map(Answer::Yes),
        }
    }

    pub(super) fn keep(&mut self, node: u32, lean: bool, answer: Answer) {
        let known = match answer {
            Answer::No => Known::No,
            Answer::Later => Known::Later,
            Answer::Yes(found) => {
                let place = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
                self.found.push(found);
                Known::Yes(place)
            }
        };
        let slots = self.known.get_mut(node as usize);
        if let Some(slot) = slots.and_then(|both| both.get_mut(usize::from(lean))) {
            *slot = known;
        }
    }

    /// Forgets the answers of the nodes that `which` names.
    pub(super) fn forget(&mut self, which: &[bool]) {
        let known = self.known.iter_mut().zip(which);
        for (known, _) in known.filter(|(_, forget)| **forget) {
            *known = [Known::Open; 2];
        }
    }
}
