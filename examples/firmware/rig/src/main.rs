//! `rig`: builds the firmware, starts boards that are wired to each other, and lets you press their buttons.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use rig::{Failure, Firmware, Journal, Prompt, Rig, find_emulator};

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
}

#[derive(Debug, Args)]
struct Options {
    /// How fast the wires are, in symbols a second
    #[arg(long, default_value_t = 115_200, value_parser = clap::value_parser!(u32).range(9_600..=1_000_000))]
    baud: u32,
    /// Keep the flashes in this directory, and start with what is there; without it they are empty and are removed in the end
    #[arg(long, value_name = "DIR")]
    flash: Option<PathBuf>,
    /// Show what the machines say as they say it
    #[arg(long)]
    log: bool,
}

fn main() -> ExitCode {
    match run(&CommandLine::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command) -> Result<bool, Failure> {
    let Command::Up(options) = command;
    rig::watch()?;
    find_emulator()?;
    eprintln!("building the firmware");
    let firmware = Firmware::build()?;
    let mut rig = Rig::mesh(&firmware, options.baud, options.flash.as_deref(), Journal::new(options.log))?;
    let leader = rig.leader(FIRST_LEADER)?;
    eprintln!("three boards run, and board {leader} leads: 'help' lists what you can do");
    Ok(Prompt::new(rig).run())
}

/// For how long the first election may take: an emulator starts slowly on a busy machine.
const FIRST_LEADER: Duration = Duration::from_secs(60);
