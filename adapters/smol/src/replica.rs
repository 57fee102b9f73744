use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate::{Apply, Command, Index, Position, Sessions, Verdict, crc32c};
use quorate_wire::client::ReplyBody;

use crate::{App, ServeError};

/// For how many clients' sessions there is room.
pub(crate) const CLIENTS: usize = 1024;

/// A state as it was, to be written.
pub(crate) type Frozen = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// Makes a state of what was written.
pub(crate) type Thaw<A> = Box<dyn FnOnce(&mut dyn Read) -> io::Result<State<A>> + Send>;

/// What a snapshot holds.
pub(crate) struct State<A> {
    sessions: Box<Sessions<Vec<u8>, CLIENTS>>,
    app: A,
}

/// The version of the bytes that stand before the application's own in a snapshot.
const VERSION: u32 = 1;

/// A command as the application sees it.
pub(crate) type View<'a, A> = <<A as App>::Command as Command>::View<'a>;

/// All that is replicated: the application's state, and which client's command was its last.
pub(crate) struct Replica<A> {
    app: A,
    sessions: Box<Sessions<Vec<u8>, CLIENTS>>,
    applied: Position,
}

/// What came of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Opened { epoch: Index },
    Held { epoch: Index },
    Done { answer: Vec<u8> },
    Mismatch,
    Outdated { last: u64 },
    Expired,
}

impl Outcome {
    /// The answer to whoever waits for the entry at this index.
    pub(crate) fn reply(&self, index: Index) -> ReplyBody<'_> {
        match *self {
            Outcome::Opened { epoch } => ReplyBody::Opened { epoch },
            Outcome::Held { epoch } => ReplyBody::Held { epoch },
            Outcome::Done { ref answer } => ReplyBody::Done { index, answer },
            Outcome::Mismatch => ReplyBody::Mismatch,
            Outcome::Outdated { last } => ReplyBody::Outdated { last },
            Outcome::Expired => ReplyBody::Expired,
        }
    }
}

impl<A: App> Replica<A> {
    /// Nothing is applied yet. At most so many clients have a session at a time.
    ///
    /// # Errors
    /// There is not room for as many, or it is nobody.
    pub(crate) fn new(app: A, clients: usize) -> Result<Self, ServeError> {
        let sessions = Sessions::for_clients(clients).ok_or(ServeError::Clients { wanted: clients })?;
        Ok(Replica { app, sessions: Box::new(sessions), applied: Position::default() })
    }

    /// The position of the last entry that was applied.
    pub(crate) fn applied(&self) -> Position {
        self.applied
    }

    /// All of it as it is now, ready to be written on another thread.
    pub(crate) fn snapshot(&self) -> Frozen {
        let (sessions, app) = (self.sessions.clone(), self.app.snapshot());
        Box::new(move |out| {
            let sessions = postcard::to_allocvec(&*sessions).map_err(io::Error::other)?;
            out.write_all(&VERSION.to_le_bytes())?;
            out.write_all(&(sessions.len() as u64).to_le_bytes())?;
            out.write_all(&sessions)?;
            app(out)
        })
    }

    /// What makes a state of what was written of one, on another thread.
    pub(crate) fn thaw(&self) -> Thaw<A> {
        let restore = self.app.restore();
        Box::new(|from| State::read(restore, from))
    }

    /// Puts a state that was written at this position in the place of this one, and returns what was here.
    pub(crate) fn replace(&mut self, position: Position, state: State<A>) -> Replica<A> {
        let State { sessions, app } = state;
        std::mem::replace(self, Replica { app, sessions, applied: position })
    }

    pub(crate) fn query(&self, query: &[u8]) -> Vec<u8> {
        self.app.query(query)
    }

    /// Covers the sessions as well: nodes that agree on the state but not on what a retry is told have diverged.
    pub(crate) fn digest(&self) -> u64 {
        let sessions = postcard::to_allocvec(&*self.sessions).map_or(0, |bytes| crc32c(&bytes));
        self.app.digest().rotate_left(32) ^ u64::from(sessions)
    }

