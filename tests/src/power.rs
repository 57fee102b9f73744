//! Power cuts on real files: what a running node does to its files is recorded beside what it promises; each state that
//! a power cut could have left at each moment is made, a node is started from it, and held to what it had promised.
//!
//! The nodes are real, and so are their logs and snapshots: `quorate-disk` on a directory. One thread, one seed,
//! virtual time.

mod cluster;
mod committed;
mod crash;
mod files;
mod held;
mod journal;
mod member;
mod owed;
mod recorder;
mod recovery;
mod rot;
mod script;
mod state;

use std::fmt;
use std::path::Path;

use fastrand::Rng;
use quorate::{Founding, Seat};
use tempfile::TempDir;

pub use crash::Bounds;
pub use recorder::Lie;

use cluster::Cluster;
use committed::Committed;
use crash::Crash;
use files::Files;
use journal::{Change, Event, Promise};
use owed::Owed;
use recovery::Recovery;

/// The most nodes of a cluster.
const SEATS: usize = 5;
const CLUSTER: quorate_wire::Cluster = quorate_wire::Cluster(7);
/// What keeps their frames from another cluster's.
const FOUNDING: Founding = Founding(CLUSTER.0);
/// Small, so that a few commands fill a log, and a snapshot has to free it.
const LOG_BYTES: usize = 4 << 10;

/// What to record, and how closely to look at it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Chooses the order of events, and which crash states are looked at where there are too many.
    pub seed: u64,
    /// How many nodes the cluster has: 3, or 5, where a minority can acknowledge what is replaced later.
    pub nodes: usize,
    /// How often the workload goes through its acts.
    pub rounds: usize,
    /// What the disks do not do though they say so, after so many times that they did.
    pub lie: Option<(Lie, usize)>,
    /// Whether the drivers return tickets before the disk has begun.
    pub hasty: bool,
    /// How many crash states of a moment are looked at.
    pub bounds: Bounds,
}

/// What a run has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Changes of files that were recorded.
    pub changes: usize,
    /// Promises that were recorded.
    pub promises: usize,
    /// Writes that put entries in the place of others.
    pub truncations: usize,
    /// Snapshots of a node's own that its log came to stand on.
    pub marks: usize,
    /// Snapshots of a leader that took the place of a log.
    pub installs: usize,
    /// Writes that say anew who takes part.
    pub configurations: usize,
    /// Files that were removed.
    pub removals: usize,
    /// Moments at which the power was cut.
    pub moments: usize,
    /// Crash states of those moments; each was recovered.
    pub states: usize,
    /// Of these, states in which the last write was torn.
    pub torn: usize,
    /// Of these, states with a leader's snapshot, or a part of it, that is not installed.
    pub fetching: usize,
    /// Crash states of recoveries that were themselves cut off.
    pub again: usize,
    /// Crash states of which a bit of a snapshot was flipped.
    pub rotten: usize,
}

/// What a recovered node must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// A log that lost its power can be opened.
    Opens,
    /// A node comes back in the term in which it last spoke, or a later one.
    TermStays,
    /// A vote that was given comes back.
    VoteStays,
    /// A node votes once in a term.
    VoteOnce,
    /// What was acknowledged comes back, unless a later leader replaced it.
    AckedStays,
    /// What was applied, and perhaps answered, comes back.
    AppliedStays,
    /// A snapshot that a log stands on is there, and holds the state that comes of the entries that it covers.
    StateStays,
    /// What comes back is what some number of whole writes made.
    WholeWrites,
    /// What has rotted of a snapshot is told, and nothing else is lost by it.
    RotIsTold,
    /// The node keeps its invariants, and goes on.
    GoesOn,
    /// A cluster whose power failed goes on with every answered entry.
    ClusterGoesOn,
}

/// A law that was broken, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// What happened.
    pub story: String,
}

