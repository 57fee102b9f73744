/// Why a node made nothing of a message. Such a message changes nothing and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// The sender says that it has this node's seat, or one that there is no room for.
    Sender,
    /// Another life of the sender's seat is there: two stores are in use for one seat, perhaps one a copy of the other.
    Incarnation,
    /// A number is larger than any honest node can have reached: an index or term beyond its bounds, or a term more
    /// than 2^32 beyond this node's own.
    Bounds,
    /// The entries do not follow the position that the message names, or are of a later term than the message.
    Order,
    /// A second leader of one term: two clusters share an id, or a node was started twice.
    SecondLeader,
    /// The entries contradict what is committed here: a member has lost what it had made durable.
    Committed,
    /// The ack is for something that this leader never sent.
    Unsent,
    /// There are more members than this node has room to remember.
    Members,
    /// A snapshot that was fetched has not the checksum that it should have; it is fetched again.
    Snapshot,
    /// The follower lacks what it acknowledged: its store went back to an earlier state. It is sent nothing until it
    /// comes with an empty one.
    Forgotten,
    /// A snapshot of the leader is longer than this node has a place for: see
    /// [`Config::snapshot_bytes_max`](crate::Config::snapshot_bytes_max).
    SnapshotTooLarge,
    /// More is on in this cluster than this build knows: see [`Dismissal::Outdated`](crate::Dismissal::Outdated).
    Outdated,
}

impl Refusal {
    /// Every reason, in the order of [`Refusals`].
    pub const ALL: [Refusal; 12] = [
        Refusal::Sender,
        Refusal::Incarnation,
        Refusal::Bounds,
        Refusal::Order,
        Refusal::SecondLeader,
        Refusal::Committed,
        Refusal::Unsent,
        Refusal::Members,
        Refusal::Snapshot,
        Refusal::Forgotten,
        Refusal::SnapshotTooLarge,
        Refusal::Outdated,
    ];

    /// A short name, for a status line.
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::Sender => "not a member",
            Refusal::Incarnation => "second store",
            Refusal::Bounds => "out of bounds",
            Refusal::Order => "entries out of order",
            Refusal::SecondLeader => "second leader",
            Refusal::Committed => "contradicts committed",
            Refusal::Unsent => "ack of nothing sent",
            Refusal::Members => "too many members",
            Refusal::Snapshot => "damaged snapshot",
            Refusal::Forgotten => "lacks what it acknowledged",
            Refusal::SnapshotTooLarge => "snapshot too large",
            Refusal::Outdated => "unknown features",
        }
    }
}

/// How many messages were refused, by reason, since the node started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refusals([u32; Refusal::ALL.len()]);

impl Refusals {
    /// The number for one reason; it stays at `u32::MAX` once it is there.
    pub fn count(&self, reason: Refusal) -> u32 {
        self.0[reason as usize]
    }

    pub(crate) fn add(&mut self, reason: Refusal) {
        let count = &mut self.0[reason as usize];
        *count = count.saturating_add(1);
    }
}
