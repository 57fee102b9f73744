use std::collections::VecDeque;

use quorate::{Boot, Index, Position, Round, Seat, Sessions, Ticket, Verdict};
use quorate_disk::Recovered;

use super::clock::Clock;
use super::disk::{Disk, Opening};
use super::event::What;
use super::oracle::Violation;
use super::records::Batch;
use super::shape::Shape;
use super::{Node, Write};
use crate::memory::Trouble;

/// One member's computer: the node while it runs, and the disk that outlives it.
pub(crate) struct Machine {
    pub(crate) seat: Seat,
    pub(crate) node: Option<Node>,
    pub(crate) disk: Disk,
    pub(crate) state: Registers,
    /// The last index that `state` has taken in.
    pub(crate) applied: Index,
    /// How often it was started; events of an earlier life are void.
    pub(crate) life: u64,
    /// The write under way. The disk takes it up when it is done, or cut off.
    pub(crate) write: Option<(Ticket, Batch)>,
    /// Commands that this node accepted and has not answered: who waits for which position.
    pub(crate) accepted: VecDeque<(Position, Waiting)>,
    pub(crate) reads: VecDeque<(Round, Waiting)>,
    /// Every read up to this round has its answer.
    pub(crate) answered: Round,
    /// When its timer is set for.
    pub(crate) alarm: u64,
    /// It does nothing before this time.
    pub(crate) paused_until: u64,
    /// It takes up to so many microseconds over each event.
    pub(crate) slow: u64,
    /// What came while it was busy.
    pub(crate) inbox: VecDeque<What>,
    pub(crate) clock: Clock,
    /// Its disk cannot be read any more: it never comes back.
    pub(crate) is_rotten: bool,
}

/// Which attempt of which client waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) client: usize,
    pub(crate) attempt: u64,
    /// When it asked.
    pub(crate) since: u64,
}

/// The replicated state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registers {
    pub(crate) values: [Option<u32>; 4],
    sessions: Sessions<u32, 64>,
}

impl Registers {
    /// Does what an entry says, and tells what came of it.
    pub(crate) fn apply(
        &mut self,
        position: Position,
        session: quorate::Session,
        write: Option<Write>,
    ) -> Verdict<u32> {
        let verdict = self.sessions.admit(position.index, session);
        if let (Verdict::Fresh, Some(write)) = (&verdict, write) {
            self.values[usize::from(write.key)] = Some(write.value);
            self.sessions.record(session, write.value);
        }
        verdict
    }
}

impl Machine {
    pub(crate) fn new(seat: Seat, clock: Clock, disk: Disk) -> Machine {
        Machine {
            seat,
            node: None,
            disk,
            state: Registers::default(),
            applied: Index(0),
            life: 0,
            write: None,
            accepted: VecDeque::new(),
            reads: VecDeque::new(),
            answered: Round(0),
            alarm: u64::MAX,
            paused_until: 0,
            slow: 0,
            inbox: VecDeque::new(),
            clock,
            is_rotten: false,
        }
    }

    /// Starts a node from what its disk gives back, if the disk can be opened.
    pub(crate) fn start(
        &mut self,
        now: u64,
        shape: &Shape,
        seed: u64,
        trouble: Option<Trouble>,
    ) -> Result<Opening, Violation> {
        let memory = vec![0; shape.log_bytes(self.seat)].into_boxed_slice();
        let config = shape.config(self.seat, seed);
        let mut boot = Boot::new(config, memory).expect("the simulator's configuration is sound");
        let opening = self.disk.open(trouble, |item| match item {
            Recovered::HardState(hard_state) => boot.hard_state(hard_state),
            Recovered::Entry(entry) => boot.entry(entry).expect("the disk's log is whole"),
            Recovered::Snapshot(_) | Recovered::LostSnapshot(_) | Recovered::Stored(_) => {}
        })?;
        if !matches!(opening, Opening::Done { .. }) {
            return Ok(opening);
        }
        self.life += 1;
        self.node = Some(boot.start(self.clock.read(now)));
        self.state = Registers::default();
        self.applied = Index(0);
        self.answered = Round(0);
        self.alarm = u64::MAX;
        Ok(opening)
    }

    /// The node is gone, and with it all that it had in memory.
    pub(crate) fn stop(&mut self) {
        self.disk.close();
        self.life += 1;
        self.node = None;
        self.write = None;
        self.accepted.clear();
        self.reads.clear();
        self.inbox.clear();
        self.slow = 0;
    }

    /// Whether what comes now has to wait.
    pub(crate) fn is_busy(&self, now: u64) -> bool {
        self.paused_until > now || !self.inbox.is_empty()
    }

    /// Those who have waited since before this time.
    pub(crate) fn waiting_since(&self, time: u64) -> usize {
        let accepted = self.accepted.iter().map(|(_, waiting)| waiting);
        let reads = self.reads.iter().map(|(_, waiting)| waiting);
        accepted.chain(reads).filter(|waiting| waiting.since < time).count()
    }
}
