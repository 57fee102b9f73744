use core::time::Duration;

use quorate::Instant;

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    pub(super) first: u64,
    pub(super) most: u64,
    pub(super) probe: u64,
    pub(super) moment: u64,
}

impl Patience {
    /// For the answer of a leader it waits so long at `first`, and twice as long each time, up to `most`; so long
    /// (`probe`) before it asks the members once more who leads; and a `moment` when a node says to ask again, and
    /// between tries that fail at once, from the sixth on.
    pub fn new(first: Duration, most: Duration, probe: Duration, moment: Duration) -> Patience {
        Patience { first: micros(first), most: micros(most), probe: micros(probe), moment: micros(moment) }
    }

    /// For a client that is told who leads, as one that runs beside a node: a moment is a quarter of `first`.
    pub fn beside_a_node(first: Duration, most: Duration) -> Patience {
        let first = micros(first);
        Patience { first, most: micros(most), probe: first, moment: first / 4 }
    }
}

/// Microseconds, as the core counts them.
fn micros(duration: Duration) -> u64 {
    (Instant::START + duration).as_micros()
}
