use quorate::{Effect, Effects, Members, Seat, Ticket};
use quorate_wire::client::ReplyBody;

use crate::waiting::{Commands, Reads, Turn};
use crate::{Host, Replica, View};

/// All of a driver but its node: so that effects of the node can be carried out while they borrow from it.
pub(crate) struct Desk<H: Host<CLIENTS>, const CLIENTS: usize> {
    pub(crate) replica: Replica<H::App, CLIENTS>,
    pub(crate) commands: Commands<H::Asker, H::Commands>,
    pub(crate) reads: Reads<H::Asker, H::Query, H::Reads>,
    /// Whether clients are told that the node stops.
    pub(crate) is_closed: bool,
    /// To whom leadership was last to go, if that has not failed; to anybody, if nobody was named.
    pub(crate) hands_over: Option<Option<Seat>>,
}

/// What is left when no more effects are drawn.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// What was made durable at once.
    pub(crate) written: Option<Ticket>,
    /// Whether effects were left.
    pub(crate) is_behind: bool,
    /// Whether a write was.
    pub(crate) is_held: bool,
}

impl<H: Host<CLIENTS>, const CLIENTS: usize> Desk<H, CLIENTS> {
    #[inline(always)]
    pub(crate) fn new(replica: Replica<H::App, CLIENTS>) -> Self {
        Desk { replica, commands: Commands::new(), reads: Reads::new(), is_closed: false, hands_over: None }
    }

    /// Draws effects and has them carried out, until there are no more or the host has no room.
    ///
    /// The host is asked before an effect is drawn: one that has been drawn would be lost. What comes with a message to
    /// be stored is offered once, and first of all: it is drawn in any case.
    pub(crate) fn carry_out<'n>(
        &mut self,
        host: &mut H,
        mut effects: Effects<'n, View<'n, H::App>>,
        members: Members,
        brings_bytes: bool,
    ) -> Result<Left, H::Error> {
        let mut left = Left::default();
        if host.is_app_busy() {
            host.leave_app();
            effects = effects.without_app();
        }
        let mut drawn = 0;
        loop {
            left.is_behind = !host.has_room(drawn);
            if left.is_behind && !(brings_bytes && drawn == 0) {
                break;
            }
            let next = if H::WRITES_LAST { effects.next_but_write() } else { effects.next() };
            let Some(effect) = next else { break };
            drawn += 1;
            self.heed(host, effect, members, &mut left)?;
            if left.is_behind {
                break;
            }
        }
        if H::WRITES_LAST && effects.has_write() {
            left.is_held = !host.may_write();
            if !left.is_held
                && let Some(effect) = effects.next()
            {
                self.heed(host, effect, members, &mut left)?;
            }
        }
        Ok(left)
    }

    /// Has one effect carried out.
    fn heed<'n>(
        &mut self,
        host: &mut H,
        effect: Effect<'n, View<'n, H::App>>,
        members: Members,
        left: &mut Left,
    ) -> Result<(), H::Error> {
        host.draw(&effect);
        match effect {
            Effect::Members { since, roster } => host.meet(since, roster),
            Effect::Dismissed(why) => return Err(host.dismiss(why)),
            Effect::ChangeFailed { seat, reason } => host.give_up_change(seat, reason),
            Effect::Persist(write) => left.written = host.persist(write)?,
            Effect::Send { to, message } => host.send(to, &message),
            Effect::Apply(entry) => {
                let outcome = self.replica.apply(&entry).map_err(Into::into)?;
                let position = entry.position();
                match self.commands.take(position) {
                    Some(Turn::Due(asker)) => host.reply(asker, outcome.reply(position.index)),
                    Some(Turn::Superseded(asker)) => host.reply(asker, ReplyBody::Superseded),
                    Some(Turn::Lost(asker)) => host.reply(asker, ReplyBody::Unknown),
                    None => {}
                }
                host.applied(&self.replica, &outcome)?;
            }
            Effect::TakeSnapshot { position, members } => host.take_snapshot(&self.replica, position, members)?,
            Effect::SendPiece { to, piece } => host.send_piece(to, &piece),
            Effect::Store { snapshot, offset, bytes } => host.store(members, snapshot, offset, bytes)?,
            Effect::Restore { snapshot } => {
                host.restore(&mut self.replica, snapshot)?;
                left.is_behind = host.is_app_busy();
            }
            Effect::LeadershipEnded => {
                while let Some(asker) = self.commands.pop() {
                    host.reply(asker, ReplyBody::Unknown);
                }
            }
            // One that was taken up since goes on.
            Effect::TransferFailed { to } => {
                self.hands_over.take_if(|last| last.is_none_or(|last| last == to));
            }
            Effect::ReadReady { through } => {
                while let Some(read) = self.reads.take(through) {
                    host.query(&self.replica, read.asker, read.query.as_ref());
                }
            }
            Effect::ReadFailed { through } => {
                while let Some(read) = self.reads.take(through) {
                    host.reply(read.asker, NOBODY_LEADS);
                }
            }
        }
        Ok(())
    }
}

/// What a reader hears when leadership changes before its read is confirmed: it may ask again at once.
const NOBODY_LEADS: ReplyBody<'_> = ReplyBody::NotLeader { leader: None, address: "" };
