use std::fmt;

use clap::ValueEnum;

use super::{Fault, Tally, Violation};
use crate::history::History;

/// What is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Chooses everything else.
    pub seed: u64,
    /// How many members, at most [`SEATS`](super::SEATS).
    pub nodes: usize,
    /// How many clients.
    pub clients: usize,
    /// For how many events things go wrong, before calm returns.
    pub events: u64,
    /// Who decides what happens next; `None` lets the seed choose.
    pub schedule: Option<Schedule>,
    /// Whether members seal what they say; `None` lets the seed choose.
    pub links: Option<Links>,
    /// What does not go wrong, though the seed may want it to.
    pub without: Vec<Fault>,
    /// The millionths by which clocks gain or lose at most where leaders have leases, which bear with 50,000.
    pub lease_drift: u32,
    /// How many lines before its end a run keeps for its report.
    pub tail: usize,
}

/// What decides what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Schedule {
    /// Time and chance.
    Weather,
    /// A connected subset, one election, a few messages in order, then a cut; and again.
    Phases,
}

/// How members talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Links {
    /// In plain frames.
    Plain,
    /// In sealed ones, under keys that an operator changes.
    Sealed,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many events were simulated.
    pub events: u64,
    /// How many entries were committed.
    pub committed: usize,
    /// How many wishes of clients were answered.
    pub answered: u64,
    /// What went wrong on purpose.
    pub tally: Tally,
    /// What went wrong by our fault.
    pub violation: Option<Violation>,
    /// What clients did and were told. Each register is a key.
    pub history: History,
    /// The last lines of the conversation.
    pub tail: Vec<String>,
}

impl Setting {
    /// All faults, four clients, and a schedule and links that the seed chooses.
    pub fn new(seed: u64, nodes: usize, events: u64) -> Setting {
        Setting {
            seed,
            nodes,
            clients: 4,
            events,
            schedule: None,
            links: None,
            without: Vec::new(),
            lease_drift: 50_000,
            tail: 0,
        }
    }
}

/// The command that replays it.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { seed, nodes, clients, events, .. } = self;
        write!(f, "cargo run --release -p quorate-tests --bin simulate -- --seeds {seed}..{}", seed + 1)?;
        write!(f, " --nodes {nodes} --clients {clients} --events {events}")?;
        if let Some(schedule) = self.schedule.and_then(|schedule| schedule.to_possible_value()) {
            write!(f, " --schedule {}", schedule.get_name())?;
        }
        if let Some(links) = self.links.and_then(|links| links.to_possible_value()) {
            write!(f, " --links {}", links.get_name())?;
        }
        if !self.without.is_empty() {
            let names: Vec<_> = self.without.iter().map(|fault| fault.name()).collect();
            write!(f, " --without {}", names.join(","))?;
        }
        if self.lease_drift != 50_000 {
            write!(f, " --lease-drift {}", self.lease_drift)?;
        }
        Ok(())
    }
}
