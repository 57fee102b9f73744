use std::collections::VecDeque;
use std::time::Duration;

use quorate::{
    Ballot, Boot, Config, Effect, HardState, Incarnation, Index, Input, Instant, Members, Message, Node, Outcome,
    Position, Seat, Seats, Term, Ticket,
};
use quorate_wire::{Cluster, Envelope, MEMBER_OVERHEAD_MAX, VERSION, decode, encode};

use super::arbitrary;
use super::model::{Batch, Disk};
use super::source::Source;

const ME: Seat = Seat(0);
const CLUSTER: Cluster = Cluster(42);
const ENTRY_BYTES_MAX: usize = 300;
/// The most inputs of one run: the whole log is checked after each.
const INPUTS_MAX: usize = 300;

/// A node is told anything by anyone, in any order, with a disk that is slow and a process that ends at any time. It never
/// panics, keeps its invariants, and promises only what its disk holds.
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
    /// What was applied since the last start.
    applied: Vec<Vec<u8>>,
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
            let vote = source.flag().then(|| Seat(source.below(3)));
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
                        .for_each(|record| disk.write(&Batch { hard_state: None, records: record.clone() }));
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
            answers: VecDeque::new(),
        })
    }

    /// One thing happens.
    fn turn(&mut self, source: &mut Source<'_>) {
        let effects_max = if source.byte() < 224 { usize::MAX } else { usize::from(source.below(4)) };
        match source.below(14) {
            0 | 1 => {
                let millis = [0, 1, 50, 251, 600, 60_000][usize::from(source.below(6))];
                self.now = self.now + Duration::from_millis(millis);
                self.act(Input::Tick, effects_max);
                let due = self.node.deadline();
                assert!(due.is_none_or(|due| due > self.now), "a tick changes nothing, and one is due");
            }
            2 => {
                let session = source.flag().then(|| arbitrary::session(source));
                let command = (source.byte() < 240).then(|| source.some_bytes().to_vec());
                self.act(Input::ClientCommand { session, command }, effects_max);
            }
            3 => self.act(Input::Read, effects_max),
            4 => {
                let to = source.flag().then(|| Seat(source.byte()));
                self.act(Input::Transfer { to }, effects_max);
            }
            5 => self.receive_bytes(source.some_bytes(), effects_max),
            6 if source.below(4) == 0 => self.restart(source.flag()),
            6..=8 => {
                if let Some((ticket, batch)) = self.write.take() {
                    self.disk.write(&batch);
                    self.act(Input::Persisted(ticket), effects_max);
                }
            }
            9 | 10 => self.hear_answer(effects_max),
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
        if let Ok((from, message)) = decode(&frame, CLUSTER, ME) {
            self.act(Input::Receive { from, message }, effects_max);
        }
    }

    /// A member answers as one that agrees with this node does, late or at once.
    fn hear_answer(&mut self, effects_max: usize) {
        if let Some((from, message)) = self.answers.pop_front() {
            self.act(Input::Receive { from: from.into(), message }, effects_max);
        }
    }

    /// The process ends, and a write under way may be durable or not.
    fn restart(&mut self, is_written: bool) {
        if let Some((_, batch)) = self.write.take().filter(|_| is_written) {
            self.disk.write(&batch);
        }
        self.boots += 1;
        self.applied.clear();
        self.answers.clear();
        let node = boot(&self.disk, self.log_bytes, self.boots, self.now);
        self.node = node.expect("what fitted into the log fits into it again");
    }

    fn act(&mut self, input: Input<'_, Vec<u8>>, effects_max: usize) {
        let before = (self.node.term(), self.node.commit());
        let mut acked = Vec::new();
        for effect in self.node.step(self.now, input).take(effects_max) {
            match effect {
                Effect::Persist(write) => {
                    assert!(self.write.is_none(), "one write is under way at a time");
                    let batch = Batch { hard_state: write.hard_state, records: write.entries.bytes().to_vec() };
                    assert!(batch.hard_state.is_some() || !batch.records.is_empty(), "there is something to write");
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
                    assert_eq!(entry.index().0, self.applied.len() as u64 + 1, "entries are applied one by one");
                    assert_eq!(self.disk.record(entry.index()), Some(record), "applied before it is durable");
                    self.applied.push(record.to_vec());
                }
                Effect::TakeSnapshot { .. }
                | Effect::SendPiece { .. }
                | Effect::Store { .. }
                | Effect::Restore { .. } => {}
                Effect::Accept { .. }
                | Effect::Await { .. }
                | Effect::Reject(_)
                | Effect::ReadReady { .. }
                | Effect::ReadFailed { .. } => {}
            }
        }
        for index in acked {
            let acked = self.node.log().take(index.0 as usize);
            assert!(acked.map(|entry| entry.record()).eq(self.disk.records.iter().take(index.0 as usize)));
            assert!(self.disk.records.len() as u64 >= index.0, "{index:?} is acknowledged before it is durable");
        }
        let after = (self.node.term(), self.node.commit());
        assert!(before.0 <= after.0 && before.1 <= after.1, "{before:?} becomes {after:?}");
        let applied = self.node.log().take(self.applied.len()).map(|entry| entry.record());
        assert!(applied.eq(&self.applied), "what was applied is no longer in the log");
        assert_eq!(self.node.check_invariants(), Ok(()));
    }
}

fn boot(disk: &Disk, log_bytes: usize, seed: u64, now: Instant) -> Option<Node<Vec<u8>, Vec<u8>, 4>> {
    let config = Config {
        entry_bytes_max: ENTRY_BYTES_MAX,
        inflight_messages_max: 4,
        inflight_bytes_max: 600,
        ..Config::new(ME, Members::of(Seats::first(3)), seed)
    };
    let mut boot = Boot::new(config, vec![0; log_bytes]).expect("the configuration is sound");
    boot.hard_state(disk.hard_state);
    for entry in disk.entries() {
        boot.entry(entry).ok()?;
    }
    Some(boot.start(now))
}

/// What a member says to this that agrees with everything.
fn answer(message: &Message<'_>) -> Option<Message<'static>> {
    match *message {
        Message::RequestVote { term, ballot, .. } => Some(Message::Vote { term, ballot, granted: true }),
        Message::AppendEntries { term, stamp, previous, entries, .. } => {
            let matched = Index(previous.index.0 + entries.count() as u64);
            Some(Message::Ack { term, stamp, outcome: Outcome::Matched(matched) })
        }
        _ => None,
    }
}

/// Every message fits into the frame that the core was told of, and comes out of it as it is.
fn travel(to: Seat, message: &Message<'_>) {
    let mut buffer = [0; ENTRY_BYTES_MAX + MEMBER_OVERHEAD_MAX];
    let envelope = Envelope { cluster: CLUSTER, from: ME, to, incarnation: Incarnation(0) };
    let frame = encode(&mut buffer, &envelope, message).expect("every message fits");
    assert_eq!(decode(frame, CLUSTER, to), Ok((ME.into(), *message)));
}

/// Who speaks in a term, votes or asks for votes has that on its disk.
fn hold(to: Seat, message: &Message<'_>, durable: HardState) {
    let term = message.term();
    let vote = match *message {
        Message::RequestVote { ballot: Ballot::Pre, .. } | Message::Vote { ballot: Ballot::Pre, granted: true, .. } => {
            return;
        }
        Message::RequestVote { .. } | Message::AppendEntries { .. } => Some(ME),
        Message::Vote { granted: true, .. } => Some(to),
        _ => durable.vote,
    };
    assert_eq!(durable, HardState { term, vote }, "{message:?} is sent before it is durable");
}
