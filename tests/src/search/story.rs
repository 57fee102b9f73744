use super::event::Act;
use super::table::Table;
use super::world::{Draft, World};
use crate::stage::show;

/// What happened from a world on, act by act: each with what the node did, and what it is after that if it has changed.
pub(crate) fn tell(first: &World, acts: &[Act], table: &mut Table) -> Vec<String> {
    let mut lines = Vec::new();
    let mut world = first.clone();
    for act in acts {
        tell_act(&world, act, table, &mut lines);
        let mut draft = Draft::of(&world, table);
        if world.follow(&world.sums(table), *act, table, &mut draft).is_ok() {
            world = draft.world();
        }
    }
    lines
}

fn tell_act(world: &World, act: &Act, table: &Table, lines: &mut Vec<String>) {
    let left = if act.leave { ", its effects are left" } else { "" };
    lines.push(format!("{}{left}", act.event.words(act.seat, &table.letters)));
    let mut member = table.members.get(world.member(act.seat)).clone();
    let before = show::node(&member.node);
    let letter = act.event.letter().map(|letter| &table.letters[letter as usize]);
    let mut sees = |effect: &quorate::Effect<'_, String>| lines.push(format!("    {}", show::effect(act.seat, effect)));
    // The last act of a story may be the one that breaks a promise; what it did before that is told.
    let taken = member.take(act.event, letter, act.leave, &table.setting, &mut sees);
    let after = show::node(&member.node);
    if taken.is_ok() && after != before {
        lines.push(format!("    {} {after}", act.seat));
    }
}
