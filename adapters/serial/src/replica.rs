use quorate::{Apply, Command, CommandError, Index, Position, Sessions, Verdict, crc32c};
use quorate_wire::client::ReplyBody;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::App;
use crate::pace::varint;

/// A command as the application sees it.
pub(crate) type View<'a, A> = <<A as App>::Command as Command>::View<'a>;

/// All that is replicated: the application's state, and which client's command was its last.
pub(crate) struct Replica<A: App, const CLIENTS: usize> {
    pub(crate) app: A,
    sessions: Sessions<Kept<A::Answer>, CLIENTS>,
    applied: Position,
}

/// What came of an entry.
pub(crate) enum Outcome<T> {
    Opened { epoch: Index },
    Held { epoch: Index },
    Done { answer: Option<T> },
    Mismatch,
    Outdated { last: u64 },
    Expired,
}

impl<T: AsRef<[u8]>> Outcome<T> {
    /// The answer to whoever waits for the entry at this index.
    pub(crate) fn reply(&self, index: Index) -> ReplyBody<'_> {
        match *self {
            Outcome::Opened { epoch } => ReplyBody::Opened { epoch },
            Outcome::Held { epoch } => ReplyBody::Held { epoch },
            Outcome::Done { ref answer } => {
                ReplyBody::Done { index, answer: answer.as_ref().map_or(&[], |answer| answer.as_ref()) }
            }
            Outcome::Mismatch => ReplyBody::Mismatch,
            Outcome::Outdated { last } => ReplyBody::Outdated { last },
            Outcome::Expired => ReplyBody::Expired,
        }
    }
}

impl<A: App, const CLIENTS: usize> Replica<A, CLIENTS> {
    /// The most bytes of a snapshot.
    pub(crate) const SNAPSHOT_BYTES_MAX: usize = {
        let answer = A::ANSWER_BYTES_MAX + varint(A::ANSWER_BYTES_MAX as u64);
        FRONT + Sessions::<Kept<A::Answer>, CLIENTS>::snapshot_bytes_max(answer) + A::STATE_BYTES_MAX
    };

    pub(crate) fn new(app: A) -> Self {
        Replica { app, sessions: Sessions::new(), applied: Position::default() }
    }

    /// The position of the last entry that was applied.
    pub(crate) fn applied(&self) -> Position {
        self.applied
    }

    /// The epoch of a client's session.
    pub(crate) fn epoch(&self, client: u64) -> Option<Index> {
        self.sessions.epoch(client)
    }

    /// Applies the next entry.
    pub(crate) fn apply<'a>(&mut self, entry: &Apply<'a, View<'a, A>>) -> Result<Outcome<A::Answer>, CommandError> {
        self.applied = entry.position();
        let Some(verdict) = self.sessions.admit(entry.entry()) else {
            return Ok(Outcome::Done { answer: self.execute(entry)? });
        };
        Ok(match verdict {
            Verdict::Opened { epoch } => Outcome::Opened { epoch },
            Verdict::Held { epoch } => Outcome::Held { epoch },
            Verdict::Fresh => {
                let answer = self.execute(entry)?;
                if let Some(answer) = answer.clone() {
                    self.sessions.record(entry.entry(), Kept(answer));
                }
                Outcome::Done { answer }
            }
            Verdict::Mismatch => Outcome::Mismatch,
            Verdict::Repeated(Kept(answer)) => Outcome::Done { answer: Some(answer) },
            Verdict::Outdated { last } => Outcome::Outdated { last },
            Verdict::Expired => Outcome::Expired,
        })
    }

    fn execute<'a>(&mut self, entry: &Apply<'a, View<'a, A>>) -> Result<Option<A::Answer>, CommandError> {
        Ok(entry.command()?.map(|command| self.app.apply(entry.index(), command)))
    }

    /// Writes all of it to the front of `buffer`, in the form that `quorate-smol` uses as well; `None` if it does not
    /// fit.
    pub(crate) fn snapshot<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let (front, rest) = buffer.split_first_chunk_mut::<FRONT>()?;
        let sessions = postcard::to_slice(&self.sessions, rest).ok()?.len();
        let bytes = VERSION.to_le_bytes().into_iter().chain((sessions as u64).to_le_bytes());
        front.iter_mut().zip(bytes).for_each(|(room, byte)| *room = byte);
        let state = self.app.snapshot(rest.get_mut(sessions..)?)?;
        buffer.get(..FRONT + sessions + state)
    }

    /// Puts what was written at this position in the place of all that is here, and says whether that is possible.
    pub(crate) fn restore(&mut self, position: Position, snapshot: &[u8]) -> bool {
        let Some((sessions, state)) = split(snapshot) else { return false };
        let Ok(sessions) = postcard::from_bytes(sessions) else { return false };
        self.sessions = sessions;
        self.applied = position;
        self.app.restore(state)
    }

    /// Answers a question of the application, into the front of `buffer`.
    pub(crate) fn query<'b>(&self, query: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let length = self.app.query(query, buffer)?;
        buffer.get(..length)
    }

    /// Covers the sessions as well: nodes that agree on the state but not on what a retry is told have diverged.
    pub(crate) fn digest(&self, buffer: &mut [u8]) -> u64 {
        let sessions = postcard::to_slice(&self.sessions, buffer).map_or(0, |bytes| crc32c(bytes));
        self.app.digest().rotate_left(32) ^ u64::from(sessions)
    }
}

/// The sessions, and the application's own bytes.
fn split(snapshot: &[u8]) -> Option<(&[u8], &[u8])> {
    let (version, rest) = snapshot.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    if u32::from_le_bytes(*version) != VERSION {
        return None;
    }
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// The version of the bytes that stand before the application's own in a snapshot.
const VERSION: u32 = 1;

/// The version, and the length of the sessions.
const FRONT: usize = 12;

/// An answer that is kept for a client's retries: in a snapshot, its bytes.
#[derive(Clone)]
struct Kept<T>(T);

impl<T: AsRef<[u8]>> Serialize for Kept<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_ref())
    }
}

impl<'de, T: TryFrom<&'de [u8]>> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&'de [u8]>::deserialize(deserializer)?;
        T::try_from(bytes).map(Kept).map_err(|_| D::Error::custom("another application's answer"))
    }
}
