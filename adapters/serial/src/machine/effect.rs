use embedded_storage::nor_flash::NorFlash;
use quorate::{
    Effect, Effects, Members, Node, Persist, Persisted, Position, Receive, Snapshot, Snapshotted, Tick, Ticket,
};
use quorate_flash::{Flash, FlashError};
use quorate_wire::client::{Reason, ReplyBody};

use super::Machine;
use crate::replica::{Replica, View};
use crate::waiting::Turn;
use crate::{App, Stop, Undone};

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Does what the node orders at this time, and what follows from that.
    pub(super) fn carry_out(&mut self, node: &mut Node<A::Command, B, SEATS>) -> Result<(), Stop> {
        let members = node.members();
        let written = self.draw(node.step(self.now, Tick), members, false)?;
        self.go_on(node, written)
    }

    /// Takes in a message that brings bytes to be stored.
    pub(super) fn store(&mut self, node: &mut Node<A::Command, B, SEATS>, piece: Receive<'_>) -> Result<(), Stop> {
        let members = node.members();
        let written = self.draw(node.step(self.now, piece), members, true)?;
        self.go_on(node, written)
    }

    /// Tells the node of each write that is durable, and does what follows.
    fn go_on(&mut self, node: &mut Node<A::Command, B, SEATS>, mut written: Option<Ticket>) -> Result<(), Stop> {
        let members = node.members();
        while let Some(ticket) = written {
            written = self.draw(node.step(self.now, Persisted(ticket)), members, false)?;
        }
        Ok(())
    }

    /// Draws effects until there are no more, or the lines are full, and then writes what is to be durable.
    ///
    /// The lines are looked at before an effect is drawn: one that has been drawn would be lost, and had to be sent
    /// again. A write, and a snapshot even more so, holds up everything else: both wait until what need not wait for
    /// them has gone over the lines, so that the others write meanwhile.
    ///
    /// What is offered once comes first of all.
    fn draw<'n>(
        &mut self,
        mut effects: Effects<'n, View<'n, A>>,
        members: Members,
        mut is_offered_once: bool,
    ) -> Result<Option<Ticket>, Stop> {
        self.is_behind = false;
        loop {
            self.is_behind = !self.post.lines.are_ready();
            if self.is_behind && !is_offered_once {
                break;
            }
            is_offered_once = false;
            let Some(effect) = effects.next_but_write() else { break };
            match effect {
                Effect::Send { to, message } => self.post.send(to, &message),
                Effect::Apply(entry) => {
                    let position = entry.position();
                    let outcome = self.replica.apply(&entry)?;
                    match self.commands.take(position) {
                        Some(Turn::Due(asker)) => self.post.reply(self.now, asker, outcome.reply(position.index)),
                        Some(Turn::Superseded(asker)) => self.post.reply(self.now, asker, ReplyBody::Superseded),
                        None => {}
                    }
                }
                Effect::TakeSnapshot { .. } => self.wants_snapshot = true,
                // What cannot be read is as good as lost; the follower asks again.
                Effect::SendPiece { to, piece } => {
                    let bytes = self.buffer.as_mut().get_mut(..piece.length);
                    if let Some(bytes) = bytes
                        && self.flash.read(piece.snapshot, piece.offset, bytes).is_ok()
                    {
                        self.post.send(to, &piece.message(bytes));
                    }
                }
                Effect::Store { snapshot, offset, bytes } => self.flash.store(snapshot, members, offset, bytes)?,
                Effect::Restore { snapshot } => {
                    restore(&mut self.replica, &mut self.flash, self.buffer.as_mut(), snapshot)?;
                }
                Effect::LeadershipEnded => {
                    while let Some(asker) = self.commands.pop() {
                        self.post.reply(self.now, asker, ReplyBody::Unknown);
                    }
                }
                Effect::ReadReady { through } => {
                    let index = self.replica.applied().index;
                    while let Some(read) = self.reads.take(through) {
                        let answer = self.replica.query(&read.query, self.buffer.as_mut());
                        let body = answer.map_or(UNANSWERABLE, |answer| ReplyBody::Value { index, answer });
                        self.post.reply(self.now, read.asker, body);
                    }
                }
                Effect::ReadFailed { through } => {
                    while let Some(read) = self.reads.take(through) {
                        self.post.reply(self.now, read.asker, NOBODY_LEADS);
                    }
                }
                // A board's leadership is handed over by others alone, and a write is drawn last of all.
                Effect::TransferFailed { .. } | Effect::Persist(_) => {}
            }
        }
        let has_write = effects.has_write();
        self.is_held = has_write && !self.post.lines.may_pause();
        if has_write
            && !self.is_held
            && let Some(Effect::Persist(Persist { ticket, hard_state, snapshot, entries, mark })) = effects.next()
        {
            self.flash.write(hard_state, snapshot, entries, mark)?;
            return Ok(Some(ticket));
        }
        Ok(None)
    }

    /// Takes a snapshot of what is applied, because the node or the flash needs room.
    pub(super) fn make_room(&mut self, node: &mut Node<A::Command, B, SEATS>) -> Result<(), Stop> {
        self.wants_snapshot = false;
        let (position, members) = (self.replica.applied(), node.members());
        let is_covered = node.snapshots().next().is_some_and(|latest| latest.position >= position);
        if node.is_lost() {
            return Ok(());
        }
        if is_covered || position == Position::default() {
            return self.write_again(node);
        }
        let taken = take(&self.replica, &mut self.flash, self.buffer.as_mut(), position, members)?;
        self.undone = taken.err();
        match taken {
            // What the node does not want is left: the next one takes its place.
            Ok(Some(snapshot)) => {
                let _ = node.step(self.now, Snapshotted(snapshot)).answer;
                self.carry_out(node)
            }
            Ok(None) => Ok(()),
            Err(_) => self.write_again(node),
        }
    }

    /// Terms came and went, and nothing was applied, or no snapshot of it can be taken: all entries once more, behind
    /// the terms and votes that fill the flash.
    fn write_again(&mut self, node: &Node<A::Command, B, SEATS>) -> Result<(), Stop> {
        let is_durable = node.durable() == node.last().index;
        if self.flash.is_crowded() && is_durable {
            self.flash.write(None, None, node.log(), None)?;
        }
        Ok(())
    }
}

