use std::cell::RefCell;
use std::rc::Rc;

use quorate::{Index, Seat, Snapshot, Term};

use super::held::Held;
use super::state::State;
use crate::simulator::records::Batch;

/// What the nodes did to their files and what they promised, in the order in which it happened.
#[derive(Clone, Default)]
pub(crate) struct Journal(Rc<RefCell<Vec<(Seat, Event)>>>);

/// One thing that a node did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A change of its files.
    Change(Change),
    /// The disk starts on a write that was ordered in this term.
    Write(Term, Batch),
    /// The disk starts to stand on a snapshot of the app's own.
    Mark(Snapshot),
    /// The disk is done with it.
    Written,
    /// The log was opened, and this is what it held.
    Opened(Held),
    Promise(Promise),
}

/// A change of the files of a directory. A file is called by its number, which it keeps when it gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The file is there, and empty.
    Create {
        name: String,
        file: usize,
    },
    Write {
        file: usize,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// What was written to the file is durable.
    Sync(usize),
    /// The file has this name and no other.
    Rename {
        name: String,
        file: usize,
    },
    /// No file has this name any more.
    Remove(String),
    /// The names are durable.
    SyncNames,
}

/// What others may count on from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// The node has entered this term: it said something in it.
    Term(Term),
    /// It voted in its term.
    Vote(Term, Seat),
    /// It acknowledged, in this term, all that is committed up to the index, and the records behind that.
    Ack(Term, Index, Vec<u8>),
    /// It applied this record: its client may have the answer.
    Apply(Vec<u8>),
    /// It took this state over from a snapshot of the leader.
    Restore(State),
}

impl Journal {
    pub(crate) fn note(&self, seat: Seat, event: Event) {
        self.0.borrow_mut().push((seat, event));
    }

    /// All that was noted; nothing is left.
    pub(crate) fn take(&self) -> Vec<(Seat, Event)> {
        self.0.take()
    }
}

impl Event {
    /// Whether the moment before it is one to cut: a promise only adds to what is owed, so the moment after it is
    /// stricter.
    pub(crate) fn ends_a_moment(&self) -> bool {
        !matches!(self, Event::Promise(_))
    }
}
