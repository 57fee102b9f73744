use std::fs;
use std::path::Path;
use std::rc::Rc;

use fastrand::Rng;
use quorate::{
    Boot, Config, Effect, Entries, Entry, Identity, Index, Input, Instant, Kind, Members, Message, Outcome, Position,
    RECORD_OVERHEAD, Seat, Seats, Term,
};
use quorate_disk::{Disk, DiskError, Options, Owner, Recovered};
use tempfile::TempDir;

use super::crash::{self, Crash};
use super::files::{Files, Image};
use super::journal::{Change, Event, Journal};
use super::owed::{Held, Owed};
use super::recorder::Recorder;
use super::{Law, SEATS, Setting, Tally, Violation, scratch};

/// Small, so that a few writes fill a segment.
pub(crate) const OPTIONS: Options = Options { segment_bytes: 2_048 };
const LOG_BYTES: usize = 64 << 10;

/// A node of such a cluster.
pub(crate) type Node = quorate::Node<Vec<u8>, Box<[u8]>, SEATS>;

/// A node's log, open, and the node that was started from it.
pub(crate) struct Opened {
    pub(crate) disk: Disk<Recorder>,
    pub(crate) node: Node,
    pub(crate) held: Held,
    is_torn: bool,
}

/// Starts one node from crash states, again and again, in one directory.
pub(crate) struct Recovery {
    seat: Seat,
    setting: Setting,
    scratch: TempDir,
    /// What is in the directory as it was put there.
    present: Image,
}

impl Recovery {
    pub(crate) fn new(seat: Seat, setting: Setting) -> Recovery {
        Recovery { seat, setting, scratch: scratch(), present: Image::new() }
    }

    /// Cuts the power at this moment, in every way.
    pub(crate) fn cut(
        &mut self,
        files: &Files,
        owed: &Owed,
        rng: &mut Rng,
        tally: &mut Tally,
    ) -> Result<(), Violation> {
        tally.moments += 1;
        let mut dice = rng.fork();
        crash::visit(files, self.setting.bounds, rng, |crash| {
            tally.states += 1;
            let (changes, is_torn) = self.recover(&crash, owed)?;
            tally.torn += usize::from(is_torn);
            if is_torn && dice.usize(..self.setting.bounds.recoveries) == 0 {
                self.cut_again(&crash, &changes, owed, &mut dice, tally)?;
            }
            Ok(())
        })
    }

