mod effect;
mod founding;
mod request;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Founding, Instant, Message, Node, Receive};
use quorate_flash::Flash;
use quorate_wire::client::decode_reply;
use quorate_wire::{Class, DecodeError, Dropped, decode};

pub(crate) use self::effect::restore;
use crate::caller::Known;
use crate::post::Post;
use crate::replica::Replica;
use crate::stage::Stage;
use crate::waiting::{Reads, Waiting};
use crate::{Address, App, Stop, Undone};

/// All of a station but its node, and what cuts frames out of the bytes that come: so that a frame can be lent to it
/// from there, and effects of the node.
pub(crate) struct Machine<
    A: App,
    F,
    B,
    const SEATS: usize,
    const LINES: usize,
    const FRAME: usize,
    const CLIENTS: usize,
> {
    pub(crate) replica: Replica<A, CLIENTS>,
    pub(crate) flash: Flash<F>,
    pub(crate) post: Post<SEATS, LINES, FRAME>,
    /// Room for a snapshot and, between snapshots, for a piece of one or an answer.
    pub(crate) buffer: B,
    pub(crate) commands: Waiting,
    pub(crate) reads: Reads,
    pub(crate) dropped: Dropped,
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
    pub(crate) fn take(
        &mut self,
        stage: &mut Stage<A::Command, B, SEATS>,
        from: Address,
        frame: &[u8],
    ) -> Result<(), Stop> {
        let taken = match (Class::of(frame), stage, self.post.founding()) {
            (Ok(Class::Member), Stage::Node(node), Some(founding)) => self.take_message(node, founding, frame)?,
            (Ok(Class::Member), ..) => Err(DecodeError::Founding),
            (Ok(Class::Request), stage, _) => self.take_request(stage, from, frame),
            (Ok(Class::Founding), stage, _) => self.take_founding(stage, frame)?,
            (Ok(Class::Reply), _, founding) => self.take_reply(founding, frame),
            (Err(error), ..) => Err(error),
        };
        if let Err(error) = taken {
            self.dropped.count(error);
        }
        Ok(())
    }

    /// A piece of a snapshot is stored at once: the node does not keep it.
    fn take_message(
        &mut self,
        node: &mut Node<A::Command, B, SEATS>,
        founding: Founding,
        frame: &[u8],
    ) -> Result<Result<(), DecodeError>, Stop> {
        match decode(frame, founding, node.seat()) {
            Err(error) => return Ok(Err(error)),
            Ok((from, message @ Message::Piece { .. })) => self.store(node, Receive { from, message })?,
            Ok((from, message)) => {
                let _ = node.step(self.now, Receive { from, message });
            }
        }
        Ok(Ok(()))
    }

    /// What a node of another founding has done is nothing that was asked for.
    fn take_reply(&mut self, founding: Option<Founding>, frame: &[u8]) -> Result<(), DecodeError> {
        let reply = decode_reply(frame, self.post.caller.boot())?;
        if reply.founding != founding {
            return Err(DecodeError::Founding);
        }
        self.post.caller.take(self.now, reply.number, reply.body);
        Ok(())
    }

    /// What is due at this time, and all that follows from what was taken in.
    pub(crate) fn turn(&mut self, stage: &mut Stage<A::Command, B, SEATS>) -> Result<(), Stop> {
        self.found(stage)?;
        if let Stage::Node(node) = stage {
            self.run(node)?;
        }
        self.post.lines.greet();
        Ok(())
    }

    fn run(&mut self, node: &mut Node<A::Command, B, SEATS>) -> Result<(), Stop> {
        self.ask_for_app(node);
        self.carry_out(node)?;
        if self.flash.is_crowded() || (self.wants_snapshot && self.post.lines.may_pause()) {
            self.make_room(node)?;
        }
        Ok(())
    }

    /// Asks what the app wants done, of whoever leads.
    fn ask_for_app(&mut self, node: &mut Node<A::Command, B, SEATS>) {
        let known =
            Known { applied: self.replica.applied().index, epoch: self.replica.epoch(self.post.caller.client()) };
        let Some((asker, body)) = self.post.call(self.now, node.leader(), known) else { return };
        let answer = request::enter::<A, B, SEATS>(node, &mut self.commands, self.now, asker, body);
        if let Some(body) = answer {
            self.post.reply(self.now, asker, body);
        }
    }

    /// When there is something to do, if nothing comes before.
    pub(crate) fn deadline(&self, stage: &Stage<A::Command, B, SEATS>) -> Option<Instant> {
        let lines = &self.post.lines;
        let behind = (self.is_behind && lines.are_ready()).then_some(self.now);
        let due = match stage {
            Stage::Candidate(_) if self.is_behind => lines.patience(),
            Stage::Candidate(candidate) => candidate.prospect.deadline(),
            Stage::Node(node) => node.deadline(),
        };
        let pause = (self.is_held || self.wants_snapshot).then(|| lines.pause()).flatten();
        let leader = stage.node().and_then(Node::leader);
        let call = self.post.caller.deadline().filter(|_| leader.is_some());
        [due, call, behind, pause, lines.deadline()].into_iter().flatten().min()
    }
}
