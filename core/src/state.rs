use crate::config::Settings;
use crate::configuration::Configuration;
use crate::disk::Disk;
use crate::fetch::Fetch;
use crate::read::Reads;
use crate::snapshots::Snapshots;
use crate::timers::Timers;
use crate::{HardState, Index, Instant, Position, Refusals, Seat, Seats, Term};

/// What a node is at the moment (section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// Follows a leader, or waits for one.
    #[default]
    Follower,
    /// Asks whether it could win an election.
    PreCandidate,
    /// Stands for election.
    Candidate,
    /// Leads.
    Leader,
}

/// All that a node knows beside its log and the other members. In this order, the narrow first: the smallest machines
/// have shorter instructions for what is near.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct State {
    pub(crate) role: Role,
    pub(crate) ballot: crate::Ballot,
    /// Whether there was no room for the entry that would follow: the leader is told so until that changes.
    pub(crate) full: bool,
    /// Whether the node has just started: it asks for votes that it will not count, for a leader answers with a
    /// heartbeat.
    pub(crate) greets: bool,
    /// Whether a reign of this node has ended, and its driver has not been told.
    pub(crate) reign_ended: bool,
    /// Whether something was committed since the last heartbeat.
    pub(crate) commits: bool,
    /// Whose turn it is when messages are drawn.
    pub(crate) turn: Seat,
    /// Whose turn it is when pieces are drawn.
    pub(crate) piece_turn: Seat,
    pub(crate) leader: Option<Seat>,
    /// To whom a transfer did not come about, of which the driver has not been told.
    pub(crate) transfer_failed: Option<Seat>,
    /// To whom a message may be owed: a hint that spares looking at everyone.
    pub(crate) attention: Seats,
    /// How many bytes of pieces may be sent before the next heartbeat.
    pub(crate) piece_allowance: u32,
    /// Who granted a vote in the election under way.
    pub(crate) votes: Seats,
    /// Who has answered in the election under way.
    pub(crate) answered: Seats,
    /// Who may want pieces of a snapshot.
    pub(crate) fetchers: Seats,
    pub(crate) configuration: Configuration,
    pub(crate) settings: Settings,
    pub(crate) timers: Timers,
    pub(crate) hard: HardState,
    pub(crate) reads: Reads,
    pub(crate) transfer: Option<Transfer>,
    pub(crate) disk: Disk,
    pub(crate) commit: Index,
    pub(crate) applied: Index,
    /// The last index of the log of this term's leader at its election.
    pub(crate) inherited: Index,
    /// The latest term whose leader's log, as it was at its election, was held here as a whole. It never goes down.
    pub(crate) mark: Term,
    /// The log equals that of this term's leader up to here: a follower commits and acknowledges nothing beyond.
    pub(crate) verified: Index,
    /// The highest index that was acknowledged to this term's leader.
    pub(crate) acked: Index,
    /// The latest stamp of this term's leader.
    pub(crate) stamp: u64,
    /// Until when a leader of this term is there, as it was heard.
    pub(crate) leader_until: Instant,
    pub(crate) answer: Option<Answer>,
    pub(crate) snapshots: Snapshots,
    pub(crate) fetch: Option<Fetch>,
    pub(crate) refusals: Refusals,
}

/// An ack that is owed at once, whatever is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// What is verified and durable.
    Matched,
    /// What is verified and durable, with word that there is no room for more.
    Full,
    /// To this message, that the logs meet at the hint or before it.
    Conflict { stamp: u64, hint: Position },
    /// To this message, that the snapshot is too long.
    TooSmall { stamp: u64 },
}

/// A leader's wish to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) to: Seat,
    pub(crate) until: Instant,
    /// Whether it was told to campaign since the last heartbeat.
    pub(crate) told: bool,
}

impl State {
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn new(timers: Timers, settings: Settings, seed: u64) -> State {
        State {
            role: Role::Follower,
            ballot: crate::Ballot::Pre,
            full: false,
            greets: false,
            reign_ended: false,
            commits: false,
            turn: Seat(0),
            piece_turn: Seat(0),
            leader: None,
            transfer_failed: None,
            attention: Seats::NONE,
            piece_allowance: 0,
            votes: Seats::NONE,
            answered: Seats::NONE,
            fetchers: Seats::NONE,
            configuration: Configuration::before_any(settings.identity),
            settings,
            timers,
            hard: HardState::default(),
            reads: Reads::new(seed),
            transfer: None,
            disk: Disk::new(seed),
            commit: Index(0),
            applied: Index(0),
            inherited: Index(0),
            mark: Term(0),
            verified: Index(0),
            acked: Index(0),
            stamp: 0,
            leader_until: Instant::START,
            answer: None,
            snapshots: Snapshots::NONE,
            fetch: None,
            refusals: Refusals::default(),
        }
    }

    /// This node.
    pub(crate) fn me(&self) -> Seats {
        Seats::NONE.and(self.seat())
    }

    pub(crate) fn seat(&self) -> Seat {
        self.settings.identity.seat
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.role == Role::Leader
    }

    /// The last index that may be applied: committed, and durable here.
    pub(crate) fn applicable(&self) -> Index {
        self.commit.min(self.disk.durable)
    }

    /// Whether a leader of this term was heard within the election time-out (section 4.2.3 of the thesis).
    pub(crate) fn hears_leader(&self) -> bool {
        self.is_leader() || self.timers.now < self.leader_until
    }

    /// Whether followers that are far behind have to wait: while commands are being committed, only the first third of
    /// each heartbeat interval is theirs.
    pub(crate) fn gives_way(&self) -> bool {
        let left = self.timers.beat_due.micros_since(self.timers.now);
        self.commits && left * 3 <= self.timers.heartbeat_micros() * 2
    }

    /// A piece of the snapshot that is fetched is stored.
    pub(crate) fn store(&mut self, offset: u64, bytes: &[u8]) {
        let window = self.settings.inflight_bytes_max;
        if self.fetch.as_mut().is_some_and(|fetch| fetch.take(offset, bytes, window)) {
            self.attend_leader();
        }
    }

    /// Whether a snapshot is here that the log could stand on by now.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn may_install(&self) -> bool {
        self.disk.write.is_none() && self.fetch.as_ref().is_some_and(Fetch::is_complete)
    }

    /// Something may be owed to the leader.
    pub(crate) fn attend_leader(&mut self) {
        if let Some(leader) = self.leader {
            self.attention = self.attention.and(leader).without(self.seat());
        }
    }

    /// Something may be owed to everyone.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn attend_all(&mut self) {
        self.attention = self.configuration.others;
    }
}
