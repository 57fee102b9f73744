//! The founding of small clusters, by the real machine in every order of events. `tests/spec/FOUNDING.md` tells the
//! rules and what was searched; `QUORATE_FOUNDING=full cargo test --release -p quorate-tests --test founding --
//! --nocapture` goes as far as it says.

use quorate_tests::spec::founding::{Flaw, Report, Setting, search};

fn is_full() -> bool {
    std::env::var("QUORATE_FOUNDING").is_ok_and(|mode| mode == "full")
}

/// Searches with these faults, or with those when there is time.
#[track_caller]
fn expect_sound(nodes: usize, quick: (u8, u8), full: &[(u8, u8)]) {
    let bounds = if is_full() { full } else { &[quick] };
    for (wipes, restarts) in bounds {
        let report = search(&Setting::new(nodes, *wipes, *restarts));
        println!("{nodes} stores, {wipes} wipes, {restarts} restarts: {}", told(&report));
        let broken = report.violation.map(|(law, story)| format!("{}\n{law}", story.join("\n")));
        assert_eq!(broken, None, "{nodes} stores, {wipes} wipes, {restarts} restarts");
        assert!(report.is_complete && report.acknowledged > 0);
    }
}

fn told(report: &Report) -> String {
    let Report { states, void, acknowledged, depth, .. } = report;
    format!("{states} states to depth {depth}, {acknowledged} with a command acknowledged, {void} void")
}

#[track_caller]
fn expect_broken(flaw: Flaw, nodes: usize, wipes: u8, restarts: u8, law: &str) {
    let is_followed = law == STUCK;
    let report = search(&Setting { flaw, is_followed, ..Setting::new(nodes, wipes, restarts) });
    let acts = report.violation.as_ref().map_or(0, |(_, story)| story.len());
    println!("{flaw:?}: after {acts} acts, {}", told(&report));
    assert_eq!(report.violation.map(|(law, _)| law), Some(law), "{flaw:?}");
}

#[test]
fn a_store_alone_founds_its_cluster() {
    expect_sound(1, (0, 3), &[(0, 6)]);
}

#[test]
fn two_stores_found_one_cluster() {
    expect_sound(2, (1, 1), &[(0, 5), (1, 4)]);
}

#[test]
fn three_stores_found_one_cluster_and_one_lost_disk_neither_loses_nor_wedges() {
    expect_sound(3, (1, 0), &[(0, 3), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]);
}

#[test]
fn four_stores_found_one_cluster() {
    if is_full() {
        expect_sound(4, (0, 0), &[(0, 0), (0, 1), (1, 0)]);
    }
}

const STUCK: &str = "without further faults a cluster comes to be";
const TWICE: &str = "no store is complete in one founding twice";
const SECOND: &str = "no second founding comes to be once one has acknowledged a command";

#[test]
fn a_founding_that_leaves_a_rule_out_is_found() {
    expect_broken(Flaw::Majority, 3, 0, 0, STUCK);
    expect_broken(Flaw::NoEcho, 3, 0, 1, STUCK);
    expect_broken(Flaw::StaleAcks, 3, 0, 1, STUCK);
    expect_broken(Flaw::PrepareWithoutToken, 3, 0, 1, STUCK);
    expect_broken(Flaw::TokenPerBoot, 3, 0, 1, STUCK);
    expect_broken(Flaw::LateCharter, 3, 1, 0, STUCK);
    expect_broken(Flaw::NoPrepare, 3, 1, 0, TWICE);
    expect_broken(Flaw::OneAck, 3, 0, 0, STUCK);
    expect_broken(Flaw::KeepsPrepared, 3, 0, 1, STUCK);
    expect_broken(Flaw::ForgetsAtWho, 3, 0, 1, STUCK);
    expect_broken(Flaw::IgnoresComplete, 3, 1, 0, STUCK);
    expect_broken(Flaw::PreparedVotes, 3, 1, 0, SECOND);
}

/// With two lost disks more is at stake: what was acknowledged.
#[test]
fn commands_before_all_seats_are_complete_are_lost() {
    expect_broken(Flaw::CommandsEarly, 3, 2, 0, SECOND);
}

#[test]
fn a_charter_of_any_founding_lets_a_store_live_twice() {
    expect_broken(Flaw::AnyCharter, 3, 2, 0, TWICE);
}

/// What nothing can promise: if every disk was lost, nobody knows that there was a cluster.
#[test]
fn a_cluster_all_of_whose_disks_are_lost_is_founded_anew() {
    expect_broken(Flaw::None, 1, 1, 0, SECOND);
    expect_broken(Flaw::None, 2, 2, 0, SECOND);
}
