//! The limits of a request, charged all or none.

use lockgate_limits::{Charge, Decision};
use lockgate_record::Stage;

use super::Refused;
use super::path::Step;

/// Charges the plan's limits, and leaves the `RateLimit` fields for the response.
pub(super) fn charge(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.plan.limits.is_empty() {
        return Ok(());
    }
    let charges: Vec<_> = step
        .plan
        .limits
        .iter()
        .map(|limit| Charge {
            limit: limit.limit,
            key: limit.key,
            cost: 1,
        })
        .collect();
    let limiter = &step.generation.limiter;
    let decision = limiter
        .charge(step.gate.monotonic_ns(), &charges)
        .map_err(|error| Refused::new(500, "limits_failed", error.to_string()).at(Stage::Limits))?;
    let mut value = Vec::with_capacity(128);
    match decision {
        Decision::Allowed(standings) => {
            step.pending.limits_charged = true;
            lockgate_limits::fields::write_rate_limit(limiter, &standings, &mut value);
            step.fields.add(b"ratelimit", &value);
            value.clear();
            let limits = charges.iter().map(|charge| charge.limit);
            lockgate_limits::fields::write_rate_limit_policy(limiter, limits, &mut value);
            step.fields.add(b"ratelimit-policy", &value);
            Ok(())
        }
        Decision::Limited(limited) => {
            step.pending.limited = Some(limited.standing.limit);
            let mut refused = Refused::new(429, "rate_limited", String::new()).at(Stage::Limits);
            if let Some(after) = limited.retry_after {
                lockgate_limits::fields::write_retry_after(after, &mut value);
                refused.fields.add(b"retry-after", &value);
                value.clear();
            }
            lockgate_limits::fields::write_rate_limit(limiter, &[limited.standing], &mut value);
            refused.fields.add(b"ratelimit", &value);
            value.clear();
            lockgate_limits::fields::write_rate_limit_policy(
                limiter,
                [limited.standing.limit],
                &mut value,
            );
            refused.fields.add(b"ratelimit-policy", &value);
            Err(refused)
        }
    }
}
