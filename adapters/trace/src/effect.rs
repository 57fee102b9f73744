use quorate::{
    Answer, Dismissal, Effect, HardState, Index, Mark, Piece, Position, Rejection, Round, Seat, Seats, Snapshot,
    Unchanged,
};
use serde::Serialize;

use crate::change::{DismissalFields, UnchangedFields};
use crate::message::{EntryView, MessageView};
use crate::roster::{RosterView, SettledView};

/// An effect as it is written: what is for people, and every byte that leaves the node.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EffectView<'a> {
    Accept(Position),
    Await {
        round: u64,
    },
    #[serde(serialize_with = "RejectionFields::serialize")]
    Reject(Rejection),
    Persist {
        write: u64,
        hard_state: Option<HardState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        snapshot: Option<Snapshot>,
        entries: Vec<EntryView>,
        #[serde(serialize_with = "hex::serde::serialize")]
        records: &'a [u8],
        #[serde(skip_serializing_if = "Option::is_none")]
        settled: Option<SettledView>,
        #[serde(skip_serializing_if = "Option::is_none")]
        mark: Option<Mark>,
    },
    Members {
        since: Index,
        roster: RosterView,
    },
    #[serde(serialize_with = "DismissalFields::serialize")]
    Dismissed(Dismissal),
    ChangeFailed {
        seat: Seat,
        #[serde(serialize_with = "UnchangedFields::serialize")]
        reason: Unchanged,
    },
    Send {
        to: Seat,
        message: MessageView<'a, EntryView>,
        #[serde(serialize_with = "hex::serde::serialize")]
        frame: &'a [u8],
    },
    Apply(EntryView),
    TakeSnapshot(Position),
    SendPiece {
        to: Seat,
        snapshot: Snapshot,
        offset: u64,
        length: usize,
    },
    Store {
        snapshot: Snapshot,
        offset: u64,
        #[serde(serialize_with = "hex::serde::serialize")]
        bytes: &'a [u8],
    },
    Restore(Snapshot),
    LeadershipEnded,
    TransferFailed {
        to: Seat,
    },
    ReadReady {
        through: u64,
    },
    ReadFailed {
        through: u64,
    },
}

impl<'a> EffectView<'a> {
    /// Shows an answer: in a trace it is the first effect.
    pub(crate) fn of_answer(answer: Answer) -> EffectView<'static> {
        match answer {
            Answer::Accept { position } => EffectView::Accept(position),
            Answer::Await { round: Round(round) } => EffectView::Await { round },
            Answer::Reject(rejection) => EffectView::Reject(rejection),
        }
    }

    /// Shows an effect. `write` is the number of the latest write, this one's included; `frame` is that of a message
    /// which is sent.
    pub(crate) fn of<V>(effect: &Effect<'a, V>, write: u64, frame: &'a [u8]) -> EffectView<'a> {
        match *effect {
            Effect::Persist(ref persist) => EffectView::Persist {
                write,
                hard_state: persist.hard_state,
                snapshot: persist.snapshot,
                entries: persist.entries.map(EntryView::of).collect(),
                records: persist.entries.bytes(),
                settled: persist.settled.map(SettledView::of),
                mark: persist.mark,
            },
            Effect::Members { since, roster } => EffectView::Members { since, roster: RosterView::of(roster) },
            Effect::Dismissed(dismissal) => EffectView::Dismissed(dismissal),
            Effect::ChangeFailed { seat, reason } => EffectView::ChangeFailed { seat, reason },
            Effect::Send { to, message } => {
                EffectView::Send { to, message: MessageView::of(message, EntryView::of), frame }
            }
            Effect::Apply(ref apply) => EffectView::Apply(EntryView::of(apply.entry())),
            Effect::TakeSnapshot { position, .. } => EffectView::TakeSnapshot(position),
            Effect::SendPiece { to, piece: Piece { snapshot, offset, length, .. } } => {
                EffectView::SendPiece { to, snapshot, offset, length }
            }
            Effect::Store { snapshot, offset, bytes } => EffectView::Store { snapshot, offset, bytes },
            Effect::Restore { snapshot } => EffectView::Restore(snapshot),
            Effect::LeadershipEnded => EffectView::LeadershipEnded,
            Effect::TransferFailed { to } => EffectView::TransferFailed { to },
            Effect::ReadReady { through: Round(through) } => EffectView::ReadReady { through },
            Effect::ReadFailed { through: Round(through) } => EffectView::ReadFailed { through },
        }
    }
}

/// The variants of [`Rejection`].
#[derive(Serialize)]
#[serde(remote = "Rejection", rename_all = "snake_case")]
enum RejectionFields {
    NotLeader { leader: Option<Seat> },
    Founding { waits_for: Seats },
    Full,
    TooLarge { limit: usize },
    Unencodable,
    InTransfer,
    NoTarget,
    Unchanged(#[serde(serialize_with = "UnchangedFields::serialize")] Unchanged),
    Behind,
    BadSnapshot,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(effect: &Effect<'_, u32>, text: &str) {
        assert_eq!(serde_json::to_string(&EffectView::of(effect, 0, &[])).expect("it is JSON"), text);
    }

    #[test]
    fn endings_say_why() {
        shows(&Effect::Dismissed(Dismissal::Replaced), r#"{"dismissed":"replaced"}"#);
        let reason = Unchanged::Unheard(Seats(5));
        let failed = Effect::ChangeFailed { seat: Seat(3), reason };
        shows(&failed, r#"{"change_failed":{"seat":3,"reason":{"unheard":5}}}"#);
        let rejected = EffectView::of_answer(Answer::Reject(Rejection::Unchanged(Unchanged::UnderWay)));
        let text = serde_json::to_string(&rejected).expect("it is JSON");
        assert_eq!(text, r#"{"reject":{"unchanged":"under_way"}}"#);
    }
}
