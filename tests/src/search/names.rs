use quorate::Seat;

use super::SEATS;

/// How many namings there are at most.
pub(crate) const NAMINGS: usize = 6;

/// A sum of digests for each naming of the seats. The least of them stands for all.
pub(crate) type Digests = [u64; NAMINGS];

/// Who is called what: seat `s` is called `names.0[s]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names([u8; SEATS]);

impl Names {
    /// Every naming of the first `voters` seats; the first one leaves all as it is.
    pub(crate) fn all(voters: usize) -> Vec<Names> {
        let every = [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]];
        let kept = |names: &[u8; SEATS]| (voters..SEATS).all(|seat| usize::from(names[seat]) == seat);
        every.into_iter().filter(kept).map(Names).collect()
    }

    pub(crate) fn of(&self, seat: u8) -> u8 {
        self.0[usize::from(seat)]
    }

    pub(crate) fn of_seat(&self, seat: Seat) -> Seat {
        Seat(self.of(seat.0))
    }
}
