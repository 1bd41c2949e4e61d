//! `lockgate up`: run a Spin app until told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use lockgate_config::Sources;

use super::config::print;
use super::environment;
use super::run::{self, init_logs, runtime, wait_for_stop};
use crate::net::{Listeners, Tls};
use crate::spin::native::CommandLine;
use crate::spin::{self, App, Native, Places};
use crate::start::{Options, Starter, worker_threads};
use lockgate_sandbox::precompiled;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The manifest, or the folder that it is in
    #[arg(default_value = "spin.toml")]
    manifest: PathBuf,
    /// An address to listen on; may be given several times
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    listen: Vec<SocketAddr>,
    /// Run the gateway's component as Spin does, also where `tool.lockgate` names the files of
    /// the native path
    #[arg(long)]
    portable: bool,
    /// The address of health and metrics; none unless given
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// Where key-value stores and databases are kept; `.spin` beside the manifest unless given
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// Where key-value stores are, other than there: a runtime configuration of Spin
    #[arg(long, value_name = "FILE")]
    runtime_config: Option<PathBuf>,
    /// Where decision records go; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    records: String,
    /// Where precompiled components are kept; the user's cache folder unless given
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// I/O threads; as the gateway's configuration says, or one a core, unless given
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    threads: u32,
    /// Only check the manifest and load the components
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let begun = Instant::now();
    let read_at = SystemTime::now();
    init_logs();
    let mut manifest = spin::start::manifest(&args.manifest)?;
    if args.portable {
        manifest.make_portable();
    }
    let store = args.store.clone();
    let places = Places {
        store: store.unwrap_or_else(precompiled::default_store),
        state: args.state_dir.clone(),
        runtime_config: spin::start::runtime_config(args.runtime_config.as_deref())?,
    };
    let given = CommandLine {
        listen: args.listen.clone(),
        admin: args.admin,
        records: args.records.clone(),
        threads: args.threads,
    };
    if let Some(native) = Native::of(&manifest, given)? {
        let app = App::load(&manifest, &places)?;
        return run_native(native, app, places.store, args.check, (begun, read_at));
    }
    let config = spin::start::config(&args.listen, &args.records, args.threads)?;
    let runtime = runtime(crate::start::threads(&config))?;
    runtime.block_on(async {
        // Sockets first: whoever waits for the port is served as soon as the app is ready.
        let listeners = Listeners::bind(&config.listeners)?;
        let app = App::load(&manifest, &places)?;
        if args.check {
            return print(&format!("ok: {}\n", summary(&app)));
        }
        serve(listeners, config, app, args.admin, begun).await
    })
}

/// The gate with its policy, and the app around it.
fn run_native(
    native: Native,
    app: Arc<App>,
    store: PathBuf,
    check: bool,
    (begun, read_at): (Instant, SystemTime),
) -> anyhow::Result<()> {
    let summary = format!("{}; {:?} is the gate itself", summary(&app), native.id);
    let options = Options {
        sources: Sources {
            base: native.config().to_owned(),
            overlays: Vec::new(),
            env: environment(),
        },
        policy: native.policy.clone(),
        image: native.image.clone(),
        store,
        app: Some(app.clone()),
        native: Some(Arc::new(native)),
    };
    let versions = if check {
        None
    } else {
        run::OpenVersions::of(&options)
    };
    let loaded = run::load(&options)?;
    if check {
        Starter::new(options, &loaded)?.check(loaded)?;
        return print(&format!("ok: {summary}\n"));
    }
    log_routes(&app);
    let runtime = runtime(worker_threads(&loaded))?;
    runtime.block_on(run::serve(options, loaded, versions, (begun, read_at)))
}

fn log_routes(app: &App) {
    for (route, _) in app.routes.iter() {
        tracing::info!(route, "route");
    }
}

async fn serve(
    listeners: Listeners,
    config: lockgate_config::types::GatewayConfig,
    app: Arc<App>,
    admin: Option<SocketAddr>,
    begun: Instant,
) -> anyhow::Result<()> {
    let tls = Arc::new(Tls::new(&config.sites)?);
    log_routes(&app);
    let gate = spin::start::gate(config, app)?;
    if let Some(address) = admin {
        let listener = tokio::net::TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address} (admin)"))?;
        tracing::info!(address = %listener.local_addr()?, "admin");
        tokio::spawn(crate::admin::serve(
            listener,
            gate.clone(),
            Arc::default(),
            None,
        ));
    }
    let drain_timeout = Duration::from_millis(gate.server().drain_timeout_ms);
    for (name, address) in listeners.local_addrs() {
        tracing::info!(listener = name, %address, "listening");
    }
    let start_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(start_ms, "ready");
    let serving = tokio::spawn(listeners.serve(gate.clone(), tls));
    wait_for_stop().await?;
    tracing::info!(in_flight = gate.requests_in_flight(), "draining");
    gate.start_draining();
    tokio::select! {
        _ = serving => {}
        () = tokio::time::sleep(drain_timeout + Duration::from_secs(1)) => {
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

fn summary(app: &App) -> String {
    let routes: Vec<&str> = app.routes.iter().map(|(route, _)| route).collect();
    format!("{} with the routes {}", app.name, routes.join(", "))
}