/// Records one run, and cuts the power of each of its nodes at each moment.
///
/// # Errors
/// The first law that is broken.
pub fn cut_each_node(setting: Setting) -> Result<Tally, Violation> {
    let journal = record(setting)?;
    let committed = Committed::of(&journal)?;
    let mut tally = Tally::default();
    for seat in (0..setting.nodes as u8).map(Seat) {
        let events: Vec<Event> = journal.iter().filter(|(who, _)| *who == seat).map(|(_, what)| what.clone()).collect();
        cut_node(setting, seat, &events, &committed, &mut tally)?;
    }
    Ok(tally)
}

/// Records one run, cuts the power of all nodes at once at so many moments, and lets the cluster go on each time.
///
/// # Errors
/// The first law that is broken.
pub fn cut_all_nodes(setting: Setting, cuts: usize) -> Result<(), Violation> {
    let journal = record(setting)?;
    let committed = Committed::of(&journal)?;
    let mut rng = Rng::with_seed(setting.seed);
    for _ in 0..cuts {
        let length = rng.usize(..=journal.len());
        let mut files = vec![Files::default(); setting.nodes];
        let mut owed = vec![Owed::new(&committed); setting.nodes];
        for (seat, event) in &journal[..length] {
            let node = usize::from(seat.0);
            owed[node].take(event)?;
            if let Event::Change(change) = event {
                files[node].take(change);
            }
        }
        let crashes: Vec<Crash> = files.iter().map(|files| crash::any(files, &mut rng)).collect();
        script::resume(Setting { seed: rng.u64(..), ..setting }, &crashes, &owed)
            .map_err(|violation| violation.after(length))?;
    }
    Ok(())
}

fn record(setting: Setting) -> Result<Vec<(Seat, Event)>, Violation> {
    let scratch = scratch();
    let mut cluster = Cluster::open(scratch.path(), setting)?;
    script::play(&mut cluster, setting.rounds)?;
    Ok(cluster.journal())
}

/// Cuts the power before each change of what is durable or owed, and at the end.
fn cut_node(
    setting: Setting,
    seat: Seat,
    events: &[Event],
    committed: &Committed,
    tally: &mut Tally,
) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(setting.seed);
    let mut recovery = Recovery::new(seat, setting);
    let (mut files, mut owed) = (Files::default(), Owed::new(committed));
    for (place, event) in events.iter().map(Some).chain([None]).enumerate() {
        if event.is_none_or(Event::ends_a_moment) {
            let story = |violation: Violation| violation.of(seat).after(place);
            recovery.cut(&files, &owed, &mut rng, tally).map_err(story)?;
        }
        let Some(event) = event else { break };
        tally.truncations += usize::from(owed.is_replaced_by(event));
        tally.count(event);
        owed.take(event).map_err(|violation| violation.of(seat).after(place))?;
        if let Event::Change(change) = event {
            files.take(change);
        }
    }
    Ok(())
}

/// A directory, without a device behind it if there is such a place: there are very many openings.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let scratch = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    scratch.expect("a directory can be made")
}

impl Tally {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Change(change) => {
                self.changes += 1;
                self.removals += usize::from(matches!(change, Change::Remove(_)));
            }
            Event::Promise(promise) => {
                self.promises += 1;
                self.installs += usize::from(matches!(promise, Promise::Restore(_)));
            }
            Event::Mark(_) => self.marks += 1,
            Event::Write(_, batch) => self.configurations += usize::from(batch.settled().is_some()),
            Event::Written | Event::Opened(_) => {}
        }
    }
}

impl Law {
    fn broken(self, story: impl Into<String>) -> Violation {
        Violation { law: self, story: story.into() }
    }
}

impl Violation {
    fn of(mut self, seat: Seat) -> Violation {
        self.story = format!("node {}: {}", seat.0, self.story);
        self
    }

    fn after(mut self, events: usize) -> Violation {
        self.story = format!("after {events} events: {}", self.story);
        self
    }

    fn left_by(mut self, crash: &str) -> Violation {
        self.story = format!("{crash}: {}", self.story);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.story)
    }
}

impl std::error::Error for Violation {}
