//! Searches the model of a protocol until a promise is broken, or everything within the bounds was seen.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use quorate_tests::spec::{Bounds, End, Report, clients, lease, many, mark, members, seal};

/// Searches the model of a protocol; `tests/spec` says which there are and what they promise.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    #[command(subcommand)]
    protocol: Protocol,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Subcommand)]
enum Protocol {
    /// How a leader commits what it found in its log (`MARK.md`).
    Mark(Mark),
    /// How members change, and how stores that lost their disk return (`MEMBERS.md`).
    Members(Members),
    /// How a leader serves reads without asking for each (`LEASE.md`).
    Lease(Lease),
    /// How two nodes that share a key come to a session (`SEAL.md`).
    Seal(Seal),
    /// How a client and a node come to a session (`CLIENTS.md`).
    Clients(Clients),
    /// How whoever listens comes to what another node seals for all (`MANY.md`).
    Many(Many),
}

#[derive(clap::Args)]
struct Limits {
    /// Look for broken promises of safety only.
    #[arg(long, global = true)]
    safety: bool,
    /// For how long to search.
    #[arg(long, global = true, default_value_t = 10.0)]
    minutes: f64,
    /// How much memory to take, in GiB: 150 million states a GiB.
    #[arg(long, global = true, default_value_t = 1.0)]
    memory: f64,
}

#[derive(clap::Args)]
struct Mark {
    /// How many nodes.
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// How many terms are alive at a time at most.
    #[arg(long, default_value_t = 4)]
    terms: u8,
    /// How many entries are in a log, without the front that all have for good.
    #[arg(long, default_value_t = 2)]
    entries: u8,
    /// How many entries each log has room for behind its snapshot, the largest first, as `2,1,1`.
    #[arg(long, value_delimiter = ',')]
    capacities: Vec<u8>,
    /// How logs of different sizes get on.
    #[arg(long, value_enum, default_value_t = mark::Room::LeastAboveSnapshot)]
    room: mark::Room,
    /// What a crash can do to a write.
    #[arg(long, value_enum, default_value_t = mark::Writes::Torn)]
    writes: mark::Writes,
    /// Which rule to break.
    #[arg(long, value_enum, default_value_t = mark::Flaw::None)]
    flaw: mark::Flaw,
}

#[derive(clap::Args)]
struct Members {
    /// How many seats.
    #[arg(long, default_value_t = 3)]
    seats: usize,
    /// How many of them vote at first.
    #[arg(long, default_value_t = 3)]
    voters: usize,
    /// How many learn at first. The stores of all others are empty.
    #[arg(long, default_value_t = 0)]
    learners: usize,
    /// How many terms are alive at a time at most.
    #[arg(long, default_value_t = 3)]
    terms: u8,
    /// How many entries are in a log.
    #[arg(long, default_value_t = 3)]
    entries: u8,
    /// How many of them are commands.
    #[arg(long, default_value_t = 1)]
    commands: u8,
    /// How many of them add, promote or remove.
    #[arg(long, default_value_t = 0)]
    changes: u8,
    /// How many disks are lost.
    #[arg(long, default_value_t = 0)]
    wipes: u8,
    /// How often an empty store starts anew.
    #[arg(long, default_value_t = 0)]
    reboots: u8,
    /// Whether snapshots are taken and sent.
    #[arg(long)]
    snapshots: bool,
    /// Whether writes are torn by crashes, and leaders go on before their own is durable.
    #[arg(long)]
    torn: bool,
    /// Whether joint phases are taken back.
    #[arg(long)]
    takes_back: bool,
    /// Which rule to break.
    #[arg(long, value_enum, default_value_t = members::Flaw::None)]
    flaw: members::Flaw,
}

#[derive(clap::Args)]
struct Lease {
    /// How many nodes.
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// How many terms there are.
    #[arg(long, default_value_t = 2)]
    terms: u8,
    /// How many entries are in a log.
    #[arg(long, default_value_t = 1)]
    entries: u8,
    /// The least election time-out, a multiple of three.
    #[arg(long, default_value_t = 3)]
    period: u8,
    /// Whether leaders hand over.
    #[arg(long)]
    transfers: bool,
    /// Whether older builds are started too, and leases are off until they are switched on.
    #[arg(long)]
    builds: bool,
    /// Ask as well that nobody leads a later term while a lease holds.
    #[arg(long)]
    alone: bool,
    /// Which rule to break.
    #[arg(long, value_enum, default_value_t = lease::Flaw::None)]
    flaw: lease::Flaw,
}

#[derive(clap::Args)]
struct Seal {
    /// How many numbers of a side matter at a time; with `--unfolded` or a broken rule, how many it draws.
    #[arg(long, default_value_t = 4)]
    numbers: u8,
    /// How many frames a side seals under a session.
    #[arg(long, default_value_t = 1)]
    frames: u8,
    /// How many keys there are: with two, each side is given the other one, uses it and loses it at any time.
    #[arg(long, default_value_t = 1)]
    keys: u8,
    /// Keep in a state what can have no effect any more.
    #[arg(long)]
    unfolded: bool,
    /// Which rule to break.
    #[arg(long, value_enum, default_value_t = seal::Flaw::None)]
    flaw: seal::Flaw,
}

