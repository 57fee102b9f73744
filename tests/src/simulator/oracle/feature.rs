use std::collections::{BTreeMap, HashMap};

use quorate::{Features, Identity, Index, Position, Role, Roster, Seat, Term};

use super::{Oracle, Verdict, broken, names};
use crate::simulator::machine::Machine;

/// What was on, and who has said to which leader what his build knows.
#[derive(Default)]
pub(super) struct Enabled {
    /// By the index of the entry that made the configuration.
    on: BTreeMap<Index, Features>,
    said: HashMap<(Term, Seat, Identity), Features>,
    /// What each life of a node knew to be on.
    seen: HashMap<(Seat, u64), Features>,
}

impl Oracle {
    /// A follower says what its build knows.
    pub(super) fn on_said(&mut self, from: &Machine, to: Seat, term: Term, features: Features) -> Verdict {
        let said = self.enabled.said.entry((term, to, from.identity())).or_default();
        *said = said.with(features);
        if features == from.knows {
            return Ok(());
        }
        broken("a node says what its build knows", || format!("node {} says {features}", from.seat.0))
    }

    /// No store holds what its build does not know, nothing is on before all members have said that they know it, and what
    /// is on stays on.
    pub(super) fn check_features(&mut self, machine: &Machine) -> Verdict {
        let Some(node) = machine.node() else { return Ok(()) };
        let (since, roster) = node.roster();
        let settled = node.settled();
        let held = machine.disk.durable.rosters().map(|(_, roster)| roster).chain([roster, settled.roster]);
        let mut unknown = held.map(|roster| roster.least().features.without(machine.knows));
        if let Some(features) = unknown.find(|features| !features.is_empty()) {
            broken("no store holds what its build does not know", || format!("node {}: {features}", machine.seat.0))?;
        }
        let on = settled.roster.least().features;
        self.enabled.on.insert(settled.since, on);
        let before = self.enabled.on.range(..settled.since).all(|(_, earlier)| on.contains(*earlier));
        let behind = self.enabled.on.range(settled.since..).all(|(_, later)| later.contains(on));
        let seen = self.enabled.seen.entry((machine.seat, machine.life)).or_default();
        if !before || !behind || node.features() != on || !on.contains(*seen) {
            broken("what is on stays on", || format!("node {}: {on} since {}", machine.seat.0, settled.since.0))?;
        }
        *seen = on;
        let position = node.log().map(|entry| entry.position()).find(|position| position.index == since);
        let is_own = position.is_some_and(|Position { term, .. }| node.role() == Role::Leader && term == node.term());
        if is_own && since > settled.since {
            self.check_consent(machine, node.term(), (&roster, roster.least().features.without(on)))?;
        }
        Ok(())
    }

    fn check_consent(&self, leader: &Machine, term: Term, (roster, added): (&Roster<'_>, Features)) -> Verdict {
        let has_said = |seat: Seat| {
            let incarnation = roster.occupant(seat).map(|occupant| occupant.incarnation);
            let said = incarnation
                .and_then(|incarnation| self.enabled.said.get(&(term, leader.seat, Identity { seat, incarnation })));
            said.is_some_and(|said| said.contains(added))
        };
        let me = leader.identity();
        let knows_itself = !names(roster, me) || leader.knows.contains(added);
        let others = roster.members().all().without(leader.seat);
        if added.is_empty() || (knows_itself && others.iter().all(has_said)) {
            return Ok(());
        }
        broken("nothing is switched on before all members have said that they know it", || {
            format!("node {} in term {}: {added}", leader.seat.0, term.0)
        })
    }
}
