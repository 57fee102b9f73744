use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use quorate::{
    Ballot, Effect, Entries, HardState, Incarnation, Index, Input, Instant, Message, Outcome, Role, Seat, Seats, Term,
    Ticket,
};
use quorate_disk::Disk;
use quorate_wire::{Envelope, decode, encode};

use super::journal::{Event, Journal, Promise};
use super::recorder::Recorder;
use super::recovery::{self, Node};
use super::{Law, Setting, Violation};

const CLUSTER: quorate_wire::Cluster = quorate_wire::Cluster(7);

/// Nodes, the link between them, and the note-taker.
pub(crate) struct Cluster {
    pub(crate) members: Vec<Member>,
    journal: Journal,
    frames: Vec<(Seat, Seat, Vec<u8>)>,
    /// Those that reach each other only; the rest as well.
    pub(crate) isolated: Seats,
    now: Instant,
    pub(crate) rng: Rng,
    setting: Setting,
}

/// A node and its disk.
pub(crate) struct Member {
    directory: PathBuf,
    pub(crate) node: Node,
    disk: Disk<Recorder>,
    jobs: VecDeque<Job>,
}

/// A write that was ordered, and that the disk has not begun.
struct Job {
    /// None if it was returned already.
    ticket: Option<Ticket>,
    term: Term,
    hard_state: Option<HardState>,
    records: Vec<u8>,
}

/// What one step led to.
#[derive(Default)]
struct Outcomes {
    sent: Vec<(Seat, Vec<u8>)>,
    promises: Vec<Promise>,
    acked: Vec<Index>,
    ticket: Option<Ticket>,
}

impl Cluster {
    /// Opens the nodes' logs below a directory, and starts the nodes.
    pub(crate) fn open(scratch: &Path, setting: Setting) -> Result<Cluster, Violation> {
        let mut rng = Rng::with_seed(setting.seed);
        let journal = Journal::default();
        let members = (0..setting.nodes as u8).map(|seat| {
            let directory = scratch.join(seat.to_string());
            std::fs::create_dir_all(&directory).expect("a directory can be made");
            Member::open(directory, Seat(seat), rng.u64(..), &journal, setting)
        });
        let members = members.collect::<Result<_, _>>()?;
        Ok(Cluster { members, journal, frames: Vec::new(), isolated: Seats::NONE, now: Instant::START, rng, setting })
    }

    pub(crate) fn journal(&self) -> Vec<(Seat, Event)> {
        self.journal.take()
    }

    /// Lets things happen in a random order until it is so; time passes when nothing else happens.
    pub(crate) fn run_until(&mut self, holds: impl Fn(&Cluster) -> bool) -> Result<(), Violation> {
        for _ in 0..20_000 {
            if holds(self) {
                return Ok(());
            }
            self.turn()?;
        }
        let nodes = self.members.iter().map(|member| &member.node);
        let stories = nodes.map(|node| (node.role(), node.term(), node.commit(), node.last()));
        Err(Law::ClusterGoesOn.broken(format!("{:?}", stories.collect::<Vec<_>>())))
    }

    /// Lets so many things happen.
    pub(crate) fn run(&mut self, turns: usize) -> Result<(), Violation> {
        (0..turns).try_for_each(|_| self.turn())
    }

    /// The node that leads those who are not isolated, once its term is open.
    pub(crate) fn leader(&self) -> Option<usize> {
        let is_leader = |member: &Member| {
            let node = &member.node;
            node.role() == Role::Leader && !self.isolated.contains(node.seat()) && node.last().term == node.term()
        };
        self.members.iter().position(is_leader)
    }

    /// Whether nobody is isolated and all have applied the same log to its end.
    pub(crate) fn is_in_line(&self) -> bool {
        let Some(leader) = self.leader().map(|leader| &self.members[leader].node) else { return false };
        let is_done = |member: &Member| {
            let node = &member.node;
            node.last() == leader.last() && node.applied() == leader.last().index && member.jobs.is_empty()
        };
        self.isolated.is_empty() && self.members.iter().all(is_done)
    }

    pub(crate) fn isolate(&mut self, seats: Seats) {
        self.isolated = seats;
        self.frames.retain(|(from, to, _)| seats.contains(*from) == seats.contains(*to));
    }

    pub(crate) fn act(&mut self, place: usize, input: Input<'_, Vec<u8>>) {
        let member = &mut self.members[place];
        let outcomes = member.act(self.now, input, self.setting.hasty);
        let seat = member.node.seat();
        for promise in outcomes.promises {
            self.journal.note(seat, Event::Promise(promise));
        }
        for (to, frame) in outcomes.sent {
            if self.isolated.contains(seat) == self.isolated.contains(to) {
                self.frames.push((seat, to, frame));
            }
        }
        if let Some(ticket) = outcomes.ticket {
            self.act(place, Input::Persisted(ticket));
        }
    }

    /// A client asks a node for a command of this length.
    pub(crate) fn propose(&mut self, place: usize, length: usize) {
        let fill = self.rng.u8(..);
        self.act(place, Input::ClientCommand { session: None, command: Some(vec![fill; length]) });
    }