    /// Applies the next entry.
    pub(crate) fn apply<'a>(&mut self, entry: &Apply<'a, View<'a, A>>) -> Result<Outcome, ServeError> {
        self.applied = entry.position();
        let Some(verdict) = self.sessions.admit(entry.entry()) else {
            let answer = self.execute(entry)?;
            return Ok(Outcome::Done { answer });
        };
        Ok(match verdict {
            Verdict::Opened { epoch } => Outcome::Opened { epoch },
            Verdict::Held { epoch } => Outcome::Held { epoch },
            Verdict::Fresh => {
                let answer = self.execute(entry)?;
                self.sessions.record(entry.entry(), answer.clone());
                Outcome::Done { answer }
            }
            Verdict::Repeated(answer) => Outcome::Done { answer },
            Verdict::Mismatch => Outcome::Mismatch,
            Verdict::Outdated { last } => Outcome::Outdated { last },
            Verdict::Expired => Outcome::Expired,
        })
    }

    /// A panic of the application ends the node with word of where it came from. The state is not used again.
    fn execute<'a>(&mut self, entry: &Apply<'a, View<'a, A>>) -> Result<Vec<u8>, ServeError> {
        let Some(command) = entry.command()? else { return Ok(Vec::new()) };
        let index = entry.index();
        catch_unwind(AssertUnwindSafe(|| self.app.apply(index, command))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            ServeError::Apply { index, message: text.unwrap_or("it did not say why").to_owned() }
        })
    }
}

/// Reads the state in a node's snapshot, as a node does that starts from it, and counts the clients that have a session
/// there.
///
/// # Errors
/// The bytes cannot be read, or this program or its application cannot make anything of them.
pub fn restore<A: App>(app: &A, snapshot: &mut dyn Read) -> io::Result<(A, usize)> {
    let State { sessions, app } = State::read(app.restore(), snapshot)?;
    Ok((app, sessions.len()))
}

impl<A> State<A> {
    /// Reads what was written: what is the library's own, then the application's.
    fn read(restore: impl FnOnce(&mut dyn Read) -> io::Result<A>, from: &mut dyn Read) -> io::Result<State<A>> {
        let sessions = Box::new(read_sessions(from)?);
        Ok(State { sessions, app: restore(from)? })
    }
}

/// Reads what stands before the application's own bytes.
fn read_sessions(from: &mut dyn Read) -> io::Result<Sessions<Vec<u8>, CLIENTS>> {
    let (mut version, mut length) = ([0; 4], [0; 8]);
    from.read_exact(&mut version)?;
    from.read_exact(&mut length)?;
    let (version, length) = (u32::from_le_bytes(version), u64::from_le_bytes(length));
    if version != VERSION {
        let what = format!("it is of version {version}, and this program reads version {VERSION}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let mut sessions = Vec::new();
    from.take(length).read_to_end(&mut sessions)?;
    postcard::from_bytes(&sessions)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its sessions cannot be read"))
}

#[cfg(test)]
mod tests {
    use quorate::{Boot, Charter, Config, Effect, Founding, Input, Instant, Members, Seat, Seats};

    use super::*;

    struct Brittle;

    impl App for Brittle {
        type Command = u32;

        fn apply(&mut self, _: Index, command: u32) -> Vec<u8> {
            panic!("{command} cannot be done")
        }

        fn query(&self, _: &[u8]) -> Vec<u8> {
            Vec::new()
        }

        fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
            |_| Ok(())
        }

        fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Brittle> + Send + 'static {
            |_| Ok(Brittle)
        }

        fn digest(&self) -> u64 {
            0
        }
    }

    #[test]
    fn a_panic_of_the_application_is_an_error_that_names_the_command() {
        let charter = Charter { founding: Founding(1), members: Members::of(Seats::first(1)), log_bytes_least: 256 };
        let boot = Boot::<u32, _, 1>::found(Config::new(Seat(0), 1), &charter, [0; 256]).expect("it is sound");
        let mut node = boot.start(Instant::START).expect("it has nothing");
        let mut replica = Replica::new(Brittle, 1).expect("room for one client");
        let (now, mut failed) = (node.deadline().expect("it campaigns"), None);
        let command = Input::ClientCommand { session: None, command: Some(7) };
        let mut inputs = vec![command, Input::Tick];
        while let Some(input) = inputs.pop() {
            for effect in node.step(now, input) {
                match effect {
                    Effect::Persist(write) => inputs.push(Input::Persisted(write.ticket)),
                    Effect::Apply(entry) => failed = replica.apply(&entry).err(),
                    _ => {}
                }
            }
        }
        let Some(ServeError::Apply { index: Index(1), message }) = failed else { panic!("{failed:?}") };
        assert_eq!(message, "7 cannot be done");
    }
}
