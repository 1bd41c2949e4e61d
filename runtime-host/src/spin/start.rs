//! A gate that serves an app directly, without a policy.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use lockgate_bundle::Bundle;
use lockgate_compile::Compiled;
use lockgate_config::types::GatewayConfig;
use lockgate_config::{Loaded, ProvenanceMap};
use lockgate_limits::Cells;
use lockgate_spin_apps::manifest::{self, Manifest};

use super::{App, CHAINING_SUFFIX, RuntimeConfig};
use crate::cache::MemoryCache;
use crate::gate::{Gate, Generation, Parts};
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::policy::{Inspection, Pool, Signatures, TokenMemory};
use crate::start;

/// The limits' cells; there are no limits.
const LIMIT_CELLS: usize = 1 << 10;

/// Reads a manifest: a file, or the `spin.toml` of a folder.
///
/// # Errors
/// Everything that is wrong with it.
pub fn manifest(path: &Path) -> anyhow::Result<Manifest> {
    let file = if path.is_dir() {
        path.join("spin.toml")
    } else {
        path.to_owned()
    };
    manifest::load(&file).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the app is not run:\n{}", faults.join("\n"))
    })
}

/// Reads a runtime configuration; without a file it says nothing.
///
/// # Errors
/// Everything that is wrong with it.
pub fn runtime_config(file: Option<&Path>) -> anyhow::Result<RuntimeConfig> {
    let Some(file) = file else {
        return Ok(RuntimeConfig::default());
    };
    RuntimeConfig::load(file).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(
            "the runtime configuration is not used:\n{}",
            faults.join("\n")
        )
    })
}

/// Whether every origin that names a component of an app finds it.
///
/// # Errors
/// Names the first that does not.
pub fn check_origins(app: Option<&App>, config: &GatewayConfig) -> anyhow::Result<()> {
    for (name, origin) in &config.origins {
        let Some(id) = origin.url.authority().strip_suffix(CHAINING_SUFFIX) else {
            continue;
        };
        let Some(app) = app else {
            anyhow::bail!(
                "origins.{name}.url names the component {id:?}, but there is no app: \
                 give its manifest with --app"
            );
        };
        if app.component(id).is_none() {
            anyhow::bail!("origins.{name}.url: the app has no component {id:?}");
        }
    }
    Ok(())
}

/// The configuration of a listener without sites: all defaults of `[server]`.
///
/// # Errors
/// Never, unless the types change.
pub fn config(listen: &[SocketAddr], records: &str, threads: u32) -> anyhow::Result<GatewayConfig> {
    let config = serde_json::json!({
        "version": 1,
        "listeners": { "app": { "addresses": listen } },
        "server": { "threads": threads },
        "record": { "path": records },
    });
    Ok(serde_json::from_value(config)?)
}

/// The gate around an app.
///
/// # Errors
/// Where records cannot be written or a thread does not start.
pub fn gate(config: GatewayConfig, app: Arc<App>) -> anyhow::Result<Arc<Gate>> {
    let cells = Arc::new(Cells::new(LIMIT_CELLS, start::seeds()));
    let records = start::open_records(&config.record)?;
    let signatures = Signatures::new(&config.policy, cells.clone())?;
    let loaded = Loaded {
        config,
        rules: BTreeMap::new(),
        origins: ProvenanceMap::new(),
        rules_origins: BTreeMap::new(),
        files: Vec::new(),
    };
    let generation = Generation::new(
        &Arc::new(loaded),
        &Compiled {
            bundle: Bundle::default(),
            bytes: Vec::new(),
            digest: "0".repeat(64),
            inspections: Vec::new(),
            files: Vec::new(),
        },
        Pool::none(),
        cells.clone(),
        Origins::new(&Default::default()),
        None,
        &Vec::new(),
    )?;
    Ok(Gate::new(Parts {
        generation,
        cells,
        cache: MemoryCache::new(1 << 16, 1 << 10),
        tokens: TokenMemory::new(1 << 16),
        inspection: Inspection::start("inspect", 1, 1)?,
        signatures,
        images: None,
        records,
        metrics: Metrics::new(),
        component_tag: [0; 8],
        app: Some(app),
    }))
}
