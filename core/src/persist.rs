use serde::{Deserialize, Serialize};

use crate::{Entries, Identity, Mark, Settled, Snapshot, Term};

/// What a node must never forget beside its log (figure 2, persistent state).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HardState {
    /// The latest term that the node has seen.
    pub term: Term,
    /// Whom it voted for in that term: a seat's store in one of its lives.
    pub vote: Option<Identity>,
}

/// A write to make durable, after which the node is told so with [`Input::Persisted`](crate::Input::Persisted).
///
/// Term, vote, entries, configuration and mark belong together: after a crash either all of it is there or, if the ticket was not
/// returned, any part from the front, in the order of the fields. An entry replaces what was written before at its
/// index, and everything after that index. A snapshot replaces all entries that were written before: it and what comes
/// with it are there as a whole, or not at all.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "the node waits for this write before it votes, acknowledges or applies"]
pub struct Persist<'a> {
    /// To give back when the write is durable.
    pub ticket: Ticket,
    /// The new term and vote, if they have changed.
    pub hard_state: Option<HardState>,
    /// A snapshot of the leader, whose pieces were stored, in place of all entries that were written so far.
    pub snapshot: Option<Snapshot>,
    /// The new entries, if any.
    pub entries: Entries<'a>,
    /// The last configuration that is known to be committed, if it is a new one. It takes the place of the one before.
    pub settled: Option<Settled<'a>>,
    /// A new mark, if there is one: it must not be durable before what stands in front of it is.
    pub mark: Option<Mark>,
}

/// Says which write is meant. There is one for each write, it cannot be copied, and only the node makes it.
///
/// ```compile_fail
/// fn copied(ticket: quorate::Ticket) -> (quorate::Ticket, quorate::Ticket) {
///     (ticket.clone(), ticket)
/// }
/// ```
///
/// ```compile_fail
/// let forged = quorate::Ticket { write: 1 };
/// ```
///
/// To return it means "these bytes are durable"; a node that is told so falsely can lose what it acknowledged.
///
/// It is for this node, in this boot, and void everywhere else: another node ignores it, and so does a later boot, though
/// its [`seed`](crate::Config::seed) were the same, as long as anything differs at all of who it is, what it recovered,
/// wrote and at what times. Where nothing does, nothing can tell the two apart: a ticket must not outlive its node.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "return it with Input::Persisted once the write is durable"]
pub struct Ticket {
    pub(crate) write: u64,
}

#[cfg(feature = "defmt")]
impl defmt::Format for Persist<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Persist { ticket, hard_state, snapshot, entries, settled, mark } = self;
        defmt::write!(f, "Persist({}, {}, {}, {}, {}, {})", ticket.write, hard_state, snapshot, entries, settled, mark);
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Ticket {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Ticket({})", self.write);
    }
}
