use std::collections::VecDeque;
use std::io::{Read, Write as _};

use quorate::{
    Ballot, Effect, Entries, Incarnation, Index, Input, Instant, Members, Message, Outcome, Piece, Position, Seat,
    Snapshot, Term, Ticket,
};
use quorate_disk::{Disk, DiskError, SnapshotWriter, Snapshots};
use quorate_wire::{Envelope, encode};

use super::journal::{Event, Promise};
use super::recorder::Recorder;
use super::recovery::{self, Node};
use super::state::State;
use super::{FOUNDING, LOG_BYTES, Law, Setting, Violation};
use crate::simulator::records::Batch;

/// A node, its state, and its disk.
pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) state: State,
    recorder: Recorder,
    disk: Disk<Recorder>,
    snapshots: Snapshots<Recorder>,
    jobs: VecDeque<Job>,
    /// The snapshot that is being written aside.
    taking: Option<Taking>,
}

/// A write that was ordered, and that the disk has not begun.
enum Job {
    Write(Write),
    /// A snapshot is written, and the log is to stand on it.
    Mark(Snapshot),
}

struct Write {
    /// None if it was returned already.
    ticket: Option<Ticket>,
    term: Term,
    batch: Batch,
}

enum Taking {
    Frozen(Position, Members, State),
    Written(SnapshotWriter<Recorder>),
}

/// What one step led to.
#[derive(Default)]
pub(crate) struct Outcomes {
    pub(crate) sent: Vec<(Seat, Vec<u8>)>,
    pub(crate) ticket: Option<Ticket>,
    promises: Vec<Promise>,
    acked: Vec<Index>,
}

/// Of so many pieces, all that are there are synced after the last.
const SYNC_EVERY: u64 = 3;

impl Member {
    /// Opens the log in the recorder's directory, and starts the node.
    pub(crate) fn open(recorder: Recorder, nodes: usize, seed: u64) -> Result<Member, Violation> {
        let opened = recovery::open(recorder.clone(), nodes, seed, LOG_BYTES)?;
        recorder.journal.note(recorder.seat, Event::Opened(opened.held));
        let snapshots = opened.disk.snapshots();
        let (node, disk, state) = (opened.node, opened.disk, opened.state);
        Ok(Member { node, state, recorder, disk, snapshots, jobs: VecDeque::new(), taking: None })
    }

    /// The process ends and starts again; the power stays on, so that what it wrote is there.
    pub(crate) fn restart(self, setting: Setting, seed: u64) -> Result<Member, Violation> {
        let recorder = self.recorder.clone();
        drop(self);
        Member::open(recorder, setting.nodes, seed)
    }

    pub(crate) fn is_writing(&self) -> bool {
        !self.jobs.is_empty()
    }

    pub(crate) fn is_taking(&self) -> bool {
        self.taking.is_some()
    }

    pub(crate) fn act(&mut self, now: Instant, input: Input<'_, Vec<u8>>, hasty: bool) -> Result<Outcomes, Violation> {
        let (me, term) = (self.node.seat(), self.node.term());
        let members = self.node.members();
        let mut outcomes = Outcomes::default();
        for effect in self.node.step(now, input) {
            match effect {
                Effect::Persist(write) => {
                    let (batch, mut ticket) = (Batch::of(&write), Some(write.ticket));
                    outcomes.ticket = ticket.take_if(|_| hasty);
                    let term = batch.hard_state.map_or(term, |hard_state| hard_state.term);
                    self.jobs.push_back(Job::Write(Write { ticket, term, batch }));
                }
                Effect::Send { to, message } => outcomes.send(me, to, &message),
                Effect::SendPiece { to, piece } => {
                    let bytes = read(&mut self.snapshots, piece)?;
                    outcomes.send(me, to, &piece.message(&bytes));
                }
                Effect::Store { snapshot, offset, bytes } => {
                    self.snapshots.store(snapshot, members, offset, bytes).map_err(goes_on)?;
                    if offset / bytes.len() as u64 % SYNC_EVERY == SYNC_EVERY - 1 {
                        self.snapshots.sync(snapshot).map_err(goes_on)?;
                    }
                }
                Effect::Apply(entry) => {
                    let record = entry.entry().record();
                    self.state.apply(record);
                    outcomes.promises.push(Promise::Apply(record.to_vec()));
                }
                Effect::Restore { snapshot } => {
                    self.state = restore(&self.snapshots, snapshot)?;
                    outcomes.promises.push(Promise::Restore(self.state.clone()));
                }
                Effect::TakeSnapshot { position, members } => {
                    self.taking.get_or_insert_with(|| Taking::Frozen(position, members, self.state.clone()));
                }
                Effect::Members { .. }
                | Effect::Dismissed(_)
                | Effect::ChangeFailed { .. }
                | Effect::ReadReady { .. }
                | Effect::ReadFailed { .. }
                | Effect::LeadershipEnded
                | Effect::TransferFailed { .. } => {}
            }
        }
        self.note(&mut outcomes);
        Ok(outcomes)
    }

