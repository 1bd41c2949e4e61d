//! `lockgate up`: run a Spin app until told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::config::print;
use super::run::{init_logs, wait_for_stop};
use crate::net::{Listeners, Tls};
use crate::sandbox::precompiled;
use crate::spin::{self, App, Places};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The manifest, or the folder that it is in
    #[arg(default_value = "spin.toml")]
    manifest: PathBuf,
    /// An address to listen on; may be given several times
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    listen: Vec<SocketAddr>,
    /// Where key-value stores and databases are kept; `.spin` beside the manifest unless given
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// Where decision records go; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    records: String,
    /// Where precompiled components are kept; the user's cache folder unless given
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// I/O threads; one a core unless given
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    threads: u32,
    /// Only check the manifest and load the components
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let begun = Instant::now();
    init_logs();
    let manifest = spin::start::manifest(&args.manifest)?;
    let config = spin::start::config(&args.listen, &args.records, args.threads)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(crate::start::threads(&config))
        .enable_all()
        .build()
        .context("the I/O threads did not start")?;
    let store = args.store.clone();
    let places = Places {
        store: store.unwrap_or_else(precompiled::default_store),
        state: args.state_dir.clone(),
    };
    runtime.block_on(async {
        // Sockets first: whoever waits for the port is served as soon as the app is ready.
        let listeners = Listeners::bind(&config.listeners)?;
        let app = App::load(&manifest, &places)?;
        if args.check {
            return print(&format!("ok: {}\n", summary(&app)));
        }
        serve(listeners, config, app, begun).await
    })
}

async fn serve(
    listeners: Listeners,
    config: lockgate_config::types::GatewayConfig,
    app: Arc<App>,
    begun: Instant,
) -> anyhow::Result<()> {
    let tls = Arc::new(Tls::new(&config.sites)?);
    for (route, _) in app.routes.iter() {
        tracing::info!(route, "route");
    }
    let gate = spin::start::gate(config, app)?;
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
