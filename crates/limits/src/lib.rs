//! Rate limits for the gate: several limits of several windows, charged all or none.
//!
//! - [`Limiter`] holds the definitions; [`Cells`] holds the state. A reload builds a new
//!   `Limiter` over the same `Cells`, and every window whose definition is unchanged goes on
//!   where it was.
//! - Each window is a GCRA (generic cell rate algorithm, ATM Forum TM 4.0, the virtual
//!   scheduling form): one 64-bit time per key and window, no timers, no counters to reset.
//! - Memory is bounded: a fixed number of 16-byte cells. See [`Cells`] for what happens when
//!   they run out.
//! - [`StoredLimits`] is the same over a store of somebody else's, for the shell under Spin.
//! - [`Rates`] counts for rate-based rules, what is refused too.
//! - [`SingleLimit`] is one gate-wide budget without a key, over `governor`.
//! - [`fields`] writes `RateLimit`, `RateLimit-Policy` and `Retry-After`.
//!
//! Nothing here reads a clock except `SingleLimit`: `now_ns` is handed in, from any clock that
//! does not go backwards.

mod cells;
pub mod fields;
mod gcra;
mod limiter;
mod rates;
mod single;
mod spec;
mod stored;

pub use cells::Cells;
pub use limiter::{
    CHARGES_MAX, Charge, ChargeError, Decision, Limited, Limiter, Standing, Standings,
};
pub use rates::{RateSpec, Rates};
pub use single::SingleLimit;
pub use spec::{LimitSpec, SpecError, WINDOWS_MAX, Window};
pub use stored::{CLOCK_BACK_NS, Row, RowKey, StoredLimits};
