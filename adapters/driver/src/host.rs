use quorate::{
    Dismissal, Index, Members, Message, Persist, Piece, Position, Roster, Seat, Seats, Snapshot, Ticket, Unchanged,
};
use quorate_wire::Dropped;
use quorate_wire::client::{KeyReport, Links, ReplyBody};

use crate::{App, Observer, Outcome, Queue, Replica, WaitingCommand, WaitingRead};

/// What a [`Driver`](crate::Driver) stands on: links, a disk, and where the application's state is written to.
///
/// It looks on, if it wants to: see [`Observer`]. All of it is called from within the driver's own calls, in the order of
/// the node's effects but for writes, where these [come last](Host::WRITES_LAST). An error ends the node: the driver draws
/// nothing more, and is not to be used again.
pub trait Host<const CLIENTS: usize>: Observer {
    /// What is replicated.
    type App: App<Error: Into<Self::Error>>;

    /// Whom to answer: an address, and what its reply has to echo.
    type Asker: Copy;

    /// A question that waits, as its own bytes.
    type Query: AsRef<[u8]> + for<'a> TryFrom<&'a [u8]>;

    /// Where commands wait for their answer: at least four. Beyond that, clients are told that the node is busy.
    type Commands: Queue<WaitingCommand<Self::Asker>>;

    /// Where reads wait for their answer.
    type Reads: Queue<WaitingRead<Self::Asker, Self::Query>>;

    /// Why the node has to stop.
    type Error;

    /// Whether nothing can be sent while a write is under way, as where the write is made in this very call: then a
    /// write comes behind all that need not wait for it.
    const WRITES_LAST: bool;

    /// Whether there is room for one more effect of this step, of which so many were drawn. What is left is drawn in a
    /// later step.
    fn has_room(&mut self, drawn: usize) -> bool;

    /// Whether a write may begin now. It is asked for where writes come last, and what may not begin is drawn in a
    /// later step.
    fn may_write(&mut self) -> bool {
        true
    }

    /// Whether the application is busy, as one that is being restored elsewhere: the node goes on without it.
    fn is_app_busy(&self) -> bool {
        false
    }

    /// Sends this, or loses it.
    fn send(&mut self, to: Seat, message: &Message<'_>);

    /// Reads a piece of a snapshot, and sends it as [`Piece::message`]. What cannot be read counts as lost.
    fn send_piece(&mut self, to: Seat, piece: &Piece);

    /// These take part from now on, and are reached there: see [`Effect::Members`](quorate::Effect::Members).
    fn meet(&mut self, since: Index, roster: Roster<'_>) {
        let _ = (since, roster);
    }

    /// A learner does not become a voter, or a voter is not removed, for this reason.
    fn give_up_change(&mut self, seat: Seat, reason: Unchanged) {
        let _ = (seat, reason);
    }

    /// This node is none of the members any longer: the error that it ends with.
    fn dismiss(&mut self, why: Dismissal) -> Self::Error;

    /// Makes this durable. The ticket, if it is; otherwise it comes later, by
    /// [`persisted`](crate::Driver::persisted).
    ///
    /// # Errors
    /// What was written is not known: a failed write is final.
    fn persist(&mut self, write: Persist<'_>) -> Result<Option<Ticket>, Self::Error>;

    /// Keeps these bytes of a snapshot of the leader: see [`Effect::Store`](quorate::Effect::Store).
    ///
    /// # Errors
    /// They could not be kept, and the disk can no longer be relied on.
    fn store(&mut self, members: Members, snapshot: Snapshot, offset: u64, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Takes a snapshot of the replica as it is now, or leaves it: see
    /// [`Effect::TakeSnapshot`](quorate::Effect::TakeSnapshot).
    ///
    /// # Errors
    /// The node cannot go on.
    fn take_snapshot(
        &mut self,
        replica: &Replica<Self::App, CLIENTS>,
        position: Position,
        members: Members,
    ) -> Result<(), Self::Error>;

    /// Puts this snapshot, which is durable here, in the place of the replica's state, or begins to: then the
    /// application [is busy](Host::is_app_busy) until it is done.
    ///
    /// # Errors
    /// It cannot be read, or is none of this application.
    fn restore(&mut self, replica: &mut Replica<Self::App, CLIENTS>, snapshot: Snapshot) -> Result<(), Self::Error>;

    /// An entry was applied, and came to this.
    ///
    /// # Errors
    /// The node cannot go on.
    fn applied(
        &mut self,
        replica: &Replica<Self::App, CLIENTS>,
        outcome: &Outcome<<Self::App as App>::Answer>,
    ) -> Result<(), Self::Error> {
        let _ = (replica, outcome);
        Ok(())
    }

    /// Answers a client. Where a [`NotLeader`](ReplyBody::NotLeader) leads to is for the host to say, if members have
    /// addresses: the driver names the seat alone.
    fn reply(&mut self, asker: Self::Asker, body: ReplyBody<'_>);

    /// Answers a question from the replica's state.
    fn query(&mut self, replica: &Replica<Self::App, CLIENTS>, asker: Self::Asker, query: &[u8]);

    /// The most bytes of a question. A longer one is refused.
    fn query_bytes_max(&self) -> usize;

    /// Who is to lead if they can, for a status: see [`Preference`](crate::Preference).
    fn preferred(&self) -> Seats {
        Seats::NONE
    }

    /// The frames that were dropped, for a status.
    fn dropped(&self) -> Dropped;

    /// What it takes of others, for a status.
    fn links(&self) -> Links {
        Links::Plain
    }

    /// The keys that it has, for a status.
    fn keys(&self) -> Option<KeyReport> {
        None
    }
}
