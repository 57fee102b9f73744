use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use quorate_tests::simulator::{Setting, Tally, World};

use crate::options::Options;
use crate::watch::Watch;

/// One seed after the other, and what they came to.
pub(crate) struct Series {
    start: Instant,
    nodes: String,
    seeds: u64,
    events: u64,
    committed: usize,
    answered: u64,
    tally: Tally,
    /// How many runs took a snapshot, and how many installed one of a leader.
    took: u64,
    installed: u64,
    /// How many sealed what they said.
    sealed: u64,
}

/// Why a series ended.
pub(crate) enum End {
    Done,
    Interrupted,
    /// This one broke a promise.
    Broken(Box<Setting>),
}

impl Series {
    pub(crate) fn new(options: &Options) -> Series {
        let nodes = options.nodes();
        let (start, tally) = (Instant::now(), Tally::default());
        Series { start, nodes, seeds: 0, events: 0, committed: 0, answered: 0, tally, took: 0, installed: 0, sealed: 0 }
    }

    pub(crate) fn run(&mut self, options: &Options, interrupted: &AtomicBool) -> End {
        let (bar, watch) = (bar(options), Watch::start(options));
        let mut seed = options.seeds.start;
        let end = loop {
            let is_late = options.time().is_some_and(|time| self.start.elapsed() >= time);
            if is_late || options.end() == Some(seed) {
                break End::Done;
            }
            if interrupted.load(Ordering::Relaxed) {
                break if options.end().is_none() { End::Done } else { End::Interrupted };
            }
            watch.turn_to(seed);
            let setting = options.setting(seed);
            if !self.run_one(&setting) {
                break End::Broken(Box::new(setting));
            }
            seed += 1;
            bar.inc(1);
            bar.set_message(format!("{:.1} million events a minute", self.pace()));
        };
        // What is printed next goes elsewhere, and stays.
        bar.finish_and_clear();
        end
    }

    /// Whether all promises were kept.
    fn run_one(&mut self, setting: &Setting) -> bool {
        let report = World::new(setting.clone()).run();
        self.seeds += 1;
        self.events += report.events;
        self.committed += report.committed;
        self.answered += report.answered;
        self.tally.add(&report.tally);
        self.took += u64::from(report.tally.snapshots.taken > 0);
        self.installed += u64::from(report.tally.snapshots.installed > 0);
        self.sealed += u64::from(report.tally.links.hellos > 0);
        report.violation.is_none()
    }

    fn pace(&self) -> f64 {
        self.events as f64 * 60e-6 / self.start.elapsed().as_secs_f64()
    }
}

/// On a terminal; elsewhere it stays hidden.
fn bar(options: &Options) -> ProgressBar {
    let (bar, template) = match options.end() {
        Some(end) => (ProgressBar::new(end - options.seeds.start), "{wide_bar} {pos}/{len} seeds, {msg}, {eta} to go"),
        None => (ProgressBar::new_spinner(), "{spinner} {pos} seeds, {msg}, {elapsed}"),
    };
    bar.with_style(ProgressStyle::with_template(template).expect("the template is sound"))
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Series { nodes, seeds, events, committed, answered, took, installed, .. } = self;
        let seconds = self.start.elapsed().as_secs_f64();
        writeln!(f, "{seeds} seeds of {nodes} nodes in {seconds:.1} s")?;
        writeln!(f, "{events} events, {:.1} million a minute", self.pace())?;
        writeln!(f, "{committed} entries committed, {answered} wishes of clients answered")?;
        let faults: Vec<_> = self.tally.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let snapshots: Vec<_> = self.tally.snapshots.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(f, "snapshots: {}; {took} runs took one, {installed} installed one", snapshots.join(", "))?;
        let links: Vec<_> = self.tally.links.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if !links.is_empty() {
            writeln!(f, "messages over sealed links, in {} runs: {}", self.sealed, links.join(", "))?;
        }
        write!(f, "faults: {}", faults.join(", "))
    }
}
