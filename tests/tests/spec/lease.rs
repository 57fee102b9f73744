//! Leases: `tests/spec/LEASE.md`.

use quorate_tests::spec::lease::{Flaw, Setting, search};

use super::{bounds, expect_broken, expect_sound, is_full};

const FRESH: &str = "no read misses what was committed before it";
const ALONE: &str = "nobody leads a later term while a lease holds";

fn setting(nodes: usize, terms: u8, entries: u8) -> Setting {
    Setting { bounds: bounds(), ..Setting::new(nodes, terms, entries) }
}

fn builds(terms: u8, entries: u8) -> Setting {
    Setting { builds: true, ..setting(3, terms, entries) }
}

/// Nobody else leads while a lease holds: so a broken rule is found before anybody commits what is missed.
fn alone(setting: Setting) -> Setting {
    Setting { alone: true, ..setting }
}

#[track_caller]
fn sound(quick: Setting, full: Setting) {
    complete(if is_full() { full } else { quick });
}

#[track_caller]
fn complete(setting: Setting) {
    expect_sound(&setting, &search(&setting), 1_000);
}

#[track_caller]
fn broken(flaw: Flaw, setting: Setting) {
    let setting = Setting { flaw, ..setting };
    let promise = if setting.alone { ALONE } else { FRESH };
    expect_broken(&setting, &search(&setting), &[promise]);
}

#[test]
fn a_lease_serves_nothing_stale() {
    sound(setting(3, 2, 1), setting(3, 3, 2));
    if is_full() {
        complete(Setting { period: 6, ..setting(3, 2, 1) });
    }
}

#[test]
fn a_lease_serves_nothing_stale_when_leaders_hand_over() {
    let transfers = |setting| Setting { transfers: true, ..setting };
    sound(transfers(setting(2, 3, 1)), transfers(setting(3, 2, 1)));
}

#[test]
fn every_broken_rule_of_leases_is_found() {
    let flaws = [
        Flaw::WholePeriod,
        Flaw::FromAnswer,
        Flaw::Unconfirmed,
        Flaw::VotersVote,
        Flaw::VotersStand,
        Flaw::NoBootFence,
        Flaw::Unestablished,
        Flaw::ServesApplied,
        Flaw::EarlyLook,
    ];
    for flaw in flaws {
        broken(flaw, setting(3, 2, 1));
    }
}

#[test]
fn clocks_that_drift_further_apart_than_stated_are_found() {
    broken(Flaw::DriftBeyond, Setting { period: 6, ..setting(3, 2, 1) });
}

#[test]
fn every_broken_rule_of_transfers_is_found() {
    let transfers = |terms| Setting { transfers: true, ..setting(3, terms, 1) };
    broken(Flaw::LeaseOutlivesTransfer, transfers(2));
    broken(Flaw::LeaseAfterTransfer, transfers(2));
    if is_full() {
        broken(Flaw::TransferStays, transfers(3));
    }
}

#[test]
fn a_lease_holds_whatever_builds_are_started() {
    sound(alone(builds(2, 1)), alone(builds(2, 2)));
    if is_full() {
        complete(Setting { period: 6, ..alone(builds(2, 1)) });
        complete(Setting { transfers: true, ..alone(builds(2, 1)) });
    }
}

/// That a read misses something takes an entry beside the roster, and a while without optimization.
#[test]
fn every_broken_rule_of_builds_is_found() {
    broken(Flaw::OnWhenAppended, builds(2, 1));
    let flaws =
        [Flaw::UnboundCount, Flaw::KnowingCount, Flaw::OlderTakesStore, Flaw::OlderTakesRoster, Flaw::NoUpgradeFence];
    for flaw in flaws {
        broken(flaw, if is_full() { builds(2, 2) } else { alone(builds(2, 1)) });
    }
}

/// Whoever holds the roster is bound by it: nobody but a later leader takes it from him.
#[test]
fn to_count_on_a_roster_before_it_is_committed_does_no_harm_within_these_bounds() {
    if is_full() {
        complete(Setting { flaw: Flaw::BoundWhenAppended, ..alone(builds(2, 2)) });
    }
}
