//! All that a board needs: a station of three seats, two lines, frames of 256 bytes, and sessions of eight clients.
#![no_std]
#![no_main]

use quorate::Index;
use quorate_image::nor::Nor;
use quorate_image::{SetLamp, link};
use quorate_serial::{App, Station};

struct Lamps(u16);

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

type Board = Station<Lamps, Nor, [u8; 1024], 3, 2, 256, 8>;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link(Board::start as fn(_, _, _, _, _, _) -> _);
    link(Board::feed as fn(&mut _, _, _, _) -> _);
    link(Board::turn as fn(&mut _, _) -> _);
    link(Board::drain as for<'a> fn(&'a Board, usize) -> &'a [u8]);
    link(Board::drained as fn(&mut _, _, _));
    link(Board::deadline as fn(&_) -> _);
    link(Board::propose as fn(&mut _, &_) -> _);
    link(Board::answer as fn(&mut _) -> _);
    loop {}
}
