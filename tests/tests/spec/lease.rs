//! Leases: `tests/spec/LEASE.md`.

use quorate_tests::spec::lease::{Flaw, Setting, search};

use super::{bounds, expect_broken, expect_sound, is_full};

const FRESH: &str = "no read misses what was committed before it";

fn setting(nodes: usize, terms: u8, entries: u8) -> Setting {
    Setting { bounds: bounds(), ..Setting::new(nodes, terms, entries) }
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
    expect_broken(&setting, &search(&setting), &[FRESH]);
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
