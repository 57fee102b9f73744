use std::hash::{DefaultHasher, Hash, Hasher};

use quorate::{Entry, Index, Position, Sessions, Verdict};
use quorate_driver::{self as driver, App};
use serde::{Deserialize, Serialize};

use super::Write;
use super::oracle::Violation;

/// The replicated state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Registers {
    pub(crate) values: [Option<u32>; 4],
}

/// The most clients of a run.
pub(crate) const CLIENTS_MAX: usize = 64;

/// What the driver makes of it.
pub(crate) type Replica = driver::Replica<Registers, CLIENTS_MAX>;
type Ledger = driver::Ledger<Answer, CLIENTS_MAX>;

/// The value that was written.
pub(crate) type Answer = [u8; 4];

impl App for Registers {
    type Command = Write;
    type Answer = Answer;
    type Error = Violation;

    fn apply(&mut self, _: Index, write: Write) -> Result<Answer, Violation> {
        self.values[usize::from(write.key)] = Some(write.value);
        Ok(write.value.to_le_bytes())
    }

    fn digest(&self) -> u64 {
        hash(self)
    }
}

impl Registers {
    const EMPTY: Registers = Registers { values: [None; 4] };

    /// Nothing was written, and so many clients have room for a session.
    pub(crate) fn begin(clients: usize) -> Replica {
        let ledger = Ledger::for_clients(clients).expect("a run has some clients, and no more than the most");
        Replica::new(Registers::EMPTY, ledger, Position::default())
    }
}

/// Tells apart states that differ, be it in what snapshots leave out.
pub(crate) fn digest(replica: &Replica) -> u64 {
    hash(&(replica.app(), replica.ledger()))
}

/// A state with so many bytes behind it that differ from index to index.
pub(crate) fn snapshot(replica: &Replica, padding: usize) -> Vec<u8> {
    let (ledger, index) = (replica.ledger(), replica.applied().index);
    let mut bytes = vec![0; ledger.bytes()];
    assert_eq!(ledger.write(&mut bytes), Some(bytes.len()), "it takes what it says");
    bytes.extend(postcard::to_allocvec(replica.app()).expect("numbers can be written"));
    bytes.extend((0..padding as u64).map(|place| (index.0 * 31 + place / 7) as u8));
    bytes
}

/// Puts the state that a snapshot of this position holds in the place of what is here. Whether it is one.
pub(crate) fn restore(replica: &mut Replica, bytes: &[u8], position: Position) -> bool {
    let Ok((ledger, state)) = Ledger::split(bytes) else { return false };
    let Ok((registers, padding)) = postcard::take_from_bytes(state) else { return false };
    replica.restore(position, ledger, |app| *app = registers);
    snapshot(replica, padding.len()) == bytes
}

/// What comes of entries, by other code than the driver's.
pub(crate) struct Model {
    registers: Registers,
    sessions: Sessions<Answer, CLIENTS_MAX>,
}

impl Model {
    /// Nothing was written, and so many clients have room for a session.
    pub(crate) fn new(clients: usize) -> Model {
        let sessions = Sessions::for_clients(clients).expect("a run has some clients, and no more than the most");
        Model { registers: Registers::EMPTY, sessions }
    }

    /// Does what an entry says, and tells what came of it; none if it is of no session.
    pub(crate) fn apply(&mut self, entry: Entry<'_>) -> Option<Verdict<Answer>> {
        let verdict = self.sessions.admit(entry)?;
        if let (Verdict::Fresh, Some(write)) = (&verdict, written(entry)) {
            self.registers.values[usize::from(write.key)] = Some(write.value);
            self.sessions.record(entry, write.value.to_le_bytes());
        }
        Some(verdict)
    }

    /// As [`digest`] of a replica.
    pub(crate) fn digest(&self) -> u64 {
        hash(&(&self.registers, &self.sessions))
    }
}

/// The command of an entry.
pub(crate) fn written(entry: Entry<'_>) -> Option<Write> {
    entry.command().map(|bytes| postcard::from_bytes(bytes).expect("the simulator reads its own commands"))
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
