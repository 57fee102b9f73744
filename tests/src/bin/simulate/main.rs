//! Runs seeds of the simulator until one breaks a promise.

mod options;
mod series;
mod shrinking;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;

use options::Options;
use quorate_tests::simulator::{Report, Setting, World};
use series::{End, Series};

/// What a shell expects of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let options = Options::parse();
    #[cfg(feature = "all")]
    if let Some(file) = &options.replay {
        return quorate_tests::replay::run(file);
    }
    // A run that panics is reported with its seed; the panic's own words would come between.
    std::panic::set_hook(Box::new(|_| {}));
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    if let Err(error) = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)) {
        eprintln!("cannot watch for Ctrl-C, it will end the program without a summary: {error}");
    }
    let mut series = Series::new(&options);
    let end = series.run(&options, &interrupted);
    println!("{series}");
    match end {
        End::Done => ExitCode::SUCCESS,
        End::Interrupted => ExitCode::from(INTERRUPTED),
        End::Broken(setting) => {
            let setting = if options.shrink { shrinking::shrink(*setting, &options, &interrupted) } else { *setting };
            tell(setting, options.tail);
            ExitCode::FAILURE
        }
    }
}

/// Runs a setting once more, and shows its end.
fn tell(setting: Setting, tail: usize) {
    let Report { violation, tail, events, .. } = World::new(Setting { tail, ..setting.clone() }).run();
    tail.iter().for_each(|line| println!("{line}"));
    if let Some(violation) = violation {
        println!("\nbroken after {events} events: {violation}");
    }
    println!("replay: {setting}");
}
