use std::hash::{DefaultHasher, Hash, Hasher};

use quorate::{Apply, Index, Sessions, Verdict};
use serde::{Deserialize, Serialize};

use super::Write;

/// The replicated state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Registers {
    pub(crate) values: [Option<u32>; 4],
    sessions: Sessions<u32, CLIENTS_MAX>,
}

/// The most clients of a run.
pub(crate) const CLIENTS_MAX: usize = 64;

impl Registers {
    /// Nothing was written, and so many clients have room for a session.
    pub(crate) fn new(clients: usize) -> Registers {
        let sessions = Sessions::for_clients(clients).expect("a run has some clients, and no more than the most");
        Registers { values: [None; 4], sessions }
    }

    /// Does what an entry says, and tells what came of it; none if it is of no session.
    pub(crate) fn apply(&mut self, apply: &Apply<'_, Write>) -> Option<Verdict<u32>> {
        let verdict = self.sessions.admit(apply.entry())?;
        let write = apply.command().expect("the simulator reads its own commands");
        if let (Verdict::Fresh, Some(write)) = (&verdict, write) {
            self.values[usize::from(write.key)] = Some(write.value);
            self.sessions.record(apply.entry(), write.value);
        }
        Some(verdict)
    }

    /// Tells apart states that differ, be it in what snapshots leave out.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// The state as it is after an index, with so many bytes behind it that differ from index to index.
    pub(crate) fn snapshot(&self, index: Index, padding: usize) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.extend((0..padding as u64).map(|place| (index.0 * 31 + place / 7) as u8));
        bytes
    }

    /// The state that a snapshot of this index holds, if it is one.
    pub(crate) fn restore(bytes: &[u8], index: Index) -> Option<Registers> {
        let (state, padding): (Registers, _) = postcard::take_from_bytes(bytes).ok()?;
        (state.snapshot(index, padding.len()) == bytes).then_some(state)
    }

    fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("numbers can be written")
    }
}
