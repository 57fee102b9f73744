use clap::{Parser, Subcommand};

/// A line at the prompt.
#[derive(Debug, Parser)]
#[command(multicall = true, disable_help_flag = true, help_template = "{subcommands}")]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) order: Order,
}

/// What can be done to the machines and wires. N, A and B are the machines' numbers.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Order {
    /// N COMMAND: presses a button of machine N: 'lamp L', 'lamp L on|off', 'register R add V' or 'register R write V'
    Press {
        #[arg(value_name = "N")]
        machine: usize,
        #[arg(required = true, value_name = "COMMAND", allow_negative_numbers = true)]
        command: Vec<String>,
    },
    /// COUNT [N]: adds 1 to register 0 so often, at machine N or shared among all that run, and says how long it took
    Repeat {
        #[arg(value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
        count: u32,
        #[arg(value_name = "N")]
        machine: Option<usize>,
    },
    /// Shows the lamps and registers, once all machines that run agree on them
    Lamps,
    /// Shows how each machine and wire is
    Status,
    /// Shows how deep the stack of each board has been
    Stack,
    /// N: kills machine N between any two of its instructions
    Kill {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// N: presses the reset button of board N
    Reset {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// N [after W words]: cuts the power of board N: at once, or 'after W words' that it writes to its flash
    CutPower {
        #[arg(value_name = "N")]
        machine: usize,
        #[arg(value_name = "after W words", num_args = 0..=3)]
        after: Vec<String>,
    },
    /// N: starts machine N again, with what its flash or disk holds
    Start {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// N: takes from machine N all that its flash or disk holds, and starts it: it comes back by itself
    Erase {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// N: makes machine N, which was removed, a new one, and adds it to the members
    Add {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// N: removes machine N from the members
    Remove {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// A B: cuts the wire between A and B
    Cut {
        #[arg(value_name = "A")]
        a: usize,
        #[arg(value_name = "B")]
        b: usize,
    },
    /// A B [BYTES]: flips a bit in one of so many bytes on the wire between A and B (500)
    Garble {
        #[arg(value_name = "A")]
        a: usize,
        #[arg(value_name = "B")]
        b: usize,
        #[arg(value_name = "BYTES", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        bytes: u32,
    },
    /// A B: makes the wire between A and B sound again
    Mend {
        #[arg(value_name = "A")]
        a: usize,
        #[arg(value_name = "B")]
        b: usize,
    },
    /// N: makes board N panic: it reports and starts anew
    Panic {
        #[arg(value_name = "N")]
        machine: usize,
    },
    /// [N]: shows what the machines said last, or machine N
    Log {
        #[arg(value_name = "N")]
        machine: Option<usize>,
    },
    /// Stops everything
    #[command(alias = "exit")]
    Quit,
}

/// How many words a board may write before its power is cut: none in `cut-power N`, W in `cut-power N after W words`.
pub(crate) fn words(after: &[String]) -> Result<Option<u32>, String> {
    let number = match after.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return Ok(None),
        [number] | ["after", number] | ["after", number, "words" | "word"] => number,
        _ => return Err(format!("'{}' is not 'after W words'", after.join(" "))),
    };
    number.parse().map(Some).map_err(|_| format!("'{number}' is no number of words"))
}
