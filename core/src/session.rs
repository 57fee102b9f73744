use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{Entry, Index, crc32c};

/// Makes commands exactly-once: remembers of each client which command was its last, and what was answered (section 6.3
/// of the thesis).
///
/// It is part of the app's replicated state: every node asks it about every entry, in order, and so all agree. It has
/// room for `CLIENTS` clients, or admits fewer; a further one takes the place of another: of one that has had no
/// command done in its session, if there is such a one, and of these of the one that was silent longest. A client that
/// lost its place is told [`Verdict::Expired`], never that its command succeeded. How many are admitted is part of the
/// state: all nodes must begin with the same number, however much room each has.
///
/// A session is a client and an *epoch*: the index of the entry that opened it. No two sessions have the same, whatever
/// numbers clients send. So a late copy of a command is never taken for one of a later session: it names an epoch that
/// is over. Copies of an Open may be late as well. One that finds a session of its client open changes nothing, unless
/// it names that very session, which then makes way for a new one: so it was wanted, and no copy finds it again. One
/// that finds none opens a session that nobody uses, and that loses its place before any other. The asker of the entry
/// that opened a session is told so, and nobody else; who hears [`Verdict::Held`] may not use that session, for another
/// process may, and opens one in its place by naming it. So no two processes share a session, even if they have the
/// same number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(deserialize = "A: Deserialize<'de>"))]
pub struct Sessions<A, const CLIENTS: usize> {
    /// The most clients at a time.
    limit: Limit<CLIENTS>,
    /// In the order of their numbers.
    clients: Vec<Client<A>, CLIENTS>,
}

/// A number of clients for which there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32")]
struct Limit<const CLIENTS: usize>(u32);

impl<const CLIENTS: usize> TryFrom<u32> for Limit<CLIENTS> {
    type Error = &'static str;

