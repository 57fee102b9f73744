use quorate::{Incarnation, Index, Members, Roster, Seats};

use crate::simulator::machine::Machine;
use crate::simulator::records::Records;

/// Whether a majority of those whom this configuration names, of each half, has such records: in the life that is named,
/// be its disk lost or rotten since.
pub(super) fn of(roster: Option<(Index, Roster<'_>)>, all: &[Machine], is_so: impl Fn(&Records) -> bool) -> bool {
    let Some((_, roster)) = roster else { return false };
    let has = |machine: &Machine| {
        let life = roster.occupant(machine.seat)?.incarnation;
        machine.records(life).filter(|records| is_so(records)).map(|_| machine.seat)
    };
    roster.members().is_quorum(all.iter().filter_map(has).collect::<Seats>())
}

/// Whether that is so of a configuration that any node has in force, or any disk holds: the founders' own, if the disk
/// knows of no later one that is committed.
pub(super) fn of_any(founders: Seats, all: &[Machine], is_so: impl Fn(&Records) -> bool) -> bool {
    let in_force = all.iter().filter_map(Machine::roster);
    let held = all.iter().flat_map(|machine| machine.disk.durable.rosters());
    if in_force.chain(held).any(|roster| of(Some(roster), all, &is_so)) {
        return true;
    }
    let is_first = |machine: &Machine| machine.is_member() && machine.disk.durable.settled().is_none();
    let has = |machine: &&Machine| machine.records(Incarnation::FOUNDER).is_some_and(&is_so);
    let present: Seats = all.iter().filter(has).map(|machine| machine.seat).collect();
    all.iter().any(is_first) && Members::of(founders).is_quorum(present)
}
