use std::cmp::Ordering;

use quorate::{Seat, Session};

use super::client::{Answer, Wish};
use super::machine::Waiting;

/// Something that happens at a time; of the same time, in the order of numbers.
pub(crate) struct Event {
    pub(crate) time: u64,
    pub(crate) number: u64,
    pub(crate) what: What,
}

pub(crate) enum What {
    Frame {
        to: Seat,
        bytes: Vec<u8>,
    },
    Alarm {
        machine: usize,
        life: u64,
    },
    Synced {
        machine: usize,
        life: u64,
    },
    /// The snapshot under way is written, or the log is told of it.
    Snapshot {
        machine: usize,
        life: u64,
    },
    Request {
        machine: usize,
        waiting: Waiting,
        session: Session,
        wish: Wish,
    },
    Answer {
        waiting: Waiting,
        answer: Answer,
    },
    Retry {
        waiting: Waiting,
    },
    Start {
        machine: usize,
    },
    /// A machine that was busy has time.
    Wake {
        machine: usize,
    },
    /// An operator may change the keys of a machine.
    Keys,
    /// The spell of this number is over.
    Weather {
        spell: u64,
    },
}

impl What {
    /// Whose time it takes.
    pub(crate) fn machine(&self) -> Option<usize> {
        match self {
            What::Frame { to, .. } => Some(usize::from(to.0)),
            What::Alarm { machine, .. }
            | What::Synced { machine, .. }
            | What::Snapshot { machine, .. }
            | What::Request { machine, .. } => Some(*machine),
            _ => None,
        }
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest event is the greatest, for the heap.
impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.number).cmp(&(self.time, self.number))
    }
}
