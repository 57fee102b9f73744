use std::num::NonZeroU64;

use quorate::{
    Answer, Charter, Dismissal, Effect, Index, Input, Instant, Members, Message, Node, Persist, Piece, Position,
    Roster, Seat, Seats, Snapshot, Ticket, Unchanged,
};
use quorate_disk::Snapshots;
use quorate_driver::{Host, Observer, Outcome, WaitingCommand, WaitingRead};
use quorate_wire::Dropped;
use quorate_wire::client::{KeyReport, Links, ReplyBody};
use serde::Serialize;

use super::company::Company;
use super::contact::Contact;
use super::snapshot::Thawed;
use crate::aside::Aside;
use crate::intake::Intake;
use crate::line::Line;
use crate::link::{Asker, Link};
use crate::replica::{CLIENTS, Guarded, Replica, freeze};
use crate::snapshotter::Snapshotter;
use crate::trace::Trace;
use crate::writer::Writer;
use crate::{App, Event, Keyring, ServeError};

/// The most effects of one turn: a node that has a long log to apply goes on hearing the others meanwhile.
const EFFECTS_MAX: usize = 1024;

/// What a node's driver stands on: its socket, its disk, and the threads beside it.
pub(super) struct Machine<A> {
    pub(super) link: Link,
    pub(super) writer: Writer,
    pub(super) snapshots: Snapshots,
    pub(super) intake: Intake,
    pub(super) snapshotter: Snapshotter,
    /// Makes a snapshot of the leader into a state. Until it is done, the node goes on without the app.
    pub(super) restoring: Aside<Thawed<A>>,
    /// What makes this node a member.
    pub(super) charter: Charter,
    pub(super) contact: Contact,
    /// Who takes part.
    pub(super) company: Company,
    /// What there is to tell of that.
    pub(super) news: Vec<Event>,
    pub(super) snapshot_every: Option<NonZeroU64>,
    /// Whether a follower is being sent a snapshot, where they are taken by themselves: two later ones would undo what it
    /// has of it.
    pub(super) is_serving: bool,
    /// Room for a piece of a snapshot.
    pub(super) piece: Box<[u8]>,
    pub(super) trace: Trace,
}

impl<A: App> Host<CLIENTS> for Machine<A> {
    type App = Guarded<A>;
    type Asker = Asker;
    type Query = Box<[u8]>;
    type Commands = Line<WaitingCommand<Asker>>;
    type Reads = Line<WaitingRead<Asker, Box<[u8]>>>;
    type Error = ServeError;

    const WRITES_LAST: bool = false;

    fn has_room(&mut self, drawn: usize) -> bool {
        drawn < EFFECTS_MAX
    }

    fn is_app_busy(&self) -> bool {
        self.restoring.is_busy()
    }

    /// Who knows none of the members any longer asks the store that he was told of in their place: it says who they are.
    fn send(&mut self, to: Seat, message: &Message<'_>) {
        self.link.send(to, message);
        if let Some(seat) = self.contact.seat().filter(|seat| !self.company.members.all().contains(*seat))
            && let Message::RequestVote { .. } = message
        {
            self.link.send(seat, message);
        }
    }

    fn meet(&mut self, since: Index, roster: Roster<'_>) {
        let moved = self.link.directory.meet(roster);
        self.news.extend(self.company.change(since, roster, moved));
    }

    fn give_up_change(&mut self, seat: Seat, reason: Unchanged) {
        let is_voter = self.company.members.is_voter(seat);
        self.news.push(Event::ChangeFailed { seat, is_voter, reason });
    }

    fn dismiss(&mut self, why: Dismissal) -> ServeError {
        ServeError::Dismissed(why)
    }

    fn send_piece(&mut self, to: Seat, piece: &Piece) {
        let bytes = &mut self.piece[..piece.length];
        if self.snapshots.read_at(piece.snapshot, piece.offset, bytes).is_ok() {
            self.link.send(to, &piece.message(bytes));
        }
    }

    fn persist(&mut self, write: Persist<'_>) -> Result<Option<Ticket>, ServeError> {
        if write.snapshot.is_some() {
            self.intake.write()?;
        }
        self.writer.begin(write);
        Ok(None)
    }

    fn store(&mut self, members: Members, snapshot: Snapshot, offset: u64, bytes: &[u8]) -> Result<(), ServeError> {
        Ok(self.intake.take(members, snapshot, offset, bytes)?)
    }

    /// If one is under way, whoever wants this one asks again.
    fn take_snapshot(&mut self, replica: &Replica<A>, position: Position, members: Members) -> Result<(), ServeError> {
        if self.snapshotter.is_busy() {
            return Ok(());
        }
        self.snapshotter.begin(position, members, || freeze(replica)).map_err(ServeError::Thread)
    }

    fn restore(&mut self, replica: &mut Replica<A>, snapshot: Snapshot) -> Result<(), ServeError> {
        let thawed = Thawed::read(&self.snapshots, replica, snapshot)?;
        self.restoring.begin(thawed).map_err(ServeError::Thread)
    }

    fn applied(&mut self, replica: &Replica<A>, _: &Outcome<Vec<u8>>) -> Result<(), ServeError> {
        let position = replica.applied();
        match self.snapshot_every {
            Some(every) if !self.is_serving && position.index.0 % every == 0 => {
                self.take_snapshot(replica, position, self.company.members)
            }
            _ => Ok(()),
        }
    }

    fn reply(&mut self, asker: Asker, body: ReplyBody<'_>) {
        let ReplyBody::NotLeader { leader, .. } = body else { return self.link.reply(asker, body) };
        let address = leader.and_then(|seat| self.link.directory.of(seat));
        let address = &address.map_or_else(String::new, |address| address.to_string());
        self.link.reply(asker, ReplyBody::NotLeader { leader, address });
    }

    fn query(&mut self, replica: &Replica<A>, asker: Asker, query: &[u8]) {
        let (index, answer) = (replica.applied().index, &replica.app().0.query(query));
        self.link.reply(asker, ReplyBody::Value { index, answer });
    }

    fn query_bytes_max(&self) -> usize {
        self.link.frame_bytes()
    }

    fn preferred(&self) -> Seats {
        self.link.config().preferred
    }

    fn dropped(&self) -> Dropped {
        self.link.dropped()
    }

    fn links(&self) -> Links {
        self.link.links()
    }

    fn keys(&self) -> Option<KeyReport> {
        self.link.config().keys.as_ref().map(Keyring::report)
    }
}

/// Writes the trace.
impl<A> Observer for Machine<A> {
    fn begin<C, B: AsRef<[u8]>, const SEATS: usize, V: Serialize>(
        &mut self,
        node: &Node<C, B, SEATS>,
        now: Instant,
        input: &Input<'_, V>,
    ) {
        self.trace.begin(node, now, input);
        self.is_serving = self.snapshot_every.is_some() && node.is_serving();
    }

    fn leave_app(&mut self) {
        self.trace.leave_app();
    }

    fn answer(&mut self, answer: Answer) {
        self.trace.answer(answer);
    }

    fn draw<V>(&mut self, effect: &Effect<'_, V>) {
        self.trace.draw(effect);
        // What there is to say leaves before what takes long.
        if !matches!(effect, Effect::Send { .. } | Effect::SendPiece { .. }) {
            self.link.flush();
        }
    }

    fn end<C, B: AsRef<[u8]>, const SEATS: usize>(&mut self, node: &Node<C, B, SEATS>, is_drained: bool) {
        self.link.flush();
        self.trace.end(node, is_drained);
    }
}
