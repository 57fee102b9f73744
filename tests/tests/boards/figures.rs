//! What lines carry, in virtual time: the figures are exact, and the same on every machine.

use quorate_serial::Wiring;
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
fn lines_of_a_megabaud_carry_five_hundred_commands_a_second() {
    let found = answers_per_second(Setting::new(1, 3, Wiring::Mesh, 1_000_000));
    assert!(found >= 500, "{found}");
}