    /// The process ends and starts again; the power stays on, so that what it wrote is there.
    pub(crate) fn restart(&mut self, place: usize) -> Result<(), Violation> {
        let member = self.members.remove(place);
        let (directory, seat) = (member.directory.clone(), member.node.seat());
        drop(member);
        let member = Member::open(directory, seat, self.rng.u64(..), &self.journal, self.setting)?;
        self.members.insert(place, member);
        Ok(())
    }

    /// A disk finishes a write, or a frame arrives, or time passes.
    fn turn(&mut self) -> Result<(), Violation> {
        let writing: Vec<usize> =
            (0..self.members.len()).filter(|place| !self.members[*place].jobs.is_empty()).collect();
        let choice = self.rng.usize(..=writing.len() + self.frames.len().min(4));
        if let Some(place) = writing.get(choice) {
            if let Some(ticket) = self.members[*place].write(&self.journal)? {
                self.act(*place, Input::Persisted(ticket));
            }
        } else if !self.frames.is_empty() {
            let frame = self.rng.usize(..self.frames.len().min(3));
            let (_, to, bytes) = self.frames.remove(frame);
            let (from, message) = decode(&bytes, CLUSTER, to).expect("a frame is as it was sent");
            self.act(usize::from(to.0), Input::Receive { from, message });
        } else if writing.is_empty() {
            self.pass_time();
        }
        Ok(())
    }

    fn pass_time(&mut self) {
        let deadlines = self.members.iter().filter_map(|member| member.node.deadline());
        self.now = deadlines.min().unwrap_or(self.now).max(self.now);
        for place in 0..self.members.len() {
            self.act(place, Input::Tick);
        }
    }
}

impl Member {
    fn open(
        directory: PathBuf,
        seat: Seat,
        seed: u64,
        journal: &Journal,
        setting: Setting,
    ) -> Result<Member, Violation> {
        let (lie, honest_syncs) = setting.lie.map_or((None, 0), |(lie, honest_syncs)| (Some(lie), honest_syncs));
        let recorder = Recorder { lie, honest_syncs, ..recovery::recorder(&directory, seat, journal) };
        let opened = recovery::open(&directory, seat, setting.nodes, seed, recorder)?;
        journal.note(seat, Event::Opened(opened.held));
        Ok(Member { directory, node: opened.node, disk: opened.disk, jobs: VecDeque::new() })
    }

    fn act(&mut self, now: Instant, input: Input<'_, Vec<u8>>, hasty: bool) -> Outcomes {
        let (me, term) = (self.node.seat(), self.node.term());
        let mut outcomes = Outcomes::default();
        for effect in self.node.step(now, input) {
            match effect {
                Effect::Persist(write) => {
                    let (hard_state, records) = (write.hard_state, write.entries.bytes().to_vec());
                    let term = hard_state.map_or(term, |hard_state| hard_state.term);
                    let mut ticket = Some(write.ticket);
                    outcomes.ticket = ticket.take_if(|_| hasty);
                    self.jobs.push_back(Job { ticket, term, hard_state, records });
                }
                Effect::Send { to, message } => outcomes.send(me, to, &message),
                Effect::Apply(entry) => outcomes.promises.push(Promise::Apply(entry.entry().record().to_vec())),
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
        let term = self.node.term();
        for index in std::mem::take(&mut outcomes.acked) {
            let records = self.node.log().take(index.0 as usize).flat_map(|entry| entry.record().to_vec()).collect();
            outcomes.promises.push(Promise::Ack(term, records));
        }
        outcomes
    }

    /// The disk does the next write. The ticket to return, if it still is to be.
    fn write(&mut self, journal: &Journal) -> Result<Option<Ticket>, Violation> {
        let Some(Job { ticket, term, hard_state, records }) = self.jobs.pop_front() else { return Ok(None) };
        let seat = self.node.seat();
        journal.note(seat, Event::Write { term, hard_state, records: records.clone() });
        let entries = Entries::parse(&records).expect("records were whole when they came out of the log");
        self.disk.write(hard_state, None, entries).map_err(|error| Law::GoesOn.broken(error.to_string()))?;
        journal.note(seat, Event::Written);
        Ok(ticket)
    }
}

impl Outcomes {
    fn send(&mut self, from: Seat, to: Seat, message: &Message<'_>) {
        let mut buffer = [0; 4096];
        let envelope = Envelope { cluster: CLUSTER, from, to, incarnation: Incarnation(0) };
        let frame = encode(&mut buffer, &envelope, message).expect("every message fits");
        self.sent.push((to, frame.to_vec()));
        let term = message.term();
        match *message {
            // These speak of a term that nobody has entered yet.
            Message::RequestVote { ballot: Ballot::Pre, .. }
            | Message::Vote { ballot: Ballot::Pre, granted: true, .. } => return,
            Message::RequestVote { .. } | Message::AppendEntries { .. } => {
                self.promises.push(Promise::Vote(term, from));
            }
            Message::Vote { granted: true, .. } => self.promises.push(Promise::Vote(term, to)),
            Message::Ack { outcome: Outcome::Matched(index) | Outcome::Full(index), .. } => self.acked.push(index),
            _ => {}
        }
        self.promises.push(Promise::Term(term));
    }
}
