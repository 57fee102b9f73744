use crate::draw::Draw;
use crate::random::splitmix;
use crate::snapshots::Image;
use crate::state::State;
use crate::step::Step;
use crate::{HardState, Identity, Index, Instant, Mark, Persist, Snapshot, Term, Ticket};

/// What the disk holds, as far as is known, and the write under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Disk {
    pub(crate) write: Option<Write>,
    /// The log is durable up to here.
    pub(crate) durable: Index,
    /// The log was handed to a write up to here.
    pub(crate) written: Index,
    /// The mark that is durable.
    pub(crate) mark: Term,
    /// Since when the configuration is in force that is durable as a committed one.
    pub(crate) settled: Index,
    /// The term and vote that are durable. Nothing is sent while they are not the present ones.
    pub(crate) hard: HardState,
    /// The name of the latest write: see [`name_write`](State::name_write).
    pub(crate) name: u64,
}

/// The write under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    pub(crate) hard: HardState,
    /// The last index that this write makes durable; lower if the log was truncated meanwhile.
    pub(crate) through: Index,
    pub(crate) mark: Term,
    pub(crate) settled: Index,
    pub(crate) since: Instant,
}

impl Disk {
    /// With nothing on it. The seed goes into the names of writes.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn new(seed: u64) -> Disk {
        Disk {
            write: None,
            durable: Index(0),
            written: Index(0),
            mark: Term(0),
            settled: Index(0),
            hard: HardState::default(),
            name: seed,
        }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn mix(&mut self, part: u64) {
        self.name ^= part;
        self.name = splitmix(&mut self.name);
    }

    /// The log was cut behind this index: what the disk holds behind that, or is about to, counts no longer.
    pub(crate) fn lower(&mut self, last: Index) {
        self.written.lower(last);
        self.durable.lower(last);
        if let Some(write) = &mut self.write {
            write.through.lower(last);
        }
    }
}

impl State {
    /// Whether the present term and vote are durable: before that, nothing is said in this term. A vote does not change
    /// within its term, so whom it is for need not be compared.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn is_hard_durable(&self) -> bool {
        let HardState { term, vote } = self.disk.hard;
        self.hard.term == term && self.hard.vote.is_some() == vote.is_some()
    }

    /// Whether the last configuration that is known to be committed is durable as such.
    pub(crate) fn is_settled_durable(&self) -> bool {
        self.configuration.settled == self.disk.settled
    }

    /// Whether there is something to write, and no write is under way.
    pub(crate) fn has_write(&self, last: Index) -> bool {
        let is_new = !self.is_hard_durable() || self.mark != self.disk.mark || !self.is_settled_durable();
        self.disk.write.is_none() && (is_new || self.snapshots.image == Image::Unwritten || last > self.disk.written)
    }

    /// Names a write by all that tells it from others, of this node and of other boots and nodes: the seed and the
    /// writes before it, who the node is, the time, the term and where the log ends.
    fn name_write(&mut self, last: Index) -> u64 {
        let Identity { seat, incarnation } = self.settings.identity;
        let who = incarnation.0.rotate_left(8) ^ u64::from(seat.0);
        self.disk.mix(who ^ self.timers.now.as_micros().rotate_left(16));
        self.disk.mix(self.hard.term.0.rotate_left(32) ^ last.0);
        self.disk.name
    }
}

impl<'a> Draw<'a> {
    /// All that is not durable yet, in one write, unless one is under way.
    pub(crate) fn persist(&mut self) -> Option<Persist<'a>> {
        let state = &mut *self.state;
        let last = self.log.span.last.index;
        if !state.has_write(last) {
            return None;
        }
        let is_new = !state.is_hard_durable();
        let installs = state.snapshots.image == Image::Unwritten;
        if installs {
            state.snapshots.image = Image::Writing;
        }
        let ticket = Ticket { write: state.name_write(last) };
        let is_settled_new = !state.is_settled_durable();
        let (mark, settled) = (state.mark, state.configuration.settled);
        state.disk.write = Some(Write { hard: state.hard, through: last, mark, settled, since: state.timers.now });
        let entries = self.log.between(state.disk.written, last);
        state.disk.written = last;
        Some(Persist {
            ticket,
            hard_state: is_new.then_some(state.hard),
            snapshot: installs.then_some(state.snapshots.latest),
            entries,
            settled: is_settled_new.then(|| state.configuration.settled(self.memory)),
            mark: (state.mark != state.disk.mark).then_some(Mark { term: state.mark, last: self.log.span.last }),
        })
    }
}

impl Step<'_> {
    /// A write is durable: what waited for it may be said, counted and applied now.
    pub(crate) fn persisted(&mut self, ticket: &Ticket) {
        let Some(write) = self.state.disk.write else { return };
        if ticket.write != self.state.disk.name {
            return;
        }
        self.state.disk.write = None;
        self.state.disk.durable.raise(write.through);
        self.state.disk.settled = write.settled;
        if self.state.disk.mark != write.mark {
            self.state.disk.mark = write.mark;
            self.answer_marked();
        }
        if self.state.snapshots.image == Image::Writing {
            self.state.snapshots.image = Image::Whole;
            self.state.snapshots.before = Snapshot::default();
        }
        if self.state.disk.hard != write.hard {
            self.state.disk.hard = write.hard;
            self.state.attend_all();
        }
        self.state.attend_leader();
        self.count_own_vote();
        self.advance_commit(self.state.disk.durable);
    }
}
