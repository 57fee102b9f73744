//! Searches all that can happen in a small cluster until a promise is broken, or time, memory or the budget is up.

use std::io::{IsTerminal, stderr};
use std::process::ExitCode;

use clap::Parser;
use quorate_tests::search::{
    Budget, End, Flaw, Kind, LOG_BYTES, Progress, Report, SEATS, Setting, Start, search_telling, tour,
};

const GIB: f64 = (1_u64 << 30) as f64;

/// Searches every order of events in a small cluster, shortest first.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// Go through several searches, which together look everywhere for about a minute.
    #[arg(long, exclusive = true)]
    tour: bool,
    /// How many stores there are.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=SEATS as i64))]
    nodes: u8,
    /// How many of them only learn.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..SEATS as i64))]
    learners: u8,
    /// How many of them, the last ones, are none of the members at first: with `--changes`, they may be added.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..SEATS as i64))]
    joiners: u8,
    /// For how long to search.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// How many events deep to go at most.
    #[arg(long)]
    depth: Option<usize>,
    /// How much memory to take, in GiB. One is enough for 130 million states, which write 3 GiB of temporary files.
    #[arg(long, default_value_t = 1.0)]
    memory: f64,
    /// Start behind a first election and a first command.
    #[arg(long)]
    led: bool,
    /// Start where one node lacks what a snapshot covers: its leader's offer is on its way.
    #[arg(long, conflicts_with = "led")]
    behind: bool,
    #[command(flatten)]
    budget: Budget,
    /// Search a world that is wrong, to see that it is found out: its disks lie, a crash wipes them,
    /// or losses go on when calm has come.
    #[arg(long, value_parser = flaw)]
    flaw: Option<Flaw>,
    /// How many bytes each log has, at most 512.
    #[arg(long, default_value_t = LOG_BYTES)]
    log_bytes: usize,
    /// What the network loses, all of it: `asks`, `votes`, `entries`, `acks` or `snapshots`, or several of them, as `votes,acks`.
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    lost: Vec<Kind>,
    /// Ask each state if its majorities have a leader and a commit soon after all faults have ended.
    #[arg(long)]
    calms: bool,
    /// Do not hold what nodes say against their disks: only harm to the cluster counts.
    #[arg(long)]
    harm_only: bool,
}

fn flaw(text: &str) -> Result<Flaw, String> {
    match text {
        "lying-disk" => Ok(Flaw::LyingDisk),
        "wiped-disk" => Ok(Flaw::WipedDisk),
        "losses-stay" => Ok(Flaw::LossesStay),
        _ => Err("name `lying-disk`, `wiped-disk` or `losses-stay`".into()),
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "asks" => Ok(Kind::Asks),
        "votes" => Ok(Kind::Votes),
        "entries" => Ok(Kind::Entries),
        "acks" => Ok(Kind::Acks),
        "snapshots" => Ok(Kind::Snapshots),
        _ => Err("name `asks`, `votes`, `entries`, `acks` or `snapshots`".into()),
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let settings = if options.tour { tour() } else { vec![setting(&options)] };
    for setting in settings {
        let report = search_telling(setting.clone(), progress());
        show(&setting, &report);
        if let Some((violation, story)) = &report.violation {
            println!("\nthe shortest story of a broken promise:");
            story.iter().for_each(|line| println!("{line}"));
            println!("\nbroken: {violation}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn setting(options: &Options) -> Setting {
    let start = match (options.led, options.behind) {
        (false, false) => Start::New,
        (true, _) => Start::Led,
        (false, true) => Start::Behind,
    };
    // The first one votes.
    let joiners = options.joiners.min(options.nodes - 1);
    let learners = options.learners.min(options.nodes - 1 - joiners);
    Setting {
        learners: usize::from(learners),
        joiners: usize::from(joiners),
        start,
        depth: options.depth.unwrap_or(usize::MAX),
        seconds: options.minutes * 60.0,
        memory: (options.memory * GIB) as usize,
        flaw: options.flaw.unwrap_or(Flaw::None),
        words: !options.harm_only,
        log_bytes: options.log_bytes.min(LOG_BYTES),
        lost: options.lost.clone(),
        calms: options.calms,
        ..Setting::new(usize::from(options.nodes), options.budget)
    }
}

/// Shows how far the search is: each second on a terminal, each minute in a file.
fn progress() -> impl FnMut(&Progress) {
    let is_terminal = stderr().is_terminal();
    let (interval, end) = if is_terminal { (1.0, "\r") } else { (60.0, "\n") };
    let mut due = interval;
    move |progress| {
        if progress.seconds < due {
            return;
        }
        due += interval;
        let Progress { states, depth, part, seconds, memory } = *progress;
        let (millions, gib) = (states as f64 / 1e6, memory as f64 / GIB);
        let percent = part * 100.0;
        eprint!(
            "{seconds:.0} s: {millions:.1} million states, depth {depth} complete, {percent:.0} % of the next, {gib:.1} GiB  {end}"
        );
    }
}

fn show(setting: &Setting, report: &Report) {
    println!("{setting:?}");
    let Report { states, seconds, depth, .. } = *report;
    let rate = states as f64 / seconds / 1000.0;
    println!("{states} states in {seconds:.1} s, {rate:.0} thousand a second");
    let why = match report.end {
        End::Complete => "all that the budget allows".into(),
        End::Depth => "as deep as asked".into(),
        End::Time => "ended by time".into(),
        End::Memory => "ended by memory".into(),
        End::Disk(error) => format!("ended by a temporary file: {error}"),
        End::Broken => "ended by a broken promise".into(),
    };
    println!("{why}, complete to depth {depth}; new states by depth: {:?}", report.levels);
    let per_state = |bytes: f64| bytes / states as f64;
    let (memory, written) = (per_state(report.memory as f64), per_state(report.written as f64));
    println!("a state took {memory:.1} bytes of memory, and {written:.1} bytes of temporary files");
    let acts: Vec<_> = report.acts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    println!("events: {}", acts.join(", "));
    println!("{} nodes with disks, {} letters, {} steps of the core", report.members, report.letters, report.played);
}
