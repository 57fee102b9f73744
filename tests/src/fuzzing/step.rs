use std::collections::VecDeque;
use std::time::Duration;

use quorate::{
    Ballot, Boot, Charter, Config, Effect, Entry, Features, Founding, HardState, Identity, Incarnation, Index, Input,
    Instant, Least, Mark, Members, Message, Node, Outcome, Position, Recovered, Seat, Seats, Snapshot, Term, Ticket,
    crc32c,
};
use quorate_disk::Configuration;
use quorate_wire::{Envelope, MEMBER_OVERHEAD_MAX, VERSION, decode, encode};

use super::arbitrary::{self, PIECE};
use super::model::{Batch, Disk};
use super::source::Source;

const ME: Seat = Seat(0);
const FOUNDING: Founding = Founding(42);
const ENTRY_BYTES_MAX: usize = 300;
/// The most inputs of one run: the whole log is checked after each.
const INPUTS_MAX: usize = 300;

/// A node is told anything by anyone, in any order, with a disk that is slow and a process that ends at any time. It
/// never panics, keeps its invariants, and promises only what its disk holds.
///
/// # Panics
/// If it does not.
pub fn step(data: &[u8]) {
    let mut source = Source::new(data);
    let Some(mut machine) = Machine::start(&mut source) else { return };
    for _ in 0..INPUTS_MAX {
        if source.is_empty() {
            break;
        }
        machine.turn(&mut source);
    }
}

/// The node, and what the world knows of it.
struct Machine {
    node: Node<Vec<u8>, Vec<u8>, 4>,
    log_bytes: usize,
    boots: u64,
    now: Instant,
    disk: Disk,
    write: Option<(Ticket, Batch)>,
    /// What was applied since the last start, behind what was restored.
    applied: Vec<Vec<u8>>,
    restored: Index,
    /// The snapshot that the app was asked for last.
    due: Option<Position>,
    /// What others have not answered yet.
    answers: VecDeque<(Seat, Message<'static>)>,
}

impl Machine {
    /// Starts from a disk that holds something already, if that can be.
    fn start(source: &mut Source<'_>) -> Option<Machine> {
        let log_bytes = 200 + 16 * usize::from(source.byte());
        let mut disk = Disk::default();
        let mut room = Vec::new();
        if source.flag() {
            let vote = source.flag().then(|| Seat(source.below(3)).into());
            disk.hard_state = HardState { term: Term(u64::from(source.byte())), vote };
            for _ in 0..source.below(4) {
                let last = disk.entries().last().map_or(Position::default(), |entry| entry.position());
                let from = arbitrary::position(source, last);
                // A disk holds only what a log held: entries that follow each other.
                if from.index <= last.index && from.term >= last.term {
                    arbitrary::entries(source, Position { term: last.term, ..from }, &mut room)
                        .filter(|entry| entry.position().index.0 as usize <= disk.records.len() + 1)
                        .map(|entry| entry.record().to_vec())
                        .collect::<Vec<_>>()
                        .iter()
                        .for_each(|record| disk.push(Entry::parse(record).expect("it was one").0));
                }
            }
        }
        let node = boot(&disk, log_bytes, 1, Instant::START)?;
        Some(Machine {
            node,
            log_bytes,
            boots: 1,
            now: Instant::START,
            disk,
            write: None,
            applied: Vec::new(),
            restored: Index(0),
            due: None,
            answers: VecDeque::new(),
        })
    }

