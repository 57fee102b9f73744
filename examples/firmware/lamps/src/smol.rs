use std::io::{self, Read, Write};
use std::vec::Vec;

use quorate::{Index, crc32c};
use quorate_smol::App;

use crate::{Command, Lamps, STATE_BYTES_MAX};

/// Lamps on a host: the same bytes as on a microcontroller.
impl App for Lamps {
    type Command = Command;

    fn apply(&mut self, _: Index, command: Command) -> Vec<u8> {
        self.apply(command).to_bytes().to_vec()
    }

    fn query(&self, query: &[u8]) -> Vec<u8> {
        if query.is_empty() { self.write(&mut [0; STATE_BYTES_MAX]).to_vec() } else { Vec::new() }
    }

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        let lamps = *self;
        move |out| out.write_all(lamps.write(&mut [0; STATE_BYTES_MAX]))
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Lamps> + Send + 'static {
        |snapshot| {
            let mut bytes = Vec::new();
            snapshot.read_to_end(&mut bytes)?;
            Lamps::read(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "these are no lamps"))
        }
    }

    fn digest(&self) -> u64 {
        crc32c(self.write(&mut [0; STATE_BYTES_MAX])).into()
    }
}
