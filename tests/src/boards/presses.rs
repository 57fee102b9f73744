use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use quorate::Index;
use quorate_serial::App;
use serde::{Deserialize, Serialize};

/// A button was pressed at a board: each press happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Press {
    /// Where.
    pub board: u8,
    /// Which one there.
    pub number: u32,
}

/// The replicated state: how many presses there were, and a hash of all of them in their order.
#[derive(Clone, Debug)]
pub struct Presses {
    count: u32,
    hash: u64,
    /// Whether its last snapshot was too large.
    was_too_large: Cell<bool>,
    record: Rc<RefCell<Record>>,
}

/// What was applied anywhere, by index.
#[derive(Debug, Default)]
pub struct Record {
    entries: BTreeMap<u64, (Press, u64)>,
    indices: BTreeMap<Press, u64>,
    /// Whether a snapshot of what there is now is larger than the app has said.
    pub(super) is_too_large: bool,
    /// What a board did that no other may do.
    violation: Option<String>,
}

impl Record {
    /// Nothing was applied yet.
    pub fn new() -> Rc<RefCell<Record>> {
        Rc::default()
    }

    /// How many presses were applied.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many presses there were when this one was applied.
    pub fn count(&self, press: Press) -> Option<u32> {
        self.indices.get(&press).map(|index| self.entries.range(..=*index).count() as u32)
    }

    /// The hash after the last press.
    pub fn hash(&self) -> u64 {
        self.entries.last_key_value().map_or(0, |(_, (_, hash))| *hash)
    }

    /// What went wrong first.
    pub fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    fn note(&mut self, index: u64, press: Press, hash: u64) {
        let (first, first_hash) = *self.entries.entry(index).or_insert((press, hash));
        if (first, first_hash) != (press, hash) {
            let what =
                format!("index {index} was {first:?} on one board, with another past, and is {press:?} on another");
            self.violation.get_or_insert(what);
        }
        let at = *self.indices.entry(press).or_insert(index);
        if at != index {
            self.violation.get_or_insert(format!("{press:?} was done twice, at {at} and at {index}"));
        }
    }
}

impl Presses {
    /// The state before the first press.
    pub fn new(record: Rc<RefCell<Record>>) -> Presses {
        Presses { count: 0, hash: 0, was_too_large: Cell::new(false), record }
    }

    /// Whether there was no room for its last snapshot.
    pub(super) fn was_too_large(&self) -> bool {
        self.was_too_large.get()
    }

    /// A hash of all presses in their order.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

impl App for Presses {
    type Command = Press;
    type Answer = [u8; 4];
    const ANSWER_BYTES_MAX: usize = 4;
    const STATE_BYTES_MAX: usize = 5 + 10;

    fn apply(&mut self, index: Index, press: Press) -> [u8; 4] {
        self.count += 1;
        let Press { board, number } = press;
        self.hash = (self.hash ^ index.0 ^ u64::from(board) << 32 ^ u64::from(number) << 40)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
        self.record.borrow_mut().note(index.0, press, self.hash);
        self.count.to_le_bytes()
    }

    fn query(&self, query: &[u8], answer: &mut [u8]) -> Option<usize> {
        let is_count = query == b"count";
        answer.first_chunk_mut().filter(|_| is_count).map(|answer| {
            *answer = self.count.to_le_bytes();
            answer.len()
        })
    }

    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize> {
        self.was_too_large.set(self.record.borrow().is_too_large);
        if self.was_too_large() {
            return None;
        }
        postcard::to_slice(&(self.count, self.hash), buffer).ok().map(|bytes| bytes.len())
    }

    fn restore(&mut self, snapshot: &[u8]) -> bool {
        let state = postcard::from_bytes(snapshot);
        state.map(|(count, hash)| (self.count, self.hash) = (count, hash)).is_ok()
    }

    fn digest(&self) -> u64 {
        self.hash
    }
}
