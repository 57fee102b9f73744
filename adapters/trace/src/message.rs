use quorate::{Entry, Incarnation, Index, Kind, Message, Position, Session, Snapshot, Term};
use serde::Serialize;

use crate::roster::{RosterView, SettledView};

/// A message to be read by people: as serde writes it, but with its entries and its roster taken apart.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum MessageView<'a, E> {
    /// One that carries entries.
    Append {
        /// Its fields, under the message's name.
        #[serde(rename = "AppendEntries")]
        append: Append<E>,
    },
    /// One that brings the members along with snapshots.
    Offer {
        /// Its fields, under the message's name.
        #[serde(rename = "Offer")]
        offer: Offer,
    },
    /// One that says who takes part.
    Configured {
        /// Its fields, under the message's name.
        #[serde(rename = "Configured")]
        configured: Configured,
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

/// The fields of an `Offer`, in their order.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    term: Term,
    stamp: u64,
    latest: Snapshot,
    before: Snapshot,
    inherited: Index,
    settled: SettledView,
}

/// The fields of a `Configured`, in their order.
#[derive(Clone, Debug, Serialize)]
pub struct Configured {
    term: Term,
    incarnation: Incarnation,
    is_held: bool,
    settled: SettledView,
}

impl<'a, E> MessageView<'a, E> {
    /// Shows a message, and each of its entries as `show` has it.
    pub fn of(message: Message<'a>, show: impl FnMut(Entry<'a>) -> E) -> MessageView<'a, E> {
        match message {
            Message::AppendEntries { term, stamp, previous, commit, inherited, entries } => {
                let entries = entries.map(show).collect();
                MessageView::Append { append: Append { term, stamp, previous, commit, inherited, entries } }
            }
            Message::Offer { term, stamp, latest, before, inherited, settled } => {
                let settled = SettledView::of(settled);
                MessageView::Offer { offer: Offer { term, stamp, latest, before, inherited, settled } }
            }
            Message::Configured { term, incarnation, is_held, settled } => {
                let settled = SettledView::of(settled);
                MessageView::Configured { configured: Configured { term, incarnation, is_held, settled } }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    roster: Option<RosterView>,
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
                Kind::Members => "members",
            },
            session: entry.session(),
            command_bytes: entry.command().map(<[u8]>::len),
            roster: entry.roster().map(RosterView::of),
            check: hex::encode(&record[record.len() - CHECK..]),
        }
    }
}

/// Bytes of the CRC at the end of a record.
const CHECK: usize = 4;