/// Makes a snapshot of the state durable. If the flash has no room for it now, or it is too long, the node asks again.
fn take<A: App, F: NorFlash, const CLIENTS: usize>(
    replica: &Replica<A, CLIENTS>,
    flash: &mut Flash<F>,
    buffer: &mut [u8],
    position: Position,
    members: Members,
) -> Result<Result<Option<Snapshot>, Undone>, Stop> {
    let room = buffer.len();
    let Some(bytes) = replica.snapshot(buffer) else { return Ok(Err(Undone::TooLong { room })) };
    match flash.take(position, members, bytes) {
        Ok(snapshot) => Ok(Ok(Some(snapshot))),
        Err(FlashError::LogFull { .. } | FlashError::NotLater { .. }) => Ok(Ok(None)),
        Err(error @ FlashError::SnapshotTooLarge { .. }) => Ok(Err(Undone::Flash(error))),
        Err(error) => Err(error.into()),
    }
}

/// Puts a snapshot that is durable here in the place of the state.
pub(crate) fn restore<A: App, F: NorFlash, const CLIENTS: usize>(
    replica: &mut Replica<A, CLIENTS>,
    flash: &mut Flash<F>,
    buffer: &mut [u8],
    snapshot: Snapshot,
) -> Result<(), Stop> {
    let room = buffer.len();
    let length = usize::try_from(snapshot.bytes).unwrap_or(usize::MAX);
    let bytes = buffer.get_mut(..length).ok_or(Stop::SnapshotTooLong { room })?;
    flash.read(snapshot, 0, bytes)?;
    let is_restored = replica.restore(snapshot.position, bytes);
    if is_restored { Ok(()) } else { Err(Stop::ForeignSnapshot { index: snapshot.position.index }) }
}

/// What a reader hears when leadership changes before its read is confirmed: it may ask again at once.
const NOBODY_LEADS: ReplyBody<'_> = ReplyBody::NotLeader { leader: None, address: "" };

/// What is no question of this application, or has an answer that is too long.
pub(super) const UNANSWERABLE: ReplyBody<'_> = ReplyBody::Refused(Reason::Malformed);
