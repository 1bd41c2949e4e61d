//! Charging a request: every window of every limit, or none.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::cells::{Cells, KeyHash};
use crate::fields;
use crate::gcra::{Gcra, Verdict};
use crate::spec::{LimitSpec, SpecError};

/// The most charges that one request may bring.
pub const CHARGES_MAX: usize = 8;

/// One limit to charge for a request.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'a> {
    /// The limit's index in the list given to [`Limiter::new`].
    pub limit: u16,
    /// Who is charged: any bytes (a client's address or /64, a token's subject, a route). They
    /// are hashed, never kept.
    pub key: &'a [u8],
    /// Units; 1 for a request. 0 asks how things stand and charges nothing.
    pub cost: u32,
}

/// How one charged limit stands: that of its windows which has least left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The limit's index.
    pub limit: u16,
    /// The window's index within the limit.
    pub window: u8,
    /// Units that could be spent at once now.
    pub remaining: u32,
    /// Allowed: nanoseconds until the window is whole again. Limited: nanoseconds until the
    /// refused cost fits.
    pub reset_ns: u64,
}

/// The standing of each charge, in the order of the charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standings {
    items: [Standing; CHARGES_MAX],
    count: usize,
}

impl std::ops::Deref for Standings {
    type Target = [Standing];
    fn deref(&self) -> &[Standing] {
        &self.items[..self.count]
    }
}

/// A refusal: the window that takes longest of all that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// Which charge, as an index into the request's charges.
    pub charge: usize,
    /// The window that refused; `reset_ns` is the time to wait.
    pub standing: Standing,
    /// When every window would let the request through, if nothing else came in between;
    /// `None` if one's burst is smaller than the cost, so that it never would.
    pub retry_after: Option<Duration>,
}

/// The answer to a request's charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "returned by value on the hot path; a box would allocate"
)]
pub enum Decision {
    /// All windows were charged.
    Allowed(Standings),
    /// None was charged.
    Limited(Limited),
}

/// A request that cannot be charged at all; nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChargeError {
    /// More than [`CHARGES_MAX`] charges.
    #[error("{0} charges are more than 8")]
    TooMany(usize),
    /// No limit has that index.
    #[error("there is no limit {0}")]
    UnknownLimit(u16),
}

/// The limits in force, over state that outlives them.
///
/// The identity of a window's state is its scope, name, requests, period and burst. So a new
/// `Limiter` over the same [`Cells`] goes on counting every window that did not change, whatever
/// its index, and starts changed ones afresh.
#[derive(Debug)]
pub struct Limiter {
    limits: Vec<Limit>,
    cells: Arc<Cells>,
}

#[derive(Debug)]
struct Limit {
    id: u64,
    windows: Vec<CompiledWindow>,
    policy: Vec<u8>,
}

#[derive(Debug)]
struct CompiledWindow {
    id: u64,
    gcra: Gcra,
    /// Its name as a structured-field string, quotes included.
    label: Vec<u8>,
}

impl Limiter {
    /// Checks the definitions and puts them over `cells`.
    ///
    /// # Errors
    /// The first definition that is out of range or repeated.
    pub fn new(specs: &[LimitSpec], cells: Arc<Cells>) -> Result<Self, SpecError> {
        if specs.len() > usize::from(u16::MAX) {
            return Err(SpecError::TooManyLimits(specs.len()));
        }
        let mut names = BTreeSet::new();
        let mut limits = Vec::with_capacity(specs.len());
        for spec in specs {
            let windows = spec.compile()?;
            if !names.insert((&spec.scope, &spec.name)) {
                return Err(SpecError::Duplicate(spec.name.clone(), spec.scope.clone()));
            }
            let id = cells.identify((&spec.scope, &spec.name));
            let compile = |(i, gcra): (usize, Gcra)| CompiledWindow {
                id: cells.identify((
                    id,
                    spec.windows[i].requests,
                    spec.windows[i].per,
                    gcra.burst,
                )),
                gcra,
                label: fields::label(spec, i),
            };
            limits.push(Limit {
                id,
                windows: windows.into_iter().enumerate().map(compile).collect(),
                policy: fields::policy(spec),
            });
        }
        Ok(Self { limits, cells })
    }

    /// The state under these limits.
    pub fn cells(&self) -> &Arc<Cells> {
        &self.cells
    }

