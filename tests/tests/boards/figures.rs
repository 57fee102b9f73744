//! What lines carry, in virtual time: the figures are exact, and the same on every machine.

use quorate_serial::{Fault, Wiring};
use quorate_tests::boards::{Setting, World};

/// On sound wires nothing is lost, however much there is to do.
#[track_caller]
fn answers_per_second(setting: Setting) -> usize {
    let mut world = World::new(setting);
    let found = world.answers_per_second().expect("nothing goes wrong");
    assert_eq!(world.faults(), []);
    found
}

#[test]
fn three_boards_commit_a_hundred_commands_a_second_at_115_200_baud_with_a_slow_flash() {
    let found = answers_per_second(Setting { slow_flash: true, ..Setting::new(1, 3, Wiring::Mesh, 115_200) });
    assert!(found >= 100, "{found}");
}

#[test]
fn three_boards_commit_five_hundred_commands_a_second_at_a_megabaud_with_a_slow_flash() {
    let found = answers_per_second(Setting { slow_flash: true, ..Setting::new(1, 3, Wiring::Mesh, 1_000_000) });
    assert!(found >= 500, "{found}");
}

/// A line has room for two of the longest frames, and more than that is on the way to a follower that comes back.
#[test]
fn a_board_that_was_away_is_brought_in_line_without_a_frame_lost_for_lack_of_room() {
    let mut world = World::new(Setting::new(1, 3, Wiring::Mesh, 115_200));
    world.run(10_000_000).expect("they elect a leader");
    let leader = world.leader().expect("they have elected one");
    let away = (leader + 1) % 3;
    for _ in 0..10 {
        world.cut(leader, away, true, true);
        world.run(300_000).expect("nothing goes wrong");
        world.cut(leader, away, true, false);
        world.run(2_000_000).expect("nothing goes wrong");
    }
    assert!(world.faults().iter().all(|(fault, _)| *fault != Fault::NoRoom), "{:?}", world.faults());
    let last =
        |world: &mut World, board| world.station(board).expect("it has power").node().expect("a member").last().index.0;
    assert!(last(&mut world, leader) - last(&mut world, away) < 20, "it has caught up");
}

/// A turn takes as long as its erasures, more than anything else: one page of the log, and one of a snapshot that fits
/// into a page. `adapters/serial/README.md` says so.
#[test]
fn no_turn_erases_more_than_two_pages() {
    let erased = (0..40).map(|seed| {
        let mut world = World::new(Setting::troubled(seed, if seed % 2 == 0 { 3 } else { 5 }));
        world.run(10_000_000).expect("nothing goes wrong");
        world.erased_at_once()
    });
    assert_eq!(erased.max(), Some(2));
}
