use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate::{Incarnation, Roster, Seat};

use crate::address;

/// Where other members are reached: as the command line says, unless they were moved since, or as was seen last, or as the
/// roster in force has it.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    listed: BTreeMap<Seat, SocketAddr>,
    seen: BTreeMap<Seat, Seen>,
    roster: BTreeMap<Seat, SocketAddr>,
    /// Where the life of a seat is that was refused last, because another one is there.
    refused: BTreeMap<Seat, (Incarnation, SocketAddr)>,
    /// Whether the node is reached from its own machine alone.
    is_local: bool,
}

/// Where the datagrams of a seat come from.
#[derive(Debug)]
struct Seen {
    at: SocketAddr,
    before: Option<SocketAddr>,
    /// How often they have come from `at` and from `before` in turn.
    turns: u8,
}

/// One store that moved comes from another place once. Two that are there come from two places in turn.
const TURNS_MAX: u8 = 4;

impl Directory {
    /// Of a node that listens there, with this list.
    pub(crate) fn new(listed: BTreeMap<Seat, SocketAddr>, own: SocketAddr) -> Directory {
        Directory { listed, is_local: own.ip().is_loopback(), ..Directory::default() }
    }

    /// Where a member is reached.
    pub(crate) fn of(&self, seat: Seat) -> Option<SocketAddr> {
        let seen = || self.seen.get(&seat).map(|seen| seen.at);
        self.listed.get(&seat).copied().or_else(seen).or_else(|| self.roster.get(&seat).copied())
    }

    /// Where this life of a seat is: it may be one that is no member, beside one that is.
    pub(crate) fn of_life(&self, seat: Seat, life: Incarnation) -> Option<SocketAddr> {
        let refused = self.refused.get(&seat).filter(|(refused, _)| *refused == life);
        refused.map(|(_, address)| *address).or_else(|| self.of(seat))
    }

    /// This life of a seat speaks from there, and was refused: another one is the seat's.
    pub(crate) fn refuse(&mut self, seat: Seat, life: Incarnation, from: SocketAddr) {
        self.refused.insert(seat, (life, from));
    }

    /// A datagram of this seat came from there. From where else, if two stores seem to speak for it.
    pub(crate) fn see(&mut self, seat: Seat, from: SocketAddr) -> Option<SocketAddr> {
        let seen = self.seen.entry(seat).or_insert(Seen { at: from, before: None, turns: 0 });
        if seen.at == from {
            return None;
        }
        let is_back = seen.before == Some(from);
        seen.turns = if is_back { seen.turns.saturating_add(1) } else { 0 };
        seen.before = Some(std::mem::replace(&mut seen.at, from));
        seen.before.filter(|_| seen.turns >= TURNS_MAX)
    }

    /// These take part from now on. Those whose place has changed, and where they are reached now.
    pub(crate) fn meet(&mut self, roster: Roster<'_>) -> Vec<(Seat, SocketAddr)> {
        let occupants = roster.occupants();
        let known = occupants.filter_map(|(seat, occupant)| Some((seat, address::parse(occupant.address)?)));
        let known: BTreeMap<_, _> = known.collect();
        let before = std::mem::replace(&mut self.roster, known);
        let changed = self.roster.iter().filter(|(seat, address)| before.get(seat) != Some(address));
        let changed: Vec<_> = changed.map(|(seat, address)| (*seat, *address)).collect();
        // What the members agree on is later than what was seen before.
        self.seen.retain(|seat, _| !changed.iter().any(|(moved, _)| moved == seat));
        // And a member that was moved is not where the list had it.
        self.listed.retain(|seat, _| match (before.get(seat), self.roster.get(seat)) {
            (Some(before), Some(now)) => before == now,
            _ => true,
        });
        changed
    }

    /// Members that the list and the roster place differently: where the list does, and where the roster.
    pub(crate) fn differing(&self) -> impl Iterator<Item = (Seat, SocketAddr, SocketAddr)> {
        let pair = |(seat, listed): (&Seat, &SocketAddr)| Some((*seat, *listed, *self.roster.get(seat)?));
        self.listed.iter().filter_map(pair).filter(|(_, listed, roster)| listed != roster)
    }

