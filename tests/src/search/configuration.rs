use quorate::{Incarnation, Members, Roster, Seat, Seats};

use super::SEATS;

/// Who takes part, as an entry says, or the charter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Configuration {
    pub(crate) members: Members,
    lives: [Incarnation; SEATS],
}

impl Configuration {
    /// Founders alone.
    pub(crate) fn of_founders(members: Members) -> Configuration {
        Configuration { members, lives: [Incarnation::FOUNDER; SEATS] }
    }

    pub(crate) fn of(roster: &Roster<'_>) -> Configuration {
        let life =
            |seat| roster.occupant(Seat(seat as u8)).map_or(Incarnation::FOUNDER, |occupant| occupant.incarnation);
        Configuration { members: roster.members(), lives: std::array::from_fn(life) }
    }

    /// Which life of a seat's store takes part, if one does.
    pub(crate) fn life(&self, seat: u8) -> Option<Incarnation> {
        self.members.all().contains(Seat(seat)).then_some(self.lives[usize::from(seat)])
    }

    /// Whether this is so of a majority of the voters and, while they change, of those before them: of the lives that
    /// are named here. Whose store is being replaced counts among the new ones alone.
    pub(crate) fn has_majorities(&self, is_so: impl Fn(u8, Incarnation) -> bool) -> bool {
        let Members { outgoing, replaced, .. } = self.members;
        let of_old = self.count(Seats(outgoing.0 & !replaced.0), &is_so);
        self.voters_have_majority(is_so) && (outgoing.is_empty() || of_old * 2 > outgoing.count())
    }

    /// The same of the voters alone, whoever is going out.
    pub(crate) fn voters_have_majority(&self, is_so: impl Fn(u8, Incarnation) -> bool) -> bool {
        let voters = self.members.voters;
        self.count(voters, &is_so) * 2 > voters.count()
    }

    fn count(&self, seats: Seats, is_so: &impl Fn(u8, Incarnation) -> bool) -> usize {
        seats.iter().filter(|seat| is_so(seat.0, self.lives[usize::from(seat.0)])).count()
    }
}
