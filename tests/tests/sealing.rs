//! Clusters whose members seal what they say, under faults and changes of keys, for a few seeds.
//! `QUORATE_SEEDS=10000 cargo test --release -p quorate-tests --test sealing` goes on for longer; `simulate --links sealed`
//! replays a seed, shrinks it, or runs for as long as it is let.

use quorate_tests::simulator::{Fault, Links, Report, Setting, Tally, World};

fn seeds(default: u64) -> std::ops::Range<u64> {
    0..std::env::var("QUORATE_SEEDS").map_or(default, |text| text.parse().expect("QUORATE_SEEDS is a number"))
}

fn sealed(seed: u64, nodes: usize, events: u64) -> Setting {
    Setting { links: Some(Links::Sealed), ..Setting::new(seed, nodes, events) }
}

#[track_caller]
fn run(setting: &Setting) -> Report {
    let report = World::new(setting.clone()).run();
    assert_eq!(report.violation, None, "replay: {setting}");
    report
}

/// What all seeds came to.
#[track_caller]
fn simulate(nodes: usize, count: u64, events: u64) -> Tally {
    let mut sum = Tally::default();
    for seed in seeds(count) {
        let report = run(&sealed(seed, nodes, events));
        assert!(report.tally.links.sealed > 0, "nothing was sealed");
        sum.add(&report.tally);
    }
    let quiet: Vec<_> = sum.links.iter().filter(|(_, count)| *count == 0).collect();
    assert_eq!((sum.links.iter().count(), quiet), (6, vec![]), "each is counted: {:?}", sum.links);
    sum
}

#[test]
fn three_nodes_keep_their_promises() {
    let tally = simulate(3, 30, 10_000);
    assert!(tally.links.opened > tally.links.unsealed, "most of what is said is sealed, and much of it arrives");
    for fault in [Fault::Attack, Fault::Rekey, Fault::Crash, Fault::LostDisk, Fault::Change] {
        assert!(tally.iter().any(|(name, count)| name == fault.name() && count > 0), "{fault:?} never happened");
    }
}

#[test]
fn five_nodes_keep_their_promises() {
    simulate(5, 12, 10_000);
}

#[test]
fn two_nodes_keep_their_promises() {
    simulate(2, 20, 5_000);
}

#[test]
fn a_seed_leads_to_the_same_run_each_time() {
    let setting = Setting { tail: 5_000, ..sealed(7, 5, 5_000) };
    let (one, other) = (run(&setting), run(&setting));
    assert!(!one.tail.is_empty());
    assert_eq!(one.tail, other.tail);
    assert_eq!(one.tally, other.tally);
}

/// What is drawn of seals is drawn apart.
#[test]
fn a_seed_that_seals_nothing_means_what_it_means_without_seals() {
    let run = |links, seed| World::new(Setting { tail: 1_000, links, ..Setting::new(seed, 3, 2_000) }).run();
    let (mut sealed, mut plain) = (0, 0);
    for seed in 0..32 {
        let drawn = run(None, seed);
        if drawn.tally.links.hellos > 0 {
            sealed += 1;
            continue;
        }
        plain += 1;
        assert_eq!(drawn.tail, run(Some(Links::Plain), seed).tail);
    }
    assert!(sealed >= 4 && plain >= 16, "{sealed} of 32 runs seal what they say");
}

#[test]
fn without_faults_nothing_is_lost_once_sessions_are_there() {
    let links = run(&Setting { without: Fault::ALL.to_vec(), ..sealed(1, 3, 5_000) }).tally.links;
    assert!(links.unsealed < 20 && links.closed < 10 && links.opened > 1_000, "{links:?}");
}
