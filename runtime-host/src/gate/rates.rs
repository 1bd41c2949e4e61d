//! What rate-based rules count.

use lockgate_limits::RateSpec;
use lockgate_wire::RateCharge;

use super::{Gate, Generation};

/// Counts the charges that have no answer in `over` yet, up to the first that is over its limit;
/// whether there is one. Then the rules are to be asked again.
pub(super) fn charge(
    gate: &Gate,
    generation: &Generation,
    site: u16,
    charges: &[RateCharge<'_>],
    over: &mut Vec<bool>,
) -> bool {
    for charge in charges.get(over.len()..).unwrap_or_default() {
        let is_over = generation.rate(charge.rule).is_some_and(|rate| {
            // Sites count each for itself, also where they share a rule file.
            let names = (
                generation.site_name(site),
                generation.rule_name(charge.rule),
            );
            let spec = RateSpec {
                id: gate.rates.identify(names),
                limit: rate.limit,
                window_ns: rate.window_ns,
            };
            gate.rates.charge(gate.monotonic_ns(), &spec, charge.key)
        });
        over.push(is_over);
        if is_over {
            return true;
        }
    }
    false
}
