use quorate::{Answer, Input, Position, Round};

use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;

/// Which answer a step owes to its input: exactly one, and of the right kind.
///
/// An `Accept` is answered by the `Apply` at its index, an `Await` by the `ReadReady` or `ReadFailed` of its round; on
/// a node that stays up each comes once, and in calm within the time that [`World`](crate::simulator::World) allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    AcceptOrReject,
    AwaitOrReject,
    PerhapsReject,
}

impl Due {
    pub(crate) fn of<V>(input: &Input<'_, V>) -> Due {
        match input {
            Input::ClientCommand { .. } => Due::AcceptOrReject,
            Input::Read => Due::AwaitOrReject,
            Input::Transfer { .. } | Input::Snapshotted(_) => Due::PerhapsReject,
            Input::Receive { .. } | Input::Tick | Input::Persisted(_) => Due::Nothing,
        }
    }

    /// Whether this is such an answer.
    pub(crate) fn is_paid_by(self, answer: Option<Answer>) -> bool {
        match answer {
            Some(Answer::Accept { .. }) => self == Due::AcceptOrReject,
            Some(Answer::Await { .. }) => self == Due::AwaitOrReject,
            Some(Answer::Reject(_)) => self != Due::Nothing,
            None => matches!(self, Due::Nothing | Due::PerhapsReject),
        }
    }
}

impl Oracle {
    /// A command has a place of its own, and its answer is still to come.
    pub(crate) fn on_accept(&self, by: &Machine, position: Position) -> Verdict {
        let is_new = by.accepted.iter().all(|(accepted, _)| *accepted != position) && position.index > by.applied;
        if is_new {
            return Ok(());
        }
        broken("a command has a place of its own", || format!("node {} accepts at {position:?}", by.seat.0))
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

    /// The answer to a read is still to come.
    pub(crate) fn on_await(&self, by: &Machine, round: Round) -> Verdict {
        if round > by.answered {
            return Ok(());
        }
        broken("a read waits for a round to come", || {
            format!("node {} lets it wait for {round:?}, {:?} is over", by.seat.0, by.answered)
        })
    }
}
