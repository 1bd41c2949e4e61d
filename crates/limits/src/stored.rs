//! Limits whose state is in a store of somebody else's: a database, a Redis.
//!
//! The same definitions, the same arithmetic and the same answers as [`crate::Limiter`], without
//! its cells: [`StoredLimits::rows`] says which rows a request charges and by how much, the store
//! charges all of them or none in one step ([`Row`] says how), and [`StoredLimits::decide`] makes
//! the decision of what the store found. `components/spin-gateway` tests that both agree.

use sha2::{Digest as _, Sha256};

use crate::fields::{self, Names};
use crate::gcra::Gcra;
use crate::limiter::{CHARGES_MAX, Charge, ChargeError, Decision, Limited, Standing, Standings};
use crate::spec::{LimitSpec, SpecError};

/// A row's key: the first 16 bytes of a SHA-256 over the window's definition and the charge's
/// key. The same on every node and after every restart.
pub type RowKey = [u8; 16];

/// How far back a clock may go before rows of its future no longer count, nanoseconds: a minute.
/// Less is the order in which instances read the clock, or a small correction of it.
pub const CLOCK_BACK_NS: u64 = 60_000_000_000;

/// One window to charge. With `tat_ns` the row's stored time (0: no row) and `now_ns` the clock,
///
/// ```text
/// was  = max(tat_ns, now_ns), but now_ns where tat_ns > now_ns + capacity_ns + CLOCK_BACK_NS
/// fits = was + cost_ns <= now_ns + capacity_ns
/// ```
///
/// If every row fits, each is set to `was + cost_ns`; else none is written. A row whose time has
/// passed may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub key: RowKey,
    /// Nanoseconds to add; of all charges of the request to this row together.
    pub cost_ns: u64,
    /// How far ahead of the clock the row may be, nanoseconds.
    pub capacity_ns: u64,
}

impl Row {
    /// The time that a row's stored one counts as.
    #[must_use]
    pub fn was_ns(&self, tat_ns: u64, now_ns: u64) -> u64 {
        let latest = now_ns.saturating_add(self.capacity_ns);
        if tat_ns > latest.saturating_add(CLOCK_BACK_NS) {
            return now_ns;
        }
        tat_ns.max(now_ns)
    }
}

/// The limits in force.
#[derive(Debug)]
pub struct StoredLimits {
    limits: Vec<Limit>,
}

#[derive(Debug)]
struct Limit {
    windows: Vec<Window>,
    policy: Vec<u8>,
}

#[derive(Debug)]
struct Window {
    id: [u8; 32],
    gcra: Gcra,
    label: Vec<u8>,
}

impl StoredLimits {
    /// Checks the definitions.
    ///
    /// # Errors
    /// The first definition that is out of range or repeated.
    pub fn new(specs: &[LimitSpec]) -> Result<Self, SpecError> {
        if specs.len() > usize::from(u16::MAX) {
            return Err(SpecError::TooManyLimits(specs.len()));
        }
        let mut limits = Vec::with_capacity(specs.len());
        for (nth, spec) in specs.iter().enumerate() {
            let same = |other: &LimitSpec| (&other.scope, &other.name) == (&spec.scope, &spec.name);
            if specs.iter().take(nth).any(same) {
                return Err(SpecError::Duplicate(spec.name.clone(), spec.scope.clone()));
            }
            let gcras = spec.compile()?.into_iter();
            let windows = gcras.zip(&spec.windows).enumerate();
            limits.push(Limit {
                windows: windows
                    .map(|(i, (gcra, window))| Window {
                        id: identify(spec, window.requests, window.per.as_nanos(), gcra.burst),
                        gcra,
                        label: fields::label(spec, i),
                    })
                    .collect(),
                policy: fields::policy(spec),
            });
        }
        Ok(Self { limits })
    }

