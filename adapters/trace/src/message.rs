use quorate::{Entry, Index, Kind, Message, Position, Session, Term};
use serde::Serialize;

/// A message to be read by people: as serde writes it, but with each of its entries taken apart.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum MessageView<'a, E> {
    /// One that carries entries.
    Append {
        /// Its fields, under the message's name.
        #[serde(rename = "AppendEntries")]
        append: Append<E>,
    },
    /// Any other.
    Plain(Message<'a>),
}

/// The fields of an `AppendEntries`, in their order.
#[derive(Clone, Debug, Serialize)]
pub struct Append<E> {
    term: Term,
    stamp: u64,
    previous: Position,
    commit: Index,
    inherited: Index,
    entries: Vec<E>,
}

impl<'a, E> MessageView<'a, E> {
    /// Shows a message, and each of its entries as `show` has it.
    pub fn of(message: Message<'a>, show: impl FnMut(Entry<'a>) -> E) -> MessageView<'a, E> {
        match message {
            Message::AppendEntries { term, stamp, previous, commit, inherited, entries } => {
                let entries = entries.map(show).collect();
                MessageView::Append { append: Append { term, stamp, previous, commit, inherited, entries } }
            }
            other => MessageView::Plain(other),
        }
    }
}

/// An entry to be read by people. Its check stands for the bytes of its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryView {
    index: Index,
    term: Term,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_bytes: Option<usize>,
    check: String,
}

impl EntryView {
    /// Shows an entry without looking into its command.
    pub fn of(entry: Entry<'_>) -> EntryView {
        let Position { term, index } = entry.position();
        let record = entry.record();
        EntryView {
            index,
            term,
            kind: match entry.kind() {
                Kind::Command => "command",
                Kind::Request => "request",
            },
            session: entry.session(),
            command_bytes: entry.command().map(<[u8]>::len),
            check: hex::encode(&record[record.len() - CHECK..]),
        }
    }
}

/// Bytes of the CRC at the end of a record.
const CHECK: usize = 4;