    /// One thing happens.
    fn turn(&mut self, source: &mut Source<'_>) {
        let effects_max = if source.byte() < 224 { usize::MAX } else { usize::from(source.below(4)) };
        match source.below(16) {
            0 | 1 => {
                let millis = [0, 1, 50, 251, 600, 60_000][usize::from(source.below(6))];
                self.now = self.now + Duration::from_millis(millis);
                self.act(Input::Tick, effects_max);
                let due = self.node.deadline().filter(|_| effects_max == usize::MAX);
                assert!(due.is_none_or(|due| due > self.now), "a tick changes nothing, and one is due");
            }
            2 => {
                let session = source.flag().then(|| arbitrary::session(source));
                let command = (source.byte() < 240).then(|| source.some_bytes().to_vec());
                self.act(Input::ClientCommand { session, command }, effects_max);
            }
            3 => self.act(Input::Read { by_lease: source.flag() }, effects_max),
            4 => {
                let to = source.flag().then(|| Seat(source.byte()));
                self.act(Input::Transfer { to }, effects_max);
            }
            5 => self.receive_bytes(source.some_bytes(), effects_max),
            6 if source.below(4) == 0 => {
                let is_written = source.flag();
                let loses = source.below(8) == 0;
                self.restart(is_written, loses);
            }
            6..=8 => {
                if let Some((ticket, batch)) = self.write.take() {
                    self.disk.write(&batch);
                    self.act(Input::Persisted(ticket), effects_max);
                }
            }
            9 | 10 => self.hear_answer(effects_max),
            11 => {
                let asked_for = self.due.take().filter(|_| source.flag());
                let position = asked_for.unwrap_or_else(|| self.place(source));
                self.snapshotted(position, effects_max);
            }
            _ => {
                let (from, mut room) = (arbitrary::identity(source), Vec::new());
                let around = self.place(source);
                let message = arbitrary::message(source, self.node.term(), around, &mut room);
                self.act(Input::Receive { from, message }, effects_max);
            }
        }
    }

    /// The end of the log, or a place in it.
    fn place(&self, source: &mut Source<'_>) -> Position {
        let back = source.byte().saturating_sub(192);
        let index = self.node.last().index.0.saturating_sub(u64::from(back % 8));
        let entry = self.node.log().find(|entry| entry.position().index.0 == index);
        entry.map_or(Position::default(), |entry| entry.position())
    }

    /// A frame comes whose envelope is in order; what is in it is any bytes.
    fn receive_bytes(&mut self, bytes: &[u8], effects_max: usize) {
        let mut frame = vec![VERSION, 0, 42, 1, ME.0, 0];
        frame.extend_from_slice(bytes);
        frame.extend_from_slice(&quorate::crc32c(&frame).to_le_bytes());
        if let Ok((from, message)) = decode(&frame, FOUNDING, ME) {
            self.act(Input::Receive { from, message }, effects_max);
        }
    }

    /// A member answers as one that agrees with this node does, late or at once.
    fn hear_answer(&mut self, effects_max: usize) {
        if let Some((from, message)) = self.answers.pop_front() {
            self.act(Input::Receive { from: from.into(), message }, effects_max);
        }
    }

    /// The app has a snapshot, perhaps of what nobody asked for. If the node can make nothing of it, it is removed.
    fn snapshotted(&mut self, position: Position, effects_max: usize) {
        let snapshot = Snapshot { position, bytes: PIECE.len() as u64, check: crc32c(PIECE) };
        let latest = self.disk.snapshots.last().map_or(Index(0), |latest| latest.position.index);
        let has_it = self.node.snapshots().any(|other| other == snapshot);
        self.act(Input::Snapshotted(snapshot), effects_max);
        if !has_it && self.node.snapshots().any(|other| other == snapshot) {
            assert!(
                position.index > latest && position.index <= self.node.applied(),
                "a snapshot is of what was applied"
            );
            self.disk.mark(snapshot);
        }
    }

    /// The process ends, and a write under way may be durable or not; snapshots may rot.
    fn restart(&mut self, is_written: bool, loses: bool) {
        if let Some((_, batch)) = self.write.take().filter(|_| is_written) {
            self.disk.write(&batch);
        }
        if loses {
            self.disk.lose_snapshots();
        }
        self.boots += 1;
        self.applied.clear();
        self.restored = self.disk.snapshots.last().map_or(Index(0), |latest| latest.position.index);
        self.due = None;
        self.answers.clear();
        let node = boot(&self.disk, self.log_bytes, self.boots, self.now);
        self.node = node.expect("what fitted into the log fits into it again");
    }

