//! What a server costs: CPU time in nanoseconds and memory, of all its processes and threads.
//!
//! The time is what the scheduler adds up for each thread (`/proc/PID/task/TID/schedstat`, first
//! number), kernel work of a thread included. Work that the kernel does for nobody, such as
//! writing pages to disk, is in no server's figure.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};

/// Processes that are accounted together.
#[derive(Clone, Debug)]
pub(crate) struct Processes(Vec<u32>);

/// CPU time by thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuTimes(BTreeMap<u32, u64>);

impl Processes {
    /// `roots` and everything that descends from them now.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub(crate) fn descending_from(roots: &[u32]) -> Result<Self> {
        let mut parents = BTreeMap::new();
        for entry in fs::read_dir("/proc").context("cannot read /proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // A process may have ended meanwhile.
            if let Some(parent) = parent(pid) {
                parents.insert(pid, parent);
            }
        }
        let mut found = roots.to_vec();
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(
                parents
                    .iter()
                    .filter(|(_, own)| **own == parent)
                    .map(|(pid, _)| *pid),
            );
            next += 1;
        }
        Ok(Self(found))
    }

    /// CPU time so far.
    ///
    /// # Errors
    /// When all processes have ended or the kernel has no schedstat.
    pub(crate) fn cpu_times(&self) -> Result<CpuTimes> {
        let mut times = BTreeMap::new();
        for pid in &self.0 {
            let tasks = format!("/proc/{pid}/task");
            // A helper may end on its own: nginx's cache loader does after a minute. A server
            // that ended shows in its answers.
            let Ok(entries) = fs::read_dir(&tasks) else {
                continue;
            };
            for entry in entries {
                let name = entry?.file_name();
                let Some(tid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                    continue;
                };
                if let Ok(text) = fs::read_to_string(format!("{tasks}/{tid}/schedstat")) {
                    let ns = text.split(' ').next().and_then(|ns| ns.parse().ok());
                    times.insert(tid, ns.context("schedstat holds no number")?);
                }
            }
        }
        ensure!(
            !times.is_empty(),
            "this kernel tells no CPU times (CONFIG_SCHED_INFO)"
        );
        Ok(CpuTimes(times))
    }

    /// Resident memory, bytes: `VmRSS` of all of them.
    ///
    /// # Errors
    /// When a process has ended.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        self.0
            .iter()
            .map(|pid| status_kb(*pid, "VmRSS:"))
            .sum::<Result<u64>>()
            .map(|kb| kb * 1024)
    }

    /// The most that was resident since [`Processes::forget_peak`], bytes: `VmHWM` of all of them.
    ///
    /// # Errors
    /// When a process has ended.
    pub(crate) fn peak_resident_bytes(&self) -> Result<u64> {
        self.0
            .iter()
            .map(|pid| status_kb(*pid, "VmHWM:"))
            .sum::<Result<u64>>()
            .map(|kb| kb * 1024)
    }

    /// Makes the peak what is resident now (proc(5), `clear_refs`).
    ///
    /// # Errors
    /// When a process has ended, or is another user's.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        self.0.iter().try_for_each(|pid| {
            let path = format!("/proc/{pid}/clear_refs");
            fs::write(&path, "5").with_context(|| path)
        })
    }
}

/// CPU time of the calling thread so far.
pub(crate) fn of_this_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

impl CpuTimes {
    /// Time since `earlier`, of the threads that still run.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let spent = |(tid, now): (&u32, &u64)| {
            now.saturating_sub(earlier.0.get(tid).copied().unwrap_or_default())
        };
        Duration::from_nanos(self.0.iter().map(spent).sum())
    }
}

fn status_kb(pid: u32, key: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} ended"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("process {pid} has no {key}"))
}

/// The second field behind the name, which stands in brackets and may hold anything.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

/// Busy and total time of a core so far, in clock ticks (`/proc/stat`).
pub(crate) fn core_ticks(core: usize) -> Option<(u64, u64)> {
    let ticks = ticks(&format!("cpu{core} "))?;
    let idle = ticks.get(3)? + ticks.get(4)?;
    let total: u64 = ticks.iter().sum();
    Some((total - idle, total))
}

/// Time that the hypervisor has given to others while something here wanted to run, and total time,
/// of all cores so far, in clock ticks (`/proc/stat`).
///
/// # Errors
/// When the kernel does not tell.
pub(crate) fn stolen_ticks() -> Result<(u64, u64)> {
    let ticks = ticks("cpu ").context("/proc/stat does not begin with all cores")?;
    let stolen = ticks.get(7).context("/proc/stat tells no stolen time")?;
    Ok((*stolen, ticks.iter().sum()))
}

/// The first eight numbers of the line of `/proc/stat` that begins so; what follows is in them.
fn ticks(prefix: &str) -> Option<Vec<u64>> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix(prefix))?;
    let numbers = line.split_whitespace().take(8);
    Some(numbers.filter_map(|number| number.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn our_own_time_is_counted() {
        let us = Processes(vec![std::process::id()]);
        let before = us.cpu_times().unwrap();
        let mut sum = 0u64;
        for number in 0..20_000_000u64 {
            sum = std::hint::black_box(sum ^ number);
        }
        let spent = us.cpu_times().unwrap().since(&before);
        assert!(spent > Duration::from_millis(2), "{spent:?} for {sum}");
        assert!(us.resident_bytes().unwrap() > 1 << 20);
        us.forget_peak().unwrap();
        assert!(us.peak_resident_bytes().unwrap() > 1 << 20);
        assert!(of_this_thread() > Duration::from_millis(2));
    }

    #[test]
    fn children_belong_to_us() {
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        let found = Processes::descending_from(&[std::process::id()]).unwrap();
        assert!(found.0.contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
