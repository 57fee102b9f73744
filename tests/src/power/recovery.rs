use std::fs;
use std::io::Write;
use std::path::Path;

use fastrand::Rng;
use quorate::{
    Boot, Charter, Config, Effect, Entries, Entry, Features, Founding, HardState, Identity, Index, Input, Instant,
    Kind, Least, Members, Message, Outcome, Persist, Position, RECORD_OVERHEAD, Seat, Seats, Snapshot, Snapshotted,
    Term,
};
use quorate_disk::{Damage, Disk, DiskError, Options, Owner, Recovered};
use tempfile::TempDir;

use super::crash::{self, Crash};
use super::files::{Files, Image};
use super::held::Held;
use super::journal::{Change, Event, Journal};
use super::member::restore;
use super::owed::Owed;
use super::recorder::Recorder;
use super::state::State;
use super::{CLUSTER, LOG_BYTES, Law, SEATS, Setting, Tally, Violation, scratch};
use crate::simulator::records::Batch;

/// Small, so that a few writes fill a segment.
pub(crate) const OPTIONS: Options = Options { segment_bytes: 2_048 };

/// What a node that came back has for its log: one more entry has to fit.
const MEMORY: usize = LOG_BYTES + 64;

/// A node of such a cluster.
pub(crate) type Node = quorate::Node<Vec<u8>, Box<[u8]>, SEATS>;

/// A node's log, open, and the node that was started from it.
pub(crate) struct Opened {
    pub(crate) disk: Disk<Recorder>,
    pub(crate) node: Node,
    pub(crate) state: State,
    pub(crate) held: Held,
    /// The state in the snapshot before the one in force, if that is there.
    before: Option<State>,
    /// The snapshots that can be read, the latest last.
    pub(super) kept: Vec<Snapshot>,
    /// The position of a snapshot that is told to be damaged or lost.
    pub(super) damaged: Option<Position>,
    /// What is told of files that are damaged.
    pub(super) told: Vec<Damage>,
    is_torn: bool,
    is_fetching: bool,
}

/// Starts one node from crash states, again and again, in one directory.
pub(crate) struct Recovery {
    seat: Seat,
    pub(super) setting: Setting,
    scratch: TempDir,
    /// What is in the directory.
    present: Image,
    /// How many times it was started.
    starts: usize,
}

/// What an opening did to the files.
struct Opening {
    changes: Vec<Change>,
    is_torn: bool,
    is_fetching: bool,
}

impl Recovery {
    pub(crate) fn new(seat: Seat, setting: Setting) -> Recovery {
        Recovery { seat, setting, scratch: scratch(), present: Image::new(), starts: 0 }
    }

    /// Cuts the power at this moment, in every way.
    pub(crate) fn cut(
        &mut self,
        files: &Files,
        owed: &Owed<'_>,
        rng: &mut Rng,
        tally: &mut Tally,
    ) -> Result<(), Violation> {
        tally.moments += 1;
        let mut dice = rng.fork();
        crash::visit(files, self.setting.bounds, rng, |crash| {
            tally.states += 1;
            let opening = self.recover(&crash, owed)?;
            if dice.usize(..self.setting.bounds.rots) == 0 {
                tally.rotten += usize::from(self.rot(&crash, owed, &mut dice)?);
            }
            tally.torn += usize::from(opening.is_torn);
            tally.fetching += usize::from(opening.is_fetching);
            if opening.tidies() && dice.usize(..self.setting.bounds.recoveries) == 0 {
                self.cut_again(&crash, &opening.changes, owed, &mut dice, tally)?;
            }
            Ok(())
        })
    }

    /// Cuts the power once more, at each moment of the recovery from a crash state.
    fn cut_again(
        &mut self,
        crash: &Crash,
        changes: &[Change],
        owed: &Owed<'_>,
        rng: &mut Rng,
        tally: &mut Tally,
    ) -> Result<(), Violation> {
        let mut files = Files::of(&crash.image);
        for change in changes {
            files.take(change);
            crash::visit(&files, self.setting.bounds, rng, |again| {
                tally.again += 1;
                self.recover(&again, owed).map(drop).map_err(|violation| violation.left_by(&crash.story))
            })?;
        }
        Ok(())
    }

    /// Starts from a crash state, and holds what came back to what was promised. What the opening alone did.
    fn recover(&mut self, crash: &Crash, owed: &Owed<'_>) -> Result<Opening, Violation> {
        self.put(&crash.image);
        let mut files = Files::of(&crash.image);
        let opening = self.start(&mut files, owed).map_err(|violation| violation.left_by(&crash.story))?;
        self.present = files.seen();
        Ok(opening)
    }

