use postcard::ser_flavors::{Flavor, Slice};
use serde::Serialize;

use crate::draw::Stores;
use crate::log::LogMut;
use crate::peer::Peer;
use crate::pieces::Pieces;
use crate::state::State;
use crate::{
    Ballot, Identity, Incarnation, Index, Kind, Message, Position, RECORD_OVERHEAD, Refusal, Rejection, Seat, Session,
};

/// A message of a term that is further ahead is not believed: one alone could use up all terms that there are. No
/// cluster holds so many elections while a node is away.
const TERM_LEAP_MAX: u64 = 1 << 32;

/// The longest record that its length field can state.
const RECORD_MAX: usize = RECORD_OVERHEAD + u16::MAX as usize;

/// A node while it takes an input. It is named by [`Told`](crate::Told), whose parts nobody else sees.
#[allow(unreachable_pub)]
pub struct Step<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) peers: &'a mut [Peer],
    pub(crate) log: LogMut<'a>,
}

impl Step<'_> {
    /// Takes a message from another member, or counts why not.
    #[inline(never)]
    pub(crate) fn receive<'m>(&mut self, from: Identity, message: &Message<'m>) -> Stores<'m> {
        let taken = self.admit(from, message).and_then(|()| self.dispatch(from.seat, message));
        taken.unwrap_or_else(|refusal| {
            self.state.refusals.add(refusal);
            if let Some(peer) = self.peers.get_mut(usize::from(from.seat.0)) {
                peer.refused = refusal.into();
            }
            None
        })
    }

    fn admit(&mut self, from: Identity, message: &Message<'_>) -> Result<(), Refusal> {
        let is_member = self.state.configuration.others.contains(from.seat);
        let peer = self.peers.get(usize::from(from.seat.0)).filter(|_| is_member).ok_or(Refusal::Sender)?;
        let is_first = from.incarnation == Incarnation(0);
        if from.incarnation < peer.incarnation || !(is_first || message.is_of_reborn()) {
            return Err(Refusal::Incarnation);
        }
        if !message.is_in_bounds() || message.term().0 > self.state.hard.term.0.saturating_add(TERM_LEAP_MAX) {
            return Err(Refusal::Bounds);
        }
        if from.incarnation > peer.incarnation {
            self.meet_reborn(from);
        }
        Ok(())
    }

    /// A member lives again, without what it had made durable: nothing that it said before is true of it any longer.
    fn meet_reborn(&mut self, from: Identity) {
        self.state.configuration.reborn = self.state.configuration.reborn.and(from.seat);
        if self.state.lead.transfer.is_some_and(|transfer| transfer.to == from.seat) {
            self.give_up_transfer();
        }
        let peer = self.peer(from.seat);
        peer.incarnation = from.incarnation;
        peer.matched = Index(0);
        peer.marked = false;
        peer.pieces = Pieces::NONE;
    }

    /// Rules for all servers (figure 2): a higher term makes a follower; what belongs to a lower term is not acted on.
    fn dispatch<'m>(&mut self, from: Seat, message: &Message<'m>) -> Result<Stores<'m>, Refusal> {
        match *message {
            Message::RequestVote { term, last, ballot } => {
                self.on_request_vote(from, term, last, ballot);
                return Ok(None);
            }
            // The term of a granted pre-vote is one that nobody has entered yet.
            Message::Vote { term, ballot: Ballot::Pre, granted: true } => {
                self.on_pre_vote(from, term);
                return Ok(None);
            }
            _ => {}
        }
        if message.term() > self.state.hard.term {
            self.follow(message.term());
        }
        let is_current = message.term() == self.state.hard.term;
        match *message {
            Message::AppendEntries { stamp, ref previous, commit, inherited, entries, .. } if is_current => {
                self.on_append_entries(from, stamp, previous, commit, inherited, entries)?;
            }
            Message::Offer { stamp, ref latest, ref before, inherited, ref members, .. } if is_current => {
                self.on_offer(from, stamp, latest, before, inherited, members)?;
            }
            Message::AppendEntries { .. } | Message::Offer { .. } => self.peer(from).owed.stale = true,
            Message::Piece { index, check, offset, bytes, .. } => return Ok(self.on_piece(index, check, offset, bytes)),
            Message::Vote { ballot, granted, .. } if is_current => self.on_vote(from, ballot, granted),
            Message::Ack { stamp, outcome, .. } if is_current => self.on_ack(from, stamp, outcome)?,
            Message::ReadIndex { boot, round, .. } if is_current => self.on_read_index(from, boot, round),
            Message::ReadAnswer { boot, round, index, .. } if is_current => self.on_read_answer(boot, round, index),
            Message::CampaignNow { .. } if is_current => self.on_campaign_now(from),
            _ => {}
        }
        Ok(None)
    }

    /// Appends a client's command to the leader's log (section 5.3).
    pub(crate) fn propose<V: Serialize>(
        &mut self,
        session: Option<Session>,
        command: Option<V>,
    ) -> Result<Position, Rejection> {
        if !self.state.is_leader() {
            return Err(Rejection::NotLeader { leader: self.state.follow.leader });
        }
        if self.state.lead.transfer.is_some() || self.state.endings.reign {
            return Err(Rejection::InTransfer);
        }
        let waits_for = self.state.waits_for(self.log.span.last.index, self.peers);
        if !waits_for.is_empty() {
            return Err(Rejection::Founding { waits_for });
        }
        if self.log.span.last.index >= Index::MAX {
            return Err(Rejection::Full);
        }
        let opens = session.is_some_and(|session| session.sequence == 0);
        if opens == command.is_some() {
            return Err(Rejection::Unencodable);
        }
        let limit = self.state.settings.entry_bytes_max.min(RECORD_MAX).min(self.longest_record());
        let payload_max = limit.saturating_sub(RECORD_OVERHEAD);
        let kind = if session.is_some() { Kind::Request } else { Kind::Command };
        let term = self.state.hard.term;
        self.state.attend_all();
        let room = self.room();
        let room = self.log.payload_room(payload_max, room);
        let offered = room.as_ref().map(|room| room.len());
        let written = room.map_or(Err(postcard::Error::SerializeBufferFull), |room| encode(room, session, command));
        match written {
            Ok(payload) => {
                self.log.seal(term, kind, payload);
                Ok(self.log.span.last)
            }
            Err(postcard::Error::SerializeBufferFull) if offered == Some(payload_max) => {
                Err(Rejection::TooLarge { limit })
            }
            Err(postcard::Error::SerializeBufferFull) => {
                self.state.snapshots.urgent = true;
                Err(Rejection::Full)
            }
            Err(_) => Err(Rejection::Unencodable),
        }
    }

    /// What is due at this time, or has become possible by this step.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn settle(&mut self) {
        self.install();
        self.make_room();
        if self.state.is_leader() {
            self.lead();
        } else {
            self.await_leader();
        }
        self.start_round();
    }
}

/// The payload of a command: its session, if it has one, and the command itself.
fn encode<V: Serialize>(room: &mut [u8], session: Option<Session>, command: Option<V>) -> postcard::Result<usize> {
    let mut writer = postcard::Serializer { output: Slice::new(room) };
    if let Some(session) = session {
        session.serialize(&mut writer)?;
    }
    if let Some(command) = command {
        command.serialize(&mut writer)?;
    }
    writer.output.finalize().map(|bytes| bytes.len())
}
