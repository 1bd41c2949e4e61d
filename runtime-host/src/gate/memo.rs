//! For benchmarks only (feature `bench`): verdicts by head, so that the policy's share of a
//! request can be measured as a difference.

use std::sync::LazyLock;

use bytes::Bytes;
use quick_cache::sync::Cache;

use crate::http::RequestHead;

/// Verdicts by the whole head; `None` unless `LOCKGATE_BENCH_POLICY=memo`.
static MEMO: LazyLock<Option<Cache<Bytes, Bytes, quick_cache::UnitWeighter, ahash::RandomState>>> =
    LazyLock::new(|| {
        let wanted = std::env::var("LOCKGATE_BENCH_POLICY").is_ok_and(|value| value == "memo");
        wanted.then(|| {
            Cache::with(
                1 << 16,
                1 << 16,
                quick_cache::UnitWeighter,
                ahash::RandomState::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            )
        })
    });

/// The verdict that this very head got before.
pub(super) fn get(head: &RequestHead) -> Option<Vec<u8>> {
    MEMO.as_ref()?
        .get(&head.bytes)
        .map(|verdict| verdict.to_vec())
}

/// Keeps a verdict.
pub(super) fn put(head: &RequestHead, verdict: &[u8]) {
    if let Some(memo) = MEMO.as_ref() {
        // Copied: the head must not keep its connection's buffer.
        memo.insert(
            Bytes::copy_from_slice(&head.bytes),
            Bytes::copy_from_slice(verdict),
        );
    }
}
