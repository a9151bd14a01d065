//! CPU time and memory of processes, from /proc. Ratios of CPU time hold on a busy machine; requests per second do not.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// `getconf CLK_TCK` on Linux.
const TICKS_PER_SECOND: u64 = 100;

struct Stat {
    parent: u32,
    own_ticks: u64,
    /// Of children that have ended and been waited for.
    children_ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; fields are counted from behind it.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Some(Stat { parent: u32::try_from(number(1)).ok()?, own_ticks: number(11) + number(12), children_ticks: number(13) + number(14) })
}

fn all_pids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

pub fn parent_of(pid: u32) -> anyhow::Result<u32> {
    Ok(stat(pid).context("the process is gone")?.parent)
}

/// The processes a request costs: servers, and the Postgres cluster with all its backends.
#[derive(Clone)]
pub struct Watched {
    pub processes: Vec<u32>,
    pub postmaster: u32,
}

impl Watched {
    pub fn with(&self, process: u32) -> Self {
        let mut more = self.clone();
        more.processes.push(process);
        more
    }

    /// CPU time used so far by all of them.
    pub fn spent(&self) -> Duration {
        let own = |pid: u32| stat(pid).map_or(0, |s| s.own_ticks);
        duration(self.processes.iter().map(|pid| own(*pid)).sum()) + self.spent_in_postgres()
    }

    /// The cluster's part of it.
    pub fn spent_in_postgres(&self) -> Duration {
        let own = |pid: u32| stat(pid).map_or(0, |s| s.own_ticks);
        let ended_backends = stat(self.postmaster).map_or(0, |s| s.children_ticks);
        let backends = all_pids().into_iter().filter_map(stat).filter(|s| s.parent == self.postmaster).map(|s| s.own_ticks);
        duration(own(self.postmaster) + ended_backends + backends.sum::<u64>())
    }
}

fn duration(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Resident memory, MiB: now, and at its highest.
pub fn resident_mib(pid: u32) -> (f64, f64) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
    };
    (of("VmRSS:"), of("VmHWM:"))
}
