use std::cell::Cell;
use std::hash::Hasher;
use std::rc::Rc;
use std::time::SystemTime;

use quorate::Session as Request;
use quorate_smol::ClientError;
use siphasher::sip::SipHasher13;

use crate::command::Answer;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::request::RequestError;

/// The largest sequence that may be named: later ones must still have numbers.
pub(crate) const SEQUENCE_MAX: u64 = u64::MAX >> 2;

/// A client's session: what makes its writes exactly-once.
///
/// A sequence is never used for two commands, not even by two processes one after the other: a new process goes on at
/// the clock's microseconds, far above what its predecessor may still have on the way.
pub(crate) struct Session {
    name: String,
    number: u64,
    is_open: bool,
    /// The highest sequence that is known to be taken.
    highest: u64,
    /// Sequences below are from before the session was opened anew: the nodes have forgotten what became of them, and
    /// would do them once more.
    floor: u64,
    /// The sequence of the write that was sent and has no answer yet, for whoever ends the process meanwhile.
    under_way: Rc<Cell<Option<u64>>>,
}

impl Session {
    /// The session of this name. Whoever uses it must be the only one at a time.
    pub(crate) fn named(name: &str) -> Session {
        Session {
            name: name.to_owned(),
            number: number(name),
            is_open: false,
            highest: 0,
            floor: 0,
            under_way: Rc::default(),
        }
    }

    /// A session that nobody else has.
    ///
    /// # Errors
    /// If the system gives no random number.
    pub(crate) fn random() -> Result<Session, Failure> {
        let random = getrandom::u64()
            .map_err(|error| Failure::new(Exit::Failed, format_args!("the system gives no random number: {error}")))?;
        Ok(Session::named(&format!("{random:016x}")))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What to tell if this process is interrupted: how to repeat the write under way, or `nothing`.
    pub(crate) fn interruption(&self, nothing: &'static str) -> impl FnOnce() -> String + use<> {
        let (name, under_way) = (self.name.clone(), Rc::clone(&self.under_way));
        move || match under_way.get() {
            Some(sequence) => {
                let retry = repetition(&name, sequence);
                format!("interrupted: the write under way may have been done, or be done yet\n{retry}")
            }
            None => nothing.to_owned(),
        }
    }

    /// How a write of unknown outcome can be repeated.
    pub(crate) fn repetition(&self, sequence: u64) -> String {
        repetition(&self.name, sequence)
    }

    /// A sequence that no command has. Opens the session if that is still to be done.
    pub(crate) async fn next(&mut self, connection: &mut Connection) -> Result<u64, RequestError> {
        if !self.is_open {
            let last = connection.open(self.number).await?;
            self.highest = self.highest.max(last).max(clock());
            self.floor = if last == 0 { self.highest + 1 } else { 0 };
            self.is_open = true;
        }
        Ok(self.highest + 1)
    }

    /// Sends a command under a sequence, be it the next one or one of before.
    pub(crate) async fn send(
        &mut self,
        connection: &mut Connection,
        sequence: u64,
        command: &[u8],
    ) -> Result<Answer, RequestError> {
        if sequence < self.floor {
            return Err(RequestError::Forgotten { sequence });
        }
        self.highest = self.highest.max(sequence);
        let client = self.number;
        self.under_way.set(Some(sequence));
        let result = connection.write(Request { client, sequence }, command).await;
        self.under_way.set(None);
        match &result {
            Err(RequestError::Client(ClientError::Expired)) => self.is_open = false,
            Err(RequestError::Client(ClientError::Outdated { last })) => self.highest = self.highest.max(*last),
            _ => {}
        }
        result
    }
}

fn repetition(name: &str, sequence: u64) -> String {
    format!("The same command with --client {name} --sequence {sequence} is not done twice")
}

/// The number of a client's name: SipHash 1-3 of its bytes under the key zero.
fn number(name: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// Microseconds since 1970; zero if the clock stands before.
fn clock() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_same_number_everywhere() {
        assert_eq!(number("payments-1"), 8_175_576_153_372_476_665);
        assert_ne!(number("payments-1"), number("payments-2"));
    }
}