    fn try_from(clients: u32) -> Result<Self, Self::Error> {
        match usize::try_from(clients) {
            Ok(1..) if clients as usize <= CLIENTS => Ok(Limit(clients)),
            _ => Err("a session table for more clients than there is room for here"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Client<A> {
    number: u64,
    epoch: Index,
    /// The index of the last entry that named the epoch, or began it.
    used: Index,
    /// The sequence of the last command, zero before the first.
    sequence: u64,
    last: Option<Last<A>>,
}

/// What is known of a command that was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Last<A> {
    /// Of the command's bytes, as they stand in the entry. All four bytes are written: a varint would take five.
    check: [u8; 4],
    answer: A,
}

/// What to do with an entry of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict<A> {
    /// The entry has opened a session, and only who asked for this very entry may use it. Its first command has
    /// sequence 1 or more.
    Opened {
        /// The session's epoch: the entry's own index.
        epoch: Index,
    },
    /// The client has a session already, and it may be another process's: nothing was changed. To take its place, open
    /// one that names it.
    Held {
        /// The session's epoch.
        epoch: Index,
    },
    /// Do the command, then [`record`](Sessions::record) its answer.
    Fresh,
    /// The command was done before, with this answer. Do not do it again.
    Repeated(A),
    /// The sequence was another command's, which was done: do nothing. This command never was done under the sequence,
    /// and never will be.
    Mismatch,
    /// The client has gone on to a later command: do nothing. Whether this one was ever done is not known any more.
    Outdated {
        /// The last sequence.
        last: u64,
    },
    /// The session was never opened, or lost its place, or a later one of the client took it: do nothing. Whether the
    /// command was done before is not known any more.
    Expired,
}

impl<A: Clone, const CLIENTS: usize> Sessions<A, CLIENTS> {
    /// No client yet, and as many admitted as there is room for.
    pub const fn new() -> Self {
        const { assert!(CLIENTS > 0, "a session table has room for at least one client") };
        const { assert!(CLIENTS <= u32::MAX as usize, "a session table has at most 2^32 - 1 clients") };
        Sessions { limit: Limit(CLIENTS as u32), clients: Vec::new() }
    }

    /// No client yet, and only so many admitted: as many as on the node that has the least room. `None` if there is not
    /// room for as many, or if that is nobody.
    pub fn for_clients(limit: usize) -> Option<Self> {
        let limit = u32::try_from(limit).ok()?.try_into().ok()?;
        Some(Sessions { limit, ..Self::new() })
    }

    /// Looks at the next entry; `None` if it belongs to no session. Takes the logarithm of the number of clients and
    /// the command's length; opening a session takes the number of clients.
    pub fn admit(&mut self, entry: Entry<'_>) -> Option<Verdict<A>> {
        let (session, index) = (entry.session()?, entry.position().index);
        Some(match self.client(session.client) {
            Some(client) if session.sequence == 0 => client.open(index, session.epoch),
            Some(client) if session.epoch == client.epoch => client.admit(index, session.sequence, entry),
            None if session.sequence == 0 => self.open(index, session.client),
            _ => Verdict::Expired,
        })
    }

    /// Remembers the answer to a command that was [`Verdict::Fresh`].
    pub fn record(&mut self, entry: Entry<'_>, answer: A) {
        let Some(session) = entry.session() else { return };
        if let Some(client) = self.client(session.client)
            && client.epoch == session.epoch
        {
            client.sequence = session.sequence;
            client.last = Some(Last { check: check(entry), answer });
        }
    }

    /// The epoch of a client's session.
    pub fn epoch(&self, client: u64) -> Option<Index> {
        let place = self.find(client).ok()?;
        self.clients.get(place).map(|client| client.epoch)
    }

    /// The most bytes of a full table in a snapshot, as postcard writes it, if an answer takes at most so many.
    pub const fn snapshot_bytes_max(answer_bytes: usize) -> usize {
        CLIENT_BYTES.saturating_add(answer_bytes).saturating_mul(CLIENTS).saturating_add(TABLE_BYTES)
    }

    /// How many clients have a session.
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether no client has a session.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    fn client(&mut self, number: u64) -> Option<&mut Client<A>> {
        let place = self.find(number).ok()?;
        self.clients.get_mut(place)
    }

    fn find(&self, number: u64) -> Result<usize, usize> {
        self.clients.binary_search_by_key(&number, |client| client.number)
    }

    fn open(&mut self, index: Index, number: u64) -> Verdict<A> {
        if self.clients.len() >= self.limit.0 as usize {
            self.evict();
        }
        let _ = self.clients.push(Client { number, epoch: index, used: index, sequence: 0, last: None });
        let mut front = self.clients.as_mut_slice();
        while let Some((last, rest)) = front.split_last_mut()
            && let Some(before) = rest.last_mut()
            && before.number > last.number
        {
            core::mem::swap(before, last);
            front = rest;
        }
        Verdict::Opened { epoch: index }
    }

    /// No two clients were last heard of at the same index: an entry is of one of them.
    fn evict(&mut self) {
        let least = self.clients.iter().map(Client::weight).min();
        self.clients.retain(|client| Some(client.weight()) != least);
    }
}

impl<A: Clone> Client<A> {
    /// Begins a new session in the place of this one, if that is what the Open names.
    fn open(&mut self, index: Index, named: Index) -> Verdict<A> {
        if named != self.epoch {
            return Verdict::Held { epoch: self.epoch };
        }
        *self = Client { number: self.number, epoch: index, used: index, sequence: 0, last: None };
        Verdict::Opened { epoch: index }
    }

    fn admit(&mut self, index: Index, sequence: u64, entry: Entry<'_>) -> Verdict<A> {
        self.used = index;
        match &self.last {
            _ if sequence > self.sequence => Verdict::Fresh,
            Some(last) if sequence == self.sequence && last.check == check(entry) => {
                Verdict::Repeated(last.answer.clone())
            }
            Some(_) if sequence == self.sequence => Verdict::Mismatch,
            _ => Verdict::Outdated { last: self.sequence },
        }
    }

    /// The client with the least loses its place first.
    fn weight(&self) -> (bool, Index) {
        (self.last.is_some(), self.used)
    }
}

impl<A: Clone, const CLIENTS: usize> Default for Sessions<A, CLIENTS> {
    fn default() -> Self {
        Self::new()
    }
}

/// The check of an entry's command.
fn check(entry: Entry<'_>) -> [u8; 4] {
    crc32c(entry.command().unwrap_or(&[])).to_le_bytes()
}

/// The most bytes of a table beside its clients: how many are admitted, and how many there are.
const TABLE_BYTES: usize = 2 * 5;

/// The most bytes of a client beside its last answer: four numbers, two of them indices of at most 62 bits, whether
/// there is a last command, and its check.
const CLIENT_BYTES: usize = 10 + 9 + 9 + 10 + 1 + 4;
