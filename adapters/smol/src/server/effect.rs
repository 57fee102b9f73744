use quorate::{Effect, Input};
use quorate_wire::client::ReplyBody;

use super::Server;
use super::snapshot::begin_snapshot;
use crate::replica::View;
use crate::waiting::Turn;
use crate::{App, Event, ServeError};

/// The most effects of one turn: a node that has a long log to apply goes on hearing the others meanwhile.
const EFFECTS_MAX: usize = 1024;

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// Gives the node an input, and does what it orders.
    pub(super) fn carry_out(&mut self, input: Input<'_, View<'_, A>>) -> Result<(), ServeError> {
        // Two later snapshots would undo what a follower has of this one.
        let every = self.snapshot_every.filter(|_| !self.node.is_serving());
        let now = self.clock.now();
        self.trace.begin(&self.node, now, &input);
        let (mut drawn, mut restores) = (0, None);
        let mut effects = self.node.step(now, input);
        if self.restoring.is_busy() {
            self.trace.leave_app();
            effects = effects.without_app();
        }
        while drawn < EFFECTS_MAX
            && restores.is_none()
            && let Some(effect) = effects.next()
        {
            drawn += 1;
            self.trace.draw(&effect);
            // What there is to say leaves before what takes long.
            if !matches!(effect, Effect::Send { .. } | Effect::SendPiece { .. }) {
                self.link.flush();
            }
            match effect {
                Effect::Persist(write) => {
                    if write.snapshot.is_some() {
                        self.intake.write()?;
                    }
                    self.writer.begin(write);
                }
                Effect::Send { to, message } => self.link.send(to, &message),
                Effect::Apply(entry) => {
                    let position = entry.position();
                    let outcome = self.replica.apply(&entry)?;
                    match self.commands.take(position) {
                        Some(Turn::Due(asker)) => self.link.reply(asker, outcome.reply(position.index)),
                        Some(Turn::Superseded(asker)) => self.link.reply(asker, ReplyBody::Superseded),
                        None => {}
                    }
                    if every.is_some_and(|every| position.index.0 % every == 0) {
                        begin_snapshot(&mut self.snapshotter, &self.replica, position, self.charter.members)?;
                    }
                }
                Effect::LeadershipEnded => {
                    for asker in self.commands.drain() {
                        self.link.reply(asker, ReplyBody::Unknown);
                    }
                }
                Effect::TransferFailed { .. } => self.hands_over = false,
                Effect::ReadReady { through } => {
                    let index = self.replica.applied().index;
                    while let Some(read) = self.reads.take(through) {
                        let answer = &self.replica.query(&read.query);
                        self.link.reply(read.asker, ReplyBody::Value { index, answer });
                    }
                }
                Effect::ReadFailed { through } => {
                    while let Some(read) = self.reads.take(through) {
                        self.link.reply(read.asker, NOBODY_LEADS);
                    }
                }
                Effect::TakeSnapshot { position, members } => {
                    begin_snapshot(&mut self.snapshotter, &self.replica, position, members)?;
                }
                // What cannot be read is as good as lost; the follower asks again.
                Effect::SendPiece { to, piece } => {
                    let bytes = &mut self.piece[..piece.length];
                    if self.snapshots.read_at(piece.snapshot, piece.offset, bytes).is_ok() {
                        self.link.send(to, &piece.message(bytes));
                    }
                }
                Effect::Store { snapshot, offset, bytes } => {
                    self.intake.take(snapshot, offset, bytes)?;
                }
                Effect::Restore { snapshot } => restores = Some(snapshot),
            }
        }
        self.link.flush();
        self.is_behind = drawn == EFFECTS_MAX || restores.is_some();
        self.trace.end(&self.node, !self.is_behind);
        restores.map_or(Ok(()), |snapshot| self.restore(snapshot))
    }
}

/// What a reader hears when leadership changes before its read is confirmed: it may ask again at once.
const NOBODY_LEADS: ReplyBody<'_> = ReplyBody::NotLeader { leader: None, address: "" };
