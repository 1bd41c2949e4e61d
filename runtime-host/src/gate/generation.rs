//! What one configuration made: everything that a request looks up, ready. A request keeps the
//! generation that it began with until its record is written.

use std::sync::Arc;

use lockgate_bundle::Bundle;
use lockgate_compile::Compiled;
use lockgate_config::Loaded;
use lockgate_config::types::{
    AddressMask, CacheAudience, GatewayConfig, ImageFormat, RouteAction, Server,
};
use lockgate_firewall::CompiledRate;
use lockgate_http_cache::{Audience, RoutePolicy};
use lockgate_limits::{Cells, Limiter};
use lockgate_shell::PictureLimits;
use lockgate_shell::inspection::InspectionPlan;
use sha2::{Digest as _, Sha256};

use super::RouteFields;
use super::watermark::Watermarks;
use crate::geo::Geo;
use crate::image::InPlaceOfAvif;
use crate::origin::{Origin, Origins};
use crate::policy::{Pool, Secrets};

/// One loaded configuration.
pub struct Generation {
    /// The configuration.
    pub config: Arc<GatewayConfig>,
    /// The same with its rules, as they were loaded.
    pub loaded: Arc<Loaded>,
    /// `[server]`, for the listeners.
    pub server: Arc<Server>,
    /// The policy's ready instances.
    pub pool: Arc<Pool>,
    /// The limits.
    pub limiter: Limiter,
    /// Clients of the origins.
    pub origins: Origins,
    /// Where clients are, where rules ask for it.
    pub geo: Option<Arc<Geo>>,
    /// A rule asks for the fingerprint of the TLS hello.
    pub reads_tls_fingerprint: bool,
    /// Digest of keys and sign-in configuration, part of every remembered token's key.
    pub sign_in_digest: [u8; 32],
    /// SHA-256 of the bundle, hexadecimal.
    pub bundle_digest: String,
    /// Its first eight bytes, for records.
    pub bundle_tag: [u8; 8],
    /// How client addresses are recorded.
    pub address_mask: lockgate_record::AddressMask,
    /// Sites that have routes with pictures.
    pub picture_sites: usize,
    sites: Vec<String>,
    /// At the index of the site.
    inspections: Vec<Option<InspectionPlan>>,
    /// At the index of the site.
    rules_body_bytes: Vec<Option<u32>>,
    routes: Vec<Route>,
    rules: Vec<String>,
    /// At the number of the rule.
    rates: Vec<Option<Rate>>,
    limits: Vec<String>,
}

/// What a rate-based rule counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Requests in a window that are within the limit.
    pub limit: u32,
    /// The window, nanoseconds.
    pub window_ns: u64,
}

/// What is fixed for a route.
pub struct Route {
    /// Its name.
    pub name: String,
    /// Its origin.
    pub origin: Option<(String, Arc<Origin>)>,
    /// How its answers are cached.
    pub cache: Option<RoutePolicy>,
    /// The most bytes of a request's body.
    pub body_bytes_max: u64,
    /// Bounds of its pictures; `None`: it makes none.
    pub image: Option<PictureLimits>,
    /// What its pictures are in place of AVIF while too many wait.
    pub in_place_of_avif: InPlaceOfAvif,
    /// The watermarks that its pictures have had.
    pub watermarks: Watermarks,
    /// Fields set on every response, replacing the origin's.
    pub response_fields: RouteFields,
}

impl Route {
    /// Whether the requests of the route bring the source of their picture along.
    #[must_use]
    pub fn is_upload(&self) -> bool {
        self.image.as_ref().is_some_and(|image| image.upload)
    }
}

impl Rate {
    fn of(compiled: &CompiledRate) -> Self {
        Self {
            limit: compiled.limit,
            window_ns: u64::from(compiled.window_s).saturating_mul(1_000_000_000),
        }
    }
}

