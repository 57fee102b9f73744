//! Cuts power, troubles boards, or feeds a fuzz target, seed after seed, until a promise is broken.

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use clap::Parser;
use fastrand::Rng;
use quorate_tests::fuzzing::{TARGETS, corpus, mutate};
use quorate_tests::power::{Bounds, cut_all_nodes, cut_each_node};
use quorate_tests::{boards, power, seeds};

/// Looks for mistakes of disks, flashes and boards, seed after seed.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// What looks: `power`, `boards`, or a fuzz target by its name.
    #[arg(value_parser = finder)]
    finder: Finder,
    /// Which seeds, as FROM..TO without TO; all of them if nothing is said.
    #[arg(long, value_parser = seeds::range)]
    seeds: Option<Range<u64>>,
    /// Give up on a seed after so many seconds: it will not come to an end.
    #[arg(long, default_value_t = 600)]
    patience: u64,
}

/// Runs a seed, and says what went wrong, or panics.
#[derive(Clone)]
struct Finder {
    name: String,
    run: Arc<dyn Fn(u64) -> Result<(), String> + Send + Sync>,
}

/// Inputs of a fuzz target.
const INPUTS: usize = 100;
/// Inputs of a fuzz target that are long enough for anything to happen.
const STORIES: usize = 20;
/// Power cuts of all nodes at once, beside those of each.
const CUTS: usize = 60;
/// Microseconds of trouble before the calm.
const TROUBLE: u64 = 5_000_000;

fn main() -> ExitCode {
    let Options { finder, seeds, patience } = Options::parse();
    for seed in seeds.unwrap_or(0..u64::MAX) {
        let (told, hear) = channel();
        let run = Arc::clone(&finder.run);
        thread::spawn(move || told.send(run(seed)));
        let result = hear.recv_timeout(Duration::from_secs(patience)).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => Err(format!("a run comes to an end: it has taken {patience} s")),
            RecvTimeoutError::Disconnected => Err("a run does not panic".into()),
        });
        if let Err(why) = result {
            println!("broken: {why}");
            let seeds = format!("{seed}..{}", seed + 1);
            println!("replay: cargo run --release -p quorate-tests --bin hunt -- {} --seeds {seeds}", finder.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn finder(name: &str) -> Result<Finder, String> {
    let run: Arc<dyn Fn(u64) -> Result<(), String> + Send + Sync> = match name {
        "power" => Arc::new(cut_power),
        "boards" => Arc::new(trouble_boards),
        _ => {
            let target = TARGETS.into_iter().find(|(target, _)| *target == name);
            let (_, target) = target.ok_or("name `power`, `boards`, or a fuzz target")?;
            let corpus = corpus(name);
            Arc::new(move |seed| {
                let mut rng = Rng::with_seed(seed);
                (0..INPUTS).for_each(|_| target(&mutate(&corpus, &mut rng)));
                (0..STORIES).for_each(|_| target(&story(&mut rng)));
                Ok(())
            })
        }
    };
    Ok(Finder { name: name.into(), run })
}

/// As many bytes as a long story takes.
fn story(rng: &mut Rng) -> Vec<u8> {
    let length = 1 << rng.u32(11..16);
    (0..length).map(|_| rng.u8(..)).collect()
}

fn cut_power(seed: u64) -> Result<(), String> {
    let nodes = if seed % 4 == 3 { 5 } else { 3 };
    let setting = power::Setting { seed, nodes, rounds: 1, lie: None, hasty: false, bounds: Bounds::QUICK };
    let told = cut_each_node(setting).and_then(|_| cut_all_nodes(setting, CUTS));
    told.map_err(|violation| violation.to_string())
}

fn trouble_boards(seed: u64) -> Result<(), String> {
    let boards = if seed.is_multiple_of(2) { 3 } else { 5 };
    boards::World::new(boards::Setting::troubled(seed, boards)).story(TROUBLE).map(drop)
}
