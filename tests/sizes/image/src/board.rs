//! A board: a station of three seats, two lines, frames of 256 bytes, and sessions of eight clients.

use quorate::Index;
use quorate_serial::{App, Station};

use crate::SetLamp;
use crate::nor::Nor;

/// Sixteen lamps.
pub struct Lamps(u16);

impl App for Lamps {
    type Command = SetLamp;
    type Answer = [u8; 2];
    const ANSWER_BYTES_MAX: usize = 2;
    const STATE_BYTES_MAX: usize = 2;

    fn apply(&mut self, _: Index, SetLamp { lamp, on }: SetLamp) -> [u8; 2] {
        let bit = 1u16.checked_shl(lamp.into()).unwrap_or_default();
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
        self.0.to_le_bytes()
    }

    fn query(&self, _: &[u8], answer: &mut [u8]) -> Option<usize> {
        self.snapshot(answer)
    }

    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize> {
        *buffer.first_chunk_mut()? = self.0.to_le_bytes();
        Some(2)
    }

    fn restore(&mut self, snapshot: &[u8]) -> bool {
        snapshot.first_chunk().map(|lamps| self.0 = u16::from_le_bytes(*lamps)).is_some()
    }

    fn digest(&self) -> u64 {
        self.0.into()
    }
}

/// Its memory for log and snapshots is elsewhere.
pub type Board = Station<Lamps, Nor, &'static mut [u8], 3, 2, 256, 8>;