    fn start(&mut self, files: &mut Files, owed: &Owed<'_>) -> Result<Opening, Violation> {
        self.starts += 1;
        let journal = Journal::default();
        let mut changes = || {
            let noted = journal.take().into_iter().filter_map(|(_, event)| match event {
                Event::Change(change) => Some(change),
                _ => None,
            });
            noted.inspect(|change| files.take(change)).collect::<Vec<_>>()
        };
        let recorder = self.recorder(&journal);
        let mut opened = open(recorder.clone(), self.setting.nodes, 1, MEMORY)?;
        let opening = changes();
        opened.check(owed)?;
        opened.go_on(owed)?;
        if self.starts.is_multiple_of(2) {
            opened.take_snapshot(owed)?;
        }
        let Opened { disk, held: expected, is_torn, is_fetching, .. } = opened;
        drop(disk);
        let again = open(recorder, self.setting.nodes, 2, MEMORY)?;
        if again.held != expected {
            return Err(Law::GoesOn.broken("what was written after the recovery does not come back"));
        }
        changes();
        Ok(Opening { changes: opening, is_torn, is_fetching })
    }

    /// Opens what the directory holds now. Behind the snapshot before the one in force there may be more than a node's
    /// memory ever held.
    pub(super) fn open_again(&mut self) -> Result<Opened, Violation> {
        let (journal, nodes) = (Journal::default(), self.setting.nodes);
        let opened = open(self.recorder(&journal), nodes, 1, 4 * MEMORY);
        self.present = read(self.scratch.path());
        opened
    }

    fn recorder(&self, journal: &Journal) -> Recorder {
        Recorder::new(self.scratch.path(), self.seat, journal, None)
    }

    /// Makes the directory hold this and nothing else.
    pub(super) fn put(&mut self, image: &Image) {
        let path = self.scratch.path();
        for name in self.present.keys().filter(|name| !image.contains_key(*name)) {
            fs::remove_file(path.join(name)).expect("a file can be removed");
        }
        for (name, bytes) in image {
            if self.present.get(name) != Some(bytes) {
                fs::write(path.join(name), bytes).expect("a file can be written");
            }
        }
        self.present.clone_from(image);
    }
}

/// What is in a directory.
fn read(directory: &Path) -> Image {
    let entries = fs::read_dir(directory).expect("the directory can be read");
    let paths = entries.map(|entry| entry.expect("the directory can be read").path()).filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().expect("it has a name").to_string_lossy().into_owned();
    paths.map(|path| (name(&path), fs::read(&path).expect("a file can be read"))).collect()
}

impl Opening {
    /// Whether it changed more than the last batch, which is written anew each time.
    fn tidies(&self) -> bool {
        self.is_torn || self.is_fetching || self.changes.iter().any(|change| matches!(change, Change::Remove(_)))
    }
}

impl Opened {
    /// Holds what came back against what was promised.
    fn check(&self, owed: &Owed<'_>) -> Result<(), Violation> {
        if let Some(position) = self.damaged {
            return Err(Law::StateStays.broken(format!("the snapshot of {position:?} is lost")));
        }
        owed.check(&self.held)?;
        let states = self.before.iter().chain([&self.state]);
        if let Some(state) = states.into_iter().find(|state| **state != owed.committed().state(state.index())) {
            return Err(Law::StateStays.broken(format!("a snapshot of {:?} holds another state", state.index())));
        }
        self.node.check_invariants().map_err(|broken| Law::GoesOn.broken(broken.0))
    }

    /// A leader of a later term sends one more entry: the node must take it over, and acknowledge it once it is
    /// durable. What it had applied before, it applies again, and comes to the same state.
    fn go_on(&mut self, owed: &Owed<'_>) -> Result<(), Violation> {
        // What was fetched to its end is installed before anything else.
        self.step(Input::Tick)?;
        let leader = Seat((self.node.seat().0 + 1) % self.node.members().all().count() as u8);
        let (term, last) = (Term(self.node.term().0 + 1), self.node.last());
        let position = Position { term, index: Index(last.index.0 + 1) };
        let mut room = [0; RECORD_OVERHEAD + 4];
        let entry = Entry::write(&mut room, position, Kind::Command, b"next").expect("the entry fits");
        let entries = Entries::parse(entry.record()).expect("one entry");
        let (commit, inherited) = (owed.applied(), last.index);
        let message = Message::AppendEntries { term, stamp: 1, previous: last, commit, inherited, entries };
        let acked = self.step(Input::Receive { from: Identity::from(leader), message })?;
        if acked != Some(position.index) {
            return Err(Law::GoesOn.broken(format!("the node acknowledges {acked:?}, not {position:?}")));
        }
        if self.state.index() < owed.applied() || self.state != owed.committed().state(self.state.index()) {
            let story = format!("after {:?}, it comes to another state at {:?}", owed.applied(), self.state.index());
            return Err(Law::StateStays.broken(story));
        }
        Ok(())
    }

