//! What lines carry, in virtual time: the figures are exact, and the same on every machine.

use quorate_serial::Wiring;
use quorate_tests::boards::{Setting, World};

/// Commands a second that three boards commit, each of which asks for one after the other.
fn commands_per_second(setting: Setting) -> u64 {
    const SECONDS: u64 = 10;
    let mut world = World::new(setting);
    world.run(5_000_000).expect("they elect a leader");
    let before = world.answered();
    world.run(SECONDS * 1_000_000).expect("nothing is wrong");
    (world.answered() - before) as u64 / SECONDS
}

#[test]
fn three_boards_commit_a_hundred_commands_a_second_at_115_200_baud() {
    let found = commands_per_second(Setting { slow_flash: true, ..Setting::new(1, 3, Wiring::Mesh, 115_200) });
    println!("{found} commands a second");
    assert!(found >= 100);
}

#[test]
fn three_boards_commit_five_hundred_commands_a_second_at_a_megabaud() {
    let found = commands_per_second(Setting { slow_flash: false, ..Setting::new(1, 3, Wiring::Mesh, 1_000_000) });
    println!("{found} commands a second");
    assert!(found >= 500);
    let found = commands_per_second(Setting { slow_flash: true, ..Setting::new(1, 3, Wiring::Mesh, 1_000_000) });
    println!("{found} commands a second with a slow flash");
}
