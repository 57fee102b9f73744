use core::fmt;
use core::str::FromStr;

use crate::{Command, LAMPS, REGISTERS};

/// Reads `lamp L`, `lamp L on`, `lamp L off`, `register R add V` or `register R write V`.
impl FromStr for Command {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Command, ParseError> {
        let mut words = text.split_ascii_whitespace();
        let command = match words.next() {
            Some("lamp") => lamp(&mut words)?,
            Some("register") => register(&mut words)?,
            _ => return Err(ParseError::Command),
        };
        words.next().map_or(Ok(command), |_| Err(ParseError::Rest))
    }
}

fn lamp<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Command, ParseError> {
    let lamp = number(words.next(), LAMPS, ParseError::Lamp)?;
    match words.next() {
        None => Ok(Command::Toggle { lamp }),
        Some("on") => Ok(Command::Switch { lamp, on: true }),
        Some("off") => Ok(Command::Switch { lamp, on: false }),
        Some(_) => Err(ParseError::OnOff),
    }
}

fn register<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Command, ParseError> {
    let register = number(words.next(), REGISTERS, ParseError::Register)?;
    let verb = words.next();
    let mut value = || words.next().and_then(|word| word.parse().ok()).ok_or(ParseError::Value);
    match verb {
        Some("add") => Ok(Command::Add { register, amount: value()? }),
        Some("write") => Ok(Command::Write { register, value: value()? }),
        _ => Err(ParseError::AddWrite),
    }
}

fn number(word: Option<&str>, limit: u8, error: ParseError) -> Result<u8, ParseError> {
    word.and_then(|word| word.parse().ok()).filter(|number| *number < limit).ok_or(error)
}

/// Why a text is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It is about neither a lamp nor a register.
    Command,
    /// No lamp has this number.
    Lamp,
    /// What is to be done with the lamp?
    OnOff,
    /// No register has this number.
    Register,
    /// What is to be done with the register?
    AddWrite,
    /// The value is none.
    Value,
    /// More words follow.
    Rest,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Command => {
                f.write_str("say 'lamp L', 'lamp L on|off', 'register R add V' or 'register R write V'")
            }
            ParseError::Lamp => write!(f, "a lamp has a number from 0 to {}", LAMPS - 1),
            ParseError::OnOff => f.write_str("a lamp is switched 'on' or 'off'; without either it is toggled"),
            ParseError::Register => write!(f, "a register has a number from 0 to {}", REGISTERS - 1),
            ParseError::AddWrite => f.write_str("say 'add V' or 'write V' after the register"),
            ParseError::Value => write!(f, "a value is a number from 0 to {}", u32::MAX),
            ParseError::Rest => f.write_str("there are words behind the command: give one command a line"),
        }
    }
}

impl core::error::Error for ParseError {}