    /// The rows of the charges: each key once, in the order in which it is first met.
    ///
    /// # Errors
    /// Too many charges or an unknown limit: faults of the caller.
    pub fn rows(&self, charges: &[Charge<'_>]) -> Result<Vec<Row>, ChargeError> {
        if charges.len() > CHARGES_MAX {
            return Err(ChargeError::TooMany(charges.len()));
        }
        let mut rows: Vec<Row> = Vec::with_capacity(charges.len());
        for charge in charges {
            for window in &self.limit(charge.limit)?.windows {
                let cost = u64::from(charge.cost);
                let cost_ns = window.gcra.interval_ns.saturating_mul(cost);
                let key = window.key(charge.key);
                match rows.iter_mut().find(|row| row.key == key) {
                    Some(row) => row.cost_ns = row.cost_ns.saturating_add(cost_ns),
                    None => rows.push(Row {
                        key,
                        cost_ns,
                        capacity_ns: window.gcra.capacity_ns,
                    }),
                }
            }
        }
        Ok(rows)
    }

    /// What [`crate::Limiter::charge`] would have said. `tats_ns` are the stored times of `rows`
    /// before the charge, in their order; a missing one counts as 0.
    ///
    /// # Errors
    /// As [`StoredLimits::rows`].
    pub fn decide(
        &self,
        now_ns: u64,
        charges: &[Charge<'_>],
        rows: &[Row],
        tats_ns: &[u64],
    ) -> Result<Decision, ChargeError> {
        if charges.len() > CHARGES_MAX {
            return Err(ChargeError::TooMany(charges.len()));
        }
        let was_ns = |key: RowKey| {
            let mut known = rows.iter().zip(tats_ns);
            let row = known.find(|(row, _)| row.key == key);
            row.map_or(0, |(row, tat_ns)| row.was_ns(*tat_ns, now_ns))
        };
        // What earlier charges of the request add to the same rows.
        let earlier = |nth: usize, charge: &Charge<'_>| {
            let before = charges.iter().take(nth);
            before
                .filter(|other| (other.limit, other.key) == (charge.limit, charge.key))
                .fold(0_u32, |sum, other| sum.saturating_add(other.cost))
        };
        let mut refused: Option<Limited> = None;
        for (nth, charge) in charges.iter().enumerate() {
            let cost = earlier(nth, charge).saturating_add(charge.cost);
            for (number, window) in (0_u8..).zip(&self.limit(charge.limit)?.windows) {
                let tat_ns = was_ns(window.key(charge.key));
                let of = (nth, charge.limit, number);
                let this = Limited::test(of, &window.gcra, tat_ns, now_ns, cost);
                refused = Limited::longer(refused, this);
            }
        }
        if let Some(limited) = refused {
            return Ok(Decision::Limited(limited));
        }
        let mut standings = Vec::with_capacity(charges.len());
        for (nth, charge) in charges.iter().enumerate() {
            let cost = u64::from(earlier(nth, charge)).saturating_add(u64::from(charge.cost));
            let mut least: Option<Standing> = None;
            for (number, window) in (0_u8..).zip(&self.limit(charge.limit)?.windows) {
                let gcra = &window.gcra;
                let added_ns = gcra.interval_ns.saturating_mul(cost);
                let before_ns = was_ns(window.key(charge.key)).max(now_ns);
                let after_ns = before_ns.saturating_add(added_ns);
                let this = Standing {
                    limit: charge.limit,
                    window: number,
                    remaining: gcra.remaining(after_ns, now_ns),
                    reset_ns: after_ns.saturating_sub(now_ns),
                };
                if least.is_none_or(|other| this.has_less_left_than(&other)) {
                    least = Some(this);
                }
            }
            standings.push(least.unwrap_or_default());
        }
        Ok(Decision::Allowed(Standings::of(&standings)))
    }

    fn limit(&self, index: u16) -> Result<&Limit, ChargeError> {
        self.limits
            .get(usize::from(index))
            .ok_or(ChargeError::UnknownLimit(index))
    }
}

impl Names for StoredLimits {
    fn label(&self, limit: u16, window: u8) -> &[u8] {
        let limit = self.limits.get(usize::from(limit));
        let window = limit.and_then(|limit| limit.windows.get(usize::from(window)));
        window.map_or(&[], |window| &window.label)
    }

    fn policy(&self, limit: u16) -> &[u8] {
        let limit = self.limits.get(usize::from(limit));
        limit.map_or(&[], |limit| &limit.policy)
    }
}

impl Window {
    fn key(&self, key: &[u8]) -> RowKey {
        let mut hash = Sha256::new();
        hash.update(self.id);
        hash.update(key);
        let digest: [u8; 32] = hash.finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// What makes a window the same one over configurations.
fn identify(spec: &LimitSpec, requests: u32, per_ns: u128, burst: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"lockgate limit\0");
    for text in [&spec.scope, &spec.name] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(requests.to_le_bytes());
    hash.update(per_ns.to_le_bytes());
    hash.update(burst.to_le_bytes());
    hash.finalize().into()
}
