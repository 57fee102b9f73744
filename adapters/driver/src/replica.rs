use quorate::{Apply, Index, Position, Verdict};
use quorate_wire::client::ReplyBody;

use crate::ledger::Kept;
use crate::{App, Ledger, LedgerError, View};

/// All that is replicated: the application's state, and which client's command was its last.
pub struct Replica<A: App, const CLIENTS: usize> {
    app: A,
    ledger: Ledger<A::Answer, CLIENTS>,
    applied: Position,
}

impl<A: App, const CLIENTS: usize> Replica<A, CLIENTS> {
    /// An application that has applied nothing yet, and as many clients as there is room for.
    #[inline(always)]
    pub fn of(app: A) -> Self {
        Replica::new(app, Ledger::new(), Position::default())
    }

    /// An application and a ledger as they are after the entry at this position: as they began, with
    /// [`Position::default`], or as a snapshot had them.
    pub fn new(app: A, ledger: Ledger<A::Answer, CLIENTS>, applied: Position) -> Self {
        Replica { app, ledger, applied }
    }

    /// The application, in the state that its node has applied: it may be behind that of others.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// Who has a session.
    pub fn ledger(&self) -> &Ledger<A::Answer, CLIENTS> {
        &self.ledger
    }

    /// The position of the last entry that was applied.
    pub fn applied(&self) -> Position {
        self.applied
    }

    /// Puts what a snapshot of this position holds in the place of what is here; how the application does so, the
    /// closure says.
    pub fn restore<T>(
        &mut self,
        applied: Position,
        ledger: Ledger<A::Answer, CLIENTS>,
        restore: impl FnOnce(&mut A) -> T,
    ) -> T {
        (self.ledger, self.applied) = (ledger, applied);
        restore(&mut self.app)
    }

    /// Puts a whole snapshot of this position in the place of what is here, and returns what `restore` makes of the
    /// application's own bytes. The sessions are large: nobody has them on the stack twice.
    ///
    /// # Errors
    /// As [`Ledger::split`]. Nothing has changed then.
    pub fn restore_from<T>(
        &mut self,
        applied: Position,
        snapshot: &[u8],
        restore: impl FnOnce(&mut A, &[u8]) -> T,
    ) -> Result<T, LedgerError>
    where
        A::Answer: for<'b> TryFrom<&'b [u8]>,
    {
        let (ledger, state) = Ledger::<A::Answer, CLIENTS>::parts(snapshot)?;
        self.ledger = Ledger::read(ledger)?;
        self.applied = applied;
        Ok(restore(&mut self.app, state))
    }

    /// Applies the next entry.
    ///
    /// # Errors
    /// The application's, or the entry holds no command that this program can read.
    pub fn apply<'a>(&mut self, entry: &Apply<'a, View<'a, A>>) -> Result<Outcome<A::Answer>, A::Error> {
        self.applied = entry.position();
        let Some(verdict) = self.ledger.admit(entry.entry()) else {
            return Ok(Outcome::Done { answer: self.execute(entry)? });
        };
        Ok(match verdict {
            Verdict::Opened { epoch } => Outcome::Opened { epoch },
            Verdict::Held { epoch } => Outcome::Held { epoch },
            Verdict::Fresh => {
                let answer = self.execute(entry)?;
                if let Some(answer) = answer.clone() {
                    self.ledger.record(entry.entry(), answer);
                }
                Outcome::Done { answer }
            }
            Verdict::Repeated(Kept(answer)) => Outcome::Repeated { answer },
            Verdict::Mismatch => Outcome::Mismatch,
            Verdict::Outdated { last } => Outcome::Outdated { last },
            Verdict::Expired => Outcome::Expired,
        })
    }

    fn execute<'a>(&mut self, entry: &Apply<'a, View<'a, A>>) -> Result<Option<A::Answer>, A::Error> {
        entry.command()?.map(|command| self.app.apply(entry.index(), command)).transpose()
    }

    /// Covers the sessions as well: nodes that agree on the state but not on what a retry is told have diverged.
    pub fn digest(&self) -> u64 {
        self.app.digest().rotate_left(32) ^ u64::from(self.ledger.check())
    }
}

/// What came of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It has opened a session.
    Opened {
        /// The session's epoch.
        epoch: Index,
    },
    /// Its client has a session already.
    Held {
        /// The session's epoch.
        epoch: Index,
    },
    /// Its command was done now.
    Done {
        /// The application's answer; none if it carries no command.
        answer: Option<T>,
    },
    /// Its command was done before.
    Repeated {
        /// What the application answered then.
        answer: T,
    },
    /// Another command had its sequence.
    Mismatch,
    /// Its session has gone on to a later command.
    Outdated {
        /// The sequence of the session's latest command.
        last: u64,
    },
    /// Its session is over, or never was.
    Expired,
}

impl<T: AsRef<[u8]>> Outcome<T> {
    /// The answer to whoever waits for the entry at this index.
    pub(crate) fn reply(&self, index: Index) -> ReplyBody<'_> {
        match self {
            Outcome::Opened { epoch } => ReplyBody::Opened { epoch: *epoch },
            Outcome::Held { epoch } => ReplyBody::Held { epoch: *epoch },
            Outcome::Done { answer } => {
                ReplyBody::Done { index, answer: answer.as_ref().map_or(&[], |answer| answer.as_ref()) }
            }
            Outcome::Repeated { answer } => ReplyBody::Done { index, answer: answer.as_ref() },
            Outcome::Mismatch => ReplyBody::Mismatch,
            Outcome::Outdated { last } => ReplyBody::Outdated { last: *last },
            Outcome::Expired => ReplyBody::Expired,
        }
    }
}
