//! Routes: what is done with their requests.

use lockgate_auth::{ClaimRequirement, ClaimValue, Requirements};
use lockgate_bundle::{Action, Audience, RoutePlan, RouteSignIn};
use lockgate_config::GatewayConfig;
use lockgate_config::types::{CacheAudience, ClaimScalar, Route, RouteAction, Site};
use lockgate_normalise::path::canonical_path;

use crate::{Fault, image, index_of, limits};

/// Compiles one route. `key` is where it stands in the configuration.
pub(crate) fn compile(
    config: &GatewayConfig,
    site_index: u16,
    site: &Site,
    route: &Route,
    key: &str,
    faults: &mut Vec<Fault>,
) -> RoutePlan {
    let mut prefix = |name: &str, text: Option<&str>| match canonical_prefix(text) {
        Ok(prefix) => prefix,
        Err(reason) => {
            faults.push(Fault::new(format!("{key}.{name}"), reason));
            String::new()
        }
    };
    let strip_prefix = prefix("strip_prefix", route.strip_prefix.as_deref());
    let add_prefix = prefix("add_prefix", route.add_prefix.as_deref());
    let sign_in = route.sign_in.as_ref().and_then(|name| {
        let index = index_of(&config.sign_in, name);
        if index.is_none() {
            let reason = format!("there is no sign-in {name:?}");
            faults.push(Fault::new(format!("{key}.sign_in"), reason));
        }
        Some(RouteSignIn {
            index: index?,
            requirements: requirements(route),
        })
    });
    RoutePlan {
        site: site_index,
        name: route.label().to_owned(),
        action: match &route.action {
            RouteAction::Origin(_) | RouteAction::Upload => Action::Origin,
            RouteAction::Respond(respond) => Action::Respond {
                status: respond.status,
                body: respond.body.clone(),
                content_type: respond.content_type.as_str().to_owned(),
            },
        },
        strip_prefix,
        add_prefix,
        sign_in,
        limits: limits::of_route(config, site, route, key, faults),
        cache: route.cache.as_ref().map(|cache| match cache.audience {
            CacheAudience::Shared => Audience::Shared,
            CacheAudience::Private => Audience::Private,
        }),
        image: route
            .image
            .as_ref()
            .map(|image| image::compile(config, route, image, key, faults)),
    }
}

/// A prefix as it stands in canonical paths, without `/` at its end.
fn canonical_prefix(text: Option<&str>) -> Result<String, String> {
    let Some(text) = text else {
        return Ok(String::new());
    };
    let path = canonical_path(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(path.trim_end_matches('/').to_owned())
}

fn requirements(route: &Route) -> Requirements {
    let value = |scalar: &ClaimScalar| match scalar {
        ClaimScalar::Bool(value) => ClaimValue::Boolean(*value),
        ClaimScalar::Integer(value) => ClaimValue::Integer(*value),
        ClaimScalar::Text(value) => ClaimValue::Text(value.clone()),
    };
    Requirements {
        scopes: route.scopes.clone(),
        claims: route
            .claims
            .iter()
            .map(|(name, values)| ClaimRequirement {
                name: name.clone(),
                one_of: values.as_slice().iter().map(value).collect(),
            })
            .collect(),
    }
}
