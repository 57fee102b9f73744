use crate::config::Settings;
use crate::configuration::Configuration;
use crate::disk::Disk;
use crate::election::Election;
use crate::fetch::Fetch;
use crate::follow::Follow;
use crate::lead::{Endings, Lead};
use crate::log::Log;
use crate::read::Reads;
use crate::role::Role;
use crate::sends::Sends;
use crate::snapshots::Snapshots;
use crate::timers::Timers;
use crate::{HardState, Index, Refusals, Seat, Seats, Term};

/// All that a node knows beside its log and the other members. In this order, the narrow first: the smallest machines
/// have shorter instructions for what is near.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct State {
    pub(crate) endings: Endings,
    pub(crate) role: Role,
    pub(crate) follow: Follow,
    pub(crate) sends: Sends,
    pub(crate) election: Election,
    pub(crate) lead: Lead,
    pub(crate) configuration: Configuration,
    pub(crate) settings: Settings,
    pub(crate) timers: Timers,
    pub(crate) hard: HardState,
    pub(crate) reads: Reads,
    pub(crate) disk: Disk,
    pub(crate) commit: Index,
    pub(crate) applied: Index,
    /// The latest term whose leader's log, as it was at its election, was held here as a whole. It never goes down.
    pub(crate) mark: Term,
    pub(crate) snapshots: Snapshots,
    pub(crate) refusals: Refusals,
    pub(crate) fetch: Option<Fetch>,
}

impl State {
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn new(timers: Timers, settings: Settings, seed: u64) -> State {
        State {
            role: Role::Follower,
            endings: Endings::NONE,
            sends: Sends::NONE,
            election: Election::NONE,
            follow: Follow::none(),
            lead: Lead::none(),
            configuration: Configuration::before_any(),
            settings,
            timers,
            hard: HardState::default(),
            reads: Reads::new(seed),
            disk: Disk::new(seed),
            commit: Index(0),
            applied: Index(0),
            mark: Term(0),
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

    /// Whether this leader takes commands and changes: one that its own configuration does not name as a voter only
    /// commits what is there, and makes way.
    pub(crate) fn may_rule(&self) -> bool {
        self.configuration.members.is_joint() || self.configuration.counts(self.seat())
    }

    /// The last index that may be applied: committed, and durable here.
    #[inline]
    pub(crate) fn applicable(&self) -> Index {
        self.commit.min(self.disk.durable)
    }

    /// Whether an entry may be applied: not before the snapshot that the log stands on is restored.
    #[inline]
    pub(crate) fn may_apply(&self, log: Log<'_>) -> bool {
        self.applied < self.applicable() && self.applied >= log.span.base.index
    }

    /// The next entry to apply.
    #[inline]
    pub(crate) fn apply(&mut self, log: Log<'_>) -> Option<Index> {
        if !self.may_apply(log) {
            return None;
        }
        self.applied = self.applied.next();
        Some(self.applied)
    }
}
