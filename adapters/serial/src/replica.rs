use quorate::{Index, Position};
use quorate_driver as driver;

use crate::{App, Stop};

/// All that is replicated.
pub(crate) type Replica<A, const CLIENTS: usize> = driver::Replica<Replicated<A>, CLIENTS>;

/// Who has a session, and what was answered last.
pub(crate) type Ledger<A, const CLIENTS: usize> = driver::Ledger<<A as App>::Answer, CLIENTS>;

/// An application, as a driver has to know it.
pub(crate) struct Replicated<A>(pub(crate) A);

impl<A: App> driver::App for Replicated<A> {
    type Command = A::Command;
    type Answer = A::Answer;
    type Error = Stop;

    fn apply(&mut self, index: Index, command: driver::View<'_, Self>) -> Result<A::Answer, Stop> {
        Ok(self.0.apply(index, command))
    }

    fn digest(&self) -> u64 {
        self.0.digest()
    }
}

/// The most bytes of a snapshot.
pub(crate) const fn snapshot_bytes_max<A: App, const CLIENTS: usize>() -> usize {
    Ledger::<A, CLIENTS>::bytes_max(A::ANSWER_BYTES_MAX) + A::STATE_BYTES_MAX
}

/// Writes all of it to the front of `buffer`; `None` if it does not fit.
pub(crate) fn write<'b, A: App, const CLIENTS: usize>(
    replica: &Replica<A, CLIENTS>,
    buffer: &'b mut [u8],
) -> Option<&'b [u8]> {
    let front = replica.ledger().write(buffer)?;
    let state = replica.app().0.snapshot(buffer.get_mut(front..)?)?;
    buffer.get(..front + state)
}

/// Puts what was written at this position in the place of all that is here, and says whether that is possible.
pub(crate) fn read<A: App, const CLIENTS: usize>(
    replica: &mut Replica<A, CLIENTS>,
    position: Position,
    snapshot: &[u8],
) -> bool {
    replica.restore_from(position, snapshot, |app, state| app.0.restore(state)).unwrap_or(false)
}