impl Generation {
    /// Puts the parts together. `compiled` was made of `loaded`, so their indexes agree.
    ///
    /// # Errors
    /// Where a limit cannot be built.
    pub fn new(
        loaded: &Arc<Loaded>,
        compiled: &Compiled,
        pool: Arc<Pool>,
        cells: Arc<Cells>,
        origins: Origins,
        geo: Option<Arc<Geo>>,
        secrets: &Secrets,
    ) -> anyhow::Result<Self> {
        let config = Arc::new(loaded.config.clone());
        let limiter = Limiter::new(&lockgate_compile::limit_specs(&config), cells)?;
        let routes = config
            .sites
            .values()
            .flat_map(|site| &site.routes)
            .map(|route| make_route(&config, route, &origins))
            .collect();
        let bundle = &compiled.bundle;
        let bundle_digest = compiled.digest.clone();
        let bundle_tag = lockgate_sandbox::tag(&bundle_digest);
        Ok(Self {
            server: Arc::new(config.server.clone()),
            pool,
            limiter,
            origins,
            geo: geo.filter(|_| {
                let mut firewalls = bundle.firewalls.iter().map(|firewall| &firewall.compiled);
                firewalls.any(|rules| rules.reads_country() || rules.reads_asn())
            }),
            reads_tls_fingerprint: {
                let mut firewalls = bundle.firewalls.iter().map(|firewall| &firewall.compiled);
                firewalls.any(lockgate_firewall::CompiledFirewall::reads_tls_fingerprint)
            },
            sign_in_digest: sign_in_digest(bundle, secrets),
            bundle_digest,
            bundle_tag,
            address_mask: match config.record.mask_client_address {
                AddressMask::None => lockgate_record::AddressMask::None,
                AddressMask::Subnet => lockgate_record::AddressMask::Subnet,
            },
            picture_sites: config
                .sites
                .values()
                .filter(|site| site.routes.iter().any(|route| route.image.is_some()))
                .count(),
            sites: config.sites.keys().cloned().collect(),
            inspections: compiled.inspections.clone(),
            rules_body_bytes: lockgate_compile::rules_body_bytes(bundle),
            routes,
            rules: bundle.rule_names.clone(),
            rates: bundle
                .firewalls
                .iter()
                .flat_map(|firewall| &firewall.compiled.rules)
                .map(|rule| rule.rate.as_ref().map(Rate::of))
                .collect(),
            limits: config.rate_limits.keys().cloned().collect(),
            config,
            loaded: loaded.clone(),
        })
    }

    /// The route of a verdict.
    #[must_use]
    pub fn route(&self, index: u16) -> Option<&Route> {
        self.routes.get(usize::from(index))
    }

    /// How the site's program inspects requests, where it has one.
    #[must_use]
    pub fn inspection(&self, site: u16) -> Option<&InspectionPlan> {
        self.inspections.get(usize::from(site))?.as_ref()
    }

    /// Bytes of a body that the site's own rules look at; `None` where none does.
    #[must_use]
    pub fn rules_body_bytes(&self, site: u16) -> Option<u32> {
        *self.rules_body_bytes.get(usize::from(site))?
    }

    pub(crate) fn rate(&self, rule: u16) -> Option<&Rate> {
        self.rates.get(usize::from(rule))?.as_ref()
    }

    pub(crate) fn site_name(&self, index: u16) -> Option<&str> {
        self.sites.get(usize::from(index)).map(String::as_str)
    }

    pub(crate) fn route_name(&self, index: u16) -> Option<&str> {
        self.route(index).map(|route| route.name.as_str())
    }

    pub(crate) fn origin_name(&self, route: u16) -> Option<&str> {
        self.route(route)?
            .origin
            .as_ref()
            .map(|(name, _)| name.as_str())
    }

    pub(crate) fn rule_name(&self, index: u16) -> Option<&str> {
        self.rules.get(usize::from(index)).map(String::as_str)
    }

    pub(crate) fn limit_name(&self, index: u16) -> Option<&str> {
        self.limits.get(usize::from(index)).map(String::as_str)
    }
}

/// Digest of everything that decides on a token: the sign-ins and, since the bundle only names
/// them, the secrets themselves. A rotated secret forgets all tokens that the old one signed.
fn sign_in_digest(bundle: &Bundle, secrets: &Secrets) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(bundle.sign_in_digest());
    for (name, secret) in secrets {
        for part in [name.as_bytes(), secret] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

fn make_route(
    config: &GatewayConfig,
    route: &lockgate_config::types::Route,
    origins: &Origins,
) -> Route {
    let origin = match &route.action {
        RouteAction::Origin(name) => origins.get(name).map(|origin| (name.clone(), origin)),
        RouteAction::Respond(_) | RouteAction::Upload => None,
    };
    let signed_in = route.sign_in.is_some();
    let audience = |audience| match audience {
        CacheAudience::Private => Audience::Private,
        CacheAudience::Shared if signed_in => Audience::SharedAfterAuthorization,
        CacheAudience::Shared => Audience::Shared,
    };
    // As the policy says it in `stages/plan.rs`: without a `cache` table pictures behind a
    // sign-in are each subject's own.
    let kept = route.image.as_ref().filter(|image| !image.upload);
    let image = kept.map(|_| RoutePolicy {
        audience: if signed_in {
            Audience::Private
        } else {
            Audience::Shared
        },
        default_ttl_s: None,
    });
    let cache = route.cache.as_ref().map(|cache| RoutePolicy {
        audience: audience(cache.audience),
        default_ttl_s: cache.default_ttl_s,
    });
    let response_fields = route
        .response_headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Route {
        name: route.label().to_owned(),
        origin,
        cache: cache.or(image),
        body_bytes_max: lockgate_compile::body_bytes_max(config, route),
        image: route
            .image
            .as_ref()
            .map(|image| lockgate_compile::picture_limits(config, image)),
        in_place_of_avif: route.image.as_ref().map_or(
            InPlaceOfAvif {
                webp: false,
                quality: 80,
            },
            |image| InPlaceOfAvif {
                webp: image.formats.contains(&ImageFormat::Webp),
                quality: image.quality,
            },
        ),
        watermarks: Watermarks::default(),
        response_fields: RouteFields::new(response_fields),
    }
}
