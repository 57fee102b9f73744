use quorate::{Index, crc32c_append};

/// The replicated state: for each entry that was applied, what it and all before it amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    checks: Vec<u32>,
}

/// A check is written so many times, so that snapshots take several sectors and frames.
const COPIES: usize = 24;

impl State {
    pub(crate) fn apply(&mut self, record: &[u8]) {
        let before = self.checks.last().copied().unwrap_or_default();
        self.checks.push(crc32c_append(before, record));
    }

    /// What was applied last.
    pub(crate) fn index(&self) -> Index {
        Index(self.checks.len() as u64)
    }

    /// The state as it was when this index was applied, or as it is, if that was not.
    pub(crate) fn at(&self, index: Index) -> State {
        State { checks: self.checks.iter().take(index.0 as usize).copied().collect() }
    }

    /// The content of a snapshot.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.checks.len() * COPIES * 4);
        self.checks.iter().for_each(|check| bytes.extend_from_slice(&check.to_le_bytes().repeat(COPIES)));
        bytes
    }

    /// The state that a snapshot holds, if it is one.
    pub(crate) fn of(bytes: &[u8]) -> Option<State> {
        let checks = bytes.chunks(COPIES * 4).map(|copies| copies.first_chunk().copied().map(u32::from_le_bytes));
        let state = State { checks: checks.collect::<Option<_>>()? };
        (state.bytes() == bytes).then_some(state)
    }
}
