//! What lines carry, in virtual time: the figures are exact, and the same on every machine.

use quorate_serial::Wiring;
use quorate_tests::boards::{Setting, World};

/// Commands a second that three boards commit, each of which asks for one after the other. Nothing is lost on the way.
fn commands_per_second(baud: u32) -> u64 {
    const SECONDS: u64 = 10;
    let mut world = World::new(Setting { slow_flash: true, ..Setting::new(1, 3, Wiring::Mesh, baud) });
    world.run(5_000_000).expect("they elect a leader");
    let before = world.answered();
    world.run(SECONDS * 1_000_000).expect("nothing is wrong");
    for board in 0..3 {
        let station = world.station(board).expect("it has power");
        let faults: Vec<_> = (0..2).flat_map(|line| station.faults(line).iter().collect::<Vec<_>>()).collect();
        assert!(faults.iter().all(|(_, count)| *count == 0), "board {board}: {faults:?}");
    }
    let found = (world.answered() - before) as u64 / SECONDS;
    println!("{found} commands a second at {baud} baud");
    found
}

#[test]
fn three_boards_commit_a_hundred_commands_a_second_at_115_200_baud() {
    assert!(commands_per_second(115_200) >= 100);
}

#[test]
fn three_boards_commit_five_hundred_commands_a_second_at_a_megabaud() {
    assert!(commands_per_second(1_000_000) >= 500);
}
