//! Lamps and registers: the state that boards and hosts replicate.
//!
//! It knows nothing of consensus. Every machine applies the same [`Command`]s in the same order, and so has the same
//! [`Lamps`].
#![no_std]

#[cfg(feature = "smol")]
extern crate std;

mod agreed;
mod command;
#[cfg(feature = "keys")]
mod keys;
mod parse;
#[cfg(feature = "serial")]
mod serial;
#[cfg(feature = "smol")]
mod smol;

pub use agreed::{CLIENTS, CLUSTER, FLASH_BYTES, FLASH_SECTOR, FLASH_WORD, FRAME, LOG_MEMORY, Machines, SEATS};
pub use command::{Answer, Command};
#[cfg(feature = "keys")]
pub use keys::{KEY_PAGE, key_page, read_key_page};
pub use parse::ParseError;
#[cfg(feature = "serial")]
pub use serial::LAYOUT;

use core::fmt;

use serde::{Deserialize, Serialize};

/// How many lamps there are: 0 to 15.
pub const LAMPS: u8 = 16;

/// How many registers there are: 0 to 3.
pub const REGISTERS: u8 = 4;

/// The most bytes of [`Lamps::write`].
pub const STATE_BYTES_MAX: usize = 3 + REGISTERS as usize * 5;

/// The most bytes of [`Answer::to_bytes`].
pub const ANSWER_BYTES_MAX: usize = 7;

/// The replicated state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lamps {
    /// A bit for each lamp that is on.
    lit: u16,
    registers: [u32; REGISTERS as usize],
}

impl Lamps {
    /// Does a command. The same state and command give the same state and answer on every machine.
    pub fn apply(&mut self, command: Command) -> Answer {
        match command {
            Command::Switch { lamp, on } => self.switch(lamp, |_| on),
            Command::Toggle { lamp } => self.switch(lamp, |on| !on),
            Command::Write { register, value } => self.change(register, |_| value),
            Command::Add { register, amount } => self.change(register, |value| value.wrapping_add(amount)),
        }
    }

    /// Whether a lamp is on. There are no others than 0 to 15.
    pub fn is_on(&self, lamp: u8) -> bool {
        lamp < LAMPS && self.lit & (1 << lamp) != 0
    }

    /// What is in the registers.
    pub fn registers(&self) -> &[u32] {
        &self.registers
    }

    /// Writes the state to the front of `room`: the same bytes on every machine.
    pub fn write<'a>(&self, room: &'a mut [u8; STATE_BYTES_MAX]) -> &'a [u8] {
        match postcard::to_slice(self, room) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("the room is as long as the longest state"),
        }
    }

    /// The state that was written so. `None` if these are not the bytes of a state.
    pub fn read(bytes: &[u8]) -> Option<Lamps> {
        match postcard::take_from_bytes(bytes) {
            Ok((lamps, [])) => Some(lamps),
            _ => None,
        }
    }

    fn switch(&mut self, lamp: u8, next: impl Fn(bool) -> bool) -> Answer {
        if lamp >= LAMPS {
            return Answer::NoSuch;
        }
        let on = next(self.is_on(lamp));
        self.lit = self.lit & !(1 << lamp) | u16::from(on) << lamp;
        Answer::Lamp { lamp, on }
    }

    fn change(&mut self, register: u8, next: impl Fn(u32) -> u32) -> Answer {
        let Some(value) = self.registers.get_mut(usize::from(register)) else {
            return Answer::NoSuch;
        };
        *value = next(*value);
        Answer::Register { register, value: *value }
    }
}

/// One character a lamp, `#` for one that is on, and then the registers.
impl fmt::Display for Lamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lamp in 0..LAMPS {
            f.write_str(if self.is_on(lamp) { "#" } else { "." })?;
        }
        self.registers.iter().try_for_each(|value| write!(f, " {value}"))
    }
}

#[cfg(test)]
mod tests;
