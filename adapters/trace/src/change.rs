use quorate::{Change, Dismissal, Features, KeyId, Seat, Seats, Unchanged};
use serde::Serialize;

/// The variants of [`Change`].
#[derive(Serialize)]
#[serde(remote = "Change", rename_all = "snake_case")]
pub(crate) enum ChangeFields<'a> {
    Add {
        seat: Seat,
        #[serde(serialize_with = "hex::serde::serialize")]
        address: &'a [u8],
    },
    Promote {
        seat: Seat,
    },
    Remove {
        seat: Seat,
    },
    Move {
        seat: Seat,
        #[serde(serialize_with = "hex::serde::serialize")]
        address: &'a [u8],
    },
    Enable {
        features: Features,
    },
    UseKey {
        key: KeyId,
    },
}

/// The variants of [`Unchanged`].
#[derive(Serialize)]
#[serde(remote = "Unchanged", rename_all = "snake_case")]
pub(crate) enum UnchangedFields {
    NotEstablished,
    UnderWay,
    Unknown,
    Known,
    NoSeat,
    AddressInUse(Seat),
    Unheard(Seats),
    LastVoter,
    TooSlow,
    TooLarge,
    Outdated(Seats),
}

/// The variants of [`Dismissal`].
#[derive(Serialize)]
#[serde(remote = "Dismissal", rename_all = "snake_case")]
pub(crate) enum DismissalFields {
    Removed,
    Replaced,
    Outdated(Features),
}
