use quorate::{Entry, HardState, Identity, Kind, Roster, Seat, Settled};

use super::SEATS;
use crate::simulator::records::{Batch, Records};

/// How many namings there are at most.
pub(crate) const NAMINGS: usize = 6;

/// A sum of digests for each naming of the seats. The least of them stands for all.
pub(crate) type Digests = [u64; NAMINGS];

/// Bytes of the longest record that says who takes part.
const ROOM: usize = 256;

/// Who is called what: seat `s` is called `seats[s]`. A life of a seat's store keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    seats: [u8; SEATS],
    /// Its place among all namings.
    pub(crate) place: usize,
}

impl Names {
    /// Every naming of the first `voters` seats; the first one leaves all as it is.
    pub(crate) fn all(voters: usize) -> Vec<Names> {
        let every = [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]];
        let kept = |seats: &[u8; SEATS]| (voters..SEATS).all(|seat| usize::from(seats[seat]) == seat);
        every.into_iter().filter(kept).zip(0..).map(|(seats, place)| Names { seats, place }).collect()
    }

    pub(crate) fn of(&self, seat: u8) -> u8 {
        self.seats[usize::from(seat)]
    }

    pub(crate) fn of_seat(&self, seat: Seat) -> Seat {
        Seat(self.of(seat.0))
    }

    /// The same term and vote.
    pub(crate) fn of_hard_state(&self, state: HardState) -> HardState {
        let vote = state.vote.map(|Identity { seat, incarnation }| Identity { seat: self.of_seat(seat), incarnation });
        HardState { vote, ..state }
    }

    /// What is held under other names.
    pub(crate) fn of_records(&self, records: &Records) -> Records {
        let mut renamed = records.rewritten(|entry| self.of_entry(entry), |roster| self.of_roster(roster));
        renamed.hard_state = self.of_hard_state(records.hard_state);
        renamed
    }

    /// The same write.
    pub(crate) fn of_batch(&self, batch: &Batch) -> Batch {
        let mut renamed = batch.rewritten(|entry| self.of_entry(entry), |roster| self.of_roster(roster));
        renamed.hard_state = batch.hard_state.map(|state| self.of_hard_state(state));
        renamed
    }

    /// The record of the same entry.
    pub(crate) fn of_entry(&self, entry: Entry<'_>) -> Box<[u8]> {
        let Some(roster) = entry.roster() else { return entry.record().into() };
        let mut room = [0; ROOM];
        let renamed = Entry::write(&mut room, entry.position(), Kind::Members, &self.of_roster(&roster));
        renamed.expect("it is as long as before").record().into()
    }

    /// What the same members are written as.
    pub(crate) fn of_roster(&self, roster: &Roster<'_>) -> Box<[u8]> {
        let mut room = [0; ROOM];
        let renamed = roster.renamed(&|seat| self.of_seat(seat), &mut room);
        renamed.expect("it is as long as before").bytes().into()
    }

    /// Lets something be done with the same configuration.
    pub(crate) fn with_settled<T>(&self, settled: &Settled<'_>, then: impl FnOnce(Settled<'_>) -> T) -> T {
        let bytes = self.of_roster(&settled.roster);
        then(Settled { since: settled.since, roster: Roster::parse(&bytes).expect("it is as sound as before") })
    }
}
