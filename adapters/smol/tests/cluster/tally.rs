use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use quorate::Index;
use quorate_smol::App;
use serde::{Deserialize, Serialize};

/// Adds up numbers under names. A sum shows whether a command was done twice.
#[derive(Default)]
pub(crate) struct Tally {
    sums: BTreeMap<String, u64>,
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
        move |out| out.write_all(&bytes)
    }

    fn restore(&mut self, snapshot: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes)?;
        self.sums = postcard::from_bytes(&bytes).map_err(io::Error::other)?;
        Ok(())
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
