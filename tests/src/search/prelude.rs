use super::Budget;
use super::event::{Act, Event};
use super::table::Table;
use super::world::{Draft, World};
use crate::simulator::Violation;

/// A cluster in which node 0 leads and all have applied a first command. Whatever else was sent is lost.
pub(crate) fn led(table: &mut Table) -> Result<World, Violation> {
    let mut world = World::new(table);
    let whole = table.setting.budget;
    for event in [Event::Campaign, Event::Command { number: FIRST }, Event::Beat] {
        world.budget = Budget { elections: 1, commands: 1, beats: 1, repeats: Some(0), ..Budget::default() };
        world = next(&world, Act { seat: 0, event, keep: false, leave: false }, table)?;
        world.budget = Budget { repeats: Some(0), ..Budget::default() };
        world = calm(world, table)?;
    }
    world.letters = Vec::new();
    world.budget = whole;
    Ok(world)
}

/// The number of the first command, which is none of the others'.
const FIRST: u8 = u8::MAX;

/// Lets every write become durable and every letter arrive.
fn calm(mut world: World, table: &mut Table) -> Result<World, Violation> {
    let mut acts = Vec::new();
    loop {
        world.acts(table, &mut acts);
        let Some(act) = acts.first() else { return Ok(world) };
        world = next(&world, *act, table)?;
    }
}

pub(crate) fn next(world: &World, act: Act, table: &mut Table) -> Result<World, Violation> {
    let mut draft = Draft::of(world, table);
    world.follow(&world.sums(table), act, table, &mut draft)?;
    draft.check(act.seat, table)?;
    Ok(draft.world())
}
