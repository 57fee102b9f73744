mod answer;
mod request;

use std::collections::HashMap;
use std::io::{self, Write, stdout};

use serde_json::Value;
use smol::Unblock;
use smol::io::{AsyncBufReadExt, BufReader};

use self::answer::Answer;
use self::request::{Ask, Request};
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::request::RequestError;
use crate::session::Session;

/// Takes a request a line from standard input, and answers each with a line on standard output, until the input ends.
///
/// # Errors
/// If standard input or output fails.
pub(crate) async fn run(connection: Connection) -> Result<Exit, Failure> {
    let mut pipe = Pipe { connection, unknown: HashMap::new(), is_waiting: false };
    let mut input = BufReader::new(Unblock::new(std::io::stdin()));
    for number in 1_u64.. {
        let mut line = Vec::new();
        let read = input.read_until(b'\n', &mut line).await;
        let read =
            read.map_err(|error| Failure::new(Exit::Failed, format_args!("cannot read standard input: {error}")))?;
        if read == 0 {
            break;
        }
        let answer = pipe.answer(&line, number).await.to_json();
        writeln!(stdout(), "{answer}").map_err(|error| unprinted(number, &answer, &error))?;
    }
    Ok(Exit::Done)
}

/// The answer is told in another way: what it says was done is done.
fn unprinted(number: u64, answer: &str, error: &io::Error) -> Failure {
    let message = format!(
        "the answer to line {number} cannot be written to standard output: {error}. It is {answer}. No further line was \
         read"
    );
    Failure::new(Exit::Unprinted, message)
}

struct Pipe {
    connection: Connection,
    /// By the id of their request, the writes whose outcome is unknown.
    unknown: HashMap<String, Attempt>,
    /// Whether the last request that was sent waited in vain for the cluster.
    is_waiting: bool,
}

/// What a request was sent as.
struct Attempt {
    session: Session,
    command: Vec<u8>,
}

impl Pipe {
    async fn answer(&mut self, line: &[u8], number: u64) -> Answer {
        let (id, request) = request::parse(line);
        let Request { session, ask } = match request {
            Ok(request) => request,
            Err(what) => return Answer::fail(id, format!("line {number}: {what}")),
        };
        match ask {
            Ask::Get { key } => self.get(id, &key).await,
            Ask::Session => match self.next_session().await {
                Ok(session) => Answer::session(id, session),
                Err(error) => Answer::fail(id, error),
            },
            Ask::Write(write) => match write.command().encode() {
                Ok(command) => self.write(id, session, command).await,
                Err(what) => Answer::fail(id, format!("line {number}: {what}")),
            },
        }
    }

    /// Says once when the cluster goes away: from then on each line takes its whole time, and long input seems to hang.
    fn note<T>(&mut self, result: &Result<T, RequestError>) {
        let was_waiting = std::mem::replace(&mut self.is_waiting, result.as_ref().is_err_and(RequestError::is_silence));
        if let Err(error) = result
            && self.is_waiting
            && !was_waiting
        {
            let waits = self.connection.timeout().as_millis();
            eprintln!("{error}. Each line that follows is tried as well, for up to {waits} ms: Ctrl-C ends this");
        }
    }

    async fn get(&mut self, id: Value, key: &str) -> Answer {
        let result = self.connection.get(key, false).await;
        self.note(&result);
        match result {
            Ok(None) => Answer::value(id, None),
            Ok(Some(bytes)) => match String::from_utf8(bytes) {
                Ok(text) => Answer::value(id, Some(text)),
                Err(_) => Answer::fail(id, "the value is not UTF-8 text: read it with `quorate-kv get`"),
            },
            Err(error) => Answer::fail(id, error),
        }
    }

    async fn next_session(&mut self) -> Result<Session, RequestError> {
        let result = self.connection.next_session().await;
        self.note(&result);
        result
    }

    async fn write(&mut self, id: Value, named: Option<Session>, command: Vec<u8>) -> Answer {
        let earlier = self.unknown.get(&id.to_string());
        if earlier.is_some_and(|earlier| earlier.command != command) {
            let what = "the request of this id whose outcome is unknown was another one: give this one a new id";
            return Answer::fail(id, what);
        }
        let again = named.or(earlier.map(|earlier| earlier.session));
        let session = match again {
            Some(session) => session,
            None => match self.next_session().await {
                Ok(session) => session,
                Err(error) => return Answer::fail(id, error),
            },
        };
        let result = self.connection.write(session, &command).await;
        self.note(&result);
        self.conclude(id, Attempt { session, command }, result, again.is_some())
    }

    fn conclude(
        &mut self,
        id: Value,
        attempt: Attempt,
        result: Result<crate::command::Answer, RequestError>,
        is_retry: bool,
    ) -> Answer {
        let session = attempt.session;
        let answer = match result {
            Err(error) if error.leaves_unknown(is_retry) => {
                self.unknown.insert(id.to_string(), attempt);
                return Answer::unknown(id, error).of(session);
            }
            Err(error) => Answer::fail(id.clone(), error),
            Ok(answer) => Answer::done(id.clone(), answer),
        };
        self.unknown.remove(&id.to_string());
        answer.of(session)
    }
}
