use std::convert::Infallible;
use std::io::{self, Write, stdout};
use std::str::FromStr;

use clap::{Args, Subcommand};
use quorate_smol::ClientError;

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
    /// Set a key if it has an expected value, or is missing, and print OK or CONFLICT (ends with 4)
    #[command(override_usage = CAS_USAGE)]
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
    value: Value,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    key: String,
    /// Ask whichever node answers first, which may lag behind; works without a leader
    #[arg(long)]
    stale: bool,
    /// Spare the leader the round trip to a majority, if it has a lease: as good, as long as clocks keep time to 5 %
    #[arg(long, conflicts_with = "stale")]
    lease: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Del {
    key: String,
}

#[derive(Debug, Args)]
pub(crate) struct Cas {
    key: String,
    /// The value that is expected; with --missing, the value to set
    #[arg(allow_hyphen_values = true, value_name = "OLD")]
    first: Value,
    /// The value to set
    #[arg(allow_hyphen_values = true, value_name = "NEW", required_unless_present = "missing")]
    second: Option<Value>,
    /// Expect that the key has no value
    #[arg(long, conflicts_with = "second")]
    missing: bool,
}

/// How `cas` is used: clap itself does not tell the two ways apart.
pub(crate) const CAS_USAGE: &str = "cas [OPTIONS] <KEY> <OLD> <NEW>\n       cas [OPTIONS] --missing <KEY> <NEW>";

impl Cas {
    fn command(&self) -> Command<'_> {
        let Cas { key, first: Value(first), .. } = self;
        match &self.second {
            Some(Value(second)) => Command::Cas { key, from: Some(first), to: second },
            None => Command::Cas { key, from: None, to: first },
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Append {
    key: String,
    /// At most 1,000 bytes together with what is there
    #[arg(allow_hyphen_values = true)]
    value: Value,
}

/// A value as it is typed; `-` stands for standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value(Vec<u8>);

impl FromStr for Value {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Value, Infallible> {
        Ok(Value(text.as_bytes().to_vec()))
    }
}

impl Operation {
    /// Puts what `input` gives in the place of the value `-`.
    ///
    /// # Errors
    /// There are two of them, or what `input` returns.
    pub(crate) fn read_dash(&mut self, input: impl FnOnce() -> Result<Vec<u8>, Failure>) -> Result<(), Failure> {
        let mut dashes = self.values().filter(|value| value.0 == b"-");
        let Some(value) = dashes.next() else { return Ok(()) };
        if dashes.next().is_some() {
            return Err(Failure::new(Exit::Usage, "`-` stands for standard input, which gives one value, not two"));
        }
        value.0 = input()?;
        Ok(())
    }

    fn values(&mut self) -> impl Iterator<Item = &mut Value> {
        let [first, second] = match self {
            Operation::Put(Put { value, .. }) | Operation::Append(Append { value, .. }) => [Some(value), None],
            Operation::Cas(Cas { first, second, .. }) => [Some(first), second.as_mut()],
            Operation::Get(_) | Operation::Del(_) | Operation::Status(_) => [None, None],
        };
        first.into_iter().chain(second)
    }

    /// Does it, and prints what it came to: behind a value, `ending`. A write repeats that of `session`, or gets a
    /// session of its own.
    pub(crate) async fn run(
        &self,
        connection: &mut Connection,
        session: Option<Session>,
        ending: &str,
    ) -> Result<Exit, Failure> {
        let command = match self {
            Operation::Get(get) => return get.run(connection, ending).await,
            Operation::Status(args) => return status::run(args, connection).await,
            Operation::Put(Put { key, value: Value(value) }) => Command::Put { key, value },
            Operation::Append(Append { key, value: Value(value) }) => Command::Append { key, value },
            Operation::Del(Del { key }) => Command::Delete { key },
            Operation::Cas(cas) => cas.command(),
        };
        let answer = write(command, connection, session).await?;
        print(answer)
    }
}

impl Get {
    async fn run(&self, connection: &mut Connection, ending: &str) -> Result<Exit, Failure> {
        let value = match self.stale {
            true => connection.get_stale(&self.key).await?,
            false => connection.get(&self.key, self.lease).await?,
        };
        let Some(value) = value else {
            return Ok(Exit::Failed);
        };
        let mut out = stdout().lock();
        out.write_all(&value)?;
        out.write_all(ending.as_bytes())?;
        out.flush()?;
        if self.lease && !connection.has_leases().await {
            eprintln!("a majority was asked: leases are off in this cluster, see `quorate-kv features`");
        }
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
    result.map_err(|error| match error {
        error if error.leaves_unknown(named.is_some()) => unknown(&error, session),
        RequestError::Client(error @ (ClientError::NoLeader { .. } | ClientError::Unreachable { .. })) => {
            RequestError::Undone(error).into()
        }
        error => error.into(),
    })
}

fn unknown(error: &RequestError, session: Session) -> Failure {
    match error.can_be_repeated() {
        true => Failure::new(Exit::Unreachable, format_args!("{error}\n{}", session.repetition())),
        false => Failure::new(Exit::Unreachable, error),
    }
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
    match writeln!(stdout(), "{line}") {
        Ok(()) => Ok(exit),
        Err(error) => Err(unprinted(&line, exit, &error)),
    }
}

/// The answer is told in another way, and that it stands.
fn unprinted(line: &str, exit: Exit, error: &io::Error) -> Failure {
    let (exit, fate) = match exit {
        Exit::Conflict => (Exit::Conflict, "nothing was changed"),
        _ => (Exit::Unprinted, "done"),
    };
    Failure::new(exit, format_args!("{fate}, but the answer {line} cannot be written to standard output: {error}"))
}