#[derive(clap::Args)]
struct Clients {
    /// How many numbers of the client matter at a time; with `--unfolded` or a broken rule of safety, how many it draws.
    #[arg(long, default_value_t = 4)]
    numbers: u8,
    /// With `--unfolded` or a broken rule of safety, how many challenges there are; a start of the node takes two.
    #[arg(long, default_value_t = 4)]
    challenges: u8,
    /// How many frames a side seals under a session.
    #[arg(long, default_value_t = 1)]
    frames: u8,
    /// Keep in a state what can have no effect any more.
    #[arg(long)]
    unfolded: bool,
    /// Forge no words in the way on.
    #[arg(long)]
    unforged: bool,
    /// Which rule to break.
    #[arg(long, value_enum, default_value_t = clients::Flaw::None)]
    flaw: clients::Flaw,
}

#[derive(clap::Args)]
struct Many {
    /// How many nodes.
    #[arg(long, default_value_t = 2)]
    nodes: usize,
    /// How many of them speak.
    #[arg(long, default_value_t = 1)]
    speakers: usize,
    /// How many numbers of a node matter at a time, of either kind; with `--unfolded` or a broken rule, how many it draws.
    #[arg(long, default_value_t = 3)]
    numbers: u8,
    /// How many frames a node seals under a number.
    #[arg(long, default_value_t = 2)]
    frames: u8,
    /// Keep in a state what can have no effect any more.
    #[arg(long)]
    unfolded: bool,
    /// Which rule to break.
    #[arg(long, value_enum, default_value_t = many::Flaw::None)]
    flaw: many::Flaw,
}

fn main() -> ExitCode {
    let Options { protocol, limits } = Options::parse();
    let bounds = Bounds {
        live: !limits.safety,
        seconds: limits.minutes * 60.0,
        memory: (limits.memory * (1_u64 << 30) as f64) as usize,
    };
    let report = match protocol {
        Protocol::Mark(options) => mark::search(&options.setting(bounds)),
        Protocol::Members(options) => members::search(&options.setting(bounds)),
        Protocol::Lease(options) => lease::search(&options.setting(bounds)),
        Protocol::Seal(options) => seal::search(&options.setting(bounds)),
        Protocol::Clients(options) => clients::search(&options.setting(bounds)),
        Protocol::Many(options) => many::search(&options.setting(bounds)),
    };
    show(&report);
    if matches!(report.end, End::Broken(_)) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Mark {
    fn setting(self, bounds: Bounds) -> mark::Setting {
        let mut capacities = [0; 5];
        capacities.iter_mut().zip(&self.capacities).for_each(|(capacity, given)| *capacity = *given);
        mark::Setting {
            capacities: (!self.capacities.is_empty()).then_some(capacities),
            room: self.room,
            writes: self.writes,
            flaw: self.flaw,
            bounds,
            ..mark::Setting::new(self.nodes, self.terms, self.entries)
        }
    }
}

impl Members {
    fn setting(self, bounds: Bounds) -> members::Setting {
        let Members { seats, voters, learners, terms, entries, commands, changes, wipes, reboots, .. } = self;
        let Members { snapshots, torn, takes_back, flaw, .. } = self;
        let base = members::Setting::new(seats, voters, terms, entries);
        members::Setting {
            learners,
            commands,
            changes,
            wipes,
            reboots,
            snapshots,
            torn,
            takes_back,
            flaw,
            bounds,
            ..base
        }
    }
}

impl Lease {
    fn setting(self, bounds: Bounds) -> lease::Setting {
        let Lease { nodes, terms, entries, period, transfers, builds, alone, flaw } = self;
        lease::Setting { period, transfers, builds, alone, flaw, bounds, ..lease::Setting::new(nodes, terms, entries) }
    }
}

impl Seal {
    fn setting(self, bounds: Bounds) -> seal::Setting {
        let Seal { numbers, frames, keys, unfolded, flaw } = self;
        let folds = !unfolded && flaw.may_fold();
        seal::Setting { keys, folds, flaw, bounds, ..seal::Setting::new(numbers, frames) }
    }
}

impl Clients {
    fn setting(self, bounds: Bounds) -> clients::Setting {
        let Clients { numbers, challenges, frames, unfolded, unforged, flaw } = self;
        let folds = !unfolded && flaw.may_fold();
        clients::Setting {
            challenges,
            folds,
            forged: !unforged,
            flaw,
            bounds,
            ..clients::Setting::new(numbers, frames)
        }
    }
}

impl Many {
    fn setting(self, bounds: Bounds) -> many::Setting {
        let Many { nodes, speakers, numbers, frames, unfolded, flaw } = self;
        let folds = !unfolded && flaw.may_fold();
        many::Setting { folds, flaw, bounds, ..many::Setting::new(nodes, speakers, numbers, frames) }
    }
}

fn show(report: &Report) {
    report.story.iter().zip(0..).for_each(|(step, number)| println!("{number:3} {step}"));
    let end = match report.end {
        End::Complete => "complete".into(),
        End::Bound => "out of time or memory".into(),
        End::Broken(promise) => format!("broken: {promise}"),
    };
    let Report { states, steps, rests, depth, seconds, .. } = *report;
    println!("{end}: {states} states, {steps} steps, {rests} contents of disks, depth {depth}, {seconds:.0} s");
}
