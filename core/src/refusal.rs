/// Why a node made nothing of a message. Such a message changes nothing and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// The sender is not a member, or says that it is this node.
    Sender,
    /// The sender lives an earlier incarnation than one that was heard, or a later one than its first and does not only
    /// follow.
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
    /// A snapshot came from a cluster of other members.
    Members,
    /// A snapshot that was fetched has not the checksum that it should have; it is fetched again.
    Snapshot,
    /// The follower lacks what it acknowledged: it has lost its disk, and goes on under the same incarnation. It is
    /// sent nothing until it comes under a later one.
    Forgotten,
    /// A snapshot of the leader is longer than this node has a place for: see
    /// [`Config::snapshot_bytes_max`](crate::Config::snapshot_bytes_max).
    SnapshotTooLarge,
}

impl Refusal {
    /// Every reason, in the order of [`Refusals`].
    pub const ALL: [Refusal; 11] = [
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
    ];

    /// A short name, for a status line.
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::Sender => "not a member",
            Refusal::Incarnation => "other incarnation",
            Refusal::Bounds => "out of bounds",
            Refusal::Order => "entries out of order",
            Refusal::SecondLeader => "second leader",
            Refusal::Committed => "contradicts committed",
            Refusal::Unsent => "ack of nothing sent",
            Refusal::Members => "other members",
            Refusal::Snapshot => "damaged snapshot",
            Refusal::Forgotten => "lacks what it acknowledged",
            Refusal::SnapshotTooLarge => "snapshot too large",
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
