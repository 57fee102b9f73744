use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{Index, Session};

/// Makes commands exactly-once: remembers of each client which command was its last, and what was answered (section 6.3
/// of the thesis).
///
/// It is part of the app's replicated state: every node asks it about every entry of a session, in order, and so all
/// agree. It has room for `CLIENTS` clients, or admits fewer; a further one takes the place of the one that was silent
/// longest. A client that lost its place is told [`Verdict::Expired`], never that its command succeeded. How many are
/// admitted is part of the state: all nodes must begin with the same number, however much room each has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(deserialize = "A: Deserialize<'de>"))]
pub struct Sessions<A, const CLIENTS: usize> {
    /// The most clients at a time.
    limit: Limit<CLIENTS>,
    /// In the order of their numbers.
    clients: Vec<Client<A>, CLIENTS>,
    /// The highest sequence of those that lost their place. A session that is opened anew starts there: a late copy of
    /// what was done before the client lost its place is not done again.
    floor: u64,
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
    sequence: u64,
    answer: Option<A>,
    used: Index,
}

/// What to do with an entry of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict<A> {
    /// The session is open. Its next command must have a higher sequence than this.
    Opened {
        /// The sequence of its last command; if it has none, that of whichever client's that lost its place, or zero.
        last: u64,
    },
    /// Do the command, then [`record`](Sessions::record) its answer.
    Fresh,
    /// The command was done before, with this answer. Do not do it again.
    Repeated(A),
    /// The client has gone on to a later command: do nothing. Whether this one was ever done is not known any more.
    Outdated {
        /// The last sequence.
        last: u64,
    },
    /// The session was never opened, or lost its place: do nothing.
    Expired,
}

impl<A: Clone, const CLIENTS: usize> Sessions<A, CLIENTS> {
    /// No client yet, and as many admitted as there is room for.
    pub const fn new() -> Self {
        const { assert!(CLIENTS > 0, "a session table has room for at least one client") };
        const { assert!(CLIENTS <= u32::MAX as usize, "a session table has at most 2^32 - 1 clients") };
        Sessions { limit: Limit(CLIENTS as u32), clients: Vec::new(), floor: 0 }
    }

    /// No client yet, and only so many admitted: as many as on the node that has the least room. `None` if there is not
    /// room for as many, or if that is nobody.
    pub fn for_clients(limit: usize) -> Option<Self> {
        let limit = u32::try_from(limit).ok()?.try_into().ok()?;
        Some(Sessions { limit, ..Self::new() })
    }

    /// Looks at the entry of `session` at `index`. Takes the logarithm of the number of clients; opening one takes its
    /// length.
    pub fn admit(&mut self, index: Index, session: Session) -> Verdict<A> {
        match self.client(session.client) {
            Some(client) => client.admit(index, session.sequence),
            None if session.sequence > 0 => Verdict::Expired,
            None => self.open(index, session.client),
        }
    }

    /// Remembers the answer to a command that was [`Verdict::Fresh`].
    pub fn record(&mut self, session: Session, answer: A) {
        if let Some(client) = self.client(session.client) {
            client.sequence = session.sequence;
            client.answer = Some(answer);
        }
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
        let _ = self.clients.push(Client { number, sequence: self.floor, answer: None, used: index });
        let mut front = self.clients.as_mut_slice();
        while let Some((last, rest)) = front.split_last_mut()
            && let Some(before) = rest.last_mut()
            && before.number > last.number
        {
            core::mem::swap(before, last);
            front = rest;
        }
        Verdict::Opened { last: self.floor }
    }

    /// No two clients were last heard of at the same index: an entry is of one of them.
    fn evict(&mut self) {
        let silent = self.clients.iter().map(|client| client.used).min();
        let floor = &mut self.floor;
        self.clients.retain(|client| {
            let stays = Some(client.used) != silent;
            if !stays {
                *floor = client.sequence.max(*floor);
            }
            stays
        });
    }
}

impl<A: Clone> Client<A> {
    fn admit(&mut self, index: Index, sequence: u64) -> Verdict<A> {
        self.used = index;
        let last = self.sequence;
        match &self.answer {
            _ if sequence == 0 => Verdict::Opened { last },
            _ if sequence > last => Verdict::Fresh,
            Some(answer) if sequence == last => Verdict::Repeated(answer.clone()),
            _ => Verdict::Outdated { last },
        }
    }
}

impl<A: Clone, const CLIENTS: usize> Default for Sessions<A, CLIENTS> {
    fn default() -> Self {
        Self::new()
    }
}
