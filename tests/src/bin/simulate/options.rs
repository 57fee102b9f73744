use std::ops::Range;
use std::time::Duration;

use clap::Parser;
use quorate_tests::seeds;
use quorate_tests::simulator::{Fault, Links, SEATS, Schedule, Setting};

/// Simulates clusters under faults, one for each seed.
#[derive(Clone, Parser)]
#[command(version, about)]
pub(crate) struct Options {
    /// Which seeds, as FROM..TO without TO.
    #[arg(long, default_value = "0..100", value_parser = seeds::range)]
    pub(crate) seeds: Range<u64>,
    /// How many members the cluster has; of several numbers, as 3,5,2, the seeds take one after the other.
    #[arg(long, default_values_t = [3], value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=SEATS as i64))]
    nodes: Vec<u8>,
    /// How many clients it serves.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    clients: u8,
    /// For how many events things go wrong.
    #[arg(long, default_value_t = 20_000)]
    events: u64,
    /// Who decides what happens next; the seed chooses if nothing is said.
    #[arg(long)]
    schedule: Option<Schedule>,
    /// Whether members seal what they say; the seed chooses if nothing is said.
    #[arg(long)]
    links: Option<Links>,
    /// What does not go wrong.
    #[arg(long, value_delimiter = ',')]
    without: Vec<Fault>,
    /// By how many millionths clocks gain or lose at most where leaders have leases, which bear with 50,000.
    #[arg(long, default_value_t = 50_000)]
    lease_drift: u32,
    /// How many lines to show of a run that breaks a promise.
    #[arg(long, default_value_t = 60)]
    pub(crate) tail: usize,
    /// Give up on a run after so many seconds: it will not come to an end.
    #[arg(long, default_value_t = 60)]
    pub(crate) patience: u64,
    /// Go on with the seeds from FROM for so many minutes.
    #[arg(long, conflicts_with = "forever")]
    minutes: Option<u64>,
    /// Go on with the seeds from FROM until Ctrl-C.
    #[arg(long)]
    forever: bool,
    /// Look for a shorter run that breaks the same promise.
    #[arg(long)]
    pub(crate) shrink: bool,
    /// How many seeds to try each reduction with.
    #[arg(long, default_value_t = 200, requires = "shrink")]
    pub(crate) tries: u64,
    /// Simulate nothing: run a real node again from this trace of it, and compare every effect.
    #[cfg(feature = "all")]
    #[arg(long, value_name = "FILE", exclusive = true)]
    pub(crate) replay: Option<std::path::PathBuf>,
}

impl Options {
    pub(crate) fn setting(&self, seed: u64) -> Setting {
        let nodes = self.nodes[seed as usize % self.nodes.len()];
        Setting {
            clients: usize::from(self.clients),
            schedule: self.schedule,
            links: self.links,
            without: self.without.clone(),
            lease_drift: self.lease_drift,
            ..Setting::new(seed, usize::from(nodes), self.events)
        }
    }

    /// How many members, as they were given.
    pub(crate) fn nodes(&self) -> String {
        self.nodes.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
    }

    /// The last seed but one, if not time sets the end.
    pub(crate) fn end(&self) -> Option<u64> {
        (!self.forever && self.minutes.is_none()).then_some(self.seeds.end)
    }

    pub(crate) fn time(&self) -> Option<Duration> {
        self.minutes.map(|minutes| Duration::from_secs(minutes * 60))
    }
}
