//! `rig`: builds the firmware, starts boards that are wired to each other, and lets you press their buttons.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lamps::CLUSTER;
use rig::{Failure, Firmware, Host, Journal, Prompt, Rescue, Rig, Setting, find_emulator};

/// Emulated boards that replicate lamps
#[derive(Debug, Parser)]
#[command(name = "rig", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Three boards, each wired to both others. Orders come from standard input: 'help' lists them
    Up(Options),
    /// One board and two processes of this host, in one cluster
    Mixed(Options),
    /// Says what a board's flash or a host's disk holds when most machines are gone for good, and makes a new cluster of it
    Rescue(Rescue),
    /// One of the two processes: 'mixed' starts it
    #[command(hide = true)]
    Host(Host),
}

#[derive(Debug, Args)]
struct Options {
    /// How fast the wires are, in symbols a second
    #[arg(long, default_value_t = 115_200, value_parser = clap::value_parser!(u32).range(9_600..=1_000_000))]
    baud: u32,
    /// Keep flashes and disks in this directory, and start with what is there; without it they are empty and are
    /// removed in the end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The number of the cluster: that of a rescue, or any other one for flashes that are empty
    #[arg(long, default_value_t = CLUSTER)]
    cluster: u64,
    /// Let the boards run the firmware on embassy's executor
    #[arg(long)]
    embassy: bool,
    /// Let the machines say everything plainly: whoever is on a wire may read it, and join in
    #[arg(long)]
    plain: bool,
    /// Show what the machines say as they say it
    #[arg(long)]
    log: bool,
}

fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Up(options) => run(&options, |setting, journal| Rig::mesh(setting, options.keep.as_deref(), journal)),
        Command::Mixed(options) => run(&options, |setting, journal| {
            let program =
                env::current_exe().map_err(|error| Failure::new(format!("where is this program? {error}")))?;
            Rig::mixed(setting, &program, options.keep.as_deref(), journal)
        }),
        Command::Rescue(rescue) => rescue.run().map(|told| {
            print!("{told}");
            ExitCode::SUCCESS
        }),
        Command::Host(host) => host.run(),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

/// A failure if an order could not be carried out.
fn run(options: &Options, start: impl Fn(&Setting, Journal) -> Result<Rig, Failure>) -> Result<ExitCode, Failure> {
    rig::watch()?;
    find_emulator()?;
    eprintln!("building the firmware");
    let firmware = Firmware::build(if options.embassy { "embassy" } else { "board" })?;
    let setting = Setting { firmware, baud: options.baud, cluster: options.cluster, plain: options.plain };
    let mut rig = start(&setting, Journal::new(options.log))?;
    let leader = rig.leader(FIRST_LEADER)?;
    eprintln!("all run, and {leader} leads: 'help' lists what you can do");
    Ok(if Prompt::new(rig).run() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// For how long the first election may take: an emulator starts slowly on a busy machine.
const FIRST_LEADER: Duration = Duration::from_secs(60);
