use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::ANSWER_BYTES_MAX;

/// What can be done to the lamps and registers. The order of the variants is part of the log's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Switches a lamp on or off.
    Switch {
        /// Which.
        lamp: u8,
        /// Whether it is on afterwards.
        on: bool,
    },
    /// Switches a lamp on if it is off, and off if it is on.
    Toggle {
        /// Which.
        lamp: u8,
    },
    /// Puts a value into a register.
    Write {
        /// Which.
        register: u8,
        /// The value.
        value: u32,
    },
    /// Adds to a register; past the highest number it goes on at zero. Done twice, it shows.
    Add {
        /// Which.
        register: u8,
        /// How much.
        amount: u32,
    },
}

/// What came of a command. The order of the variants is part of the format of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The lamp is on or off now.
    Lamp {
        /// Which.
        lamp: u8,
        /// Whether it is on.
        on: bool,
    },
    /// The register holds this now.
    Register {
        /// Which.
        register: u8,
        /// The value.
        value: u32,
    },
    /// There is no such lamp or register: nothing was done.
    NoSuch,
}

impl Answer {
    /// The answer as clients get it: the same bytes on every machine.
    pub fn to_bytes(&self) -> Vec<u8, ANSWER_BYTES_MAX> {
        let mut bytes = Vec::from_array([0; ANSWER_BYTES_MAX]);
        match postcard::to_slice(self, &mut bytes).map(|bytes| bytes.len()) {
            Ok(length) => bytes.truncate(length),
            Err(_) => unreachable!("the room is as long as the longest answer"),
        }
        bytes
    }

    /// The answer that was written so. `None` if these are not the bytes of an answer.
    pub fn from_bytes(bytes: &[u8]) -> Option<Answer> {
        postcard::from_bytes(bytes).ok()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Lamp { lamp, on: true } => write!(f, "lamp {lamp} is on"),
            Answer::Lamp { lamp, on: false } => write!(f, "lamp {lamp} is off"),
            Answer::Register { register, value } => write!(f, "register {register} is {value}"),
            Answer::NoSuch => f.write_str("there is no such lamp or register"),
        }
    }
}
