use std::time::Duration;

use clap::Parser;

use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::layout::Layout;
use crate::lines::{Line, Lines};
use crate::operation::Operation;
use crate::session::Session;

/// How long a line is tried: a cluster that has just started elects its leader meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A line of the prompt.
#[derive(Debug, Parser)]
#[command(
    multicall = true,
    disable_version_flag = true,
    subcommand_required = true,
    help_template = "{subcommands}"
)]
enum Entry {
    #[command(flatten)]
    Operation(Operation),
    /// Stop all nodes
    Exit,
}

/// Takes lines until the end, and does what they ask. A line that fails is told, and the next one is taken.
///
/// # Errors
/// If the system gives no socket or no random number.
pub(crate) async fn run(layout: Layout) -> Result<Exit, Failure> {
    let mut connection = Connection::new(layout, TIMEOUT).await?;
    let mut session = Session::random()?;
    let lines = Lines::start();
    let mut end = Exit::Done;
    for number in 1.. {
        let result = match lines.next().await {
            Line::Text(text) => match parse(&text) {
                Ok(Some(Entry::Operation(operation))) => operation.run(&mut connection, &mut session, None).await,
                Ok(Some(Entry::Exit)) => break,
                Ok(None) => Ok(Exit::Done),
                Err(message) => Err(Failure::new(Exit::Usage, message)),
            },
            Line::Unreadable(what) => Err(Failure::new(Exit::Usage, what)),
            Line::End => break,
        };
        if let Err(failure) = result {
            eprintln!("line {number}: {}", failure.message);
            end = Exit::Failed;
        }
    }
    Ok(end)
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
        Err(error) => Err(error
            .render()
            .to_string()
            .trim()
            .trim_start_matches("error: ")
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert!(matches!(
            parse("put greeting 'hello world'"),
            Ok(Some(Entry::Operation(Operation::Put(_))))
        ));
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
