use crate::draw::Draw;
use crate::snapshots::Image;
use crate::{Entries, Node, Role, Seats};

/// A law that a node keeps in every state, and has broken: a bug of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Broken(pub &'static str);

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("broken invariant: ")?;
        f.write_str(self.0)
    }
}

impl core::error::Error for Broken {}

impl<C, B: AsRef<[u8]>, const SEATS: usize> Node<C, B, SEATS> {
    /// Whether all entries behind what this leader inherited are of its term.
    fn has_only_its_own(&self) -> bool {
        let mut own = self.log_view().between(self.state.follow.inherited, self.span.last.index);
        own.all(|entry| entry.position().term == self.term())
    }

    /// Whether the configuration in force is the last one in the log, or the last that is committed.
    fn has_last_roster(&self) -> bool {
        let (settled, (since, roster)) = (self.settled(), self.roster());
        let last = self.log_view().last_roster(settled.since, self.span.last.index);
        let found = last.and_then(|entry| Some((entry.position().index, entry.roster()?)));
        let (index, expected) = found.unwrap_or((settled.since, settled.roster));
        (since, roster, self.members()) == (index, expected, expected.members())
    }

    /// Whether a message is due to somebody at whom the next step would not look.
    fn overlooks_a_message(&self) -> bool {
        let (mut state, mut peers) = (self.state.clone(), self.peers.clone());
        let unattended = Seats(state.configuration.others.0 & !state.sends.attention.0);
        let log = self.log_view();
        let memory = self.settled.as_flattened();
        let mut draw = Draw::new(&mut state, &mut peers, log, memory, None);
        self.state.is_hard_durable() && unattended.iter().any(|seat| draw.message_to(seat).is_some())
    }

    /// Checks what must hold of one node at any time. Reads the whole log: meant for tests.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn check_invariants(&self) -> Result<(), Broken> {
        let (state, span) = (&self.state, &self.span);
        let last = span.last.index;
        let laws = [
            (state.applied <= state.commit, "nothing is applied before it is committed"),
            (state.applied <= state.disk.durable, "nothing is applied before it is durable here"),
            (state.commit <= last, "what is committed is in the log"),
            (
                span.base.index <= state.snapshots.latest.index() || state.snapshots.image == Image::Lost,
                "what is forgotten is in a snapshot",
            ),
            (
                state.disk.durable <= state.disk.written && state.disk.written <= last,
                "what is durable was written, what was written is in the log",
            ),
            (state.disk.hard.term <= state.hard.term, "a term never goes back"),
            (span.last.term <= state.hard.term, "no entry is of a term to come"),
            (state.follow.verified <= last, "what is verified is in the log"),
            (state.role != Role::Leader || state.follow.leader == Some(state.seat()), "a leader knows that it leads"),
            (state.role != Role::Leader || state.hard.vote == Some(self.identity()), "a leader voted for itself"),
            (state.role != Role::Leader || state.hard == state.disk.hard, "a leader's term is durable"),
            (state.role != Role::Leader || self.has_only_its_own(), "a leader appends entries of its own term alone"),
            (state.mark <= state.hard.term, "no mark is of a term to come"),
            (state.disk.mark <= state.mark, "a mark never goes down"),
            (self.has_last_roster(), "the last configuration in the log is in force"),
            (!self.overlooks_a_message(), "no message is due to a seat that is not looked at"),
            (Entries::parse(self.log().bytes()).is_ok(), "the log is whole"),
        ];
        let broken = laws.into_iter().find(|(holds, _)| !holds);
        broken.map_or(Ok(()), |(_, law)| Err(Broken(law)))?;
        self.progress().filter(|_| state.is_leader()).try_for_each(|progress| {
            let is_sound = progress.matched < progress.next && progress.next.previous() <= last;
            if is_sound { Ok(()) } else { Err(Broken("a leader sends what has not matched, and only what it has")) }
        })
    }
}
