//! What a shell needs besides the bundle, as one document.

use lockgate_bundle::{Bundle, Digest, Program, Site};
use lockgate_config::GatewayConfig;
use lockgate_config::types::{
    AddressMask, CacheAudience, OriginServer, Route, RouteAction, Secret, SecretEncoding,
};
use lockgate_shell::inspection::Pace;
use lockgate_shell::{
    Audience, Cache, Document, Encoding, Image, Limit, Origin, RouteCache, Signatures, VERSION,
};

use crate::{Compiled, limit_specs, picture_limits};

/// The document that belongs to a compiled configuration. `component` is the SHA-256 of the policy
/// component that will run it, for records; it may be empty.
#[must_use]
pub fn shell_document(config: &GatewayConfig, compiled: &Compiled, component: &str) -> Document {
    let routes = config.sites.values().flat_map(|site| &site.routes);
    let secret = |(name, secret): (&String, &Secret)| (name.clone(), encoding(secret.encoding));
    Document {
        version: VERSION,
        bundle: compiled.digest.clone(),
        component: component.to_owned(),
        programs: compiled.bundle.programs.iter().map(program).collect(),
        sites: config.sites.keys().cloned().collect(),
        routes: routes.map(|route| self::route(config, route)).collect(),
        inspections: compiled.inspections.clone(),
        rules_body_bytes: rules_body_bytes(&compiled.bundle),
        body_pace: Pace {
            timeout_ms: config.server.body_timeout_ms,
            bytes_per_s_min: config.server.body_bytes_per_s_min,
        },
        rules: compiled.bundle.rule_names.clone(),
        limits: limit_specs(config).iter().map(Limit::from).collect(),
        origins: config
            .origins
            .iter()
            .map(|(name, server)| (name.clone(), origin(server)))
            .collect(),
        secrets: config.secrets.iter().map(secret).collect(),
        cache: Cache {
            bytes_max: config.cache.bytes_max,
            object_bytes_max: config.cache.object_bytes_max,
        },
        image: Image {
            dimension_max: config.image.dimension_max,
            timeout_ms: config.image.wall_clock_ms_max,
        },
        signatures: signatures(config),
        mask_client_address: config.record.mask_client_address == AddressMask::Subnet,
    }
}

fn program(program: &Program) -> lockgate_shell::Program {
    lockgate_shell::Program {
        digest: Digest(program.digest).to_string(),
        bytes: program.image_bytes,
    }
}

/// Bytes of a body that each site's own rules look at, at its index; `None`: none does.
pub fn rules_body_bytes(bundle: &Bundle) -> Vec<Option<u32>> {
    let of_site = |site: &Site| {
        let firewall = bundle.firewalls.get(usize::from(site.firewall?))?;
        firewall.compiled.reads_body_bytes()
    };
    bundle.sites.iter().map(of_site).collect()
}

fn route(config: &GatewayConfig, route: &Route) -> lockgate_shell::Route {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    lockgate_shell::Route {
        name: route.label().to_owned(),
        origin: match &route.action {
            RouteAction::Origin(name) => Some(name.clone()),
            RouteAction::Respond(_) | RouteAction::Upload => None,
        },
        cache: route_cache(route),
        body_bytes_max: body_bytes_max(config, route),
        image: route
            .image
            .as_ref()
            .map(|image| picture_limits(config, image)),
        response_headers: route
            .response_headers
            .iter()
            .map(|(name, value)| header(name.as_str(), value.as_str()))
            .collect(),
    }
}

/// The most bytes of a request's body: of one that is a picture, those of a source.
#[must_use]
pub fn body_bytes_max(config: &GatewayConfig, route: &Route) -> u64 {
    match (&route.action, &route.image) {
        (RouteAction::Upload, Some(image)) => image
            .source_bytes_max
            .unwrap_or(config.image.source_bytes_max),
        _ => route.body_bytes_max.unwrap_or(config.server.body_bytes_max),
    }
}

/// How a route's answers are cached; `None`: not at all. Without a `cache` table pictures are kept
/// all the same, and behind a sign-in they are each subject's own, as the policy says it in
/// `stages/plan.rs`.
#[must_use]
pub fn route_cache(route: &Route) -> Option<RouteCache> {
    if route.action.is_upload() {
        return None;
    }
    let signed_in = route.sign_in.is_some();
    match (&route.cache, &route.image) {
        (Some(cache), _) => Some(RouteCache {
            audience: match cache.audience {
                CacheAudience::Private => Audience::Private,
                CacheAudience::Shared if signed_in => Audience::SharedAfterAuthorization,
                CacheAudience::Shared => Audience::Shared,
            },
            default_ttl_s: cache.default_ttl_s,
        }),
        (None, Some(_)) => Some(RouteCache {
            audience: if signed_in {
                Audience::Private
            } else {
                Audience::Shared
            },
            default_ttl_s: None,
        }),
        (None, None) => None,
    }
}

fn origin(server: &OriginServer) -> Origin {
    Origin {
        url: server.url.as_str().to_owned(),
        connect_timeout_ms: server.connect_timeout_ms,
        first_byte_timeout_ms: server.first_byte_timeout_ms,
        idle_timeout_ms: server.idle_timeout_ms,
        preserve_host: server.preserve_host,
    }
}

fn encoding(encoding: SecretEncoding) -> Encoding {
    match encoding {
        SecretEncoding::Utf8 => Encoding::Utf8,
        SecretEncoding::Base64url => Encoding::Base64url,
        SecretEncoding::Hex => Encoding::Hex,
    }
}

fn signatures(config: &GatewayConfig) -> Signatures {
    let per_s = config.policy.unseen_signatures_per_s;
    Signatures {
        per_s,
        per_client_per_s: match config.policy.unseen_signatures_per_client_per_s {
            0 => per_s.div_ceil(4),
            share => share,
        },
    }
}
