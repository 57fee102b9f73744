use quorate::{Apply, Command, CommandError, Index, Sessions, Verdict, crc32c};
use quorate_wire::client::ReplyBody;

use crate::App;

/// The most clients that have a session at a time; a further one takes the place of the one that was silent longest.
const CLIENTS: usize = 1024;

/// A command as the application sees it.
pub(crate) type View<'a, A> = <<A as App>::Command as Command>::View<'a>;

/// All that is replicated: the application's state, and which client's command was its last.
pub(crate) struct Replica<A> {
    app: A,
    sessions: Box<Sessions<Vec<u8>, CLIENTS>>,
    applied: Index,
}

/// What came of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Opened { last: u64 },
    Done { answer: Vec<u8> },
    Outdated { last: u64 },
    Expired,
}

impl Outcome {
    /// The answer to whoever waits for the entry at this index.
    pub(crate) fn reply(&self, index: Index) -> ReplyBody<'_> {
        match *self {
            Outcome::Opened { last } => ReplyBody::Opened { last_sequence: last },
            Outcome::Done { ref answer } => ReplyBody::Done { index, answer },
            Outcome::Outdated { last } => ReplyBody::Outdated { last },
            Outcome::Expired => ReplyBody::Expired,
        }
    }
}

impl<A: App> Replica<A> {
    pub(crate) fn new(app: A) -> Self {
        Replica { app, sessions: Box::new(Sessions::new()), applied: Index(0) }
    }

    /// The last index that was applied.
    pub(crate) fn applied(&self) -> Index {
        self.applied
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
    pub(crate) fn apply<'a>(&mut self, entry: Apply<'a, View<'a, A>>) -> Result<Outcome, CommandError> {
        self.applied = entry.index();
        let Some(session) = entry.session() else {
            let answer = self.execute(entry)?;
            return Ok(Outcome::Done { answer });
        };
        Ok(match self.sessions.admit(entry.index(), session) {
            Verdict::Opened { last } => Outcome::Opened { last },
            Verdict::Fresh => {
                let answer = self.execute(entry)?;
                self.sessions.record(session, answer.clone());
                Outcome::Done { answer }
            }
            Verdict::Repeated(answer) => Outcome::Done { answer },
            Verdict::Outdated { last } => Outcome::Outdated { last },
            Verdict::Expired => Outcome::Expired,
        })
    }

    fn execute<'a>(&mut self, entry: Apply<'a, View<'a, A>>) -> Result<Vec<u8>, CommandError> {
        let command = entry.command()?;
        Ok(command.map_or_else(Vec::new, |command| self.app.apply(entry.index(), command)))
    }
}
