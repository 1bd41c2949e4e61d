//! `lockgate-bench`: measures Lockgate beside named peers. `cargo xtask bench gateway`,
//! `cargo xtask bench firewall`, `cargo xtask bench spin` and `cargo xtask bench image` build and run it; `bench/README.md`
//! says what is measured and how.

mod caller;
mod cpu;
mod fetch;
mod firewall;
mod gate;
mod gateway;
mod groups;
mod image;
mod latency;
mod load;
mod machine;
mod peers;
mod process;
mod random;
mod report;
mod requests;
mod response;
mod rounds;
mod sharp;
mod spin;
mod steady;
mod work;

use anyhow::{Context, Result, bail};
use clap::Parser;
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Map, json};

use crate::groups::{Bench, Benchmark, chosen};
use crate::process::LOAD_CORE;
use crate::requests::RequestSet;
use crate::rounds::Plan;
use crate::work::Work;

/// Measures Lockgate beside named peers.
#[derive(Debug, Parser)]
#[command(name = "lockgate-bench")]
enum Cli {
    /// The gateway: hits, proxying, bodies, pictures, starts and growth
    Gateway(Options),
    /// The firewall: the Core Rule Set, native rules, User-Agents, memory
    Firewall(Options),
    /// Spin apps: a component in our host and in others, the gateway as a component, starts
    Spin(Options),
    /// Pictures: image.wasm beside Sharp
    Image(Options),
    /// Measures the memory of instances, as a process of its own
    #[command(hide = true)]
    Instances(firewall::Instances),
}

#[derive(Debug, clap::Args)]
struct Options {
    /// One round of one second each, to try something out
    #[arg(long)]
    quick: bool,
    /// So many rounds of each contender
    #[arg(long, value_name = "NUMBER")]
    rounds: Option<usize>,
    /// Only these figures or groups of figures
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

fn main() -> Result<()> {
    match Cli::parse() {
        Cli::Gateway(options) => measure(&gateway::BENCHMARK, &options),
        Cli::Firewall(options) => measure(&firewall::BENCHMARK, &options),
        Cli::Spin(options) => measure(&spin::BENCHMARK, &options),
        Cli::Image(options) => measure(&image::BENCHMARK, &options),
        Cli::Instances(arguments) => firewall::run_instances(&arguments),
    }
}

fn measure(benchmark: &Benchmark, options: &Options) -> Result<()> {
    let groups = chosen(benchmark.groups, &options.only)?;
    let work = Work::new()?;
    peers::ports_are_free()?;
    let cores = std::thread::available_parallelism()?.get();
    if cores <= LOAD_CORE {
        bail!("two cores are needed: one for the server, one for the load");
    }
    more_open_files()?;
    let bench = Bench {
        requests: RequestSet::new()?,
        plan: Plan::new(options.quick, options.rounds),
        quick: options.quick,
        work,
    };
    (benchmark.prepare)(&bench, &groups);
    stay_on_core(LOAD_CORE)?;
    let quiet = options.quick || machine::wait_for_quiet();
    let begun = machine::now();
    let mut all = Vec::new();
    for group in &groups {
        eprintln!("{}", group.name);
        all.extend(group.measure(&bench));
    }
    let mut about = Map::new();
    let mut put = |name: &str, value| about.insert(name.to_owned(), value);
    put("benchmark", json!(benchmark.name));
    put("begun", json!(begun));
    put("ended", json!(machine::now()));
    put("quick", json!(options.quick));
    put("quiet", json!(quiet && !options.quick));
    put("machine", machine::facts());
    put("versions", machine::versions(&bench.work));
    put("requests", bench.describe_requests());
    let whole = options.only.is_empty() && !options.quick && options.rounds.is_none();
    let name = format!("{}.json", benchmark.name);
    let path = if whole {
        bench.work.own("results").join(name)
    } else {
        bench.work.folder().join(name)
    };
    report::write(&path, about, &all)?;
    print!("{}", report::table(&all));
    println!("\nwritten to {}", path.display());
    Ok(())
}

/// This program and, until they say otherwise, what it starts.
fn stay_on_core(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).context("cannot stay on one core")
}

/// A thousand connections at a gate with an origin take two thousand files there.
fn more_open_files() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")
}
