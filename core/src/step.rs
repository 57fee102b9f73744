use postcard::ser_flavors::{Flavor, Slice};
use serde::Serialize;

use crate::draw::{Draw, Stores};
use crate::log::{Log, LogMut};
use crate::peer::Peer;
use crate::state::State;
use crate::{Ballot, Identity, Index, Kind, Message, Position, RECORD_OVERHEAD, Refusal, Rejection, Session};

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
    /// Where the last configuration that is committed stands.
    pub(crate) memory: &'a mut [u8],
}

impl<'a> Step<'a> {
    /// Takes a message from another member, or counts why not.
    #[inline(never)]
    pub(crate) fn receive<'m>(&mut self, from: Identity, message: &Message<'m>) -> Stores<'m> {
        let taken = self.admit(from, message).and_then(|()| self.dispatch(from, message));
        taken.unwrap_or_else(|refusal| {
            self.state.refusals.add(refusal);
            if let Some(peer) = self.peers.get_mut(usize::from(from.seat.0)) {
                peer.refused = refusal.into();
            }
            None
        })
    }

    /// Whoever may be a member is heard, whatever this node's own configuration says of it (section 4.1 of the thesis):
    /// what counts is decided where it is counted.
    fn admit(&mut self, from: Identity, message: &Message<'_>) -> Result<(), Refusal> {
        let (me, is_leader, now) = (self.state.seat(), self.state.is_leader(), self.state.timers.now);
        let place = self.peers.get_mut(usize::from(from.seat.0)).filter(|_| from.seat != me);
        let peer = place.ok_or(Refusal::Sender)?;
        if !message.is_in_bounds() || message.term().0 > self.state.hard.term.0.saturating_add(TERM_LEAP_MAX) {
            return Err(Refusal::Bounds);
        }
        let is_usual = peer.incarnation == from.incarnation && self.state.configuration.others.contains(from.seat);
        if !is_usual {
            return self.admit_stranger(from, message);
        }
        if !is_leader {
            peer.heard = now;
        }
        Ok(())
    }

    /// Rules for all servers (figure 2): a higher term makes a follower; what belongs to a lower term is not acted on.
    fn dispatch<'m>(&mut self, from: Identity, message: &Message<'m>) -> Result<Stores<'m>, Refusal> {
        let me = self.state.settings.identity.incarnation;
        match *message {
            Message::RequestVote { term, last, ballot } => {
                self.on_request_vote(from, term, last, ballot);
                return Ok(None);
            }
            // What was meant for another life of this seat's store.
            Message::Vote { incarnation, .. } | Message::Configured { incarnation, .. } if incarnation != me => {
                return Ok(None);
            }
            // The term of a granted pre-vote is one that nobody has entered yet.
            Message::Vote { term, ballot: Ballot::Pre, granted: true, .. } => {
                self.on_pre_vote(from.seat, term);
                return Ok(None);
            }
            Message::Configured { term, is_held, ref settled, .. } => {
                self.on_configured(term, is_held, settled)?;
                return Ok(None);
            }
            _ => {}
        }
        let from = from.seat;
        if message.term() > self.state.hard.term {
            self.follow(message.term());
        }
        let is_current = message.term() == self.state.hard.term;
        match *message {
            Message::AppendEntries { stamp, ref previous, commit, inherited, entries, .. } if is_current => {
                self.on_append_entries(from, stamp, previous, commit, inherited, entries)?;
            }
            Message::Offer { stamp, ref latest, ref before, inherited, ref settled, .. } if is_current => {
                self.on_offer(from, stamp, latest, before, inherited, settled)?;
            }
            Message::AppendEntries { .. } | Message::Offer { .. } => self.peer(from).owed.stale = true,
            Message::Piece { index, check, offset, bytes, .. } => return Ok(self.on_piece(index, check, offset, bytes)),
            Message::Vote { ballot, granted, .. } if is_current => self.on_vote(from, ballot, granted),
            Message::Ack { stamp, outcome, features, .. } if is_current => {
                self.on_ack(from, stamp, outcome, features)?;
            }
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
        if self.state.lead.transfer.is_some() || self.state.endings.reign || !self.state.may_rule() {
            return Err(Rejection::InTransfer);
        }
        let waits_for = self.state.waits_for(self.peers);
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
        let room = self.room().saturating_sub(self.kept_for_members());
        let room = self.log.payload_room(payload_max, room);
        let offered = room.as_ref().map(|room| room.len());
        let written = room.map_or(Err(postcard::Error::SerializeBufferFull), |room| encode(room, session, command));
        match written {
            Ok(payload) => {
                self.log.seal(term, kind, payload);
                self.state.configuration.is_open = true;
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
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn settle(&mut self) {
        if self.state.fetch.is_some() {
            self.install();
        }
        if self.state.configuration.is_pending() {
            self.settle_members();
        }
        if self.state.snapshots.latest.index() > self.log.span.base.index {
            self.make_room();
        }
        if self.state.is_leader() {
            self.lead();
        } else {
            self.await_leader();
        }
        if self.state.reads.waiting {
            self.start_round();
        }
    }

    /// The node, as effects are drawn from it.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn end(mut self, stores: Stores<'a>) -> Draw<'a> {
        self.settle();
        let Step { state, peers, log: LogMut { memory: records, span }, memory } = self;
        Draw::new(state, peers, Log::new(records, span), memory, stores)
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