    /// Cuts the power once more, at each moment of the recovery from a crash state.
    fn cut_again(
        &mut self,
        crash: &Crash,
        changes: &[Change],
        owed: &Owed,
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

    /// Starts from a crash state, and holds what came back to what was promised. What the opening alone did to the
    /// files, and whether it found a torn write.
    fn recover(&mut self, crash: &Crash, owed: &Owed) -> Result<(Vec<Change>, bool), Violation> {
        self.put(&crash.image);
        let journal = Journal::default();
        let changes = || {
            let changes = journal.take().into_iter().filter_map(|(_, event)| match event {
                Event::Change(change) => Some(change),
                _ => None,
            });
            changes.collect::<Vec<_>>()
        };
        let result = self.start(&journal, owed, changes).map_err(|violation| violation.left_by(&crash.story));
        let touched = result.as_ref().map(|(opening, later, _)| opening.iter().chain(later)).into_iter().flatten();
        for change in touched {
            if let Change::Write { file, .. } | Change::Rename { to: file, .. } = change {
                self.present.remove(file);
            }
        }
        result.map(|(opening, _, is_torn)| (opening, is_torn))
    }

    fn start(
        &self,
        journal: &Journal,
        owed: &Owed,
        changes: impl Fn() -> Vec<Change>,
    ) -> Result<(Vec<Change>, Vec<Change>, bool), Violation> {
        let path = self.scratch.path();
        let mut opened = open(path, self.seat, self.setting.nodes, 1, recorder(path, self.seat, journal))?;
        let opening = changes();
        owed.check(&opened.held)?;
        opened.node.check_invariants().map_err(|broken| Law::GoesOn.broken(broken.0))?;
        opened.go_on()?;
        let (expected, is_torn) = (opened.held.clone(), opened.is_torn);
        drop(opened);
        let later = changes();
        let again = open(path, self.seat, self.setting.nodes, 2, recorder(path, self.seat, journal))?;
        if again.held != expected {
            return Err(Law::GoesOn.broken("what was written after the recovery does not come back"));
        }
        Ok((opening, [later, changes()].concat(), is_torn))
    }

    /// Makes the directory hold this and nothing else.
    fn put(&mut self, image: &Image) {
        let path = self.scratch.path();
        for entry in fs::read_dir(path).expect("the directory is there") {
            let entry = entry.expect("the directory can be read");
            if !image.contains_key(entry.file_name().to_str().unwrap_or_default()) {
                fs::remove_file(entry.path()).expect("a file can be removed");
            }
        }
        for (name, bytes) in image {
            if self.present.get(name) != Some(bytes) {
                fs::write(path.join(name), bytes).expect("a file can be written");
            }
        }
        self.present.clone_from(image);
    }
}

impl Opened {
    /// A leader of a later term sends one more entry: the node must take it over, and acknowledge it once it is
    /// durable.
    fn go_on(&mut self) -> Result<(), Violation> {
        let leader = Seat((self.node.seat().0 + 1) % self.node.members().all().count() as u8);
        let (term, last) = (Term(self.node.term().0 + 1), self.node.last());
        let position = Position { term, index: Index(last.index.0 + 1) };
        let mut room = [0; RECORD_OVERHEAD + 4];
        let entry = Entry::write(&mut room, position, Kind::Command, b"next").expect("the entry fits");
        self.held.entry(entry);
        let entries = Entries::parse(entry.record()).expect("one entry");
        let message = Message::AppendEntries { term, stamp: 1, previous: last, commit: Index(0), entries };
        let mut ticket = None;
        for effect in self.node.step(Instant::START, Input::Receive { from: Identity::from(leader), message }) {
            if let Effect::Persist(write) = effect {
                self.held.hard_state = write.hard_state.unwrap_or(self.held.hard_state);
                let written = self.disk.write(write.hard_state, write.snapshot, write.entries);
                written.map_err(|error| Law::GoesOn.broken(error.to_string()))?;
                ticket = Some(write.ticket);
            }
        }
        let ticket = ticket.ok_or_else(|| Law::GoesOn.broken("the node takes no entry"))?;
        let mut effects = self.node.step(Instant::START, Input::Persisted(ticket));
        let outcome = Outcome::Matched(position.index);
        let acked = effects
            .any(|effect| effect == Effect::Send { to: leader, message: Message::Ack { term, stamp: 1, outcome } });
        if acked { Ok(()) } else { Err(Law::GoesOn.broken("the node does not acknowledge an entry")) }
    }
}

/// Opens a log, and starts the node that it belongs to.
pub(crate) fn open(path: &Path, seat: Seat, nodes: usize, seed: u64, recorder: Recorder) -> Result<Opened, Violation> {
    let identity = Identity::from(seat);
    let mut held = Held::default();
    let visit = |item: Recovered<'_>| {
        match item {
            Recovered::HardState(hard_state) => held.hard_state = hard_state,
            Recovered::Entry(entry) => held.entry(entry),
            _ => unreachable!("no snapshot was taken"),
        }
        Ok::<(), DiskError>(())
    };
    let opened = Disk::open_on(recorder, path, Owner { cluster: 7, identity }, OPTIONS, visit);
    let (disk, recovery) = opened.map_err(|error| Law::Opens.broken(error.to_string()))?;
    let config = Config::new(identity, Members::of(Seats::first(nodes)), seed);
    let memory = vec![0; LOG_BYTES].into_boxed_slice();
    let mut boot = Boot::new(config, memory).expect("the configuration is sound");
    boot.hard_state(held.hard_state);
    for record in &held.records {
        let (entry, _) = Entry::parse(record).expect("the disk gives whole entries back");
        boot.entry(entry).map_err(|error| Law::GoesOn.broken(error.to_string()))?;
    }
    Ok(Opened { disk, node: boot.start(Instant::START), held, is_torn: recovery.torn_bytes > 0 })
}

pub(crate) fn recorder(path: &Path, seat: Seat, journal: &Journal) -> Recorder {
    Recorder {
        seat,
        directory: path.to_owned(),
        journal: journal.clone(),
        lie: None,
        honest_syncs: 0,
        created: Rc::default(),
    }
}
