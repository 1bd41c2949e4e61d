//! From a checked configuration to the policy bundle.
//!
//! **Indexes**, on which host and policy both rely: sites stand in the order of their names (that
//! of `GatewayConfig::sites`), routes in the order of sites and then of their file, limits in the
//! order of their names (that of `GatewayConfig::rate_limits`), sign-ins likewise.
//!
//! The same configuration gives the same bytes. The only files read are the JWK Sets and those of a
//! Core Rule Set; everything else stands in [`Loaded`]. Secrets are named, never read.

mod fault;
mod firewall;
mod image;
mod inspection;
mod kept;
mod limits;
mod plans;
mod programs;
mod shadows;
mod shell;
mod sign_in;

pub use fault::Fault;
pub use firewall::{compile_rules, needs_host};
pub use image::picture_limits;
pub use limits::limit_specs;
pub use programs::{Trial, crs_files, crs_of};
pub use shadows::warnings;
pub use shell::{body_bytes_max, route_cache, rules_body_bytes, shell_document};

use std::path::{Path, PathBuf};

use lockgate_bundle::{Bundle, ClientAddressFrom, Heads, Site};
use lockgate_config::types::{self as config, PathParameters};
use lockgate_config::{GatewayConfig, Loaded};
use lockgate_route::RouteTableBuilder;
use lockgate_shell::inspection::InspectionPlan;

/// A bundle, ready for the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The bundle as data.
    pub bundle: Bundle,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The SHA-256 of `bytes`, 64 hexadecimal digits.
    pub digest: String,
    /// How the requests of each site are inspected beyond their heads, at the index of the site.
    pub inspections: Vec<Option<InspectionPlan>>,
    /// Files that were read for it beyond those of the configuration: those to watch as well.
    pub files: Vec<PathBuf>,
}

/// Compiles a configuration.
///
/// # Errors
/// Everything that is wrong: what the configuration's own checks cannot see, such as a JWK Set
/// with a weak key.
pub fn compile(loaded: &Loaded) -> Result<Compiled, Vec<Fault>> {
    compile_keeping(loaded, None)
}

/// The same, with a folder where programs are kept that take long to compile, for the next start.
///
/// # Errors
/// As [`compile`].
pub fn compile_keeping(loaded: &Loaded, store: Option<&Path>) -> Result<Compiled, Vec<Fault>> {
    compile_with(loaded, store, None)
}

/// The same, with directives to try out: for those who ask what a change would do.
///
/// # Errors
/// As [`compile`].
pub fn compile_trial(loaded: &Loaded, trial: &Trial) -> Result<Compiled, Vec<Fault>> {
    compile_with(loaded, None, Some(trial))
}

fn compile_with(
    loaded: &Loaded,
    store: Option<&Path>,
    trial: Option<&Trial>,
) -> Result<Compiled, Vec<Fault>> {
    let config = &loaded.config;
    let mut faults = Vec::new();
    let mut bundle = Bundle {
        image_dimension_max: config.image.dimension_max,
        heads: heads(config),
        limits: limits::compile(config, &mut faults),
        sign_ins: sign_in::compile(config, &mut faults),
        ..Bundle::default()
    };
    let mut firewalls = firewall::Firewalls::default();
    let mut programs = programs::Programs::new(store).trying(trial);
    let mut table = RouteTableBuilder::new();
    for (number, (name, site)) in (0..).zip(&config.sites) {
        bundle.sites.push(Site {
            name: name.clone(),
            firewall: firewalls.of(loaded, name, site, &mut faults),
            program: programs.of(loaded, name, site, &mut faults),
            path_parameters: site.path_parameters == PathParameters::Forward,
            unknown_coding_passes: inspection::unknown_coding_passes(loaded, site),
        });
        let hosts: Vec<&str> = site.hosts.iter().map(|host| host.as_str()).collect();
        let key = format!("sites.{name}");
        let index = match table.add_site(name, &hosts) {
            Ok(index) => index,
            Err(error) => {
                faults.push(Fault::new(format!("{key}.hosts"), error.to_string()));
                continue;
            }
        };
        for (place, route) in site.routes.iter().enumerate() {
            let key = format!("{key}.routes[{place}]");
            match table.add_route(index, &route.methods(), route.path.as_str()) {
                Ok(_) => {}
                Err(error) => faults.push(Fault::new(format!("{key}.path"), error.to_string())),
            }
            let plan = plans::compile(config, number, site, route, &key, &mut faults);
            bundle.plans.push(plan);
        }
    }
    bundle.routes = table.finish();
    (bundle.firewalls, bundle.rule_names) = firewalls.finish(&mut faults);
    let programs = programs.finish();
    bundle.programs = programs.programs;
    if !faults.is_empty() {
        let placed = faults
            .into_iter()
            .map(|fault| fault.placed(&loaded.origins));
        return Err(placed.collect());
    }
    let bytes = bundle
        .to_bytes(
            &programs
                .images
                .iter()
                .map(|image| image.as_slice())
                .collect::<Vec<_>>(),
        )
        .map_err(|error| vec![Fault::new("", error.to_string())])?;
    let digest = lockgate_bundle::digest(&bytes).to_string();
    Ok(Compiled {
        bundle,
        bytes,
        digest,
        inspections: config
            .sites
            .values()
            .map(|site| inspection::of(loaded, site))
            .collect(),
        files: programs.files,
    })
}

fn heads(config: &GatewayConfig) -> Heads {
    let server = &config.server;
    Heads {
        target_bytes_max: server.target_bytes_max,
        header_count_max: server.headers_max,
        // The listener has the limit of its protocol; the policy has the wider one.
        header_bytes_max: server
            .header_bytes_max
            .max(server.http2.header_list_bytes_max),
        trusted_proxies: server
            .trusted_proxies
            .iter()
            .map(|range| String::from(*range))
            .collect(),
        client_address_from: match server.client_address_from {
            config::ClientAddressFrom::Either => ClientAddressFrom::Either,
            config::ClientAddressFrom::XForwardedFor => ClientAddressFrom::XForwardedFor,
            config::ClientAddressFrom::Forwarded => ClientAddressFrom::Forwarded,
        },
    }
}

/// The place of a name in a sorted map: its index in the bundle.
fn index_of<T>(map: &std::collections::BTreeMap<String, T>, name: &str) -> Option<u16> {
    let at = map.keys().position(|known| known == name)?;
    u16::try_from(at).ok()
}
