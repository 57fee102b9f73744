use serde::{Deserialize, Serialize, Serializer};

use crate::{Entries, Features, Incarnation, Index, Position, Settled, Snapshot, Term};

/// What members say to each other. Postcard writes it; the order of the variants is part of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Message<'a> {
    /// A candidate asks for a vote (section 5.2).
    RequestVote {
        /// The term that the candidate wants to lead.
        term: Term,
        /// How recent its log is (section 5.4.1): its last index, and the later of its mark and its last entry's term.
        last: Position,
        /// What kind of election it is.
        ballot: Ballot,
    },
    /// The answer to a `RequestVote`.
    Vote {
        /// The term asked for if granted, the voter's own if refused.
        term: Term,
        /// What kind of election is answered.
        ballot: Ballot,
        /// Whether the vote is given.
        granted: bool,
        /// Which life of the candidate's store asked: the vote is for no other.
        incarnation: Incarnation,
    },
    /// The leader's entries, or its heartbeat if there are none (section 5.3).
    AppendEntries {
        /// The leader's term.
        term: Term,
        /// Counts the leader's `AppendEntries` to this follower in this term.
        stamp: u64,
        /// The position right before the entries.
        previous: Position,
        /// The leader's commit index.
        commit: Index,
        /// The last index of the leader's log at its election: see [`Mark`](crate::Mark).
        inherited: Index,
        /// The entries that follow `previous`.
        #[serde(borrow)]
        entries: Entries<'a>,
    },
    /// The follower's answer to an `AppendEntries`.
    Ack {
        /// The follower's term.
        term: Term,
        /// The stamp of the latest `AppendEntries` that it has seen.
        stamp: u64,
        /// How its log compares.
        outcome: Outcome,
        /// What the follower's build knows.
        features: Features,
    },
    /// A follower asks the leader for an index to read at (section 6.4 of the thesis).
    ReadIndex {
        /// The follower's term.
        term: Term,
        /// Names the boot of the follower, so that an answer to an earlier boot is not taken for this one's.
        boot: u64,
        /// The follower's round.
        round: u64,
    },
    /// The answer to a `ReadIndex`, sent after a majority has confirmed the leader.
    ReadAnswer {
        /// The leader's term.
        term: Term,
        /// As asked.
        boot: u64,
        /// As asked.
        round: u64,
        /// Reads of that round may be answered once this index is applied.
        index: Index,
    },
    /// The leader hands its office over: campaign at once (section 3.10 of the thesis, `TimeoutNow`).
    CampaignNow {
        /// The leader's term.
        term: Term,
    },
    /// In place of an `AppendEntries`: the entries that the follower needs are forgotten, it can have a snapshot
    /// (section 7). Figure 13's `InstallSnapshot` is three messages here: this one, the follower's question
    /// ([`Outcome::Wants`]), and each [`Piece`](Message::Piece) of the answer.
    Offer {
        /// The leader's term.
        term: Term,
        /// Counted with the `AppendEntries`.
        stamp: u64,
        /// The leader's latest snapshot.
        latest: Snapshot,
        /// The one before, for a follower that has begun with it; all zeros if there is none.
        before: Snapshot,
        /// As in an `AppendEntries`.
        inherited: Index,
        /// The last configuration that the leader knows to be committed.
        #[serde(borrow)]
        settled: Settled<'a>,
    },
    /// A piece of the snapshot that the follower asked for: figure 13's `InstallSnapshot` with an offset and data.
    Piece {
        /// The sender's term.
        term: Term,
        /// The last index that the snapshot covers.
        index: Index,
        /// The snapshot's CRC-32C.
        check: u32,
        /// Where in the snapshot the piece starts.
        offset: u64,
        /// The piece.
        #[serde(serialize_with = "whole")]
        bytes: &'a [u8],
    },
    /// To a store that is not among the members, as the sender knows them: who is.
    Configured {
        /// The sender's term.
        term: Term,
        /// Which life of the receiver's store is meant.
        incarnation: Incarnation,
        /// Whether another life of that seat's store is a member, and was heard within the election time-out.
        is_held: bool,
        /// The last configuration that the sender knows to be committed.
        #[serde(borrow)]
        settled: Settled<'a>,
    },
}

/// The kinds of election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ballot {
    /// Asks whether an election could be won, and changes nothing (section 9.6 of the thesis).
    Pre,
    /// The election itself.
    Real,
    /// The election itself, at the leader's own wish: voters do not stand by the leader.
    Transfer,
}

/// How a follower's log compares with an `AppendEntries`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// The log equals the leader's, and is durable, up to this index. If the leader inherited nothing behind it, its
    /// term is marked, durably: see [`Mark`](crate::Mark).
    Matched(Index),
    /// The log has another entry at the previous position, or none. Above this position it cannot match.
    Conflict(Position),
    /// As `Matched`, but there is no room for the entries that follow; send no more before the next heartbeat.
    Full(Index),
    /// The sender's term is over; nothing was looked at.
    Stale,
    /// Send pieces of this snapshot, or offer another one: the follower's part of figure 13's `InstallSnapshot`.
    Wants {
        /// The last index that the snapshot covers.
        index: Index,
        /// The snapshot's CRC-32C.
        check: u32,
        /// So many of its bytes are here.
        offset: u64,
        /// So many bytes from there on are to be sent again, if they were sent. The most that 32 bits count stands for
        /// all of them.
        again: u32,
    },
    /// There is no place for a snapshot as long as the one that was offered.
    TooSmall,
}

/// Writes bytes at once, not one by one.
fn whole<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl Message<'_> {
    /// The term that the message is stamped with.
    pub fn term(&self) -> Term {
        match *self {
            Message::RequestVote { term, .. }
            | Message::Vote { term, .. }
            | Message::AppendEntries { term, .. }
            | Message::Ack { term, .. }
            | Message::ReadIndex { term, .. }
            | Message::ReadAnswer { term, .. }
            | Message::CampaignNow { term }
            | Message::Offer { term, .. }
            | Message::Piece { term, .. }
            | Message::Configured { term, .. } => term,
        }
    }

    /// Whether every number is one that an honest node can have reached. Only the refusal of a vote, and word of who
    /// takes part, can be of term zero.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn is_in_bounds(&self) -> bool {
        let may_be_early = matches!(self, Message::Vote { granted: false, .. } | Message::Configured { .. });
        let first = if may_be_early { Term(0) } else { Term(1) };
        let bits = match *self {
            Message::RequestVote { last, .. } => last.bits(),
            Message::AppendEntries { previous, commit, inherited, .. } => previous.bits() | commit.0 | inherited.0,
            Message::Ack { outcome: Outcome::Conflict(hint), .. } => hint.bits(),
            Message::Ack { outcome: Outcome::Matched(index) | Outcome::Full(index), .. }
            | Message::Ack { outcome: Outcome::Wants { index, .. }, .. }
            | Message::ReadAnswer { index, .. }
            | Message::Piece { index, .. } => index.0,
            Message::Offer { latest, before, inherited, settled, .. } => {
                latest.position.bits() | before.index().0 | inherited.0 | settled.since.0
            }
            Message::Configured { settled, .. } => settled.since.0,
            _ => 0,
        };
        self.term() >= first && self.term().0 | bits <= Position::BITS
    }
}
