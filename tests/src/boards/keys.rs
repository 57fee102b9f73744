//! The keys by which boards seal, and how an operator changes them while all run.

use quorate_serial::KEYS;
use quorate_wire::seal::client::ClientKey;
use quorate_wire::seal::{Key, KeyId, Name, Rights, Ring};

use super::{CLUSTER, Simulated};

/// The page of a board's flash with its keys: it outlives all that happens to the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// The number of the key that it uses first.
    held: Vec<u8>,
}

/// A change of the cluster's key: each step is done at one board after the other, and at all of them before the next one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Install,
    Use,
    Remove,
}

impl Keys {
    pub(super) fn new() -> Keys {
        Keys { held: vec![1] }
    }

    /// What a board reads when it starts.
    pub(super) fn ring(&self) -> Ring<KEYS> {
        let mut keys = self.held.iter().map(|number| (id(*number), key(*number)));
        let (number, used) = keys.next().expect("a board has a key");
        let mut ring = Ring::new(number, used);
        keys.for_each(|(number, key)| ring.install(number, key).expect("there is room for two"));
        ring
    }

    /// The key of a client of this board.
    pub(super) fn client(&self, name: &str, rights: Rights) -> ClientKey {
        let name: Name = name.parse().expect("a short name");
        let ring = self.ring();
        ClientKey::of(&ring, ring.used(), CLUSTER, name, rights).expect("its key is there")
    }

    /// Writes what the operator does, and tells the board, if it runs.
    pub(super) fn step(&mut self, step: Step, number: u8, station: Option<&mut Simulated>) {
        let done = match step {
            Step::Install => {
                self.held.push(number);
                station.map(|station| station.install_key(id(number), key(number)))
            }
            Step::Use => {
                self.held.reverse();
                station.map(|station| station.use_key(id(number)))
            }
            Step::Remove => {
                let before = self.held.pop().expect("a board has two keys meanwhile");
                station.map(|station| station.remove_key(id(before)))
            }
        };
        assert_eq!(done.unwrap_or(Ok(())), Ok(()), "{step:?} of key {number}");
    }
}

impl Step {
    pub(super) fn next(self) -> Step {
        match self {
            Step::Install => Step::Use,
            Step::Use => Step::Remove,
            Step::Remove => Step::Install,
        }
    }
}

/// Keys have numbers from 1 to 15, again and again.
fn id(number: u8) -> KeyId {
    KeyId::new(1 + (number - 1) % 15).expect("it is below 16")
}

fn key(number: u8) -> Key {
    Key::new([number; Key::BYTES])
}
