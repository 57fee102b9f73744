//! The console: lines with a tag and an order come in, lines with the tag and `ok` or `error` go out. News starts with
//! `!`.

use core::fmt::{self, Write};

use heapless::Vec;
use lamps::{Command, ParseError};
use quorate::{Change, Seat};

use crate::uart::CONSOLE;

/// A way to write lines. What finds no room in the UART's queue is lost: a console must not hold the board up.
pub(crate) struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        CONSOLE.send(text.as_bytes());
        Ok(())
    }
}

/// What somebody at the console wants.
pub enum Order {
    /// A button is pressed.
    Press(Command),
    /// Add 1 to register 0, so many times.
    Repeat(u32),
    /// Show lamps and registers.
    Lamps,
    /// Show how the node is.
    Status,
    /// Show how deep the stack has been.
    Stack,
    /// Change who takes part.
    Change(Change<'static>),
    /// Cut the power after so many more words in the flash.
    Cut(u32),
    /// Panic.
    Panic,
}

/// The number in front of an order: its answer has it as well.
pub type Tag = u32;

/// Takes lines in as they come.
#[derive(Default)]
pub struct Console {
    line: Vec<u8, 96>,
}

impl Console {
    /// The next order that has come. A line that is none is answered at once.
    pub fn order(&mut self) -> Option<(Tag, Order)> {
        let mut byte = [0];
        while CONSOLE.receive(&mut byte) == 1 {
            if byte != *b"\n" {
                // What is too long is no order either way.
                let _ = self.line.push(byte[0]);
                continue;
            }
            let line = core::mem::take(&mut self.line);
            let Some((tag, text)) = split(&line) else { continue };
            match parse(text) {
                Ok(order) => return Some((tag, order)),
                Err(problem) => refuse(tag, &problem),
            }
        }
        None
    }
}

/// Answers an order that was carried out.
pub(crate) fn answer(tag: Tag, text: &dyn fmt::Display) {
    let _ = writeln!(Out, "{tag} ok {text}");
}

/// Answers an order that was not.
pub(crate) fn refuse(tag: Tag, problem: &dyn fmt::Display) {
    let _ = writeln!(Out, "{tag} error {problem}");
}

/// Tells of something that nobody asked for.
pub(crate) fn tell(news: &dyn fmt::Display) {
    let _ = writeln!(Out, "! {news}");
}

fn split(line: &[u8]) -> Option<(Tag, &str)> {
    let (tag, text) = str::from_utf8(line).ok()?.trim().split_once(' ')?;
    Some((tag.parse().ok()?, text))
}

fn parse(text: &str) -> Result<Order, Problem> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let number = || rest.parse().map_err(|_| Problem::Number);
    match verb {
        "press" => rest.parse().map(Order::Press).map_err(Problem::Command),
        "repeat" => number().map(Order::Repeat),
        "lamps" => Ok(Order::Lamps),
        "status" => Ok(Order::Status),
        "stack" => Ok(Order::Stack),
        "add" => seat(rest).map(|seat| Order::Change(Change::Add { seat, address: &[] })),
        "promote" => seat(rest).map(|seat| Order::Change(Change::Promote { seat })),
        "remove" => seat(rest).map(|seat| Order::Change(Change::Remove { seat })),
        "cut" => number().map(Order::Cut),
        "panic" => Ok(Order::Panic),
        _ => Err(Problem::Order),
    }
}

/// The seat of the machine of this number.
fn seat(number: &str) -> Result<Seat, Problem> {
    let seat = number.parse::<u8>().ok().and_then(|number| Seat::new(number.checked_sub(1)?));
    seat.ok_or(Problem::Number)
}

/// Why a line is no order.
enum Problem {
    Command(ParseError),
    Number,
    Order,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Command(error) => write!(f, "{error}"),
            Problem::Number => f.write_str("a number has to follow"),
            Problem::Order => {
                f.write_str("orders are press, repeat, lamps, status, stack, add, promote, remove, cut and panic")
            }
        }
    }
}
