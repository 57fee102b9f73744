use quorate::{Index, Input, Position, Round};

use super::{Oracle, Verdict, broken};
use crate::simulator::client::{Answer, Wish};
use crate::simulator::machine::Machine;

/// Which answer a step owes to its input: exactly one, and of the right kind.
///
/// An `Accept` is answered by the `Apply` at its index, an `Await` by the `ReadReady` or `ReadFailed` of its round; on
/// a node that stays up each comes once, and in calm within the time that [`World`](crate::simulator::World) allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Due {
    #[default]
    Nothing,
    AcceptOrReject,
    AwaitOrReject,
    PerhapsReject,
}

impl Due {
    pub(crate) fn of<V>(input: &Input<'_, V>) -> Due {
        match input {
            Input::ClientCommand { .. } => Due::AcceptOrReject,
            Input::Read { .. } => Due::AwaitOrReject,
            Input::Transfer { .. } | Input::Snapshotted(_) | Input::Change(_) => Due::PerhapsReject,
            Input::Receive { .. } | Input::Tick | Input::Persisted(_) => Due::Nothing,
        }
    }

    /// Whether this is such an answer.
    pub(crate) fn is_paid_by(self, answer: Option<quorate::Answer>) -> bool {
        match answer {
            Some(quorate::Answer::Accept { .. }) => self == Due::AcceptOrReject,
            Some(quorate::Answer::Await { .. }) => self == Due::AwaitOrReject,
            Some(quorate::Answer::Reject(_)) => self != Due::Nothing,
            None => matches!(self, Due::Nothing | Due::PerhapsReject),
        }
    }
}

impl Oracle {
    /// A command has a place of its own, and its answer is still to come.
    pub(crate) fn on_accept(&self, by: &Machine, position: Position) -> Verdict {
        let is_new = by.accepted.iter().all(|accepted| *accepted != position) && position.index > by.applied;
        if is_new {
            return Ok(());
        }
        broken("a command has a place of its own", || format!("node {} accepts at {position:?}", by.seat.0))
    }

    /// A driver knows who waits: for each command that its node has accepted, neither applied nor given up, somebody does.
    pub(crate) fn check_who_waits(&self, at: &Machine) -> Verdict {
        let Some(driver) = &at.driver else { return Ok(()) };
        let waiting: Vec<_> = driver.commands().map(|(position, _)| position).collect();
        if at.accepted == waiting {
            return Ok(());
        }
        broken("for each command that is under way somebody waits", || {
            format!("node {}: {:?} are under way, and somebody waits for {waiting:?}", at.seat.0, at.accepted)
        })
    }

    /// What a client hears of its command is what its own command came to.
    pub(crate) fn on_answer(&self, wish: Option<Wish>, answer: Answer) -> Verdict {
        let is_its_own = match (wish, answer) {
            (Some(Wish::Write(write)), Answer::Done { value, .. }) => value == Some(write.value),
            (Some(Wish::Read(_)), Answer::Value { .. }) | (None, _) => true,
            _ => false,
        };
        if is_its_own {
            return Ok(());
        }
        broken("a command is answered with its own answer", || format!("{wish:?} is answered with {answer:?}"))
    }

    /// A node that does not lead has told of all that came of its reign.
    pub(crate) fn check_reign_is_over(&self, of: &Machine) -> Verdict {
        self.check_nobody_waits(of)?;
        self.check_no_read_waits(of)
    }

    /// Who waits at a node that does not lead would wait for ever, and so would who asked for a transfer.
    pub(crate) fn check_nobody_waits(&self, at: &Machine) -> Verdict {
        if at.accepted.is_empty() && at.hands_over_since.is_none() {
            return Ok(());
        }
        broken("the end of a reign is told", || {
            format!("node {} keeps {} commands waiting", at.seat.0, at.accepted.len())
        })
    }

    /// A node tells its driver that its reign is over: all that it knew to be committed, and holds, has its answer by
    /// then. What a snapshot covers is not applied any more.
    pub(crate) fn on_end_of_reign(&self, by: &Machine) -> Verdict {
        let Some(seen) = self.seen.get(&by.seat).filter(|seen| seen.life == by.life) else { return Ok(()) };
        let is_known = |index: Index| index > seen.installed && index <= seen.commit;
        let is_held = |position: Position| is_known(position.index) && by.disk.durable.has(position);
        match by.accepted.iter().find(|position| is_held(**position)) {
            Some(position) => broken("what is committed is told before the end of a reign", || {
                format!("node {} has not told of {position:?}", by.seat.0)
            }),
            None => Ok(()),
        }
    }

    /// The answer to a read is still to come.
    pub(crate) fn on_await(&mut self, by: &Machine, round: Round, by_lease: bool) -> Verdict {
        if round > by.answered {
            match by_lease {
                true => self.on_leased_question(by, round),
                false => self.on_own_question(by, round),
            }
            return Ok(());
        }
        broken("a read waits for a round to come", || {
            format!("node {} lets it wait for {round:?}, {:?} is over", by.seat.0, by.answered)
        })
    }
}
