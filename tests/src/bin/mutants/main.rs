//! Makes each mutant in a copy of the workspace, and looks whether a test notices, or a tool that searches for itself.

mod copy;
mod finders;
mod suites;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use quorate_tests::mutants;

use copy::Copy;
use finders::Room;
use suites::Fate;

/// Runs wrong cores and logs against the tests that must notice them.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// Only mutants with this in their name; or, of several parts of names as A,B, with one of them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// List the mutants, and run none.
    #[arg(long)]
    list: bool,
    /// Let the tools that look for mistakes by themselves look for each mutant of a room, without any test that knows of
    /// it, and add what they found to this table. Mutants that stand there are left out.
    #[arg(long, value_name = "TABLE")]
    finders: Option<PathBuf>,
    /// Whose mutants.
    #[arg(long, value_enum, default_value_t = Room::Core, requires = "finders")]
    room: Room,
    /// Shuffles the mutants, so that any part of the table is a fair sample of them.
    #[arg(long, default_value_t = 1, requires = "finders")]
    seed: u64,
    /// For how long each finder looks, in seconds of its processor's time.
    #[arg(long, default_value_t = 60, requires = "finders")]
    seconds: u32,
}

fn main() -> io::Result<ExitCode> {
    let options = Options::parse();
    let is_chosen = |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part));
    let chosen: Vec<_> = mutants::all().into_iter().filter(|mutant| is_chosen(&mutant.name)).collect();
    if options.list {
        chosen
            .iter()
            .for_each(|mutant| println!("{}\n    {}; {}; {}", mutant.name, mutant.rule, mutant.file, mutant.by));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(table) = &options.finders {
        finders::run(chosen, options.room, table, options.seed, options.seconds)?;
        return Ok(ExitCode::SUCCESS);
    }
    let copy = Copy::new("quorate-mutants")?;
    let mut wrong = Vec::new();
    for (mutant, number) in chosen.iter().zip(1..) {
        let start = Instant::now();
        let fate = suites::try_out(&copy, mutant)?;
        let told = match &fate {
            Fate::Killed(by) => format!("killed by {by}"),
            Fate::Survived => "SURVIVED".into(),
            Fate::DoesNotBuild => "DOES NOT BUILD".into(),
            Fate::TextNotFound => "TEXT NOT FOUND".into(),
        };
        println!("{number}/{} {}: {told} ({:.0} s)", chosen.len(), mutant.name, start.elapsed().as_secs_f64());
        if !matches!(fate, Fate::Killed(_)) {
            wrong.push(&mutant.name);
        }
    }
    println!("{} of {} killed", chosen.len() - wrong.len(), chosen.len());
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
