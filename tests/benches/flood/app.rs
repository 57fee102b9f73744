use std::io::{self, Read, Write};

use quorate::Index;
use quorate_smol::App;
use serde::{Deserialize, Serialize};

/// Counts commands.
#[derive(Debug, Default)]
pub(crate) struct Count(u64);

/// What is counted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct One;

impl App for Count {
    type Command = One;

    fn apply(&mut self, _: Index, One: One) -> Vec<u8> {
        self.0 += 1;
        Vec::new()
    }

    fn query(&self, _: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        let count = self.0;
        move |out| out.write_all(&count.to_le_bytes())
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Count> + Send + 'static {
        |from| {
            let mut count = [0; 8];
            from.read_exact(&mut count)?;
            Ok(Count(u64::from_le_bytes(count)))
        }
    }

    fn digest(&self) -> u64 {
        self.0
    }
}
