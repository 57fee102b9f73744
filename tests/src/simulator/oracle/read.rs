use std::collections::BTreeMap;

use quorate::{Effect, Members, Message, Read, Role, Round, Seat, Seats};

use super::window::Reign;
use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;

/// What was asked of a leader: at whom, by whom, in which boot and round of theirs. Its own clients ask by its seat.
pub(super) type Questions = BTreeMap<(Seat, Seat, u64, u64), Question>;

/// What a leader had said when it was first asked.
pub(super) struct Question {
    reign: Reign,
    /// To each other, the latest stamp.
    sent: Vec<(Seat, u64)>,
    /// Who took part.
    members: Members,
}

impl Oracle {
    /// Of which life and term a node that leads was when it was last looked at.
    fn reign(&self, of: &Machine) -> Option<Reign> {
        let seen = self.seen.get(&of.seat).filter(|seen| seen.leads && seen.life == of.life)?;
        Some((seen.life, seen.term))
    }

    fn ask(&mut self, at: &Machine, by: Seat, boot: u64, round: u64) {
        let Some(reign) = self.reign(at) else { return };
        let question = (at.seat, by, boot, round);
        if self.questions.get(&question).is_some_and(|question| question.reign == reign) {
            return;
        }
        let followers = self.windows.iter().filter(|((leader, _), _)| *leader == at.seat);
        let sent = followers.map(|((_, follower), window)| (*follower, window.sent_in(reign))).collect();
        let members = at.roster().map(|(_, roster)| roster.members()).unwrap_or_default();
        self.questions.insert(question, Question { reign, sent, members });
    }

    /// Whether a majority has answered, in this reign, what was sent after the question came. True of what was asked in
    /// an earlier one.
    fn is_confirmed(&self, at: &Machine, by: Seat, boot: u64, round: u64) -> bool {
        let question = self.questions.get(&(at.seat, by, boot, round));
        let Some(Question { reign, sent, members }) =
            question.filter(|question| self.reign(at) == Some(question.reign))
        else {
            return true;
        };
        let has_answered = |(follower, sent): &&(Seat, u64)| {
            self.windows.get(&(at.seat, *follower)).is_some_and(|window| window.has_answered(*reign, *sent))
        };
        let answered: Seats = sent.iter().filter(has_answered).map(|(seat, _)| *seat).chain([at.seat]).collect();
        // It may have been confirmed before others took part.
        members.is_quorum(answered) || at.roster().is_some_and(|(_, roster)| roster.members().is_quorum(answered))
    }

    /// A client of a node wants to read.
    pub(super) fn on_own_question(&mut self, at: &Machine, round: Round) {
        self.ask(at, at.seat, 0, round.0);
    }

    /// A client of a node wants to read, and a lease will do.
    pub(super) fn on_leased_question(&mut self, at: &Machine, round: Round) {
        self.leased = Some((at.seat, round, at.clock.shown()));
    }

    /// A follower's clients want to read.
    pub(super) fn on_question(&mut self, at: &Machine, by: Seat, message: &Message<'_>) {
        if let Message::ReadIndex { boot, round, .. } = *message {
            self.ask(at, by, boot, round);
        }
    }

    /// Whether what is ready was asked for in the same step, and a lease would do.
    pub(crate) fn is_by_lease(&self, by: &Machine, through: Round) -> bool {
        self.leased == Some((by.seat, through, by.clock.shown()))
    }

    /// A node answers its own clients.
    pub(crate) fn on_ready(&self, by: &Machine, through: Round) -> Verdict {
        if self.is_by_lease(by, through) && by.applied.0 < self.applied.len() as u64 {
            return broken("what is read by a lease is all that anybody has applied", || {
                format!("node {} is ready through {through:?} at {:?} of {}", by.seat.0, by.applied, self.applied.len())
            });
        }
        if self.is_confirmed(by, by.seat, 0, through.0) {
            return Ok(());
        }
        broken("a leader reads once a majority has answered what it sent since it was asked", || {
            format!("node {} is ready through {through:?}", by.seat.0)
        })
    }

    /// Who read at a leader hears how that went at the end of its reign, if not before.
    pub(super) fn check_no_read_waits(&self, at: &Machine) -> Verdict {
        let waiting = (at.seat, at.seat, 0, at.answered.0 + 1)..=(at.seat, at.seat, 0, u64::MAX);
        match self.questions.range(waiting).find(|(_, question)| question.reign.0 == at.life) {
            Some((waiting, _)) => {
                broken("the reads of a reign end with it", || format!("node {} keeps round {}", at.seat.0, waiting.3))
            }
            None => Ok(()),
        }
    }

    /// A leader tells a follower at which index to read.
    pub(super) fn check_answer(&self, by: &Machine, to: Seat, message: &Message<'_>) -> Verdict {
        let Message::ReadAnswer { boot, round, .. } = *message else { return Ok(()) };
        if self.is_confirmed(by, to, boot, round) {
            return Ok(());
        }
        broken("a leader reads once a majority has answered what it sent since it was asked", || {
            format!("node {} sends {message:?} to {}", by.seat.0, to.0)
        })
    }

    /// What a leader sends to a follower has a stamp.
    pub(super) fn on_sent(&mut self, by: &Machine, to: Seat, message: &Message<'_>) {
        if let Message::AppendEntries { term, stamp, .. } | Message::Offer { term, stamp, .. } = *message {
            let window = self.windows.entry((by.seat, to)).or_default();
            window.on_sent(((by.life, term), by.clock.shown()), stamp);
        }
    }
}

/// When a node begins to lead, nobody else serves reads by a lease any longer, by his own clock.
pub(super) fn check_leases(elected: &Machine, all: &[Machine], now: u64) -> Verdict {
    for other in all.iter().filter(|other| other.seat != elected.seat) {
        let Some(node) = other.node().filter(|node| node.role() == Role::Leader) else { continue };
        let time = other.clock.clone().read(now);
        let mut node = node.clone();
        let mut effects = node.step(time, Read { by_lease: true });
        let Ok(round) = effects.answer else { continue };
        if effects.any(|effect| matches!(effect, Effect::ReadReady { through } if through == round)) {
            return broken("nobody serves by a lease when another is elected", || {
                format!("node {} serves, {} is elected", other.seat.0, elected.seat.0)
            });
        }
    }
    Ok(())
}
