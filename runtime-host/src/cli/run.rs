//! `lockgate run`: serve until told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigArgs;
use crate::gate::Gate;
use crate::net::{Listeners, Tls};
use crate::reload::Watch;
use crate::sandbox::precompiled;
use crate::spin::{self, App, Places};
use crate::start::{Current, Options, Starter, worker_threads};
use crate::{admin, secrets};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The folder with policy.wasm and image.wasm; the executable's own folder unless given
    #[arg(long)]
    components: Option<PathBuf>,
    /// Where precompiled components are kept; the user's cache folder unless given
    #[arg(long)]
    store: Option<PathBuf>,
    /// A Spin app whose components can be origins: `http://ID.spin.internal`
    #[arg(long, value_name = "SPIN.TOML")]
    app: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let begun = Instant::now();
    // Changes after this are noticed, also those that come while the gate starts.
    let read_at = SystemTime::now();
    init_logs();
    let sources = args.config.sources();
    let components = args.components.clone().unwrap_or_else(own_folder);
    let options = Options {
        sources,
        policy: components.join("policy.wasm"),
        image: components.join("image.wasm"),
        store: args
            .store
            .clone()
            .unwrap_or_else(precompiled::default_store),
        app: app(args)?,
        native: None,
    };
    let loaded = load(&options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads(&loaded))
        .enable_all()
        .build()
        .context("the I/O threads did not start")?;
    runtime.block_on(serve(options, loaded, begun, read_at))
}

/// The configuration to begin with.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn load(options: &Options) -> anyhow::Result<lockgate_config::Loaded> {
    let loaded = options.load();
    loaded.map_err(|(error, _)| anyhow::anyhow!("the configuration is not used:{error:#}"))
}

/// The app whose components can be origins.
fn app(args: &Args) -> anyhow::Result<Option<Arc<App>>> {
    let Some(path) = &args.app else {
        return Ok(None);
    };
    let store = args.store.clone();
    let places = Places {
        store: store.unwrap_or_else(precompiled::default_store),
        state: None,
        runtime_config: spin::RuntimeConfig::default(),
    };
    let mut manifest = spin::start::manifest(path)?;
    // This gate has its own configuration and stands for no component.
    manifest.make_portable();
    App::load(&manifest, &places).map(Some)
}

/// Serves until told to stop.
///
/// # Errors
/// Where it cannot begin to.
pub(super) async fn serve(
    options: Options,
    loaded: lockgate_config::Loaded,
    begun: Instant,
    read_at: SystemTime,
) -> anyhow::Result<()> {
    // Sockets first: whoever waits for the port is served as soon as the policy is ready.
    let listeners = Listeners::bind(&loaded.config.listeners)?;
    let admin = match &loaded.config.admin {
        Some(admin) => Some(
            tokio::net::TcpListener::bind(admin.address)
                .await
                .with_context(|| format!("cannot listen on {} (admin)", admin.address))?,
        ),
        None => None,
    };
    let tls = Arc::new(Tls::new(&loaded.config.sites)?);
    let starter = Starter::new(options.clone(), &loaded)?;
    let (gate, current) = starter.gate(loaded)?;
    for (name, address) in listeners.local_addrs() {
        tracing::info!(listener = name, %address, "listening");
    }
    if let Some(listener) = admin {
        tracing::info!(address = %listener.local_addr()?, "admin");
        tokio::spawn(admin::serve(listener, gate.clone(), starter.traps()));
    }
    let bundle = gate.generation().bundle_digest.clone();
    let start_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(bundle, start_ms, "ready");
    let serving = tokio::spawn(listeners.serve(gate.clone(), tls.clone()));
    tokio::spawn(reload_for_ever(
        options,
        starter,
        gate.clone(),
        current,
        tls,
        read_at,
    ));
    wait_for_stop().await?;
    gate.start_leaving();
    // As it is now: a reload may have changed it.
    let server = gate.server();
    let drain_timeout = Duration::from_millis(server.drain_timeout_ms);
    if server.drain_delay_ms > 0 {
        tracing::info!(drain_delay_ms = server.drain_delay_ms, "not ready any more");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(server.drain_delay_ms)) => {}
            _ = wait_for_stop() => tracing::warn!("draining at once after a second signal"),
        }
    }
    tracing::info!(in_flight = gate.requests_in_flight(), "draining");
    gate.start_draining();
    tokio::select! {
        _ = serving => {}
        _ = tokio::time::sleep(drain_timeout + Duration::from_secs(1)) => {
            tracing::warn!("connections were cut off at drain_timeout_ms");
        }
        _ = wait_for_stop() => tracing::warn!("stopped at once by a second signal"),
    }
    if !gate.records().close(Duration::from_secs(2)) {
        tracing::warn!(lost = gate.records().lost(), "not all records were written");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Waits for a changed file or SIGHUP, and puts what it finds in force, or says why not.
async fn reload_for_ever(
    options: Options,
    starter: Starter,
    gate: Arc<Gate>,
    mut current: Current,
    tls: Arc<Tls>,
    read_at: SystemTime,
) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        tracing::error!("SIGHUP cannot be watched");
        return;
    };
    let mut watched = watched_files(&current.loaded);
    let mut watch = Watch::since(watched.clone(), read_at);
    let starter = Arc::new(starter);
    loop {
        tokio::select! {
            () = watch.changed() => {}
            _ = hangup.recv() => {
                gate.records().reopen();
                tracing::info!("records reopened");
            }
        }
        let begun = Instant::now();
        let (starter, gate_there, tls, options) =
            (starter.clone(), gate.clone(), tls.clone(), options.clone());
        let task = tokio::task::spawn_blocking(move || {
            let result = reload(&starter, &gate_there, &tls, &options, &current);
            (result, current)
        });
        let Ok((result, kept)) = task.await else {
            tracing::error!("a reload panicked; the configuration stays");
            return;
        };
        current = kept;
        match result {
            Ok(new) => {
                current = new;
                watched = watched_files(&current.loaded);
                watch.set_files(watched.clone());
                gate.metrics().reloads.inc();
                let bundle = gate.generation().bundle_digest.clone();
                let reload_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(bundle, reload_ms, "configuration in force");
            }
            Err((error, files)) => {
                // The files of the broken one are watched as well: its mending must be seen.
                let mut all = watched.clone();
                all.extend(files);
                watch.set_files(all);
                gate.metrics().reloads_refused.inc();
                tracing::error!("changed configuration refused, the old one stays: {error:#}");
            }
        }
    }
}

