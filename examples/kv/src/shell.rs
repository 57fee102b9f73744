use std::time::Duration;

use clap::Parser;

use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::layout::Layout;
use crate::lines::{Line, Lines};
use crate::operation::Operation;

/// How long a line is tried: a cluster that has just started elects its leader meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A line of the prompt.
#[derive(Debug, Parser)]
#[command(multicall = true, disable_version_flag = true, subcommand_required = true, help_template = "{subcommands}")]
enum Entry {
    #[command(flatten)]
    Operation(Operation),
    /// Stop all nodes
    Exit,
}

/// Takes lines until the end, and does what they ask. A line that fails is told, and the next one is taken.
///
/// # Errors
/// If the system gives no socket.
pub(crate) async fn run(layout: Layout) -> Result<Exit, Failure> {
    let mut shell = Shell { connection: Connection::new(layout, TIMEOUT).await?, lines: Lines::start() };
    let mut has_failed = false;
    for number in 1_u64.. {
        match shell.take_line().await {
            Ok(Next::Line) => {}
            Ok(Next::End) => break,
            Err(message) if shell.lines.are_typed() => eprintln!("error: {message}"),
            Err(message) => {
                eprintln!("line {number}: {message}");
                has_failed = true;
            }
        }
    }
    Ok(if has_failed { Exit::Failed } else { Exit::Done })
}

struct Shell {
    connection: Connection,
    lines: Lines,
}

enum Next {
    Line,
    End,
}

impl Shell {
    async fn take_line(&mut self) -> Result<Next, String> {
        let text = match self.lines.next().await {
            Line::Text(text) => text,
            Line::Unreadable(what) => return Err(what),
            Line::End => return Ok(Next::End),
        };
        match parse(&text)? {
            None => {}
            Some(Entry::Exit) => return Ok(Next::End),
            Some(Entry::Operation(mut operation)) => {
                operation.read_dash(refuse_dash).map_err(|failure| failure.message)?;
                self.operate(operation).await.map_err(|failure| failure.message)?;
            }
        }
        Ok(Next::Line)
    }

    async fn operate(&mut self, operation: Operation) -> Result<(), Failure> {
        let exit = operation.run(&mut self.connection, None, "\n").await?;
        if matches!(operation, Operation::Get(_)) && exit == Exit::Failed && self.lines.are_typed() {
            eprintln!("no such key");
        }
        Ok(())
    }
}

/// Standard input gives the lines of the prompt, and no values.
fn refuse_dash() -> Result<Vec<u8>, Failure> {
    let message = "`-` stands for standard input, which gives the lines of this prompt: use `quorate-kv put KEY -`";
    Err(Failure::new(Exit::Usage, message))
}

/// The entry of a line; none if the line is empty, a comment, or asked for help that was given.
fn parse(text: &str) -> Result<Option<Entry>, String> {
    let words = shlex::split(text).ok_or("a quote or a backslash at the end is left open: close it")?;
    if words.is_empty() {
        return Ok(None);
    }
    match Entry::try_parse_from(words) {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if error.exit_code() == 0 => {
            let _ = error.print();
            Ok(None)
        }
        Err(error) => Err(error.render().to_string().trim().trim_start_matches("error: ").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert!(matches!(parse("put greeting 'hello world'"), Ok(Some(Entry::Operation(Operation::Put(_))))));
        assert!(matches!(parse("  # nothing"), Ok(None)));
        assert!(matches!(parse("exit"), Ok(Some(Entry::Exit))));
    }

    #[test]
    fn what_cannot_be_done_is_told() {
        assert!(parse("put 'greeting hello").unwrap_err().contains("quote"));
        assert!(parse("putt greeting hello").unwrap_err().contains("putt"));
        assert!(parse("put greeting").unwrap_err().contains("VALUE"));
    }
}
