use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate::{Incarnation, Index, Members, Roster, Seat};

use crate::Event;

/// Who takes part, in which lives: remembered to say what has changed.
#[derive(Debug, Default)]
pub(super) struct Company {
    pub(super) members: Members,
    lives: BTreeMap<Seat, Incarnation>,
}

impl Company {
    pub(super) fn of(roster: Roster<'_>) -> Company {
        let lives = roster.occupants().map(|(seat, occupant)| (seat, occupant.incarnation)).collect();
        Company { members: roster.members(), lives }
    }

    /// These take part from now on, and are reached elsewhere than before, as far as `moved` says. What to tell of it, if
    /// anything has changed.
    pub(super) fn change(&mut self, since: Index, roster: Roster<'_>, moved: Vec<(Seat, SocketAddr)>) -> Option<Event> {
        let before = std::mem::replace(self, Company::of(roster));
        let is_reborn = |(seat, life): &(&Seat, &Incarnation)| before.lives.get(seat).is_some_and(|old| old != *life);
        let reborn: Vec<_> = self.lives.iter().filter(is_reborn).map(|(seat, life)| (*seat, *life)).collect();
        let has_changed = before.members != self.members || !reborn.is_empty() || !moved.is_empty();
        let (before, after) = (before.members, self.members);
        has_changed.then_some(Event::Members { since, before, after, reborn, moved })
    }
}
