use embedded_storage::nor_flash::NorFlash;
use heapless::{Deque, Vec};
use quorate::{
    Dismissal, Index, Members, Message, Persist, Piece, Position, Roster, Seat, Snapshot, Ticket, Unchanged,
};
use quorate_driver::{Host, Observer, WaitingCommand, WaitingRead};
use quorate_wire::Dropped;
use quorate_wire::client::{KeyReport, Links, Reason, ReplyBody};

use super::{Machine, restore};
use crate::post::Asker;
use crate::replica::{Replica, Replicated};
use crate::sealing::Sealing;
use crate::{App, Stop};

/// The most commands that wait at a leader for their answer. Beyond it they are refused.
const COMMANDS_MAX: usize = 16;

/// The most reads that wait at a station, and the most bytes of a question that waits.
const READS_MAX: usize = 4;
const QUERY_MAX: usize = 32;

/// Nobody looks on.
impl<A: App, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize> Observer
    for Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
{
}

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize> Host<CLIENTS>
    for Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    type App = Replicated<A>;
    type Asker = Asker;
    type Query = Vec<u8, QUERY_MAX>;
    type Commands = Deque<WaitingCommand<Asker>, COMMANDS_MAX>;
    type Reads = Deque<WaitingRead<Asker, Vec<u8, QUERY_MAX>>, READS_MAX>;
    type Error = Stop;

    /// A write, and a snapshot even more so, holds up everything else: both wait until what need not wait for them has
    /// gone over the lines, so that the others write meanwhile.
    const WRITES_LAST: bool = true;

    fn has_room(&mut self, _: usize) -> bool {
        self.post.lines.are_ready()
    }

    fn may_write(&mut self) -> bool {
        self.post.lines.may_pause()
    }

    fn send(&mut self, to: Seat, message: &Message<'_>) {
        self.post.send(to, message);
    }

    fn send_piece(&mut self, to: Seat, piece: &Piece) {
        let bytes = self.buffer.as_mut().get_mut(..piece.length);
        if let Some(bytes) = bytes
            && self.flash.read(piece.snapshot, piece.offset, bytes).is_ok()
        {
            self.post.send(to, &piece.message(bytes));
        }
    }

    /// Where the members are, the lines say.
    fn meet(&mut self, _: Index, _: Roster<'_>) {
        self.failed_change = None;
    }

    fn give_up_change(&mut self, seat: Seat, reason: Unchanged) {
        self.failed_change = Some((seat, reason));
    }

    fn dismiss(&mut self, why: Dismissal) -> Stop {
        Stop::Dismissed(why)
    }

    fn persist(&mut self, write: Persist<'_>) -> Result<Option<Ticket>, Stop> {
        let Persist { ticket, hard_state, snapshot, entries, settled, mark } = write;
        self.flash.write(hard_state, snapshot, entries, settled, mark)?;
        Ok(Some(ticket))
    }

    fn store(&mut self, members: Members, snapshot: Snapshot, offset: u64, bytes: &[u8]) -> Result<(), Stop> {
        Ok(self.flash.store(snapshot, members, offset, bytes)?)
    }

    fn take_snapshot(&mut self, _: &Replica<A, CLIENTS>, _: Position, _: Members) -> Result<(), Stop> {
        self.wants_snapshot = true;
        Ok(())
    }

    fn restore(&mut self, replica: &mut Replica<A, CLIENTS>, snapshot: Snapshot) -> Result<(), Stop> {
        restore(replica, &mut self.flash, self.buffer.as_mut(), snapshot)
    }

    fn reply(&mut self, asker: Asker, body: ReplyBody<'_>) {
        self.post.reply(self.now, asker, body);
    }

    /// What is no question of this application, or has an answer that is too long, is refused.
    fn query(&mut self, replica: &Replica<A, CLIENTS>, asker: Asker, query: &[u8]) {
        let buffer = self.buffer.as_mut();
        let length = replica.app().0.query(query, buffer);
        let body = match length.and_then(|length| buffer.get(..length)) {
            Some(answer) => ReplyBody::Value { index: replica.applied().index, answer },
            None => ReplyBody::Refused(Reason::Malformed),
        };
        self.post.reply(self.now, asker, body);
    }

    fn query_bytes_max(&self) -> usize {
        QUERY_MAX
    }

    fn dropped(&self) -> Dropped {
        self.dropped
    }

    fn links(&self) -> Links {
        if self.post.sealing.is_some() { Links::Sealed } else { Links::Plain }
    }

    fn keys(&self) -> Option<KeyReport> {
        self.post.sealing.as_ref().map(Sealing::report)
    }
}
