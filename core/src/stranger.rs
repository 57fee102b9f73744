use crate::draw::Draw;
use crate::peer::OwedWord;
use crate::step::Step;
use crate::{Features, Identity, Message, Refusal, Seat, Settled, Term};

/// Why a node takes part no longer, and stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Dismissal {
    /// Its seat was removed.
    Removed,
    /// Another store holds its seat, and is there: a copy of this one, or a second node that was started for it.
    Replaced,
    /// These features are on, and its build does not know them: it was away, or made an older one, while the cluster went
    /// on. It holds nothing of what they may have changed, and goes on from where it is once its build knows them.
    Outdated(Features),
}

/// A store that was told so often that another one holds its seat, while it was served by nobody, is one too many: it asks
/// twice in an election time-out, and a leader that does not hear the other one any longer serves it after one.
const HELD_MAX: u8 = 8;

impl Step<'_> {
    /// Somebody speaks who is not the one that was last heard from this seat, or holds no seat.
    ///
    /// One life of a seat's store is there at a time. Another one is refused for as long as that is heard, but for the
    /// one that the configuration in force names. Whoever asks, and is none of the members, is told who is.
    #[inline(never)]
    pub(crate) fn admit_stranger(&mut self, from: Identity, message: &Message<'_>) -> Result<(), Refusal> {
        let Identity { seat, incarnation } = from;
        let (now, next) = (self.state.timers.now, self.log.span.last.index.next());
        let is_seated = self.state.configuration.others.contains(seat);
        let is_leader = self.state.is_leader();
        let is_member = self.roster().names(from);
        let is_settled = self.settled().roster.names(from);
        let peer = &self.peers[seat];
        let is_other = peer.incarnation != incarnation;
        let is_held = is_other && self.state.timers.is_recent(peer.heard) && peer.is_met();
        if matches!(message, Message::RequestVote { .. }) && !is_settled {
            self.peer(seat).owed.word =
                OwedWord { is_owed: true, is_held: is_held && is_seated && is_leader, to: incarnation };
        }
        if is_held && !is_member {
            return Err(Refusal::Incarnation);
        }
        let peer = self.peer(seat);
        if is_other {
            let word = peer.owed.word;
            peer.meet(incarnation, next, now);
            peer.owed.word = word;
            self.state.election.forget(seat);
            self.give_up_transfer_to(seat);
        }
        self.peers[seat].heard = now;
        if is_seated {
            let reborn = self.state.configuration.reborn;
            self.state.configuration.reborn = if is_member { reborn.without(seat) } else { reborn.and(seat) };
        }
        Ok(())
    }

    /// Somebody says who takes part: this node does not, as he knows it. What an earlier term's leader said of the one that
    /// holds the seat may come again and again, long after that one has died.
    pub(crate) fn on_configured(&mut self, term: Term, is_held: bool, settled: &Settled<'_>) -> Result<(), Refusal> {
        self.adopt(settled)?;
        let is_held = is_held && term >= self.state.hard.term;
        let (me, configuration) = (self.state.seat(), &mut self.state.configuration);
        configuration.held = configuration.held.saturating_add(is_held.into());
        let is_seated = configuration.members.all().contains(me);
        if is_seated && !configuration.names(me) && configuration.held >= HELD_MAX {
            self.state.endings.dismissal = Some(Dismissal::Replaced);
        }
        Ok(())
    }

    /// A node that was a member, and knows that its removal is committed, has nothing left to do. Whoever is served by a
    /// leader is a member again, and gets the entry that says so.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn leave(&mut self) {
        let (me, is_served) = (self.state.seat(), self.state.follow.leader.is_some());
        let configuration = &mut self.state.configuration;
        let is_removed = !is_served && !configuration.members.all().contains(me) && !configuration.is_pending();
        if is_removed && core::mem::take(&mut configuration.was_named) {
            self.state.endings.dismissal = Some(Dismissal::Removed);
        }
    }
}

impl<'a> Draw<'a> {
    /// Word of who takes part that this seat is owed.
    pub(crate) fn word(&mut self, seat: Seat) -> Option<Message<'a>> {
        let OwedWord { is_owed, is_held, to } = self.peers[seat].owed.word;
        if !is_owed {
            return None;
        }
        self.peers[seat].owed.word = OwedWord::NONE;
        let (term, settled) = (self.state.hard.term, self.state.configuration.settled(self.memory));
        Some(Message::Configured { term, incarnation: to, is_held, settled })
    }
}
