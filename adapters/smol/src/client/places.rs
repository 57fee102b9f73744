use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use quorate::{Index, Instant, Seat, Seats};

use super::Configuration;

/// Where a client reaches nodes: at the addresses that it was given, and those that the members tell each other.
#[derive(Debug)]
pub(super) struct Places {
    given: BTreeMap<Seat, SocketAddr>,
    /// Who takes part and where they are, by the latest configuration that the client has heard of.
    told: BTreeMap<Seat, Option<SocketAddr>>,
    since: Option<Index>,
    /// Where a node has answered last.
    answered: BTreeMap<Seat, SocketAddr>,
    /// When to ask again who takes part.
    due: Instant,
}

/// While it asks for anything, a client asks who takes part as well, no more often than this.
const AGAIN: Duration = Duration::from_millis(250);

impl Places {
    pub(super) fn new(given: BTreeMap<Seat, SocketAddr>) -> Places {
        let (told, answered) = (BTreeMap::new(), BTreeMap::new());
        Places { given, told, since: None, answered, due: Instant::START }
    }

    /// Where this node is, if it is known.
    pub(super) fn of(&self, seat: Seat) -> Option<SocketAddr> {
        self.answered.get(&seat).copied().or_else(|| self.all(seat).next())
    }

    /// All places where it may be.
    pub(super) fn all(&self, seat: Seat) -> impl Iterator<Item = SocketAddr> + use<> {
        let given = self.given.get(&seat).copied();
        let told = self.told.get(&seat).copied().flatten().filter(|told| Some(*told) != given);
        given.into_iter().chain(told)
    }

    /// A node has answered from there.
    pub(super) fn hear(&mut self, seat: Seat, from: SocketAddr) {
        if self.all(seat).any(|place| place == from) {
            self.answered.insert(seat, from);
        }
    }

    /// A node that leads is there, as one says that does not.
    pub(super) fn hint(&mut self, leader: Seat, address: SocketAddr) {
        self.told.entry(leader).or_default().get_or_insert(address);
    }

    /// Takes a configuration over, unless a later one is known. Those who can be reached by it. Where it does not say where a
    /// member is, what was told of that before stays.
    pub(super) fn learn(&mut self, configuration: &Configuration) -> Seats {
        if self.since.is_some_and(|since| configuration.since < since) {
            return Seats::NONE;
        }
        self.since = Some(configuration.since);
        let told = |seat: &Seat| self.told.get(seat).copied().flatten();
        let occupants = configuration.occupants.iter();
        self.told = occupants.map(|(seat, occupant)| (*seat, occupant.address.or_else(|| told(seat)))).collect();
        let all = self.told.keys().map(|seat| (*seat, self.all(*seat).collect::<BTreeSet<_>>()));
        let all: BTreeMap<_, _> = all.collect();
        self.answered.retain(|seat, place| all.get(seat).is_none_or(|places| places.contains(place)));
        all.iter().filter(|(_, places)| !places.is_empty()).map(|(seat, _)| *seat).collect()
    }

    /// Whether to ask who takes part, beside whatever else is asked.
    pub(super) fn are_due(&mut self, now: Instant) -> bool {
        let are_due = now >= self.due;
        if are_due {
            self.due = now + AGAIN;
        }
        are_due
    }

    /// Whether a node that knows of this configuration could tell more.
    pub(super) fn are_behind(&self, since: Index) -> bool {
        self.since.is_none_or(|known| known < since)
    }

    /// Those of these who are members, as far as is known.
    pub(super) fn members(&self, seats: Seats) -> Seats {
        seats.iter().filter(|seat| self.since.is_none() || self.told.contains_key(seat)).collect()
    }
}

#[cfg(test)]
mod tests {
    use quorate::{Features, Incarnation, Members};

    use super::super::Occupant;
    use super::*;

    fn at(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn configuration(since: u64, members: &[(u8, Option<u16>)]) -> Configuration {
        let occupant = |(seat, port): &(u8, Option<u16>)| {
            (Seat(*seat), Occupant { incarnation: Incarnation::FOUNDER, address: port.map(at) })
        };
        let occupants: BTreeMap<_, _> = members.iter().map(occupant).collect();
        let members = Members::of(occupants.keys().copied().collect());
        Configuration {
            since: Index(since),
            is_settled: true,
            leader: None,
            pending: None,
            members,
            features: Features::NONE,
            key: None,
            occupants,
        }
    }

    #[test]
    fn members_are_followed_to_where_they_are_told_to_be() {
        let mut places = Places::new([(Seat(1), at(1))].into());
        let reached = places.learn(&configuration(5, &[(1, Some(9)), (2, Some(2)), (3, None)]));
        assert_eq!(reached, [Seat(1), Seat(2)].into_iter().collect());
        assert_eq!((places.of(Seat(1)), places.of(Seat(2)), places.of(Seat(3))), (Some(at(1)), Some(at(2)), None));
        places.hear(Seat(1), at(9));
        places.hear(Seat(2), at(8));
        assert_eq!(
            (places.of(Seat(1)), places.of(Seat(2))),
            (Some(at(9)), Some(at(2))),
            "it answers where it should be"
        );
        // The first one is gone, and the second one has moved.
        places.learn(&configuration(7, &[(2, Some(3))]));
        places.learn(&configuration(6, &[(1, Some(9)), (2, Some(2))]));
        assert_eq!((places.of(Seat(1)), places.of(Seat(2))), (Some(at(9)), Some(at(3))));
        let all = [Seat(1), Seat(2)].into_iter().collect();
        assert_eq!(places.members(all), [Seat(2)].into_iter().collect());
        assert!(places.are_behind(Index(8)) && !places.are_behind(Index(7)));
    }

    #[test]
    fn a_leader_is_reached_where_a_node_said_that_it_is_even_if_no_configuration_knows_yet() {
        let mut places = Places::new([(Seat(1), at(1))].into());
        places.hint(Seat(2), at(2));
        let reached = places.learn(&configuration(0, &[(1, None), (2, None)]));
        assert_eq!((reached, places.of(Seat(2))), ([Seat(1), Seat(2)].into_iter().collect(), Some(at(2))));
    }
}
