//! Rate limits: what they count by, for the policy; their windows, for the host.

use std::time::Duration;

use lockgate_bundle::{KeyPart, Limit, ROUTE_LIMITS_MAX};
use lockgate_config::GatewayConfig;
use lockgate_config::types::{RateKey, RateLimit, Route, Site};
use lockgate_limits::{LimitSpec, Window};

use crate::{Fault, index_of};

// What the bundle lets through can be charged.
const _: () = assert!(ROUTE_LIMITS_MAX == lockgate_limits::CHARGES_MAX);

/// The limits of a configuration as the host's limiter takes them, in the order of names.
#[must_use]
pub fn limit_specs(config: &GatewayConfig) -> Vec<LimitSpec> {
    let spec = |(name, limit): (&String, &RateLimit)| LimitSpec {
        scope: String::new(),
        name: name.clone(),
        windows: limit
            .windows
            .iter()
            .map(|window| Window {
                requests: window.requests,
                per: Duration::from_secs(u64::from(window.per_s)),
                burst: window.burst,
            })
            .collect(),
    };
    config.rate_limits.iter().map(spec).collect()
}

/// Compiles every limit, in the order of names.
pub(crate) fn compile(config: &GatewayConfig, faults: &mut Vec<Fault>) -> Vec<Limit> {
    for spec in limit_specs(config) {
        if let Err(error) = spec.check() {
            let path = format!("rate_limits.{}.windows", spec.name);
            faults.push(Fault::new(path, error.to_string()));
        }
    }
    let part = |key: &RateKey| match key {
        RateKey::Client => KeyPart::Client,
        RateKey::Token => KeyPart::Token,
        RateKey::Route => KeyPart::Route,
        RateKey::Site => KeyPart::Site,
    };
    let limit = |(name, limit): (&String, &RateLimit)| {
        let mut key: Vec<KeyPart> = limit.key.iter().map(part).collect();
        // The order in the file means nothing; a key of one order survives an edit.
        key.sort_unstable();
        key.dedup();
        Limit {
            name: name.clone(),
            key,
        }
    };
    config.rate_limits.iter().map(limit).collect()
}

/// The limits of site and route together, ascending, each once. `key` is where the route stands.
pub(crate) fn of_route(
    config: &GatewayConfig,
    site: &Site,
    route: &Route,
    key: &str,
    faults: &mut Vec<Fault>,
) -> Vec<u16> {
    let mut limits: Vec<u16> = site
        .rate_limits
        .iter()
        .chain(&route.rate_limits)
        .filter_map(|name| index_of(&config.rate_limits, name))
        .collect();
    limits.sort_unstable();
    limits.dedup();
    if limits.len() > ROUTE_LIMITS_MAX {
        let reason = format!(
            "with those of its site the route has {} limits; at most {ROUTE_LIMITS_MAX} are allowed",
            limits.len()
        );
        faults.push(Fault::new(format!("{key}.rate_limits"), reason));
    }
    limits
}
