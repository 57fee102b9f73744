use quorate::{Change, Features, Founding, Input, KeyId, Seat, Session, Snapshot, Ticket};
use quorate_wire::decode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::fault::Fault;
use super::verbatim::Bytes;

/// What a replay needs of a step's line. What is there for people is held to afterwards.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) now_us: u64,
    pub(super) input: Recorded,
    pub(super) effects: Vec<IgnoredAny>,
    pub(super) drained: bool,
    /// Whether the effects for the app were left.
    #[serde(default)]
    pub(super) without_app: bool,
    /// None if the step never came to its end.
    pub(super) after: Option<IgnoredAny>,
}

/// The exact part of an input.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Recorded {
    Command {
        session: Option<Session>,
        #[serde(deserialize_with = "optional_hex")]
        command: Option<Vec<u8>>,
    },
    Unencodable {
        session: Option<Session>,
    },
    Receive {
        #[serde(with = "hex::serde")]
        frame: Vec<u8>,
    },
    Tick,
    Persisted {
        write: u64,
    },
    Snapshotted(Snapshot),
    Read {
        by_lease: bool,
    },
    Transfer {
        to: Option<Seat>,
    },
    Change(RecordedChange),
}

/// The exact part of a change.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedChange {
    Add {
        seat: Seat,
        #[serde(with = "hex::serde")]
        address: Vec<u8>,
    },
    Promote {
        seat: Seat,
    },
    Remove {
        seat: Seat,
    },
    Move {
        seat: Seat,
        #[serde(with = "hex::serde")]
        address: Vec<u8>,
    },
    Enable {
        features: Features,
    },
    UseKey {
        key: KeyId,
    },
}

impl RecordedChange {
    fn change(&self) -> Change<'_> {
        match *self {
            RecordedChange::Add { seat, ref address } => Change::Add { seat, address },
            RecordedChange::Promote { seat } => Change::Promote { seat },
            RecordedChange::Remove { seat } => Change::Remove { seat },
            RecordedChange::Move { seat, ref address } => Change::Move { seat, address },
            RecordedChange::Enable { features } => Change::Enable { features },
            RecordedChange::UseKey { key } => Change::UseKey { key },
        }
    }
}

fn optional_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(hex::decode).transpose().map_err(serde::de::Error::custom)
}

impl Recorded {
    /// The input itself, for the node of this seat. `write` is the write under way.
    pub(super) fn input(
        &self,
        founding: Founding,
        me: Seat,
        write: &mut Option<(u64, Ticket)>,
    ) -> Result<Input<'_, Bytes<'_>>, Fault> {
        Ok(match *self {
            Recorded::Command { session, ref command } => {
                Input::ClientCommand { session, command: command.as_deref().map(Bytes::Encoded) }
            }
            Recorded::Unencodable { session } => Input::ClientCommand { session, command: Some(Bytes::Unencodable) },
            Recorded::Receive { ref frame } => {
                let (from, message) = decode(frame, founding, me).map_err(Fault::Frame)?;
                Input::Receive { from, message }
            }
            Recorded::Tick => Input::Tick,
            Recorded::Persisted { write: number } => match write.take_if(|(drawn, _)| *drawn == number) {
                Some((_, ticket)) => Input::Persisted(ticket),
                None => return Err(Fault::NoWrite(number)),
            },
            Recorded::Snapshotted(snapshot) => Input::Snapshotted(snapshot),
            Recorded::Read { by_lease } => Input::Read { by_lease },
            Recorded::Transfer { to } => Input::Transfer { to },
            Recorded::Change(ref change) => Input::Change(change.change()),
        })
    }
}
