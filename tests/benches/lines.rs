//! What boards on serial lines commit, in virtual time: as many commands a second on every machine.

use quorate_serial::Wiring;
use quorate_tests::boards::{Setting, World};

fn main() {
    println!("| boards | line | commands a second | with a flash that takes its time |");
    println!("| --- | --- | --- | --- |");
    for (wiring, boards) in [(Wiring::Mesh, 3), (Wiring::Ring, 3), (Wiring::Ring, 5)] {
        for baud in [57_600, 115_200, 460_800, 1_000_000] {
            let setting = Setting::new(1, boards, wiring, baud);
            let [quick, slow] = [false, true].map(|slow_flash| {
                let mut world = World::new(Setting { slow_flash, ..setting });
                world.answers_per_second().expect("nothing goes wrong")
            });
            println!("| {boards}, {wiring:?} | {baud} baud | {quick} | {slow} |");
        }
    }
}
