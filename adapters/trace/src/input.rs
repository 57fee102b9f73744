use quorate::{Change, Identity, Incarnation, Input, Seat, Session, Snapshot};
use serde::Serialize;

use crate::change::ChangeFields;
use crate::message::{EntryView, MessageView};

/// An input as it is written: what is for people, and what a replay is made from.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InputView<'a> {
    Command {
        session: Option<Session>,
        /// What the node writes into its log, which need not be what the client sent: a number has several spellings.
        #[serde(serialize_with = "optional_hex")]
        command: Option<Vec<u8>>,
    },
    /// A command whose own `Serialize` fails.
    Unencodable {
        session: Option<Session>,
    },
    Receive {
        from: Seat,
        incarnation: Incarnation,
        message: MessageView<'a, EntryView>,
        #[serde(serialize_with = "hex::serde::serialize")]
        frame: &'a [u8],
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
    #[serde(serialize_with = "ChangeFields::serialize")]
    Change(Change<'a>),
}

impl<'a> InputView<'a> {
    /// Shows an input. `write` is the number of the latest write: there is only one ticket at a time. `frame` is that
    /// of a message which is received.
    pub(crate) fn of<V: Serialize>(input: &Input<'a, V>, write: u64, frame: &'a [u8]) -> InputView<'a> {
        match *input {
            Input::ClientCommand { session, ref command } => {
                match command.as_ref().map(postcard::to_allocvec).transpose() {
                    Ok(command) => InputView::Command { session, command },
                    Err(_) => InputView::Unencodable { session },
                }
            }
            Input::Receive { from: Identity { seat: from, incarnation }, message } => {
                InputView::Receive { from, incarnation, message: MessageView::of(message, EntryView::of), frame }
            }
            Input::Tick => InputView::Tick,
            Input::Persisted(_) => InputView::Persisted { write },
            Input::Snapshotted(snapshot) => InputView::Snapshotted(snapshot),
            Input::Read { by_lease } => InputView::Read { by_lease },
            Input::Transfer { to } => InputView::Transfer { to },
            Input::Change(change) => InputView::Change(change),
        }
    }
}

fn optional_hex<S: serde::Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(hex::encode).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_shows_its_address_in_hex() {
        let input = Input::<u32>::Change(Change::Add { seat: Seat(3), address: &[127, 0, 0, 1] });
        let text = serde_json::to_string(&InputView::of(&input, 0, &[])).expect("it is JSON");
        assert_eq!(text, r#"{"change":{"add":{"seat":3,"address":"7f000001"}}}"#);
    }
}
