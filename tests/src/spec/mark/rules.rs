use super::state::SEATS;
use crate::spec::Bounds;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many nodes, at most 5.
    pub nodes: usize,
    /// How many terms are alive at a time at most: of nodes, entries, marks and reigns that can still be heard.
    pub terms: u8,
    /// How many entries stand behind those that all have and nobody can lose, at most.
    pub entries: u8,
    /// How many entries each node's log has room for behind its snapshot, in descending order; without, there are no
    /// snapshots and no bound but `entries`.
    pub capacities: Option<[u8; SEATS]>,
    /// How logs of different sizes get on.
    pub room: Room,
    /// What a crash can do to a write.
    pub writes: Writes,
    /// Which rule is broken.
    pub flaw: Flaw,
    /// How far to go.
    pub bounds: Bounds,
}

impl Setting {
    /// The rules as they stand, written at once, without snapshots.
    pub fn new(nodes: usize, terms: u8, entries: u8) -> Setting {
        Setting {
            nodes,
            terms,
            entries,
            capacities: None,
            room: Room::LeastAboveSnapshot,
            writes: Writes::AtOnce,
            flaw: Flaw::None,
            bounds: Bounds::default(),
        }
    }

    pub(crate) fn majority(&self) -> u32 {
        self.nodes as u32 / 2 + 1
    }

    /// Whether a cut that removes the mark is a write of its own.
    pub(crate) fn cuts_apart(&self) -> bool {
        self.writes != Writes::AtOnce && matches!(self.flaw, Flaw::CutForgetsMark | Flaw::DeepCutForgetsMark)
    }

    fn capacity(&self, seat: usize) -> u8 {
        self.capacities.map_or(u8::MAX, |capacities| capacities[seat])
    }

    fn least(&self) -> u8 {
        (0..self.nodes).map(|seat| self.capacity(seat)).min().unwrap_or(u8::MAX)
    }

    /// How many entries a follower holds above its snapshot at most.
    pub(crate) fn follower_room(&self, seat: usize) -> u8 {
        match self.room {
            Room::LeastAboveSnapshot | Room::FollowersOnly => self.least(),
            Room::None | Room::LeastAboveCommit | Room::LeaderOnly => self.capacity(seat),
        }
    }

    /// The last index that a leader appends at, with this snapshot and this commit.
    pub(crate) fn leader_room(&self, seat: usize, base: u8, commit: u8) -> u8 {
        let (least, own) = (self.least(), base.saturating_add(self.capacity(seat)));
        match self.room {
            Room::LeastAboveSnapshot | Room::LeaderOnly => base.saturating_add(least),
            Room::LeastAboveCommit => own.min(commit.saturating_add(least)),
            Room::None | Room::FollowersOnly => own,
        }
    }
}

/// How logs of different sizes get on (rule 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Room {
    /// Each node holds at most as much above its durable snapshot as the least log has room for.
    LeastAboveSnapshot,
    /// Each node fills its log. Wrong.
    None,
    /// A leader holds at most the least above its commit, which a crash forgets. Wrong.
    LeastAboveCommit,
    /// A leader holds at most the least above its snapshot, a follower what it has room for. Wrong.
    LeaderOnly,
    /// A follower holds at most the least above its snapshot, a leader what it has room for. Wrong.
    FollowersOnly,
}

/// What a crash can do to a write. Its parts are, from the front: snapshot, term and vote, the cut of the log, each
/// entry, the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Writes {
    /// A step and its write are one.
    AtOnce,
    /// A crash leaves any part of the step's write from the front.
    Torn,
    /// Steps go on while they are not durable; each part is durable some time later, in order.
    Late,
}

/// A rule that is broken, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// None.
    None,
    /// There is no mark: what a leader found is committed by an entry of its own term behind it.
    NoMark,
    /// A candidate marks its log when it stands.
    MarkAtCandidacy,
    /// A follower marks its log before it matches through what the leader found.
    MarkBeforeMatch,
    /// What another leader's tail left behind the match stays.
    TailStays,
    /// The cut of such a tail is not written, so a restart brings it back.
    TailComesBack,
    /// Voters compare last entries only.
    MarkIgnored,
    /// A leader commits what it found by its own mark.
    CommitAlone,
    /// Followers do not mark; what the leader found is committed by the match alone.
    FollowersDoNotMark,
    /// A follower acknowledges the match before its mark is durable.
    AckBeforeMark,
    /// A follower acknowledges before anything is durable.
    AckBeforeLog,
    /// A leader counts itself before its log and mark are durable.
    LeaderCountsUnwritten,
    /// The mark is written in front of the log.
    MarkBeforeLog,
    /// A follower cuts its log behind the previous entry of each message, conflict or not.
    CutAtPrevious,
    /// A snapshot of an entry that is here removes the mark.
    SnapshotClearsMark,
    /// A snapshot marks the log, also one that ends before what the leader found.
    SnapshotMarksEarly,
    /// A snapshot takes the place of the log's front only, conflict or not.
    InstallKeepsTail,
    /// What stands behind the match is cut even where a snapshot covers it.
    CutBelowSnapshot,
    /// A cut of the log removes the mark.
    CutForgetsMark,
    /// A cut of the log that reaches what the marking leader had found removes the mark.
    DeepCutForgetsMark,
    /// An entry of an older term removes the mark.
    OlderEntryForgetsMark,
}
