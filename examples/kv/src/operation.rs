use std::convert::Infallible;
use std::io::{Write, stdout};
use std::str::FromStr;

use clap::{Args, Subcommand};

use crate::command::{Answer, Command};
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::request::RequestError;
use crate::session::Session;
use crate::status::{self, Status};

/// What a user asks of the store, at a prompt or by a command of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Operation {
    /// Set a key
    Put(Put),
    /// Print a key's value; a missing key prints nothing and ends with 1
    Get(Get),
    /// Remove a key, and print how many there were: 0 or 1
    Del(Del),
    /// Set a key if it has an expected value, and print OK or CONFLICT (ends with 4)
    Cas(Cas),
    /// Add to the end of a key's value, and print its new length in bytes
    Append(Append),
    /// Show how each node is; works without a leader
    Status(Status),
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    key: String,
    /// At most 1,000 bytes
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: Value,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    key: String,
    /// Ask whichever node answers first, which may lag behind; works without a leader
    #[arg(long)]
    stale: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Del {
    key: String,
}

#[derive(Debug, Args)]
pub(crate) struct Cas {
    key: String,
    /// The value that is expected
    #[arg(allow_hyphen_values = true)]
    old: Value,
    /// The value to set
    #[arg(allow_hyphen_values = true)]
    new: Value,
}

#[derive(Debug, Args)]
pub(crate) struct Append {
    key: String,
    /// At most 1,000 bytes together with what is there
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: Value,
}

/// A value as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value(pub(crate) Vec<u8>);

impl FromStr for Value {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Value, Infallible> {
        Ok(Value(text.as_bytes().to_vec()))
    }
}

impl Operation {
    /// Does it, and prints what it came to. A write repeats that of `session`, or gets a session of its own.
    pub(crate) async fn run(&self, connection: &mut Connection, session: Option<Session>) -> Result<Exit, Failure> {
        let command = match self {
            Operation::Get(get) => return get.run(connection).await,
            Operation::Status(args) => return status::run(args, connection).await,
            Operation::Put(Put { key, value: Value(value) }) => Command::Put { key, value },
            Operation::Append(Append { key, value: Value(value) }) => Command::Append { key, value },
            Operation::Del(Del { key }) => Command::Delete { key },
            Operation::Cas(Cas { key, old, new }) => Command::Cas { key, from: Some(&old.0), to: &new.0 },
        };
        let answer = write(command, connection, session).await?;
        print(answer)
    }
}

impl Get {
    async fn run(&self, connection: &mut Connection) -> Result<Exit, Failure> {
        let value = match self.stale {
            true => connection.get_stale(&self.key).await?,
            false => connection.get(&self.key).await?,
        };
        let Some(value) = value else {
            return Ok(Exit::Failed);
        };
        let mut out = stdout().lock();
        out.write_all(&value)?;
        out.write_all(b"\n")?;
        Ok(Exit::Done)
    }
}

async fn write(command: Command<'_>, connection: &mut Connection, named: Option<Session>) -> Result<Answer, Failure> {
    let bytes = command.encode().map_err(RequestError::TooLarge)?;
    let session = match named {
        Some(session) => session,
        None => connection.next_session().await?,
    };
    let result = connection.write(session, &bytes).await;
    result.map_err(|error| match error.leaves_unknown(named.is_some()) {
        true => unknown(&error, session),
        false => error.into(),
    })
}

fn unknown(error: &RequestError, session: Session) -> Failure {
    let retry = format!("The same command with --session {session} is not done twice");
    Failure::new(Exit::Unreachable, format_args!("{error}\n{retry}"))
}

fn print(answer: Answer) -> Result<Exit, Failure> {
    let (line, exit) = match answer {
        Answer::Put { .. } => ("OK".to_owned(), Exit::Done),
        Answer::Deleted { existed } => (u8::from(existed).to_string(), Exit::Done),
        Answer::Appended { length } => (length.to_string(), Exit::Done),
        Answer::Compared { swapped: true } => ("OK".to_owned(), Exit::Done),
        Answer::Compared { swapped: false } => ("CONFLICT".to_owned(), Exit::Conflict),
        Answer::TooLong => return Err(RequestError::TooLong.into()),
    };
    writeln!(stdout(), "{line}")?;
    Ok(exit)
}