    fn note(&self, outcomes: &mut Outcomes) {
        let base = self.node.base().index;
        for index in outcomes.acked.drain(..) {
            let entries = self.node.log().take_while(|entry| entry.position().index <= index);
            let records = entries.flat_map(|entry| entry.record().to_vec()).collect();
            outcomes.promises.push(Promise::Ack(self.node.term(), base.min(index), records));
        }
        for promise in outcomes.promises.drain(..) {
            self.recorder.journal.note(self.node.seat(), Event::Promise(promise));
        }
    }

    /// The disk does the next write. What to tell the node then, if there is anything.
    pub(crate) fn write(&mut self) -> Result<Option<Input<'static, Vec<u8>>>, Violation> {
        let note = |event| self.recorder.journal.note(self.recorder.seat, event);
        let told = match self.jobs.pop_front() {
            Some(Job::Write(Write { ticket, term, batch })) => {
                note(Event::Write(term, batch.clone()));
                let records = batch.bytes();
                let entries = Entries::parse(&records).expect("records were whole when they came out of the log");
                let (hard_state, snapshot, mark) = (batch.hard_state, batch.snapshot, batch.mark);
                self.disk.write(hard_state, snapshot, entries, batch.settled(), mark).map_err(goes_on)?;
                ticket.map(Input::Persisted)
            }
            Some(Job::Mark(snapshot)) => {
                note(Event::Mark(snapshot));
                self.disk.mark(snapshot).map_err(goes_on)?;
                Some(Input::Snapshotted(snapshot))
            }
            None => return Ok(None),
        };
        note(Event::Written);
        Ok(told)
    }

    /// Goes on with the snapshot that is being written aside.
    pub(crate) fn take(&mut self) -> Result<(), Violation> {
        match self.taking.take() {
            Some(Taking::Frozen(position, members, state)) => {
                let mut writer = self.snapshots.create(position, members).map_err(goes_on)?;
                let written = writer.write_all(&state.bytes()).and_then(|()| writer.flush());
                written.map_err(|error| Law::GoesOn.broken(error.to_string()))?;
                self.taking = Some(Taking::Written(writer));
            }
            Some(Taking::Written(writer)) => {
                let snapshot = writer.finish().map_err(goes_on)?;
                self.jobs.push_back(Job::Mark(snapshot));
            }
            None => {}
        }
        Ok(())
    }
}

impl Outcomes {
    fn send(&mut self, from: Seat, to: Seat, message: &Message<'_>) {
        let mut buffer = [0; 4096];
        let envelope = Envelope { founding: FOUNDING, from, to, incarnation: Incarnation(0) };
        let frame = encode(&mut buffer, &envelope, message).expect("every message fits");
        self.sent.push((to, frame.to_vec()));
        let term = message.term();
        match *message {
            // These speak of a term that nobody has entered yet.
            Message::RequestVote { ballot: Ballot::Pre, .. }
            | Message::Vote { ballot: Ballot::Pre, granted: true, .. } => return,
            Message::RequestVote { .. } | Message::AppendEntries { .. } | Message::Offer { .. } => {
                self.promises.push(Promise::Vote(term, from));
            }
            Message::Vote { granted: true, .. } => self.promises.push(Promise::Vote(term, to)),
            Message::Ack { outcome: Outcome::Matched(index) | Outcome::Full(index), .. } => self.acked.push(index),
            _ => {}
        }
        self.promises.push(Promise::Term(term));
    }
}

fn read(snapshots: &mut Snapshots<Recorder>, piece: Piece) -> Result<Vec<u8>, Violation> {
    let mut bytes = vec![0; piece.length];
    snapshots.read_at(piece.snapshot, piece.offset, &mut bytes).map_err(goes_on)?;
    Ok(bytes)
}

/// The state that a snapshot holds, which has to be durable.
pub(crate) fn restore(snapshots: &Snapshots<Recorder>, snapshot: Snapshot) -> Result<State, Violation> {
    let broken = |story: String| Law::StateStays.broken(format!("{snapshot:?}: {story}"));
    let mut reader = snapshots.open(snapshot).map_err(|error| broken(error.to_string()))?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    let state = State::of(&bytes).filter(|state| state.index() == snapshot.position.index);
    state.ok_or_else(|| broken("it holds another state".into()))
}

fn goes_on(error: DiskError) -> Violation {
    Law::GoesOn.broken(error.to_string())
}