    /// Charges every window of every limit named, or none of them.
    ///
    /// `now_ns` comes from a clock that does not go backwards; a reading that is a little behind
    /// another thread's is harmless. Two charges of one limit with one key add up. No
    /// allocation; locks the shards of the keys (usually one to three) for the time of a few
    /// memory reads.
    ///
    /// # Errors
    /// Too many charges or an unknown limit: faults of the caller, nothing is charged.
    pub fn charge(&self, now_ns: u64, charges: &[Charge<'_>]) -> Result<Decision, ChargeError> {
        let count = charges.len();
        if count > CHARGES_MAX {
            return Err(ChargeError::TooMany(count));
        }
        let mut keys = [KeyHash::default(); CHARGES_MAX];
        for (key, charge) in keys.iter_mut().zip(charges) {
            *key = self.cells.hash(self.limit(charge.limit)?.id, charge.key);
        }
        let keys = &keys[..count];
        let mut held = self.cells.hold(keys);

        let mut refused: Option<Limited> = None;
        for (nth, charge) in charges.iter().enumerate() {
            let cost = cost_so_far(charges, keys, nth);
            for (w, window) in self.limit(charge.limit)?.windows.iter().enumerate() {
                let tat_ns = held.tat_ns(nth, keys[nth], window.id);
                let of = (nth, charge.limit, w as u8);
                let this = Limited::test(of, &window.gcra, tat_ns, now_ns, cost);
                refused = Limited::longer(refused, this);
            }
        }
        if let Some(limited) = refused {
            return Ok(Decision::Limited(limited));
        }

        let mut standings = Standings {
            items: [Standing::default(); CHARGES_MAX],
            count,
        };
        for (nth, charge) in charges.iter().enumerate() {
            let mut least: Option<Standing> = None;
            for (w, window) in self.limit(charge.limit)?.windows.iter().enumerate() {
                let before = held.tat_ns(nth, keys[nth], window.id).max(now_ns);
                let after = before.saturating_add(
                    window
                        .gcra
                        .interval_ns
                        .saturating_mul(u64::from(charge.cost)),
                );
                if charge.cost > 0 {
                    held.store(nth, keys[nth], window.id, after, now_ns);
                }
                let this = Standing {
                    limit: charge.limit,
                    window: w as u8,
                    remaining: window.gcra.remaining(after, now_ns),
                    reset_ns: after - now_ns,
                };
                if least.is_none_or(|other| this.has_less_left_than(&other)) {
                    least = Some(this);
                }
            }
            standings.items[nth] = least.unwrap_or_default();
        }
        Ok(Decision::Allowed(standings))
    }

    fn limit(&self, index: u16) -> Result<&Limit, ChargeError> {
        self.limits
            .get(usize::from(index))
            .ok_or(ChargeError::UnknownLimit(index))
    }
}

impl fields::Names for Limiter {
    fn policy(&self, limit: u16) -> &[u8] {
        self.limit(limit).map_or(&[], |l| &l.policy)
    }

    fn label(&self, limit: u16, window: u8) -> &[u8] {
        let limit = self.limits.get(usize::from(limit));
        let window = limit.and_then(|l| l.windows.get(usize::from(window)));
        window.map_or(&[], |w| &w.label)
    }
}

impl Standing {
    /// Of two that have the same left, the one that is whole again later.
    pub(crate) fn has_less_left_than(&self, other: &Self) -> bool {
        (self.remaining, other.reset_ns) < (other.remaining, self.reset_ns)
    }
}

impl Standings {
    /// Of at most [`CHARGES_MAX`] standings; further ones are left out.
    pub(crate) fn of(standings: &[Standing]) -> Self {
        let mut items = [Standing::default(); CHARGES_MAX];
        for (item, standing) in items.iter_mut().zip(standings) {
            *item = *standing;
        }
        Self {
            items,
            count: standings.len().min(CHARGES_MAX),
        }
    }
}

impl Limited {
    /// What a window that stands at `tat_ns` says to `cost` units; nothing where they fit. It is
    /// named by the charge, its limit and the window's index within that.
    #[inline]
    pub(crate) fn test(
        (charge, limit, window): (usize, u16, u8),
        gcra: &Gcra,
        tat_ns: u64,
        now_ns: u64,
        cost: u32,
    ) -> Option<Self> {
        let wait_ns = match gcra.test(tat_ns, now_ns, cost) {
            Verdict::Fits(_) => return None,
            Verdict::Later(wait_ns) => Some(wait_ns),
            Verdict::Never => None,
        };
        Some(Self {
            charge,
            standing: Standing {
                limit,
                window,
                remaining: gcra.remaining(tat_ns, now_ns),
                reset_ns: wait_ns.unwrap_or(gcra.capacity_ns),
            },
            retry_after: wait_ns.map(Duration::from_nanos),
        })
    }

    /// The one of two refusals that takes longer, the first if both take as long.
    #[inline]
    pub(crate) fn longer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) if !other.takes_longer_than(&one) => Some(one),
            (one, other) => other.or(one),
        }
    }

    /// "Never" is longer than any time.
    fn takes_longer_than(&self, other: &Self) -> bool {
        match (self.retry_after, other.retry_after) {
            (None, Some(_)) => true,
            (Some(a), Some(b)) => a > b,
            (_, None) => false,
        }
    }
}

/// The nth charge's cost plus that of earlier charges to the same limit and key.
fn cost_so_far(charges: &[Charge<'_>], keys: &[KeyHash], nth: usize) -> u32 {
    (0..nth)
        .filter(|&i| keys[i] == keys[nth])
        .fold(charges[nth].cost, |sum, i| {
            sum.saturating_add(charges[i].cost)
        })
}
