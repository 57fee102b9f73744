//! Power cuts on real files. `QUORATE_POWER=full cargo test --release -p quorate-tests --test power -- --nocapture`
//! looks at more runs, and at each of them more closely.

use quorate_tests::power::{Bounds, Law, Lie, Setting, cut_all_nodes, cut_each_node};

/// Every byte of a write up to four sectors.
const FULL: Bounds = Bounds { cuts: 2_048, mixes: 256, recoveries: 500, rots: 100 };

fn is_full() -> bool {
    std::env::var("QUORATE_POWER").is_ok_and(|mode| mode == "full")
}

fn setting(nodes: usize, seed: u64) -> Setting {
    let (rounds, bounds) = if is_full() { (3, FULL) } else { (if nodes > 3 { 1 } else { 2 }, Bounds::QUICK) };
    Setting { seed, nodes, rounds, lie: None, hasty: false, bounds }
}

fn seeds() -> std::ops::Range<u64> {
    if is_full() { 0..4 } else { 0..1 }
}

#[track_caller]
fn cut(nodes: usize) {
    for seed in seeds() {
        let tally = cut_each_node(setting(nodes, seed)).unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        println!("{nodes} nodes, seed {seed}: {tally:?}");
        assert!(tally.truncations > 0, "no entry was replaced");
        assert!(tally.configurations > 0, "nobody moved");
        assert!(tally.marks > 0 && tally.removals > 0, "no snapshot took the place of a log");
        assert!(tally.installs > 0 && tally.fetching > 0, "no node got a snapshot");
    }
}

#[test]
fn each_of_three_nodes_keeps_its_promises_whenever_its_power_fails() {
    cut(3);
}

#[test]
fn each_of_five_nodes_keeps_its_promises_whenever_its_power_fails() {
    cut(5);
}

#[test]
fn a_cluster_keeps_its_answers_when_all_power_fails() {
    let cuts = if is_full() { 2_000 } else { 60 };
    for (nodes, seed) in seeds().flat_map(|seed| [(3, seed), (5, seed)]) {
        let setting = Setting { rounds: 2, ..setting(nodes, seed) };
        cut_all_nodes(setting, cuts).unwrap_or_else(|violation| panic!("{nodes} nodes, seed {seed}: {violation}"));
    }
}

#[track_caller]
fn broken_by(change: impl Fn(Setting) -> Setting) -> Law {
    let setting = change(Setting { rounds: 2, bounds: Bounds::QUICK, ..setting(3, 0) });
    match cut_each_node(setting) {
        Ok(tally) => panic!("nothing was found: {tally:?}"),
        Err(violation) => {
            println!("{violation}");
            violation.law
        }
    }
}

#[test]
fn a_disk_that_does_not_sync_is_found_out() {
    let law = broken_by(|setting| Setting { lie: Some((Lie::Batches, 0)), ..setting });
    assert!(matches!(law, Law::TermStays | Law::VoteStays | Law::WholeWrites), "{law:?}");
}

#[test]
fn a_disk_that_ceases_to_sync_is_found_out() {
    for honest_syncs in [2, 5, 10] {
        let law = broken_by(|setting| Setting { lie: Some((Lie::Batches, honest_syncs)), ..setting });
        // A snapshot may be lost as well, and the log be as it was before.
        let laws = [Law::TermStays, Law::VoteStays, Law::AckedStays, Law::AppliedStays, Law::WholeWrites];
        assert!(laws.contains(&law), "{law:?}");
    }
}

#[test]
fn a_disk_that_names_a_segment_before_it_is_durable_is_found_out() {
    assert_eq!(broken_by(|setting| Setting { lie: Some((Lie::Segments, 0)), ..setting }), Law::Opens);
}

#[test]
fn a_disk_that_does_not_sync_snapshots_is_found_out() {
    for honest_syncs in [0, 1, 4] {
        let law = broken_by(|setting| Setting { lie: Some((Lie::Snapshots, honest_syncs)), ..setting });
        assert!(matches!(law, Law::StateStays | Law::WholeWrites), "{law:?}");
    }
}

#[test]
fn a_disk_that_does_not_sync_names_is_found_out() {
    let law = broken_by(|setting| Setting { lie: Some((Lie::Names, 0)), ..setting });
    assert!(matches!(law, Law::TermStays | Law::VoteStays | Law::WholeWrites), "{law:?}");
}

#[test]
fn a_driver_that_returns_tickets_early_is_found_out() {
    let law = broken_by(|setting| Setting { hasty: true, rounds: 1, ..setting });
    // A node that the script itself starts again has lost what it acknowledged, and never comes in line. One is told to
    // restore a snapshot that is not there yet.
    let laws = [Law::TermStays, Law::VoteStays, Law::AckedStays, Law::StateStays, Law::ClusterGoesOn];
    assert!(laws.contains(&law), "{law:?}");
}
