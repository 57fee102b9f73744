use std::path::Path;

use fastrand::Rng;
use quorate::{Input, Instant, Role, Seat, Seats};
use quorate_wire::decode;

use super::journal::{Event, Journal};
use super::member::Member;
use super::recorder::Recorder;
use super::{FOUNDING, Law, Setting, Violation};

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

impl Cluster {
    /// Opens the nodes' logs below a directory, and starts the nodes.
    pub(crate) fn open(scratch: &Path, setting: Setting) -> Result<Cluster, Violation> {
        let mut rng = Rng::with_seed(setting.seed);
        let journal = Journal::default();
        let members = (0..setting.nodes as u8).map(|seat| {
            let directory = scratch.join(seat.to_string());
            std::fs::create_dir_all(&directory).expect("a directory can be made");
            let recorder = Recorder::new(&directory, Seat(seat), &journal, setting.lie);
            Member::open(recorder, setting.nodes, rng.u64(..))
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

    /// The node that leads those who are not isolated, once it has marked its term.
    pub(crate) fn leader(&self) -> Option<usize> {
        let is_leader = |member: &Member| {
            let node = &member.node;
            let has_marked = node.durable_mark() == node.term();
            node.role() == Role::Leader && !self.isolated.contains(node.seat()) && has_marked
        };
        self.members.iter().position(is_leader)
    }

    /// Whether nobody is isolated and all have applied the same log to its end.
    pub(crate) fn is_in_line(&self) -> bool {
        let Some(leader) = self.leader().map(|leader| &self.members[leader].node) else { return false };
        let is_done = |member: &Member| {
            let node = &member.node;
            let is_busy = member.is_writing() || member.is_taking();
            node.last() == leader.last() && node.applied() == leader.last().index && !is_busy
        };
        self.isolated.is_empty() && self.members.iter().all(is_done)
    }

    pub(crate) fn isolate(&mut self, seats: Seats) {
        self.isolated = seats;
        self.frames.retain(|(from, to, _)| seats.contains(*from) == seats.contains(*to));
    }

    pub(crate) fn act(&mut self, place: usize, input: Input<'_, Vec<u8>>) -> Result<(), Violation> {
        let member = &mut self.members[place];
        let outcomes = member.act(self.now, input, self.setting.hasty)?;
        let seat = member.node.seat();
        for (to, frame) in outcomes.sent {
            if self.isolated.contains(seat) == self.isolated.contains(to) {
                self.frames.push((seat, to, frame));
            }
        }
        outcomes.ticket.map_or(Ok(()), |ticket| self.act(place, Input::Persisted(ticket)))
    }

    /// A client asks a node for a command of this length.
    pub(crate) fn propose(&mut self, place: usize, length: usize) -> Result<(), Violation> {
        let fill = self.rng.u8(..);
        self.act(place, Input::ClientCommand { session: None, command: Some(vec![fill; length]) })
    }

    pub(crate) fn restart(&mut self, place: usize) -> Result<(), Violation> {
        let member = self.members.remove(place).restart(self.setting, self.rng.u64(..))?;
        self.members.insert(place, member);
        Ok(())
    }

    /// A disk finishes a write, or a snapshot goes on, or a frame arrives, or time passes.
    fn turn(&mut self) -> Result<(), Violation> {
        let writing = self.places(Member::is_writing);
        let taking = self.places(Member::is_taking);
        let busy = writing.len() + taking.len();
        let choice = self.rng.usize(..=busy + self.frames.len().min(4));
        if let Some(place) = writing.get(choice) {
            let told = self.members[*place].write()?;
            told.map_or(Ok(()), |input| self.act(*place, input))
        } else if let Some(place) = taking.get(choice - writing.len()) {
            self.members[*place].take()
        } else if !self.frames.is_empty() {
            let frame = self.rng.usize(..self.frames.len().min(3));
            let (_, to, bytes) = self.frames.remove(frame);
            let (from, message) = decode(&bytes, FOUNDING, to).expect("a frame is as it was sent");
            self.act(usize::from(to.0), Input::Receive { from, message })
        } else if busy == 0 {
            self.pass_time()
        } else {
            Ok(())
        }
    }

    fn places(&self, is_meant: impl Fn(&Member) -> bool) -> Vec<usize> {
        (0..self.members.len()).filter(|place| is_meant(&self.members[*place])).collect()
    }

    fn pass_time(&mut self) -> Result<(), Violation> {
        let deadlines = self.members.iter().filter_map(|member| member.node.deadline());
        self.now = deadlines.min().unwrap_or(self.now).max(self.now);
        (0..self.members.len()).try_for_each(|place| self.act(place, Input::Tick))
    }
}
