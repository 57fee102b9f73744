use quorate::{Effect, Input, Position, Round};

use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;

/// Which answer to its input the first effect of a step owes: exactly one, and of the right kind.
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

    /// What is due once this effect was drawn, or the law that it breaks.
    pub(crate) fn after<V>(self, effect: Option<&Effect<'_, V>>) -> Result<Due, &'static str> {
        let is_due = match effect {
            Some(Effect::Accept { .. }) => self == Due::AcceptOrReject,
            Some(Effect::Await { .. }) => self == Due::AwaitOrReject,
            Some(Effect::Reject(_)) => self != Due::Nothing,
            _ => matches!(self, Due::Nothing | Due::PerhapsReject),
        };
        if is_due { Ok(Due::Nothing) } else { Err("an input of a client has one answer, the first effect of its step") }
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
