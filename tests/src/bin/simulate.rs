//! Runs seeds of the simulator until one breaks a promise.

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use quorate_tests::simulator::{Report, SEATS, Setting, Tally, World};

/// Simulates clusters under faults, one for each seed.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// Which seeds, as FROM..TO without TO.
    #[arg(long, default_value = "0..100", value_parser = seeds)]
    seeds: Range<u64>,
    /// How many members the cluster has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=SEATS as i64))]
    nodes: u8,
    /// How many clients it serves.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    clients: u8,
    /// For how many events things go wrong.
    #[arg(long, default_value_t = 20_000)]
    events: u64,
    /// How many events to show of a run that breaks a promise.
    #[arg(long, default_value_t = 60)]
    tail: usize,
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range
        .filter(|range: &Range<u64>| !range.is_empty())
        .ok_or_else(|| "give seeds as FROM..TO, for example 0..1000".into())
}

fn main() -> ExitCode {
    let options = Options::parse();
    let start = Instant::now();
    let (mut events, mut committed, mut answered, mut tally) = (0, 0, 0, Tally::default());
    for seed in options.seeds.clone() {
        let report = World::new(setting(&options, seed, 0)).run();
        if report.violation.is_some() {
            show(&options, seed);
            return ExitCode::FAILURE;
        }
        events += report.events;
        committed += report.committed;
        answered += report.answered;
        tally.add(&report.tally);
    }
    let seconds = start.elapsed().as_secs_f64();
    let seeds = options.seeds.end - options.seeds.start;
    println!("{seeds} seeds of {} nodes: no promise broken", options.nodes);
    println!("{events} events in {seconds:.1} s, {:.2} million a minute", events as f64 * 60e-6 / seconds);
    println!("{committed} entries committed, {answered} wishes answered");
    let faults: Vec<_> = tally.iter().map(|(name, count)| format!("{count} {name}")).collect();
    println!("faults: {}", faults.join(", "));
    ExitCode::SUCCESS
}

fn setting(options: &Options, seed: u64, tail: usize) -> Setting {
    let (nodes, clients) = (usize::from(options.nodes), usize::from(options.clients));
    Setting { seed, nodes, clients, events: options.events, faults: None, history: false, tail }
}

/// Runs the seed once more, and shows its end.
fn show(options: &Options, seed: u64) {
    let Report { violation, tail, events, .. } = World::new(setting(options, seed, options.tail)).run();
    tail.iter().for_each(|line| println!("{line}"));
    if let Some(violation) = violation {
        println!("\nbroken after {events} events: {violation}");
    }
    println!(
        "replay: cargo run --release -p quorate-tests --bin simulate -- --seeds {seed}..{} --nodes {} --clients {} --events {}",
        seed + 1,
        options.nodes,
        options.clients,
        options.events
    );
}
