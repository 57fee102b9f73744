//! Clusters under faults, for a few seeds. `QUORATE_SEEDS=100000 cargo test --release -p quorate-tests --test simulation` goes on
//! for longer; the program `simulate` replays a seed.

use quorate_tests::linearizability::Checker;
use quorate_tests::simulator::{Setting, World};

fn seeds(default: u64) -> std::ops::Range<u64> {
    0..std::env::var("QUORATE_SEEDS").map_or(default, |text| text.parse().expect("QUORATE_SEEDS is a number"))
}

#[track_caller]
fn simulate(nodes: usize, count: u64, events: u64) {
    for seed in seeds(count) {
        let setting = Setting { seed, nodes, clients: 4, events, faults: None, history: true, tail: 0 };
        let report = World::new(setting).run();
        let next = seed + 1;
        println!(
            "replay: cargo run --release -p quorate-tests --bin simulate -- --seeds {seed}..{next} --nodes {nodes} --events {events}"
        );
        assert_eq!(report.violation, None);
        assert!(report.committed > 0, "nothing was committed");
        Checker::default().check(&report.history).expect_linearizable();
    }
}

#[test]
fn one_node_keeps_its_promises() {
    simulate(1, 50, 5_000);
}

#[test]
fn two_nodes_keep_their_promises() {
    simulate(2, 100, 10_000);
}

#[test]
fn three_nodes_keep_their_promises() {
    simulate(3, 300, 20_000);
}

#[test]
fn four_nodes_keep_their_promises() {
    simulate(4, 100, 20_000);
}

#[test]
fn five_nodes_keep_their_promises() {
    simulate(5, 300, 20_000);
}

#[test]
fn seven_nodes_keep_their_promises() {
    simulate(7, 50, 20_000);
}
