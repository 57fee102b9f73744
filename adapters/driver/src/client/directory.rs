use quorate::{Seat, Seats};

/// Whom a client can reach, and who leads, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory {
    seats: Seats,
    /// Whom to send commands to: a node that said that it leads, or one that knows who does.
    pub(super) leader: Option<Seat>,
    /// Who leads, as the client knows by other means.
    told: Option<Seat>,
}

impl Directory {
    /// So many can be reached, and nobody knows who leads.
    pub const fn new(seats: Seats) -> Directory {
        Directory { seats, leader: None, told: None }
    }

    /// Whom the client can reach.
    pub fn seats(&self) -> Seats {
        self.seats
    }

    /// A further member can be reached.
    pub fn learn(&mut self, seat: Seat) {
        self.seats = self.seats.with(seat);
    }

    /// The client knows by other means than replies who leads, as one that runs beside a node.
    pub fn tell(&mut self, leader: Option<Seat>) {
        self.told = leader;
    }

    /// Whom to send the next request to.
    pub(super) fn target(&self) -> Option<Seat> {
        self.told.or(self.leader).filter(|leader| self.knows(*leader))
    }

    /// Whether the client was told that another one leads.
    pub(super) fn is_told_of_another_than(&self, asked: Option<Seat>) -> bool {
        asked.is_some() && self.told.is_some() && self.told != asked
    }

    pub(super) fn knows(&self, seat: Seat) -> bool {
        self.seats.contains(seat)
    }
}