type ReloadError = (anyhow::Error, Vec<PathBuf>);

fn reload(
    starter: &Starter,
    gate: &Gate,
    tls: &Tls,
    options: &Options,
    current: &Current,
) -> Result<Current, ReloadError> {
    let loaded = options.load()?;
    for key in needs_restart(&current.loaded.config, &loaded.config) {
        tracing::warn!(key, "this change needs a restart");
    }
    let files = watched_files(&loaded);
    let sites = loaded.config.sites.clone();
    let new = tls
        .check(&sites)
        .and_then(|certificates| Ok((starter.next(gate, current, loaded)?, certificates)));
    let (new, certificates) = new.map_err(|error| (error, files))?;
    tls.put(certificates);
    Ok(new)
}

/// What only a restart changes.
fn needs_restart(
    was: &lockgate_config::types::GatewayConfig,
    now: &lockgate_config::types::GatewayConfig,
) -> Vec<&'static str> {
    let mut keys = Vec::new();
    let mut differs = |key, changed: bool| {
        if changed {
            keys.push(key);
        }
    };
    differs("listeners", was.listeners != now.listeners);
    differs("admin", was.admin != now.admin);
    differs("server.threads", was.server.threads != now.server.threads);
    differs(
        "cache.bytes_max",
        was.cache.bytes_max != now.cache.bytes_max,
    );
    differs("image", was.image != now.image);
    differs("record.path", was.record.path != now.record.path);
    differs(
        "record.buffer_bytes_max",
        was.record.buffer_bytes_max != now.record.buffer_bytes_max,
    );
    differs(
        "policy.memory_bytes_max",
        was.policy.memory_bytes_max != now.policy.memory_bytes_max,
    );
    differs(
        "policy.inspection_threads",
        was.policy.inspection_threads != now.policy.inspection_threads,
    );
    differs(
        "policy.inspection_queue_max",
        was.policy.inspection_queue_max != now.policy.inspection_queue_max,
    );
    differs(
        "policy.unseen_signatures_per_s",
        was.policy.unseen_signatures_per_s != now.policy.unseen_signatures_per_s,
    );
    differs(
        "policy.unseen_signatures_per_client_per_s",
        was.policy.unseen_signatures_per_client_per_s
            != now.policy.unseen_signatures_per_client_per_s,
    );
    differs(
        "policy.remembered_tokens_bytes_max",
        was.policy.remembered_tokens_bytes_max != now.policy.remembered_tokens_bytes_max,
    );
    keys
}

fn watched_files(loaded: &lockgate_config::Loaded) -> Vec<PathBuf> {
    let mut files = loaded.files.clone();
    files.extend(secrets::files(&loaded.config));
    for site in loaded.config.sites.values() {
        files.extend(site.certificate.clone());
        files.extend(site.private_key.clone());
    }
    files
}

pub(super) async fn wait_for_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn own_folder() -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Logs go to standard error: lines for a person, JSON for a machine.
pub(super) fn init_logs() {
    use std::io::IsTerminal as _;
    let filter = tracing_subscriber::EnvFilter::try_from_env("LOCKGATE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.with_target(false).init();
    } else {
        builder.json().flatten_event(true).init();
    }
}
