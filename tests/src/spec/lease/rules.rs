use crate::spec::Bounds;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many nodes, at most 3.
    pub nodes: usize,
    /// How many terms there are.
    pub terms: u8,
    /// How many entries a log has at most.
    pub entries: u8,
    /// D, the least election time-out. A clock that runs slow goes on by two in the time in which one that runs fast
    /// goes on by three: r is a fifth.
    pub period: u8,
    /// Whether leaders hand over.
    pub transfers: bool,
    /// Whether older builds are started too, and leases are off until they are switched on.
    pub builds: bool,
    /// Whether to ask as well that nobody leads a later term while a lease holds.
    pub alone: bool,
    /// Which rule is broken.
    pub flaw: Flaw,
    /// How far to go.
    pub bounds: Bounds,
}

impl Setting {
    /// The rules as they stand.
    pub fn new(nodes: usize, terms: u8, entries: u8) -> Setting {
        let (flaw, bounds) = (Flaw::None, Bounds::default());
        Setting { nodes, terms, entries, period: 3, transfers: false, builds: false, alone: false, flaw, bounds }
    }

    /// How long a lease is: D (1 - r) / (1 + r).
    pub(crate) fn lease(&self) -> u8 {
        if self.flaw == Flaw::WholePeriod { self.period } else { self.period * SLOW / FAST }
    }

    /// For how long who gets a round, or starts, elects nobody (rule 2). An older build does not know that.
    pub(crate) fn fence(&self, is_older: bool) -> u8 {
        if is_older { 0 } else { self.period }
    }

    /// How far a clock goes on at once.
    pub(crate) fn pace(&self, is_fast: bool) -> u8 {
        match (is_fast, self.flaw) {
            (true, Flaw::DriftBeyond) => 2 * FAST,
            (true, _) => FAST,
            (false, _) => SLOW,
        }
    }

    /// Whether a successor is one for good.
    pub(crate) fn is_called_for_good(&self) -> bool {
        self.flaw == Flaw::TransferStays
    }

    /// Whether an old round still makes a lease.
    pub(crate) fn is_answered_late(&self) -> bool {
        self.flaw == Flaw::FromAnswer
    }

    pub(crate) fn is_majority(&self, seats: u8) -> bool {
        seats.count_ones() as usize > self.nodes / 2
    }
}

const SLOW: u8 = 2;
const FAST: u8 = 3;

/// A rule that is broken, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// None.
    None,
    /// Clocks drift further apart than is stated.
    DriftBeyond,
    /// A lease is as long as D.
    WholePeriod,
    /// A lease begins when the round is confirmed.
    FromAnswer,
    /// A round makes a lease before anybody has confirmed it.
    Unconfirmed,
    /// Voters vote though they hear a leader.
    VotersVote,
    /// Voters stand though they hear a leader.
    VotersStand,
    /// A voter that starts votes at once, whatever it heard before.
    NoBootFence,
    /// A leader that hands over serves on until its lease ends.
    LeaseOutlivesTransfer,
    /// A leader that handed over draws another lease in the same term.
    LeaseAfterTransfer,
    /// A candidate that was handed leadership to stands by that in later terms, too.
    TransferStays,
    /// A leader serves before its reign is established.
    Unestablished,
    /// A leader serves what it has applied, though more is committed: its write hangs or has failed.
    ServesApplied,
    /// A leader looks at its clock before the request is there.
    EarlyLook,
    /// Whoever confirms a round counts for a lease, though its log does not reach the roster by which leases are on.
    UnboundCount,
    /// Whoever confirms a round with a build that knows leases counts, as he may say himself.
    KnowingCount,
    /// Leases are on once the roster is appended, and those count who reach the last one that is committed.
    OnWhenAppended,
    /// Leases are on once the roster is appended, and those count whose logs reach it.
    BoundWhenAppended,
    /// An older build takes up a store that holds the roster.
    OlderTakesStore,
    /// An older build takes the roster from a leader.
    OlderTakesRoster,
    /// A newer build votes at once if an older one ran before, which has promised nothing.
    NoUpgradeFence,
}
