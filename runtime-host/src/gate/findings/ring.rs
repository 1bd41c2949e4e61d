//! A bounded memory of requests: the oldest give way.
//!
//! Refused requests and those that passed all the same are two queues. Where memory runs out, the longer queue gives
//! way: neither a flood of attacks nor a rule that counts everything pushes the others out.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Kept;

/// What an entry costs beside its bytes: its fields and its place.
const ENTRY_BYTES: usize = 320;

/// The memory.
#[derive(Debug, Default)]
pub(super) struct Ring {
    refused: Queue,
    passed: Queue,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<Arc<Kept>>,
    bytes: usize,
}

impl Ring {
    /// Room for so many bytes; 0 keeps nothing.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            ..Self::default()
        }
    }

    /// Keeps an entry, of one that is larger than all room together what fits of it: without its body, or not at all.
    pub(super) fn push(&mut self, mut entry: Kept) {
        if cost(&entry) > self.bytes_max {
            entry.drop_body();
        }
        let cost = cost(&entry);
        if cost > self.bytes_max {
            return;
        }
        let queue = if entry.refused() {
            &mut self.refused
        } else {
            &mut self.passed
        };
        queue.bytes += cost;
        queue.entries.push_back(Arc::new(entry));
        while self.bytes() > self.bytes_max {
            if self.refused.bytes > self.passed.bytes {
                self.refused.pop();
            } else {
                self.passed.pop();
            }
        }
    }

    /// Another bound from now on.
    pub(super) fn resize(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
        while self.bytes() > bytes_max {
            self.passed.pop();
            self.refused.pop();
        }
    }

    /// The entry of a request: the latest, where clients of a trusted proxy use an id again.
    pub(super) fn get(&self, id: &str) -> Option<Arc<Kept>> {
        let newest_first = self.refused.entries.iter().rev();
        let all = newest_first.chain(self.passed.entries.iter().rev());
        all.filter(|entry| entry.id == id)
            .max_by_key(|entry| entry.time_unix_ms)
            .cloned()
    }

    /// The newest entries of a site, refused ones first.
    pub(super) fn newest(&self, site: &str, most: usize) -> Vec<Arc<Kept>> {
        let refused = self.refused.entries.iter().rev();
        let all = refused.chain(self.passed.entries.iter().rev());
        all.filter(|entry| entry.site == site)
            .take(most)
            .cloned()
            .collect()
    }

    /// Bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.refused.bytes + self.passed.bytes
    }

    /// Entries.
    pub(super) fn len(&self) -> usize {
        self.refused.entries.len() + self.passed.entries.len()
    }
}

impl Queue {
    fn pop(&mut self) {
        match self.entries.pop_front() {
            Some(oldest) => self.bytes = self.bytes.saturating_sub(cost(&oldest)),
            None => self.bytes = 0,
        }
    }
}

fn cost(entry: &Kept) -> usize {
    let texts = entry.id.len() + entry.site.len() + entry.code.as_ref().map_or(0, String::len);
    let inspections: usize = entry.inspections.iter().map(Vec::len).sum();
    let body = entry.body.as_ref().map_or(0, |body| body.bytes.len());
    let said = entry.cause.as_ref().map_or(0, String::len) + entry.over.len();
    ENTRY_BYTES + texts + said + entry.input.len() + entry.verdict.len() + inspections + body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::findings::KeptBody;
    use bytes::Bytes;

    fn entry(number: u64, code: Option<&str>, body: usize) -> Kept {
        Kept {
            id: format!("id-{number}"),
            time_unix_ms: number,
            site: "shop".to_owned(),
            code: code.map(str::to_owned),
            status: if code.is_some() { 403 } else { 200 },
            input: vec![1; 400],
            body: (body > 0).then(|| KeptBody {
                bytes: Bytes::from(vec![2; body]),
                whole: true,
                program_bytes: None,
            }),
            ..Kept::default()
        }
    }

    #[test]
    fn bytes_bound_it_and_the_oldest_give_way() {
        let mut ring = Ring::new(64 * 1024);
        for number in 0..1_000 {
            ring.push(entry(
                number,
                Some("blocked"),
                (number as usize * 37) % 4_096,
            ));
            assert!(ring.bytes() <= 64 * 1024);
        }
        assert!(ring.get("id-999").is_some());
        assert!(ring.get("id-0").is_none());
        let kept = ring.newest("shop", 1_000);
        assert_eq!(kept.len(), ring.len());
        assert!(
            kept.windows(2)
                .all(|pair| pair[0].time_unix_ms > pair[1].time_unix_ms)
        );
        assert!(ring.newest("other", 1_000).is_empty());
        let real: usize = kept.iter().map(|entry| cost(entry)).sum();
        assert_eq!(real, ring.bytes());
    }

    #[test]
    fn what_counts_does_not_push_out_what_was_refused() {
        let mut ring = Ring::new(64 * 1024);
        for number in 0..20 {
            ring.push(entry(number, Some("blocked"), 0));
        }
        for number in 20..2_000 {
            ring.push(entry(number, None, 0));
        }
        assert!(ring.get("id-0").is_some());
        // Nor the other way round.
        for number in 2_000..4_000 {
            ring.push(entry(number, Some("blocked"), 0));
        }
        assert!(ring.get("id-1999").is_some());
    }

    #[test]
    fn a_body_that_is_too_long_is_left_out_and_that_is_said() {
        let mut ring = Ring::new(8 * 1024);
        ring.push(entry(1, Some("blocked"), 100_000));
        let kept = ring.get("id-1").unwrap();
        assert!(kept.body.is_none() && kept.body_dropped);
        ring.push(entry(2, Some("blocked"), 1_000));
        assert!(!ring.get("id-2").unwrap().body_dropped);
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut ring = Ring::new(0);
        ring.push(entry(1, Some("blocked"), 10));
        assert_eq!((ring.len(), ring.bytes()), (0, 0));
        let mut ring = Ring::new(1 << 20);
        ring.push(entry(1, Some("blocked"), 10));
        ring.push(entry(2, None, 10));
        ring.resize(0);
        assert_eq!((ring.len(), ring.bytes()), (0, 0));
    }

    #[test]
    fn an_id_that_is_used_again_is_the_latest() {
        let mut ring = Ring::new(1 << 20);
        ring.push(entry(7, Some("blocked"), 0));
        ring.push(Kept {
            time_unix_ms: 8,
            ..entry(7, None, 0)
        });
        assert_eq!(ring.get("id-7").unwrap().time_unix_ms, 8);
    }
}