    /// What is still to be drawn is the same at once as one by one, and leaves the node the same.
    fn draw_alike(&self) {
        let (mut one, mut other) = (self.node.clone(), self.node.clone());
        {
            let mut one_by_one = Vec::new();
            for effect in one.step(self.now, Input::Tick) {
                one_by_one.push(effect);
            }
            let mut at_once = Vec::new();
            other.step(self.now, Input::Tick).for_each(|effect| at_once.push(effect));
            assert_eq!(one_by_one, at_once);
        }
        assert!(one == other, "the node is another one after {:?}", self.now);
    }

    fn act(&mut self, input: Input<'_, Vec<u8>>, effects_max: usize) {
        let before = (self.node.term(), self.node.commit());
        let mut acked = Vec::new();
        for effect in self.node.step(self.now, input).take(effects_max) {
            match effect {
                Effect::Persist(write) => {
                    assert!(self.write.is_none(), "one write is under way at a time");
                    let batch = Batch::of(&write);
                    assert!(!batch.is_empty(), "there is something to write");
                    let installs = batch.snapshot.map(|snapshot| snapshot.position.index);
                    let last = last(self.restored, &self.applied);
                    assert!(installs.is_none_or(|index| index.0 > last || self.disk.is_lost()), "a state goes back");
                    self.write = Some((write.ticket, batch));
                }
                Effect::Send { to, message } => {
                    travel(to, &message);
                    hold(to, &message, self.disk.hard_state);
                    self.answers.extend(answer(&message).map(|answer| (to, answer)));
                    if let Message::Ack { outcome: Outcome::Matched(index) | Outcome::Full(index), .. } = message {
                        acked.push(index);
                    }
                }
                Effect::Apply(entry) => {
                    let record = entry.entry().record();
                    let last = last(self.restored, &self.applied);
                    assert_eq!(entry.index().0, last + 1, "entries are applied one by one");
                    assert_eq!(self.disk.record(entry.index()), Some(record), "applied before it is durable");
                    self.applied.push(record.to_vec());
                }
                Effect::TakeSnapshot { position, .. } => {
                    let last = last(self.restored, &self.applied);
                    assert_eq!(position.index.0, last, "a snapshot is of what was applied last");
                    self.due = Some(position);
                }
                Effect::SendPiece { to, piece } => {
                    assert!(self.disk.snapshots.contains(&piece.snapshot), "a node sends what it has");
                    let bytes = &PIECE[piece.offset as usize..][..piece.length];
                    travel(to, &piece.message(bytes));
                    hold(to, &piece.message(bytes), self.disk.hard_state);
                }
                Effect::Members { .. } | Effect::Dismissed(_) | Effect::ChangeFailed { .. } => {}
                Effect::Store { snapshot, offset, bytes } => self.disk.store(snapshot, offset, bytes),
                Effect::Restore { snapshot } => {
                    assert_eq!(self.disk.snapshots.last(), Some(&snapshot), "restored before it is durable");
                    let last = last(self.restored, &self.applied);
                    assert!(snapshot.position.index.0 > last, "a state goes back");
                    self.restored = snapshot.position.index;
                    self.applied.clear();
                }
                Effect::ReadReady { .. }
                | Effect::ReadFailed { .. }
                | Effect::LeadershipEnded
                | Effect::TransferFailed { .. } => {}
            }
        }
        self.draw_alike();
        for index in acked {
            let base = self.node.base().index.max(self.disk.base.index);
            let is_acked = |entry: &Entry<'_>| entry.position().index > base && entry.position().index <= index;
            let mut acked = self.node.log().filter(is_acked);
            let is_there = acked.all(|entry| self.disk.record(entry.position().index) == Some(entry.record()));
            let covered =
                self.disk.base.index.max(self.disk.snapshots.last().map_or(Index(0), |last| last.position.index));
            let is_durable = index <= covered || self.disk.record(index).is_some();
            assert!(is_there && is_durable, "{index:?} is acknowledged before it is durable");
        }
        let after = (self.node.term(), self.node.commit());
        assert!(before.0 <= after.0 && before.1 <= after.1, "{before:?} becomes {after:?}");
        assert_eq!(self.node.applied().0, last(self.restored, &self.applied));
        let (restored, last) = (self.restored, self.node.applied());
        let is_applied = |entry: &Entry<'_>| entry.position().index > restored && entry.position().index <= last;
        let forgotten = self.node.base().index.0.saturating_sub(self.restored.0) as usize;
        let applied = self.node.log().filter(is_applied).map(|entry| entry.record());
        assert!(applied.eq(self.applied.iter().skip(forgotten)), "what was applied is no longer in the log");
        assert_eq!(self.node.check_invariants(), Ok(()));
    }
}

fn boot(disk: &Disk, log_bytes: usize, seed: u64, now: Instant) -> Option<Node<Vec<u8>, Vec<u8>, 4>> {
    let config = Config {
        entry_bytes_max: ENTRY_BYTES_MAX,
        inflight_messages_max: 4,
        inflight_bytes_max: 600,
        ..Config::new(ME, seed)
    };
    let members = Members::of(Seats::first(3));
    let charter = Charter {
        founding: Founding(1),
        members,
        least: Least { log_bytes: log_bytes as u32, election_micros: 250_000, features: Features::OWN },
    };
    let mut boot = Boot::recover(config, vec![0; log_bytes]).expect("the configuration is sound");
    boot.take(Recovered::Charter(charter)).expect("the charter is sound");
    let lost = disk.is_lost().then_some(Recovered::LostSnapshot(disk.base)).into_iter();
    let snapshots = disk.snapshots.iter().copied().map(Recovered::Snapshot);
    let stored = disk.stored.into_iter().map(Recovered::Stored);
    let entries = disk.entries().map(Recovered::Entry);
    let settled = disk.settled.as_ref().and_then(Configuration::settled).map(Recovered::Settled);
    let mark = Recovered::Mark(Mark { term: disk.mark, last: disk.last() });
    let state = [Recovered::HardState(disk.hard_state)];
    let items = lost.chain(snapshots).chain(stored).chain(state).chain(entries).chain(settled).chain([mark]);
    for item in items {
        boot.take(item).ok()?;
    }
    boot.start(now).ok()
}

/// The index that was applied or restored last.
fn last(restored: Index, applied: &[Vec<u8>]) -> u64 {
    restored.0 + applied.len() as u64
}

/// What a member says to this that agrees with everything.
fn answer(message: &Message<'_>) -> Option<Message<'static>> {
    match *message {
        Message::RequestVote { term, ballot, .. } => {
            Some(Message::Vote { term, ballot, granted: true, incarnation: Incarnation::FOUNDER })
        }
        Message::AppendEntries { term, stamp, previous, entries, .. } => {
            let matched = Index(previous.index.0 + entries.count() as u64);
            Some(Message::Ack { term, stamp, outcome: Outcome::Matched(matched), features: Features::OWN })
        }
        _ => None,
    }
}

/// Every message fits into the frame that the core was told of, and comes out of it as it is.
fn travel(to: Seat, message: &Message<'_>) {
    let mut buffer = [0; ENTRY_BYTES_MAX + MEMBER_OVERHEAD_MAX];
    let envelope = Envelope { founding: FOUNDING, from: ME, to, incarnation: Incarnation(0) };
    let frame = encode(&mut buffer, &envelope, message).expect("every message fits");
    assert_eq!(decode(frame, FOUNDING, to), Ok((ME.into(), *message)));
}

/// Who speaks in a term, votes or asks for votes has that on its disk.
fn hold(to: Seat, message: &Message<'_>, durable: HardState) {
    let term = message.term();
    let vote = match *message {
        Message::RequestVote { ballot: Ballot::Pre, .. } | Message::Vote { ballot: Ballot::Pre, granted: true, .. } => {
            return;
        }
        Message::RequestVote { .. } | Message::AppendEntries { .. } | Message::Offer { .. } => Some(ME.into()),
        Message::Vote { granted: true, incarnation, .. } => Some(Identity { seat: to, incarnation }),
        _ => durable.vote,
    };
    assert_eq!(durable, HardState { term, vote }, "{message:?} is sent before it is durable");
}
