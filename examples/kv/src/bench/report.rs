use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::baseline::Baseline;
use super::latencies::Quantiles;
use super::{Load, Puts};
use crate::layout::{Layout, name};

/// What was measured, on what, and what came out.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    clients: usize,
    value_bytes: usize,
    seconds: f64,
    nodes: Vec<String>,
    puts: usize,
    puts_per_second: f64,
    /// Of one put, from before it is sent until its answer is there.
    latency_us: Quantiles,
    errors: u64,
    first_error: Option<String>,
    baseline_directory: PathBuf,
    baselines: Vec<Baseline>,
}

impl Report {
    pub(super) fn new(layout: &Layout, load: Load, directory: &Path, puts: &Puts, baselines: Vec<Baseline>) -> Report {
        let node = |(seat, address)| format!("{} {address}", name(seat));
        let seconds = puts.elapsed.as_secs_f64();
        Report {
            clients: load.clients,
            value_bytes: load.value_bytes,
            seconds,
            nodes: layout.members.clone().into_iter().map(node).collect(),
            puts: puts.latencies.count(),
            puts_per_second: puts.latencies.count() as f64 / seconds,
            latency_us: puts.latencies.quantiles(),
            errors: puts.errors,
            first_error: puts.first_error.clone(),
            baseline_directory: directory.to_owned(),
            baselines,
        }
    }

    pub(super) fn print(&self, json: bool) -> io::Result<()> {
        let mut out = stdout().lock();
        if json {
            return writeln!(out, "{}", serde_json::to_string_pretty(self)?);
        }
        let (clients, bytes, seconds) = (self.clients, self.value_bytes, self.seconds);
        writeln!(out, "{clients} clients put values of {bytes} bytes for {seconds:.1} s, each waiting for its answer")?;
        writeln!(out, "over UDP to {}", self.nodes.join(", "))?;
        writeln!(out, "throughput  {:.0} puts/s, {} errors", self.puts_per_second, self.errors)?;
        if let Some(error) = &self.first_error {
            writeln!(out, "            the first: {error}")?;
        }
        writeln!(out, "latency     {}", milliseconds(self.latency_us))?;
        writeln!(out, "then, alone, append and fdatasync to a file in {}", self.baseline_directory.display())?;
        for Baseline { values, values_per_second, latency_us } in &self.baselines {
            writeln!(out, "{values:3} at once {values_per_second:.0} values/s, {}", milliseconds(*latency_us))?;
        }
        Ok(())
    }
}

fn milliseconds(Quantiles { p50, p95, p99, max }: Quantiles) -> String {
    let [p50, p95, p99, max] = [p50, p95, p99, max].map(|micros| micros as f64 / 1000.0);
    format!("p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")
}
