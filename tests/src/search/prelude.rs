use quorate::{Message, Seat};

use super::event::{Act, Ask, Event};
use super::table::Table;
use super::world::{Draft, World};
use super::{Budget, Start};
use crate::simulator::Violation;

/// The world that a search starts from.
pub(crate) fn start(table: &mut Table) -> Result<World, Violation> {
    let whole = table.setting.budget;
    let mut world = match table.setting.start {
        Start::New => World::new(table),
        Start::Led => led(table)?,
        Start::Behind => behind(table)?,
    };
    world.budget = whole;
    Ok(world)
}

/// A cluster in which node 0 leads and all have applied a first entry. Whatever else was sent is lost.
fn led(table: &mut Table) -> Result<World, Violation> {
    let first = match table.setting.budget.asks {
        0 => Event::Command { number: FIRST },
        _ => Event::Ask(Ask { client: 0, epoch: 0, sequence: 0, number: 0 }),
    };
    let mut world = World::new(table);
    for event in [Event::Campaign, Event::Beat, first, Event::Beat] {
        world = calm(&world, event, table, |_, _| false)?;
    }
    world.letters = Vec::new();
    greet(world, table)
}

/// Whoever is no member has said to node 0 that it is there.
fn greet(mut world: World, table: &mut Table) -> Result<World, Violation> {
    let members = table.setting.founders().all();
    for seat in (0..table.setting.nodes as u8).filter(|seat| !members.contains(Seat(*seat))) {
        let act = Act { seat, ..act(Event::Beat) };
        world = next(&world, act, &Budget { beats: 1, ..NOTHING }, table)?;
        world.letters.retain(|letter| table.stamps[*letter as usize].to == 0);
    }
    Ok(world)
}

/// The last node then misses a second entry, which a snapshot of the leader covers and its log forgets. The leader has
/// found out, and what it offers is on its way.
fn behind(table: &mut Table) -> Result<World, Violation> {
    let last = table.setting.nodes as u8 - 1;
    let mut world = led(table)?;
    for event in [Event::Command { number: FIRST - 1 }, Event::Snapshot] {
        world = calm(&world, event, table, |letter, table| table.stamps[letter as usize].to == last)?;
    }
    let is_offer =
        |letter: u32, table: &Table| matches!(table.letters[letter as usize].message(), Message::Offer { .. });
    // What it is sent first, it refuses.
    for _ in 0..2 {
        world = calm(&world, Event::Beat, table, is_offer)?;
    }
    world = next(&world, act(Event::Beat), &Budget { beats: 1, ..NOTHING }, table)?;
    world.letters.retain(|letter| is_offer(*letter, table));
    Ok(world)
}

/// The numbers of the first commands, which are none of the others'.
const FIRST: u8 = u8::MAX;

/// No fault happens, and letters come once.
const NOTHING: Budget = Budget {
    elections: 0,
    beats: 0,
    commands: 0,
    asks: 0,
    snapshots: 0,
    rots: 0,
    reads: 0,
    transfers: 0,
    changes: 0,
    resignations: 0,
    crashes: 0,
    losses: 0,
    leaves: 0,
    repeats: Some(0),
};

fn act(event: Event) -> Act {
    Act { seat: 0, event, keep: false, leave: false }
}

/// Lets something happen at node 0, every write become durable then, and every letter arrive but those that are lost.
fn calm(
    world: &World,
    event: Event,
    table: &mut Table,
    is_lost: impl Fn(u32, &Table) -> bool,
) -> Result<World, Violation> {
    let budget = Budget { elections: 1, beats: 1, commands: 1, asks: 1, snapshots: 1, ..NOTHING };
    let mut acts = Vec::new();
    let mut world = next(world, act(event), &budget, table)?;
    loop {
        world.letters.retain(|letter| !is_lost(*letter, table));
        world.budget = NOTHING;
        world.acts(table, &mut acts);
        let Some(act) = acts.first() else { return Ok(world) };
        world = next(&world, *act, &NOTHING, table)?;
    }
}

/// What an act leads to within a budget.
pub(crate) fn next(world: &World, act: Act, budget: &Budget, table: &mut Table) -> Result<World, Violation> {
    let mut world = world.clone();
    world.budget = *budget;
    let mut draft = Draft::of(&world, table);
    world.follow(&world.sums(table), act, table, &mut draft)?;
    draft.check(act.seat, table)?;
    Ok(draft.world())
}
