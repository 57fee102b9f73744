use crate::{Identity, Message, Seat, Session, Snapshot, Ticket};

/// A fact that a node is told. Every state of a node takes every input.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Input<'a, V> {
    /// A client wants a command done. The first effect of the step is its [`Accept`](crate::Effect::Accept) or
    /// [`Reject`](crate::Effect::Reject).
    ClientCommand {
        /// Makes a retry recognizable; `None` if the command may be done twice.
        session: Option<Session>,
        /// The command; it is encoded once, straight into the log. `None` to open a session with sequence zero.
        command: Option<V>,
    },
    /// A message came from another member.
    Receive {
        /// Who sent it.
        from: Identity,
        /// What was sent.
        message: Message<'a>,
    },
    /// Time has passed: due at [`Node::deadline`](crate::Node::deadline), harmless at any other time.
    Tick,
    /// The write of this ticket is durable.
    Persisted(Ticket),
    /// The app has this snapshot of its own state, and it is durable. The entries up to it are forgotten when room is
    /// needed. Keep the snapshots that [`Node::snapshots`](crate::Node::snapshots) names; others are not needed any
    /// longer. If the node can make nothing of it, the first effect of the step is a [`Reject`](crate::Effect::Reject).
    Snapshotted(Snapshot),
    /// A client wants to read the state as of now or later. The first effect of the step is its
    /// [`Await`](crate::Effect::Await) or [`Reject`](crate::Effect::Reject).
    Read,
    /// Hand leadership over, to this seat or to the follower with the most recent log, within an election time-out. If
    /// that is not possible, the first effect of the step is a [`Reject`](crate::Effect::Reject); else it ends in a
    /// [`LeadershipEnded`](crate::Effect::LeadershipEnded) or [`TransferFailed`](crate::Effect::TransferFailed). Asked
    /// again for the same seat, it is the same transfer.
    Transfer {
        /// Who should lead next.
        to: Option<Seat>,
    },
}
