mod effect;
mod request;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Input, Instant, Message, Node};
use quorate_flash::Flash;
use quorate_wire::client::decode_reply;
use quorate_wire::{Class, Refusal, Refusals, decode};

pub(crate) use self::effect::restore;
use crate::caller::Known;
use crate::post::Post;
use crate::replica::Replica;
use crate::waiting::{Reads, Waiting};
use crate::{Address, App, Stop, Undone};

/// All of a station but what cuts frames out of the bytes that come: so that a frame can be lent to it from there.
pub(crate) struct Machine<
    A: App,
    F,
    B,
    const SEATS: usize,
    const LINES: usize,
    const FRAME: usize,
    const CLIENTS: usize,
> {
    pub(crate) node: Node<A::Command, B, SEATS>,
    pub(crate) replica: Replica<A, CLIENTS>,
    pub(crate) flash: Flash<F>,
    pub(crate) post: Post<SEATS, LINES, FRAME>,
    /// Room for a snapshot and, between snapshots, for a piece of one or an answer.
    pub(crate) buffer: B,
    pub(crate) commands: Waiting,
    pub(crate) reads: Reads,
    pub(crate) refusals: Refusals,
    pub(crate) now: Instant,
    /// Whether effects were left because the lines are full.
    pub(crate) is_behind: bool,
    /// Whether a write waits for the lines.
    pub(crate) is_held: bool,
    /// Whether the node has asked for a snapshot.
    pub(crate) wants_snapshot: bool,
    /// Why the last one could not be taken.
    pub(crate) undone: Option<Undone>,
}

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes in a frame for this station.
    pub(crate) fn take(&mut self, from: Address, frame: &[u8]) -> Result<(), Stop> {
        let taken = match Class::of(frame) {
            Ok(Class::Member) => self.take_message(frame)?,
            Ok(Class::Request) => self.take_request(from, frame),
            Ok(Class::Founding) => Err(Refusal::Class(Class::Founding as u8)),
            Ok(Class::Reply) => decode_reply(frame, self.post.caller.boot())
                .map(|reply| self.post.caller.take(self.now, reply.number, reply.body)),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = taken {
            self.refusals.count(refusal);
        }
        Ok(())
    }

    /// A piece of a snapshot is stored at once: the node does not keep it.
    fn take_message(&mut self, frame: &[u8]) -> Result<Result<(), Refusal>, Stop> {
        match decode(frame, self.post.founding(), self.node.seat()) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok((from, message @ Message::Piece { .. })) => self.carry_out(Input::Receive { from, message })?,
            Ok((from, message)) => {
                let _ = self.node.step(self.now, Input::Receive { from, message });
            }
        }
        Ok(Ok(()))
    }

    /// What is due at this time, and all that follows from what was taken in.
    pub(crate) fn turn(&mut self) -> Result<(), Stop> {
        self.ask_for_app();
        self.carry_out(Input::Tick)?;
        if self.flash.is_crowded() || (self.wants_snapshot && self.post.lines.may_pause()) {
            self.make_room()?;
        }
        self.post.lines.greet();
        Ok(())
    }

    /// Asks what the app wants done, of whoever leads.
    fn ask_for_app(&mut self) {
        let known =
            Known { applied: self.replica.applied().index, epoch: self.replica.epoch(self.post.caller.client()) };
        let Some((asker, body)) = self.post.call(self.now, self.node.leader(), known) else { return };
        let answer = request::enter::<A, B, SEATS>(&mut self.node, &mut self.commands, self.now, asker, body);
        if let Some(body) = answer {
            self.post.reply(self.now, asker, body);
        }
    }

    /// When there is something to do, if nothing comes before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let lines = &self.post.lines;
        let behind = (self.is_behind && lines.are_ready()).then_some(self.now);
        let pause = (self.is_held || self.wants_snapshot).then(|| lines.pause()).flatten();
        let call = self.post.caller.deadline().filter(|_| self.node.leader().is_some());
        [self.node.deadline(), call, behind, pause, lines.deadline()].into_iter().flatten().min()
    }
}
