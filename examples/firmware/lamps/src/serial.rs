use heapless::Vec;
use quorate::{Index, crc32c};
use quorate_serial::App;

use crate::{ANSWER_BYTES_MAX, Command, Lamps, STATE_BYTES_MAX};

/// Lamps on a microcontroller. The only question is an empty one, and its answer the whole state.
impl App for Lamps {
    type Command = Command;
    type Answer = Vec<u8, ANSWER_BYTES_MAX>;
    const ANSWER_BYTES_MAX: usize = ANSWER_BYTES_MAX;
    const STATE_BYTES_MAX: usize = STATE_BYTES_MAX;

    fn apply(&mut self, _: Index, command: Command) -> Self::Answer {
        self.apply(command).to_bytes()
    }

    fn query(&self, query: &[u8], answer: &mut [u8]) -> Option<usize> {
        if query.is_empty() { self.snapshot(answer) } else { None }
    }

    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut room = [0; STATE_BYTES_MAX];
        let state = self.write(&mut room);
        buffer.get_mut(..state.len())?.copy_from_slice(state);
        Some(state.len())
    }

    fn restore(&mut self, snapshot: &[u8]) -> bool {
        Lamps::read(snapshot).map(|lamps| *self = lamps).is_some()
    }

    fn digest(&self) -> u64 {
        crc32c(self.write(&mut [0; STATE_BYTES_MAX])).into()
    }
}
