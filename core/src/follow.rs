use crate::draw::Draw;
use crate::log::SLOT;
use crate::position::raise;
use crate::snapshots::Image;
use crate::state::State;
use crate::step::Step;
use crate::{Entries, Entry, Index, Instant, Message, Outcome, Position, Refusal, Seat};

/// What a node knows of its term's leader, and how its own log compares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Follow {
    pub(crate) leader: Option<Seat>,
    /// Whether there was no room for the entry that would follow: the leader is told so until that changes.
    pub(crate) full: bool,
    /// Until when nobody else is elected with this node's vote: a leader was heard, of whatever term, or may have been
    /// before the node started, and what it confirmed then is a lease.
    pub(crate) fenced_until: Instant,
    /// The last index of the leader's log at its election.
    pub(crate) inherited: Index,
    /// The log equals the leader's up to here: a follower commits and acknowledges nothing beyond.
    pub(crate) verified: Index,
    /// The highest index that was acknowledged to the leader.
    pub(crate) acked: Index,
    /// The latest stamp of the leader.
    pub(crate) stamp: u64,
    pub(crate) answer: Option<OwedAck>,
}

/// An ack that is owed at once, whatever is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum OwedAck {
    /// What is verified and durable.
    Matched,
    /// What is verified and durable, with word that there is no room for more.
    Full,
    /// To this message, that the logs meet at the hint or before it.
    Conflict { stamp: u64, hint: Position },
    /// To this message, that the snapshot is too long.
    TooSmall { stamp: u64 },
}

impl Follow {
    /// No leader is known. Of a constant every byte would be copied.
    #[inline(always)]
    pub(crate) fn none() -> Follow {
        Follow {
            leader: None,
            full: false,
            fenced_until: Instant::START,
            inherited: Index(0),
            verified: Index(0),
            acked: Index(0),
            stamp: 0,
            answer: None,
        }
    }
}

impl State {
    /// Whether a leader was heard within the election time-out, or may have been (sections 4.2.3 and 6.4.1 of the thesis).
    pub(crate) fn is_fenced(&self) -> bool {
        self.is_leader() || self.timers.now < self.follow.fenced_until
    }

    /// An answer to the leader. Each says what this build knows: it may be another one since the last.
    pub(crate) fn ack<'a>(&self, stamp: u64, outcome: Outcome) -> Message<'a> {
        Message::Ack { term: self.hard.term, stamp, outcome, features: self.settings.features }
    }
}

