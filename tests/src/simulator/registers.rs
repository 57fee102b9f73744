use quorate::{Index, Position, Session, Sessions, Verdict, crc32c};
use serde::{Deserialize, Serialize};

use super::Write;

/// The replicated state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registers {
    pub(crate) values: [Option<u32>; 4],
    sessions: Sessions<u32, 64>,
}

impl Registers {
    /// Does what an entry says, and tells what came of it.
    pub(crate) fn apply(&mut self, position: Position, session: Session, write: Option<Write>) -> Verdict<u32> {
        let verdict = self.sessions.admit(position.index, session);
        if let (Verdict::Fresh, Some(write)) = (&verdict, write) {
            self.values[usize::from(write.key)] = Some(write.value);
            self.sessions.record(session, write.value);
        }
        verdict
    }

    /// Tells apart states that differ.
    pub(crate) fn digest(&self) -> u32 {
        crc32c(&self.bytes())
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
