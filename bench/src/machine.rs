//! Where and when it was measured, and whether the machine was quiet.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cpu::core_ticks;
use crate::firewall;
use crate::process::{LOAD_CORE, SERVER_CORE, find_program, output_of};
use crate::sharp;
use crate::spin;
use crate::work::Work;

/// A core is quiet when it is busy for less than this.
const BUSY_PERCENT_MAX: f64 = 6.0;
const WINDOW: Duration = Duration::from_secs(5);
const QUIET_WINDOWS: u32 = 4;
const WAIT_MAX: Duration = Duration::from_secs(600);

/// Cores, memory, kernel, processor.
pub(crate) fn facts() -> Value {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kb = memory.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()
    });
    json!({
        "cores": cores,
        "cpu": field("model name"),
        "cpu_mhz": field("cpu MHz"),
        "kernel": read("/proc/sys/kernel/osrelease"),
        "memory_mb": memory_kb.map(|kb| kb / 1024),
        "server_core": SERVER_CORE,
        "load_core": LOAD_CORE,
    })
}

/// Versions of everything that was measured.
pub(crate) fn versions(work: &Work) -> Value {
    let of = |program: &str, argument: &str| {
        let path = find_program(program)?;
        output_of(&path, &[argument])
            .lines()
            .next()
            .map(str::to_owned)
    };
    let git = |arguments: &[&str]| {
        let path = find_program("git")?;
        let root = work.root().display().to_string();
        Some(output_of(&path, &[&["-C", &root], arguments].concat()))
    };
    let lockgate = work.dist("lockgate").ok();
    json!({
        "lockgate": lockgate.map(|path| output_of(&path, &["--version"])),
        "commit": git(&["rev-parse", "HEAD"]),
        "uncommitted_changes": git(&["status", "--porcelain"]).map(|text| !text.is_empty()),
        "rustc": of("rustc", "--version"),
        "nginx": of("nginx", "-v"),
        "varnish": of("varnishd", "-V"),
        "node": of("node", "--version"),
        "sharp": sharp::version(work),
        "libmodsecurity": firewall::modsecurity_version(work),
        "wasmtime": spin::wasmtime_version(work),
        "spin": of("spin", "--version"),
    })
}

/// The date and time, UTC.
pub(crate) fn now() -> String {
    output_of(Path::new("date"), &["-u", "+%Y-%m-%dT%H:%M:%SZ"])
}

/// Waits until both cores have been quiet for 20 seconds; false when that did not come about.
pub(crate) fn wait_for_quiet() -> bool {
    let begun = Instant::now();
    let (mut quiet, mut said) = (0, false);
    while begun.elapsed() < WAIT_MAX {
        let busy = busy_percent(WINDOW);
        if busy < BUSY_PERCENT_MAX {
            quiet += 1;
            if quiet == QUIET_WINDOWS {
                return true;
            }
        } else {
            quiet = 0;
            if !said {
                eprintln!(
                    "waiting for a quiet machine, ten minutes at most (now {busy:.0} % busy)"
                );
                said = true;
            }
        }
    }
    eprintln!("the machine is not quiet: the figures will be rough");
    false
}

/// The busier of the two cores over `window`, in percent.
fn busy_percent(window: Duration) -> f64 {
    let before = [SERVER_CORE, LOAD_CORE].map(core_ticks);
    thread::sleep(window);
    let after = [SERVER_CORE, LOAD_CORE].map(core_ticks);
    let share = |((busy_0, total_0), (busy_1, total_1)): ((u64, u64), (u64, u64))| {
        100.0 * (busy_1 - busy_0) as f64 / (total_1 - total_0).max(1) as f64
    };
    before
        .into_iter()
        .zip(after)
        .filter_map(|(before, after)| Some(share((before?, after?))))
        .fold(0.0, f64::max)
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path)
        .ok()
        .map(|text| text.trim().to_owned())
}
