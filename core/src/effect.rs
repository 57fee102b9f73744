use core::marker::PhantomData;

use serde::Deserialize;

use crate::{
    Brief, Dismissal, Entry, Index, Kind, Members, Message, Persist, Piece, Position, Roster, Seat, Seats, Session,
    Snapshot, Unchanged,
};

/// An order that a node gives its driver.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(target_os = "none", repr(u8))]
pub enum Effect<'a, V> {
    /// Make this durable, then return the ticket. One write is under way at a time.
    Persist(Persist<'a>),
    /// This is the configuration in force from now on: who takes part, and where they are reached. It may be undone by a
    /// later one, for it holds from the moment on at which it is in the log (section 6).
    Members {
        /// The index of the entry that makes it; zero for that of the founding.
        since: Index,
        /// Who takes part.
        roster: Roster<'a>,
    },
    /// This node is none of the members any longer: tell why, and stop it.
    Dismissed(Dismissal),
    /// A learner does not become a voter, or a voter is not removed: see [`Change`](crate::Change).
    ChangeFailed {
        /// Whose seat it is.
        seat: Seat,
        /// Why.
        reason: Unchanged,
    },
    /// Send this. A message that the link refuses counts as lost.
    Send {
        /// To whom.
        to: Seat,
        /// What.
        message: Message<'a>,
    },
    /// Apply this entry: it is committed, and durable here. Every index comes at most once per boot, in order; none is
    /// left out but by an [`Effect::Restore`].
    Apply(Apply<'a, V>),
    /// Take a snapshot of the app's state as it is now, sessions included, and write it aside while the node goes on. It
    /// has at least one byte. Once it is durable, say so with [`Snapshotted`](crate::Snapshotted). If one
    /// is being written, or cannot be, leave it: the node asks again.
    TakeSnapshot {
        /// What was applied last.
        position: Position,
        /// Who takes part; to be kept with the snapshot.
        members: Members,
    },
    /// Read a piece of a snapshot, and send it to this follower with [`Piece::message`]. If it cannot be read, or the
    /// link refuses it, it counts as lost.
    SendPiece {
        /// To whom.
        to: Seat,
        /// What.
        piece: Piece,
    },
    /// Keep these bytes of a snapshot, which came with this step's message. They may be of a later snapshot than one
    /// that is being installed: keep both. Only the first effect of a step is this one. It is offered once; not drawn,
    /// the piece counts as lost. It need not be durable before [`Persist::snapshot`] says so.
    Store {
        /// Of which snapshot.
        snapshot: Snapshot,
        /// Where in it the bytes belong. A snapshot that is fetched anew starts with those at 0; what follows is behind
        /// all that was stored before. Without [`pieces_in_order`](crate::Config::pieces_in_order) it may be ahead of
        /// that, up to [`inflight_bytes_max`](crate::Config::inflight_bytes_max) bytes from what is whole, and at most
        /// 128 pieces are so at a time; no byte comes twice. What a store gives back ([`Stored`](crate::Stored)) ends at
        /// the first gap.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Put this snapshot, which is durable here, in the place of the app's state, sessions included. It covers every
    /// entry up to its index: who waits for one of these will not see it applied, and has to ask anew.
    Restore {
        /// The snapshot.
        snapshot: Snapshot,
    },
    /// This node leads no longer. Whether the commands that it accepted, and that were not applied before this, will be
    /// done, it does not know: their clients ask again, whoever leads then, with the same [`Session`]. Applies of them
    /// may follow, for nobody. A transfer that was under way is over, whether it came about or not.
    ///
    /// It comes behind all that is applied already, and before a state takes the place of another. A node that leads
    /// anew takes no command before this is drawn.
    LeadershipEnded,
    /// The transfer to this seat did not come about in time, or made way for one to another seat.
    TransferFailed {
        /// To whom leadership was to go.
        to: Seat,
    },
    /// Every read that waits for this round or an earlier one may be answered now.
    ReadReady {
        /// The latest such round.
        through: Round,
    },
    /// Every read that waits for this round or an earlier one cannot be answered: leadership changed. Nothing was done;
    /// ask again.
    ReadFailed {
        /// The latest such round.
        through: Round,
    },
}

/// Which reads of a node share one confirmation of leadership. Unique within a boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Round(pub u64);

/// Why an input was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Rejection {
    /// This node does not lead: ask the leader, or again later if none is known.
    NotLeader {
        /// Who leads, as far as this node knows.
        leader: Option<Seat>,
    },
    /// Nothing was ever done in this cluster, and these members are not known to be part of it yet: the first command
    /// waits until all are. A founder that lost its disk before could found anew, and what was done meanwhile would be
    /// lost.
    Founding {
        /// Whom the first command waits for.
        waits_for: Seats,
    },
    /// The log has no room until a snapshot frees some: a leader takes no command, a follower that fell behind no read.
    Full,
    /// The record of the command would have to be at most this many bytes long,
    /// [`RECORD_OVERHEAD`](crate::RECORD_OVERHEAD) and session included, to travel in one frame.
    TooLarge {
        /// The most bytes that a record may have.
        limit: usize,
    },
    /// The command could not be encoded: its `Serialize` failed, or postcard does not support it. Or there is none,
    /// though only sequence zero, which opens a session, goes without; or there is one with sequence zero.
    Unencodable,
    /// Leadership is being handed over, or how that ended is not drawn yet: ask again in a moment.
    InTransfer,
    /// There is nobody who could take leadership over.
    NoTarget,
    /// The members are not changed so.
    Unchanged(Unchanged),
    /// This node lacks the state up to here and gets a snapshot of it: read at another one.
    Behind,
    /// The snapshot is not of an entry that is applied here, or not later than the last one, or covers less
    /// than one that is damaged, or has no bytes. Remove it.
    BadSnapshot,
}

/// A committed entry to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Apply<'a, V> {
    entry: Entry<'a>,
    view: PhantomData<V>,
}

