use heapless::Vec;
use quorate::{Index, crc32c};
use quorate_flash::Layout;
use quorate_serial::App;

use crate::{ANSWER_BYTES_MAX, Command, FLASH_BYTES, LOG_MEMORY, Lamps, SEATS, STATE_BYTES_MAX};

const HALF: u32 = FLASH_BYTES as u32 / 2;

/// Half of a board's flash is for the log, half for snapshots.
pub const LAYOUT: Layout =
    Layout { log: 0..HALF, snapshots: HALF..FLASH_BYTES as u32, log_memory: LOG_MEMORY, seats: SEATS };

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
