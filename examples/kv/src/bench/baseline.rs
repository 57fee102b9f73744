use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Load;
use super::latencies::{Latencies, Quantiles};
use crate::exit::{Exit, Failure};

/// What the disk does without any of us: appends to a growing file, each followed by `fdatasync`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Baseline {
    /// Values in one append.
    pub(super) values: usize,
    pub(super) values_per_second: f64,
    /// Of one append with its sync.
    pub(super) latency_us: Quantiles,
}

const DURATION_MAX: Duration = Duration::from_secs(2);
const FILE: &str = "quorate-bench.tmp";

/// One value an append, and as many as there are clients: what a cluster could reach that syncs once for all of them.
pub(super) fn measure(directory: &Path, load: Load) -> Result<Vec<Baseline>, Failure> {
    let path = directory.join(FILE);
    let run = |values| append(&path, values, load);
    let mut counts = vec![1, load.clients];
    counts.dedup();
    let baselines = counts.into_iter().map(run).collect::<io::Result<_>>();
    let _ = fs::remove_file(&path);
    baselines.map_err(|error| {
        let message = format!("cannot measure the disk at {}: {error}; name another --data-dir", path.display());
        Failure::new(Exit::of_file(&error), message)
    })
}

fn append(path: &Path, values: usize, load: Load) -> io::Result<Baseline> {
    let mut file = File::create(path)?;
    let bytes = vec![b'v'; values * load.value_bytes];
    let mut latencies = Latencies::default();
    let start = Instant::now();
    while start.elapsed() < load.duration.min(DURATION_MAX) {
        let begun = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        latencies.add(begun.elapsed());
    }
    Ok(Baseline {
        values,
        values_per_second: (latencies.count() * values) as f64 / start.elapsed().as_secs_f64(),
        latency_us: latencies.quantiles(),
    })
}
