//! The mark: `tests/spec/MARK.md`.

use quorate_tests::spec::mark::{Flaw, Room, Setting, Writes, search};

use super::{bounds, is_full};

const SAFETY: &str = "a leader has all that was committed before";
const WAY_ON: &str = "every majority can commit what it holds";

fn setting(nodes: usize, terms: u8, entries: u8, writes: Writes) -> Setting {
    Setting { writes, bounds: bounds(), ..Setting::new(nodes, terms, entries) }
}

fn unequal(setting: Setting, capacities: [u8; 5]) -> Setting {
    Setting { capacities: Some(capacities), ..setting }
}

#[track_caller]
fn expect_sound(quick: Setting, full: Setting) {
    let setting = if is_full() { full } else { quick };
    super::expect_sound(&setting, &search(&setting), 1_000);
}

#[track_caller]
fn expect_broken(setting: Setting, promise: &'static str) {
    super::expect_broken(&setting, &search(&setting), &[promise]);
}

#[test]
fn the_mark_keeps_its_promises() {
    expect_sound(setting(3, 4, 2, Writes::AtOnce), setting(3, 6, 3, Writes::AtOnce));
}

#[test]
fn the_mark_keeps_its_promises_when_writes_are_torn() {
    expect_sound(setting(3, 3, 1, Writes::Torn), setting(3, 6, 2, Writes::Torn));
}

#[test]
fn the_mark_keeps_its_promises_when_writes_are_late() {
    expect_sound(setting(3, 2, 1, Writes::Late), setting(3, 3, 2, Writes::Late));
}

#[test]
fn the_mark_keeps_its_promises_among_five() {
    expect_sound(setting(5, 2, 1, Writes::AtOnce), setting(5, 3, 1, Writes::AtOnce));
}

#[test]
fn logs_may_differ_in_size() {
    let quick = unequal(setting(3, 2, 2, Writes::Torn), [2, 1, 1, 0, 0]);
    expect_sound(quick, unequal(setting(3, 4, 3, Writes::Torn), [2, 1, 1, 0, 0]));
}

#[test]
fn logs_that_differ_in_size_stop_a_cluster_without_the_rule() {
    for room in [Room::None, Room::LeastAboveCommit, Room::LeaderOnly, Room::FollowersOnly] {
        let setting = unequal(setting(3, 3, 3, Writes::AtOnce), [2, 1, 1, 0, 0]);
        expect_broken(Setting { room, ..setting }, WAY_ON);
    }
}

#[test]
fn without_a_mark_full_logs_stop_a_cluster() {
    expect_broken(Setting { flaw: Flaw::NoMark, ..setting(3, 2, 1, Writes::AtOnce) }, WAY_ON);
}

#[test]
fn every_broken_rule_is_found() {
    let flaws = [
        Flaw::MarkAtCandidacy,
        Flaw::MarkBeforeMatch,
        Flaw::TailStays,
        Flaw::TailComesBack,
        Flaw::MarkIgnored,
        Flaw::CommitAlone,
        Flaw::FollowersDoNotMark,
        Flaw::AckBeforeMark,
        Flaw::AckBeforeLog,
        Flaw::MarkBeforeLog,
        Flaw::CutAtPrevious,
    ];
    for flaw in flaws {
        expect_broken(Setting { flaw, ..setting(3, 3, 2, Writes::Torn) }, SAFETY);
    }
}

#[test]
fn a_leader_that_counts_what_is_not_durable_is_found() {
    expect_broken(Setting { flaw: Flaw::LeaderCountsUnwritten, ..setting(3, 2, 1, Writes::Late) }, SAFETY);
}

#[test]
fn every_broken_rule_of_snapshots_is_found() {
    let flaws = [(Flaw::SnapshotClearsMark, 3), (Flaw::SnapshotMarksEarly, 2), (Flaw::InstallKeepsTail, 2)];
    for (flaw, terms) in flaws {
        expect_broken(unequal(Setting { flaw, ..setting(3, terms, 2, Writes::Torn) }, [2, 2, 2, 0, 0]), SAFETY);
    }
}

/// It takes a snapshot that is durable without the term in which it came.
#[test]
fn a_cut_below_a_snapshot_is_found() {
    let flaw = Flaw::CutBelowSnapshot;
    expect_broken(unequal(Setting { flaw, ..setting(3, 3, 1, Writes::Torn) }, [1, 1, 1, 0, 0]), SAFETY);
}

/// It takes a cut that is durable without the mark that follows it.
#[test]
fn a_cut_that_forgets_the_mark_is_found() {
    let forgets = |writes, terms| Setting { flaw: Flaw::CutForgetsMark, ..setting(3, terms, 2, writes) };
    expect_broken(forgets(Writes::Torn, 4), SAFETY);
    expect_sound(forgets(Writes::AtOnce, 3), forgets(Writes::AtOnce, 5));
}

/// Only among five live terms does it harm, which takes a while without optimization.
#[test]
fn a_deep_cut_that_forgets_the_mark_is_found() {
    if is_full() {
        expect_broken(Setting { flaw: Flaw::DeepCutForgetsMark, ..setting(3, 5, 2, Writes::Torn) }, SAFETY);
    }
}