    /// The members that are reached, though the roster does not say where. What is seen of a member on this machine
    /// means nothing on others.
    pub(crate) fn unwritten(&self, roster: Roster<'_>) -> Vec<(Seat, SocketAddr)> {
        let unknown = roster.occupants().filter(|(_, occupant)| occupant.address.is_empty());
        let is_told = |seat: &Seat, address: &SocketAddr| {
            self.is_local || self.listed.contains_key(seat) || !address.ip().is_loopback()
        };
        let reached = unknown.filter_map(|(seat, _)| Some((seat, self.of(seat)?)));
        reached.filter(|(seat, address)| is_told(seat, address)).collect()
    }
}

#[cfg(test)]
mod tests {
    use quorate::{Least, Members, Occupant, Seats};

    use super::*;

    const SEAT: Seat = Seat(1);

    fn at(port: u16) -> SocketAddr {
        ([10, 0, 0, 1], port).into()
    }

    fn met(directory: &mut Directory, port: Option<u16>) -> Vec<(Seat, SocketAddr)> {
        let address = port.map_or(Vec::new(), |port| address::bytes(at(port)));
        let mut room = [0; 64];
        let members = Members::of(Seats::NONE.with(SEAT));
        let occupant = |_| Occupant { address: &address, ..Occupant::default() };
        directory.meet(Roster::write(&mut room, members, Least::default(), None, occupant).expect("there is room"))
    }

    #[test]
    fn a_list_comes_first_then_what_was_seen_then_the_roster() {
        let mut directory = Directory::default();
        assert_eq!(directory.of(SEAT), None);
        assert_eq!(met(&mut directory, Some(1)), [(SEAT, at(1))]);
        assert_eq!(directory.of(SEAT), Some(at(1)));
        directory.see(SEAT, at(2));
        assert_eq!((met(&mut directory, Some(1)), directory.of(SEAT)), (Vec::new(), Some(at(2))));
        met(&mut directory, Some(3));
        assert_eq!(directory.of(SEAT), Some(at(3)), "the members have moved it since");
        let mut listed = Directory::new([(SEAT, at(4))].into(), at(9));
        listed.see(SEAT, at(2));
        met(&mut listed, Some(3));
        listed.see(SEAT, at(2));
        assert_eq!((listed.of(SEAT), listed.differing().collect()), (Some(at(4)), vec![(SEAT, at(4), at(3))]));
        met(&mut listed, Some(5));
        assert_eq!(listed.of(SEAT), Some(at(5)), "it was moved while this node ran");
    }

    #[test]
    fn two_places_in_turn_are_told_and_a_move_is_not() {
        let mut directory = Directory::default();
        assert!([1, 1, 2, 2, 2, 3].iter().all(|port| directory.see(SEAT, at(*port)).is_none()));
        let told = [4, 3, 4, 3, 4].map(|port| directory.see(SEAT, at(port)));
        assert_eq!(told, [None, None, None, None, Some(at(3))]);
    }

    #[test]
    fn a_life_that_was_refused_is_answered_where_it_is() {
        let mut directory = Directory::new([(SEAT, at(1))].into(), at(9));
        directory.refuse(SEAT, Incarnation(7), at(2));
        assert_eq!(directory.of_life(SEAT, Incarnation(7)), Some(at(2)));
        assert_eq!(directory.of_life(SEAT, Incarnation(8)), Some(at(1)));
        assert_eq!(directory.of(SEAT), Some(at(1)));
    }

    #[test]
    fn what_the_roster_lacks_is_known_from_elsewhere() {
        let mut directory = Directory::default();
        let mut room = [0; 64];
        let members = Members::of(Seats::NONE.with(SEAT));
        let roster =
            Roster::write(&mut room, members, Least::default(), None, |_| Occupant::default()).expect("there is room");
        assert_eq!(directory.unwritten(roster), []);
        directory.see(SEAT, at(1));
        assert_eq!(directory.unwritten(roster), [(SEAT, at(1))]);
        let here = ([127, 0, 0, 1], 7).into();
        directory.see(SEAT, here);
        assert_eq!(directory.unwritten(roster), []);
        let mut local = Directory::new(BTreeMap::new(), here);
        local.see(SEAT, here);
        assert_eq!(local.unwritten(roster), [(SEAT, here)]);
    }
}
