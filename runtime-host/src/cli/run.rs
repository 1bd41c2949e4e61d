//! `lockgate run`: serve until told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use lockgate_versions::{Snapshot, SnapshotError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::ConfigArgs;
use crate::admin;
use crate::net::{Listeners, Tls};
use crate::reloader::{Reloader, Work};
use crate::spin::{self, App, Places};
use crate::start::{Options, Starter, worker_threads};
use crate::versions::Versions;
use lockgate_sandbox::{precompiled, priority};

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
    let versions = OpenVersions::of(&options);
    let loaded = load(&options)?;
    let runtime = runtime(worker_threads(&loaded))?;
    runtime.block_on(serve(options, loaded, versions, (begun, read_at)))
}

/// The I/O threads.
pub(super) fn runtime(threads: usize) -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .on_thread_start(priority::take_short_turns)
        .enable_all()
        .build()
        .context("the I/O threads did not start")
}

/// Versions of the rules, opened before the rules are loaded: a change that a crash has left half-way is at its end
/// then.
pub(super) struct OpenVersions {
    versions: Arc<Versions>,
    asked: mpsc::Receiver<Work>,
    /// What lay in the folder before it was loaded.
    folder: Result<Snapshot, SnapshotError>,
}

impl OpenVersions {
    /// Those that the configuration names.
    pub(super) fn of(options: &Options) -> Option<Self> {
        let config = lockgate_config::early(&options.sources).rule_versions?;
        let (versions, asked) = Versions::open(config);
        let folder = versions.read_folder();
        Some(Self {
            versions,
            asked,
            folder,
        })
    }
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
    versions: Option<OpenVersions>,
    (begun, read_at): (Instant, SystemTime),
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
    let (versions, asked) = match versions {
        None => (None, mpsc::channel(1).1),
        Some(open) => {
            open.versions.set_tokens(&current.loaded.config);
            open.versions.record_folder(open.folder);
            (Some(open.versions), open.asked)
        }
    };
    if let Some(listener) = admin {
        tracing::info!(address = %listener.local_addr()?, "admin");
        let traps = starter.traps();
        tokio::spawn(admin::serve(
            listener,
            gate.clone(),
            traps,
            versions.clone(),
        ));
    }
    let bundle = gate.generation().bundle_digest.clone();
    let start_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(bundle, start_ms, "ready");
    let serving = tokio::spawn(listeners.serve(gate.clone(), tls.clone()));
    let reloader = Reloader::new(
        options,
        starter,
        gate.clone(),
        tls,
        current,
        versions.clone(),
    );
    tokio::spawn(reloader.run(asked, read_at));
    wait_for_stop().await?;
    gate.start_leaving();
    if let Some(versions) = versions {
        versions.leave();
    }
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
