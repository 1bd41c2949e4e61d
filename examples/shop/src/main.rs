//! The `lockgate-shop` binary: reads the options, starts the shop, stops on SIGTERM or SIGINT.

use std::io::Write;

use anyhow::Context;
use clap::Parser;
use lockgate_shop::{Options, Shop};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(folder) = &options.write_pictures {
        return lockgate_shop::write_pictures(&options, folder)
            .with_context(|| format!("cannot write pictures to {}", folder.display()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads)
        .max_blocking_threads(16)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(options));
    // Pictures still being drawn need not hold up the end.
    runtime.shutdown_background();
    ended
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let brand = options.brand.clone();
    let shop = Shop::start(options).await?;
    let mut line = format!("lockgate-shop: {brand} listens on {}", shop.address());
    if let Some(faults) = shop.fault_address() {
        line.push_str(&format!(", faults on {faults}"));
    }
    // One line, flushed: whoever started the shop waits for it and reads the port from it.
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush())?;
    drop(stdout);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    shop.stop().await;
    Ok(())
}
