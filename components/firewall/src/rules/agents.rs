//! What the lists said of the User-Agents of late.

use std::sync::{Mutex, PoisonError};

use crate::useragent::Found;

/// Places for User-Agents: the browsers of most visitors are a few dozen, and two with the same place look
/// each other up.
const PLACES: usize = 256;

/// A longer User-Agent is looked up each time.
const BYTES_MAX: usize = 512;

/// What the lists said of the User-Agents of late: the same for ever, so that it is looked up once.
/// Each has one place that it can be at; the next with the same place takes it over.
#[derive(Debug, Default)]
pub(super) struct Agents(Mutex<Vec<Known>>);

#[derive(Debug, Clone, Default)]
struct Known {
    raw: Vec<u8>,
    /// By the index of the list; behind those by the group of rules that look into it.
    answers: Vec<Option<Found>>,
}

impl Agents {
    /// What a list said of a User-Agent, where that is known.
    pub(super) fn get(&self, raw: &[u8], list: usize) -> Option<Found> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(place(raw))?;
        (known.raw == raw).then(|| known.answers.get(list).copied().flatten())?
    }

    /// Keeps what a list says of a User-Agent.
    pub(super) fn keep(&self, raw: &[u8], list: usize, found: Found) {
        if raw.len() > BYTES_MAX {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            all.resize(PLACES, Known::default());
        }
        let Some(known) = all.get_mut(place(raw)) else {
            return;
        };
        if known.raw != raw {
            known.answers.clear();
            known.raw.clear();
            known.raw.extend_from_slice(raw);
        }
        if known.answers.len() <= list {
            known.answers.resize(list + 1, None);
        }
        if let Some(answer) = known.answers.get_mut(list) {
            *answer = Some(found);
        }
    }
}

/// A copy knows nothing yet.
impl Clone for Agents {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// The place of a User-Agent. Who chooses others with the same place makes them be looked up each
/// time, and gains nothing else.
fn place(raw: &[u8]) -> usize {
    let (words, rest) = raw.as_chunks::<8>();
    let mut hash = raw.len() as u64;
    let mut add = |word: u64| {
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    };
    words.iter().for_each(|word| add(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    add(u64::from_le_bytes(last));
    (hash >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_of_this_agent_and_list_alone() {
        let agents = Agents::default();
        assert_eq!(agents.get(b"a", 0), None);
        agents.keep(b"a", 1, Found::Pattern(7));
        assert_eq!(agents.get(b"a", 1), Some(Found::Pattern(7)));
        assert_eq!(agents.get(b"a", 0), None);
        assert_eq!(agents.get(b"b", 1), None);
        agents.keep(b"a", 0, Found::Nothing);
        assert_eq!(agents.get(b"a", 1), Some(Found::Pattern(7)));
        assert_eq!(agents.get(b"a", 0), Some(Found::Nothing));
    }

    #[test]
    fn another_at_the_same_place_takes_it_over() {
        let agents = Agents::default();
        let all: Vec<Vec<u8>> = (0..10 * PLACES)
            .map(|n| format!("agent/{n}").into())
            .collect();
        for raw in &all {
            agents.keep(raw, 0, Found::Nothing);
            assert_eq!(agents.get(raw, 0), Some(Found::Nothing));
        }
        let left = all.iter().filter(|raw| agents.get(raw, 0).is_some());
        assert!(left.count() <= PLACES);
        agents.keep(&[b'x'; BYTES_MAX + 1], 0, Found::Oversize);
        assert_eq!(agents.get(&[b'x'; BYTES_MAX + 1], 0), None);
    }
}
