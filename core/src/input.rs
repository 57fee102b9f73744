use serde::Serialize;

use crate::draw::Stores;
use crate::step::Step;
use crate::{Change, Identity, Message, Position, Rejection, Round, Seat, Session, Snapshot, Ticket};

/// What a node can be told in a [step](crate::Node::step), and what it answers at once.
///
/// What a client, an operator or an app wants has an answer: [`ClientCommand`], [`Read`], [`Transfer`], [`Change`],
/// [`Snapshotted`].
/// [`Receive`], [`Persisted`] and [`Tick`] have none. An [`Input`] is any of them, as a value that can be kept. Every
/// state of a node takes all of them.
pub trait Told<'a, V>: Tell<'a, V> {}

impl<'a, V, T: Tell<'a, V>> Told<'a, V> for T {}

/// How a step takes what it is told. Nobody else can say more of it.
pub trait Tell<'a, V> {
    /// What comes of it at once.
    type Answer;

    /// Takes it in. Returns the answer, and what came with it to be stored.
    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>);
}

/// A client wants a command done. The answer is where it stands in the leader's log. What comes first then ends it, and
/// is the one answer to its client: an [`Effect::Apply`](crate::Effect::Apply) with this position, it is done; one with
/// this index and another term, it is superseded, was not done and never will be; an
/// [`Effect::LeadershipEnded`](crate::Effect::LeadershipEnded), nobody here knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ClientCommand<V> {
    /// Makes a retry recognizable; `None` if the command may be done twice.
    pub session: Option<Session>,
    /// The command; it is encoded once, straight into the log. `None` to open a session with sequence zero.
    pub command: Option<V>,
}

/// A client wants to read the state as of now or later. The answer is the round that it shares with other reads of this
/// node: see [`Effect::ReadReady`](crate::Effect::ReadReady).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Read {
    /// Whether a leader's lease will do: then the read waits for no round while there is one. Only with
    /// [`Config::leases`](crate::Config::leases), and only if the time of this step was read after the client's request had
    /// come.
    pub by_lease: bool,
}

/// Hand leadership over, within an election time-out. If that is not refused, it ends in an
/// [`Effect::LeadershipEnded`](crate::Effect::LeadershipEnded) or
/// [`Effect::TransferFailed`](crate::Effect::TransferFailed). Asked again for the same seat, it is the same transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Transfer {
    /// Who should lead next; `None` for the follower with the most recent log.
    pub to: Option<Seat>,
}

/// The app has this snapshot of its own state, and it is durable. The entries up to it are forgotten when room is
/// needed. Keep the snapshots that [`Node::snapshots`](crate::Node::snapshots) names; others are not needed any longer.
/// It is refused if the node can make nothing of it.
///
/// A log that forgets entries forgets with them who takes part. That is durable in another place by the time at which the
/// node asks for a snapshot ([`Effect::TakeSnapshot`](crate::Effect::TakeSnapshot)); whoever takes one on his own makes
/// [`Node::unsettled`](crate::Node::unsettled) durable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshotted(pub Snapshot);

/// A message came from another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Receive<'a> {
    /// Who sent it.
    pub from: Identity,
    /// What was sent.
    pub message: Message<'a>,
}

/// The write of this ticket is durable.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Persisted(pub Ticket);

/// Time has passed: due at [`Node::deadline`](crate::Node::deadline), harmless at any other time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tick;

/// All that a node can be told, as a value: to be kept, compared and run again.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Input<'a, V> {
    /// See [`ClientCommand`].
    ClientCommand {
        /// Makes a retry recognizable.
        session: Option<Session>,
        /// The command.
        command: Option<V>,
    },
    /// See [`Receive`].
    Receive {
        /// Who sent it.
        from: Identity,
        /// What was sent.
        message: Message<'a>,
    },
    /// See [`Tick`].
    Tick,
    /// See [`Persisted`].
    Persisted(Ticket),
    /// See [`Snapshotted`].
    Snapshotted(Snapshot),
    /// See [`Read`].
    Read {
        /// Whether a leader's lease will do.
        by_lease: bool,
    },
    /// See [`Transfer`].
    Transfer {
        /// Who should lead next.
        to: Option<Seat>,
    },
    /// See [`Change`].
    Change(Change<'a>),
}

/// The answer to an [`Input`] that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// The command is in the leader's log: see [`ClientCommand`].
    Accept {
        /// Where it stands.
        position: Position,
    },
    /// The read waits for this round: see [`Read`].
    Await {
        /// The round that it shares with other reads of this node.
        round: Round,
    },
    /// Nothing was done.
    Reject(Rejection),
}

impl From<Result<Position, Rejection>> for Answer {
    fn from(answer: Result<Position, Rejection>) -> Answer {
        answer.map_or_else(Answer::Reject, |position| Answer::Accept { position })
    }
}

impl From<Result<Round, Rejection>> for Answer {
    fn from(answer: Result<Round, Rejection>) -> Answer {
        answer.map_or_else(Answer::Reject, |round| Answer::Await { round })
    }
}

impl<'a, V: Serialize> Tell<'a, V> for ClientCommand<V> {
    type Answer = Result<Position, Rejection>;

    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>) {
        (step.propose(self.session, self.command), None)
    }
}

impl<'a, V> Tell<'a, V> for Read {
    type Answer = Result<Round, Rejection>;

    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>) {
        (step.read(self.by_lease), None)
    }
}

impl<'a, V> Tell<'a, V> for Transfer {
    type Answer = Result<(), Rejection>;

    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>) {
        (step.transfer(self.to), None)
    }
}

impl<'a, V> Tell<'a, V> for Change<'a> {
    type Answer = Result<(), Rejection>;

    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>) {
        (step.change(&self), None)
    }
}

impl<'a, V> Tell<'a, V> for Snapshotted {
    type Answer = Result<(), Rejection>;

    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>) {
        (step.snapshotted(self.0), None)
    }
}

impl<'a, V> Tell<'a, V> for Receive<'a> {
    type Answer = ();

    fn tell(self, step: &mut Step<'_>) -> ((), Stores<'a>) {
        ((), step.receive(self.from, &self.message))
    }
}

impl<'a, V> Tell<'a, V> for Persisted {
    type Answer = ();

    fn tell(self, step: &mut Step<'_>) -> ((), Stores<'a>) {
        step.persisted(&self.0);
        ((), None)
    }
}

impl<'a, V> Tell<'a, V> for Tick {
    type Answer = ();

    fn tell(self, _: &mut Step<'_>) -> ((), Stores<'a>) {
        ((), None)
    }
}

impl<'a, V: Serialize> Tell<'a, V> for Input<'a, V> {
    type Answer = Option<Answer>;

    fn tell(self, step: &mut Step<'_>) -> (Self::Answer, Stores<'a>) {
        let answer = match self {
            Input::ClientCommand { session, command } => Some(step.propose(session, command).into()),
            Input::Read { by_lease } => Some(step.read(by_lease).into()),
            Input::Transfer { to } => step.transfer(to).err().map(Answer::Reject),
            Input::Change(change) => step.change(&change).err().map(Answer::Reject),
            Input::Snapshotted(snapshot) => step.snapshotted(snapshot).err().map(Answer::Reject),
            Input::Receive { from, ref message } => return (None, step.receive(from, message)),
            Input::Persisted(ticket) => {
                step.persisted(&ticket);
                None
            }
            Input::Tick => None,
        };
        (answer, None)
    }
}