impl Step<'_> {
    /// A leader of this term has spoken: receiver's steps 2 to 5 of `AppendEntries` (figure 2).
    pub(crate) fn on_append_entries(
        &mut self,
        from: Seat,
        stamp: u64,
        previous: &Position,
        commit: Index,
        inherited: Index,
        entries: Entries<'_>,
    ) -> Result<(), Refusal> {
        self.check_order(previous, entries)?;
        let asks = stamp > self.state.follow.stamp || !entries.is_empty();
        self.hear_leader(from, stamp, inherited)?;
        if self.state.snapshots.image == Image::Lost {
            self.urge_fetch();
        }
        if !self.holds(previous) {
            let log = self.log.view();
            let index = log.behind_at_most(*previous).previous().max(log.span.base.index);
            let hint = Position { term: log.term_at(index), index };
            self.state.follow.answer = Some(OwedAck::Conflict { stamp, hint });
            return Ok(());
        }
        self.take(previous.index, entries, asks)?;
        self.state.commit.raise(commit.min(self.state.follow.verified));
        Ok(())
    }

    /// A message that only the leader of this term can have sent.
    pub(crate) fn hear_leader(&mut self, from: Seat, stamp: u64, inherited: Index) -> Result<(), Refusal> {
        let is_other = self.state.follow.leader.is_some_and(|leader| leader != from);
        if is_other || self.state.is_leader() {
            return Err(Refusal::SecondLeader);
        }
        self.step_down();
        self.state.follow.leader = Some(from);
        self.state.configuration.held = 0;
        self.state.follow.inherited = inherited;
        self.state.attend_leader();
        self.state.follow.fenced_until = self.state.timers.after_timeout();
        self.state.timers.rest();
        raise(&mut self.state.follow.stamp, stamp);
        Ok(())
    }

    fn check_order(&self, previous: &Position, entries: Entries<'_>) -> Result<(), Refusal> {
        let Some(first) = entries.first() else { return Ok(()) };
        let first = first.position();
        let follows = first.index == previous.index.next() && first.term >= previous.term;
        let is_past = entries.last().is_none_or(|last| last.position().term <= self.state.hard.term);
        if follows && is_past { Ok(()) } else { Err(Refusal::Order) }
    }

    /// Whether the log has this position. What a snapshot covers is committed, and so the same everywhere.
    pub(crate) fn holds(&self, position: &Position) -> bool {
        position.index < self.log.span.base.index || self.log.view().holds(position)
    }

    /// Takes the entries over: what is here already stays, a conflict replaces it and all behind it, the rest is
    /// appended. Word of a commit, which has the stamp of what went before, asks for no answer.
    fn take(&mut self, previous: Index, entries: Entries<'_>, asks: bool) -> Result<(), Refusal> {
        let mut verified = previous;
        let mut room = self.room();
        for entry in entries {
            let index = entry.position().index;
            if !self.has(entry) {
                let roster = entry.roster();
                roster.map_or(Ok(()), |roster| self.check_roster(&roster))?;
                if index <= self.log.span.last.index {
                    self.make_way(index.previous())?;
                    room = self.room();
                }
                let length = entry.record().len() + SLOT;
                if room < length || self.log.push(entry).is_err() {
                    self.run_full();
                    break;
                }
                room -= length;
                self.state.follow.full = false;
                self.note(index, roster.is_some());
            }
            verified = index;
        }
        self.state.follow.verified.raise(verified);
        let marks = self.mark_term()?;
        // What waits for a write is acknowledged when that is durable; what needs none, at once.
        let waits = marks || (verified > self.state.disk.durable && !entries.is_empty());
        if asks && (self.state.follow.full || !waits) {
            self.answer_verified();
        }
        Ok(())
    }

    pub(crate) fn answer_verified(&mut self) {
        self.state.follow.answer = Some(if self.state.follow.full { OwedAck::Full } else { OwedAck::Matched });
    }

    /// What is committed meanwhile cannot be applied here: no read that waits for it can be answered.
    fn run_full(&mut self) {
        self.state.snapshots.urgent = true;
        if !self.state.follow.full {
            self.state.follow.full = true;
            self.fail_reads();
        }
    }

    fn has(&self, entry: Entry<'_>) -> bool {
        self.holds(&entry.position()) || entry.position().index <= self.log.span.base.index
    }

    /// Removes what conflicts, all behind `last`. Committed entries never do, unless somebody has forgotten what it promised.
    pub(crate) fn make_way(&mut self, last: Index) -> Result<(), Refusal> {
        if last >= self.log.span.last.index {
            return Ok(());
        }
        if last < self.state.commit.max(self.state.follow.verified) {
            return Err(Refusal::Committed);
        }
        self.log.truncate(last);
        self.state.follow.full = false;
        self.state.disk.lower(last);
        self.undo_members();
        Ok(())
    }
}

impl<'a> Draw<'a> {
    /// The ack that the leader is owed.
    pub(crate) fn ack(&mut self) -> Option<Message<'a>> {
        self.answer().map(|(stamp, outcome)| self.state.ack(stamp, outcome))
    }

    /// How the log compares with what the leader sent, if that was asked or has changed.
    fn answer(&mut self) -> Option<(u64, Outcome)> {
        let state = &mut *self.state;
        let refusal = match state.follow.answer {
            Some(OwedAck::Conflict { stamp, hint }) => Some((stamp, Outcome::Conflict(hint))),
            Some(OwedAck::TooSmall { stamp }) => Some((stamp, Outcome::TooSmall)),
            Some(OwedAck::Matched | OwedAck::Full) | None => None,
        };
        if refusal.is_some() {
            state.follow.answer = None;
            return refusal;
        }
        let index = state.acknowledgeable()?;
        let answer = state.follow.answer.take().or((index > state.follow.acked).then_some(OwedAck::Matched))?;
        state.follow.acked.raise(index);
        let is_full = answer == OwedAck::Full;
        Some((state.follow.stamp, if is_full { Outcome::Full(index) } else { Outcome::Matched(index) }))
    }
}
