use std::io::{self, Read, Write};

use quorate::Index;
use quorate_smol::App;

/// Numbers under numbers, as plain as can be: what is measured is the library, not the application's own work.
#[derive(Default)]
pub(crate) struct Pairs(Vec<u64>);

impl App for Pairs {
    type Command = (u64, u64);

    fn apply(&mut self, _: Index, (key, value): (u64, u64)) -> Vec<u8> {
        let place = key as usize;
        self.0.resize(self.0.len().max(place + 1), 0);
        self.0[place] = value;
        Vec::new()
    }

    fn query(&self, _: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        let values = self.0.clone();
        move |out| {
            let pairs = (0_u64..).zip(values);
            pairs
                .into_iter()
                .try_for_each(|(key, value)| out.write_all(&[key.to_le_bytes(), value.to_le_bytes()].concat()))
        }
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Pairs> + Send + 'static {
        |snapshot| {
            let (mut values, mut chunk) = (Vec::new(), Vec::with_capacity(CHUNK));
            while snapshot.take(CHUNK as u64).read_to_end(&mut chunk)? > 0 {
                let value = |pair: &[u8]| u64::from_le_bytes(pair[8..].try_into().expect("eight bytes"));
                values.extend(chunk.chunks_exact(16).map(value));
                chunk.clear();
            }
            Ok(Pairs(values))
        }
    }

    fn digest(&self) -> u64 {
        self.0.len() as u64
    }
}

/// How many bytes are restored at a time: whole pairs.
const CHUNK: usize = 1 << 16;