impl<'a, V> Apply<'a, V> {
    /// An entry that is to be applied. A node draws its own; this is for a tool that goes through a log without one.
    pub fn new(entry: Entry<'a>) -> Self {
        Apply { entry, view: PhantomData }
    }

    /// The entry's term and index.
    pub fn position(&self) -> Position {
        self.entry.position()
    }

    /// The entry's index.
    pub fn index(&self) -> Index {
        self.entry.position().index
    }

    /// What the entry is for.
    pub fn kind(&self) -> Kind {
        self.entry.kind()
    }

    /// Whose command it is, if it belongs to a session: see [`Sessions`](crate::Sessions).
    pub fn session(&self) -> Option<Session> {
        self.entry.session()
    }

    /// The entry as it stands in the log.
    pub fn entry(&self) -> Entry<'a> {
        self.entry
    }

    /// The command, decoded; it may borrow from the log. `None` in an entry that carries none.
    ///
    /// # Errors
    /// The bytes are not such a command: another version of the program wrote it. A node that cannot read a committed
    /// command must stop, or it would differ from the others.
    pub fn command(&self) -> Result<Option<V>, CommandError>
    where
        V: Deserialize<'a>,
    {
        self.entry
            .command()
            .map(|bytes| postcard::from_bytes(bytes).map_err(|_| CommandError(self.index())))
            .transpose()
    }
}

#[cfg(feature = "defmt")]
impl<V> defmt::Format for Apply<'_, V> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Apply({})", self.entry);
    }
}

/// The committed entry at this index is not a command that this program can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CommandError(pub Index);

impl From<CommandError> for Brief {
    fn from(error: CommandError) -> Brief {
        Brief { of: "command", word: "unreadable", numbers: [error.0.0, 0] }
    }
}

impl core::fmt::Display for CommandError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        write!(
            f,
            "the committed command at index {} cannot be read: another version of this program wrote it",
            self.0.0
        )
    }
}

impl core::error::Error for CommandError {}