    /// Takes an input, and does all that follows. What was acknowledged last.
    fn step(&mut self, input: Input<'_, Vec<u8>>) -> Result<Option<Index>, Violation> {
        let (mut ticket, mut acked) = (None, None);
        for effect in self.node.step(Instant::START, input) {
            match effect {
                Effect::Persist(write) => {
                    self.held.write(&Batch::of(&write));
                    let Persist { ticket: due, hard_state, snapshot, entries, settled, mark } = write;
                    let written = self.disk.write(hard_state, snapshot, entries, settled, mark);
                    written.map_err(|error| Law::GoesOn.broken(error.to_string()))?;
                    ticket = Some(due);
                }
                Effect::Send { message: Message::Ack { outcome: Outcome::Matched(index), .. }, .. } => {
                    acked = Some(index);
                }
                Effect::Restore { snapshot } => self.state = restore(&self.disk.snapshots(), snapshot)?,
                Effect::Apply(entry) => self.state.apply(entry.entry().record()),
                _ => {}
            }
        }
        ticket.map_or(Ok(acked), |ticket| self.step(Input::Persisted(ticket)))
    }

    /// Puts a snapshot of what is applied in force, unless there is one already.
    fn take_snapshot(&mut self, owed: &Owed<'_>) -> Result<(), Violation> {
        let index = self.state.index();
        let expected = owed.committed().snapshot(index).filter(|_| index > self.held.snapshot.position.index);
        let Some(expected) = expected else { return Ok(()) };
        let taken = self.disk.snapshots().create(expected.position, self.node.members()).and_then(|mut writer| {
            writer.write_all(&self.state.bytes()).expect("what is kept in memory can be written");
            writer.finish()
        });
        let marked = taken.and_then(|snapshot| self.disk.mark(snapshot).map(|()| snapshot));
        let snapshot = marked.map_err(|error| Law::GoesOn.broken(error.to_string()))?;
        self.held.mark(snapshot);
        let taken = self.node.step(Instant::START, Snapshotted(snapshot)).answer;
        match snapshot == expected && taken.is_ok() {
            true => Ok(()),
            false => Err(Law::GoesOn.broken(format!("the node does not take its own {snapshot:?}"))),
        }
    }
}

/// Opens a log, and starts the node that it belongs to, with so much memory.
pub(crate) fn open(recorder: Recorder, nodes: usize, seed: u64, log_bytes: usize) -> Result<Opened, Violation> {
    let memory = vec![0; log_bytes].into_boxed_slice();
    let mut boot = Boot::recover(Config::new(recorder.seat, seed), memory).expect("the configuration is sound");
    let members = Members::of(Seats::first(nodes));
    let charter = Charter {
        founding: Founding(1),
        members,
        least: Least { log_bytes: log_bytes as u32, election_micros: 250_000, features: Features::OWN },
    };
    boot.take(Recovered::Charter(charter)).expect("the charter is sound");
    let (mut hard_state, mut kept, mut is_fetching) = (HardState::default(), Vec::new(), false);
    let mut damaged = None;
    let visit = |item: Recovered<'_>| {
        match item {
            Recovered::HardState(found) => hard_state = found,
            Recovered::Snapshot(snapshot) => kept.push(snapshot),
            Recovered::LostSnapshot(position) | Recovered::DamagedSnapshot(position) => damaged = Some(position),
            Recovered::Stored(_) => is_fetching = true,
            Recovered::Prepared(_)
            | Recovered::Charter(_)
            | Recovered::Joined(..)
            | Recovered::Settled(_)
            | Recovered::Entry(_)
            | Recovered::Mark(_) => {}
        }
        boot.take(item).map_err(|error| Law::GoesOn.broken(error.to_string()))
    };
    let (path, owner) = (recorder.directory.clone(), Owner { cluster: CLUSTER.0, seat: recorder.seat });
    let (disk, recovery) = Disk::open_on(recorder, &path, owner, OPTIONS, visit)?;
    let states = kept.iter().map(|snapshot| restore(&disk.snapshots(), *snapshot)).collect::<Result<Vec<_>, _>>()?;
    let mut states = states.into_iter().rev();
    let (state, before) = (states.next().unwrap_or_default(), states.next());
    let node = boot.start(Instant::START).map_err(|error| Law::GoesOn.broken(error.to_string()))?;
    let held = Held::of(hard_state, kept.last().copied().unwrap_or_default(), &node);
    let (told, is_torn) = (recovery.damaged, recovery.torn_bytes > 0);
    Ok(Opened { disk, node, state, held, before, kept, damaged, told, is_torn, is_fetching })
}

impl From<DiskError> for Violation {
    fn from(error: DiskError) -> Violation {
        Law::Opens.broken(error.to_string())
    }
}
