use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex};

use quorate::Index;
use quorate_smol::App;
use serde::{Deserialize, Serialize};

use crate::harness::PATIENCE;

/// Adds up numbers under names. A sum shows whether a command was done twice.
#[derive(Default)]
pub(crate) struct Tally {
    sums: BTreeMap<String, u64>,
}

/// A tally with a sum under this name is restored when its gate is opened.
pub(crate) const SLOW: &str = "slow";

pub(crate) static GATE: Gate = Gate { state: Mutex::new((false, false)), changed: Condvar::new() };

/// A snapshot of a tally with a sum under this name is written when its gate is opened.
pub(crate) const HELD: &str = "held";

pub(crate) static WRITING: Gate = Gate { state: Mutex::new((false, false)), changed: Condvar::new() };

/// Holds up whoever comes to it before it is opened.
pub(crate) struct Gate {
    /// Whether somebody has come, and whether it is open.
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        self.state.lock().expect("nobody panics here").0 = true;
        self.changed.notify_all();
        self.wait(|(_, is_open)| is_open);
    }

    pub(crate) fn await_arrival(&self) {
        self.wait(|(has_come, _)| has_come);
    }

    pub(crate) fn open(&self) {
        self.state.lock().expect("nobody panics here").1 = true;
        self.changed.notify_all();
    }

    /// # Panics
    /// If that takes too long.
    fn wait(&self, holds: impl Fn((bool, bool)) -> bool) {
        let state = self.state.lock().expect("nobody panics here");
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| !holds(*state));
        assert!(!waited.expect("nobody panics here").1.timed_out(), "it is in vain");
    }
}

/// A command that borrows from the datagram and from the log.
#[derive(Serialize, Deserialize)]
pub(crate) struct Add<'a> {
    pub(crate) name: &'a str,
    pub(crate) number: u64,
}

pub(crate) struct AddCommand;

impl quorate::Command for AddCommand {
    type View<'a> = Add<'a>;
}

impl Add<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("it fits into memory")
    }
}

impl App for Tally {
    type Command = AddCommand;

    fn apply(&mut self, _: Index, Add { name, number }: Add<'_>) -> Vec<u8> {
        assert_ne!(name, "poison", "nothing is added to that");
        let sum = self.sums.entry(name.to_owned()).or_default();
        *sum += number;
        sum.to_le_bytes().into()
    }

    /// The sum under a name or, for an empty name, more than a datagram holds.
    fn query(&self, name: &[u8]) -> Vec<u8> {
        if name.is_empty() {
            return vec![0; 1 << 16];
        }
        let name = std::str::from_utf8(name).unwrap_or_default();
        self.sums.get(name).copied().unwrap_or_default().to_le_bytes().into()
    }

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        let bytes = postcard::to_allocvec(&self.sums).expect("it fits into memory");
        let is_held = self.sums.contains_key(HELD);
        move |out| {
            if is_held {
                WRITING.pass();
            }
            out.write_all(&bytes)
        }
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Tally> + Send + 'static {
        |snapshot| {
            let mut bytes = Vec::new();
            snapshot.read_to_end(&mut bytes)?;
            let sums: BTreeMap<String, u64> = postcard::from_bytes(&bytes).map_err(io::Error::other)?;
            if sums.contains_key(SLOW) {
                GATE.pass();
            }
            Ok(Tally { sums })
        }
    }

    fn digest(&self) -> u64 {
        let bytes = postcard::to_allocvec(&self.sums).expect("it fits into memory");
        quorate::crc32c(&bytes).into()
    }
}

#[track_caller]
pub(crate) fn sum(answer: &[u8]) -> u64 {
    u64::from_le_bytes(answer.try_into().expect("a sum has eight bytes"))
}
