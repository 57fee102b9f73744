use std::collections::VecDeque;

use quorate::{
    Boot, Config, Identity, Index, Instant, Members, Position, Round, Seat, Seats, Sessions, Ticket, Verdict,
};

use super::disk::{Batch, Disk};
use super::{Node, Write};

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
    pub(crate) write: Option<(Ticket, Batch)>,
    /// Commands that this node accepted and has not answered: who waits for which position.
    pub(crate) accepted: VecDeque<(Position, Waiting)>,
    pub(crate) reads: VecDeque<(Round, Waiting)>,
    /// When its timer is set for.
    pub(crate) alarm: u64,
    /// It does nothing before this time.
    pub(crate) paused_until: u64,
    /// Its clock gains so many millionths.
    pub(crate) drift: i64,
}

/// Which attempt of which client waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) client: usize,
    pub(crate) attempt: u64,
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
    pub(crate) fn new(seat: Seat, drift: i64) -> Machine {
        Machine {
            seat,
            node: None,
            disk: Disk::default(),
            state: Registers::default(),
            applied: Index(0),
            life: 0,
            write: None,
            accepted: VecDeque::new(),
            reads: VecDeque::new(),
            alarm: u64::MAX,
            paused_until: 0,
            drift,
        }
    }

    /// Starts a node from exactly what is on the disk.
    pub(crate) fn start(&mut self, now: u64, members: usize, log_bytes: usize, seed: u64) {
        self.life += 1;
        let config = config(self.seat, members, seed);
        let mut boot =
            Boot::new(config, vec![0; log_bytes].into_boxed_slice()).expect("the simulator's configuration is sound");
        boot.hard_state(self.disk.hard_state);
        for entry in self.disk.entries() {
            boot.entry(entry).expect("the disk's log is whole");
        }
        self.node = Some(boot.start(self.clock(now)));
        self.state = Registers::default();
        self.applied = Index(0);
        self.alarm = u64::MAX;
    }

    /// All that was not durable is gone.
    pub(crate) fn crash(&mut self) {
        self.life += 1;
        self.node = None;
        self.write = None;
        self.accepted.clear();
        self.reads.clear();
    }

    /// What this machine's clock shows.
    pub(crate) fn clock(&self, now: u64) -> Instant {
        Instant::from_micros((now as i64 + now as i64 * self.drift / 1_000_000) as u64)
    }

    /// When its clock shows that.
    pub(crate) fn time_of(&self, clock: Instant) -> u64 {
        (clock.as_micros() as i64 * 1_000_000 / (1_000_000 + self.drift)) as u64 + 1
    }
}

fn config(seat: Seat, members: usize, seed: u64) -> Config {
    let members = Members::of(Seats::first(members));
    let config = Config::new(Identity::from(seat), members, seed);
    Config { entry_bytes_max: 400, inflight_messages_max: 8, inflight_bytes_max: 2000, ..config }
}
