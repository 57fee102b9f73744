//! Members that change, and stores that return without a disk: `tests/spec/MEMBERS.md`.

use quorate_tests::spec::members::{Flaw, Setting, search};

use super::{bounds, expect_broken, expect_sound, is_full};

const SAFETY: &[&str] = &["a leader has all that was committed before", "a later leader has what is committed late"];
const WAY_ON: &[&str] = &["whoever is enough commits what it holds, and lost disks return"];

/// This many voters and learners, and a log of so many entries, one of them a command.
fn setting(voters: usize, learners: usize, terms: u8, entries: u8) -> Setting {
    Setting { learners, bounds: bounds(), ..Setting::new(voters + learners, voters, terms, entries) }
}

/// Three voters of which any may lose its disk.
fn wiped(wipes: u8, terms: u8, entries: u8) -> Setting {
    Setting { wipes, ..setting(3, 0, terms, entries) }
}

/// The same in logs without a command.
fn bare(setting: Setting) -> Setting {
    Setting { commands: 0, ..setting }
}

fn changing(changes: u8, setting: Setting) -> Setting {
    Setting { changes, ..setting }
}

#[track_caller]
fn sound(quick: Setting, full: Setting) {
    complete(if is_full() { full } else { quick });
}

#[track_caller]
fn complete(setting: Setting) {
    expect_sound(&setting, &search(&setting), 100);
}

#[track_caller]
fn broken(flaw: Flaw, setting: Setting, promises: &[&'static str]) {
    let setting = Setting { flaw, ..setting };
    expect_broken(&setting, &search(&setting), promises);
}

#[test]
fn lost_disks_return() {
    sound(wiped(1, 2, 3), wiped(2, 4, 4));
    sound(bare(Setting { reboots: 1, ..wiped(1, 2, 3) }), Setting { reboots: 1, ..wiped(2, 3, 5) });
    if is_full() {
        complete(Setting { wipes: 2, ..setting(4, 0, 2, 4) });
        complete(Setting { wipes: 1, ..setting(5, 0, 2, 2) });
    }
}

#[test]
fn two_become_one_and_one_becomes_two() {
    sound(changing(1, setting(2, 0, 3, 4)), changing(2, setting(2, 0, 4, 5)));
    sound(changing(2, setting(1, 1, 3, 4)), changing(2, setting(1, 1, 4, 5)));
}

#[test]
fn an_empty_store_joins_as_a_learner_and_is_promoted() {
    let outsider = Setting { seats: 2, ..setting(1, 0, 3, 5) };
    sound(changing(2, outsider.clone()), changing(2, Setting { wipes: 1, reboots: 1, ..outsider }));
}

#[test]
fn three_become_any_others() {
    sound(bare(changing(1, setting(3, 0, 2, 3))), changing(1, setting(3, 0, 4, 3)));
    sound(bare(changing(2, setting(2, 1, 2, 4))), changing(2, setting(2, 1, 4, 4)));
    sound(bare(changing(1, setting(1, 2, 2, 3))), changing(1, setting(1, 2, 3, 4)));
}

#[test]
fn disks_are_lost_while_members_change() {
    let of_two = Setting { wipes: 1, ..changing(1, setting(2, 1, 2, 3)) };
    sound(bare(of_two.clone()), Setting { terms: 3, entries: 4, ..of_two });
}

#[test]
fn a_joint_phase_is_taken_back_by_the_reign_that_began_it() {
    let takes_back = |setting| Setting { takes_back: true, ..setting };
    sound(takes_back(bare(changing(1, setting(1, 2, 2, 3)))), takes_back(changing(2, setting(2, 1, 3, 4))));
}

#[test]
fn writes_may_be_torn() {
    let torn = |setting| Setting { torn: true, ..setting };
    sound(torn(bare(wiped(1, 2, 2))), torn(wiped(1, 2, 2)));
    sound(torn(bare(changing(1, setting(2, 1, 2, 2)))), torn(bare(changing(1, setting(3, 0, 3, 3)))));
}

#[test]
fn snapshots_carry_the_members() {
    let snapshots = |setting| Setting { snapshots: true, ..setting };
    sound(snapshots(bare(changing(1, setting(3, 0, 2, 2)))), snapshots(changing(1, setting(3, 0, 3, 3))));
    sound(snapshots(bare(wiped(1, 2, 2))), snapshots(wiped(1, 3, 3)));
}

#[test]
fn four_and_five_change_as_well() {
    if is_full() {
        complete(changing(1, setting(3, 1, 2, 3)));
        complete(bare(changing(1, setting(3, 1, 3, 2))));
        complete(changing(1, setting(4, 0, 2, 3)));
        complete(bare(changing(1, setting(3, 2, 2, 2))));
    }
}

#[test]
fn every_broken_rule_of_the_two_halves_is_found() {
    let three = || changing(1, bare(setting(3, 0, 2, 2)));
    broken(Flaw::OneStep, three(), SAFETY);
    broken(Flaw::NewHalfAlone, three(), SAFETY);
    broken(Flaw::OldHalfAlone, three(), SAFETY);
    broken(Flaw::SelfCounts, three(), SAFETY);
    broken(Flaw::FinalEarly, three(), SAFETY);
    broken(Flaw::AtCommit, three(), WAY_ON);
    broken(Flaw::CutKeepsMembers, three(), WAY_ON);
}

#[test]
fn every_broken_rule_of_who_stands_and_votes_is_found() {
    broken(Flaw::RemovedNeverStands, changing(1, bare(setting(2, 0, 2, 3))), WAY_ON);
    broken(Flaw::OutsidersRefuse, changing(1, bare(setting(1, 1, 2, 3))), WAY_ON);
    let four = || changing(1, bare(setting(3, 1, 2, 2)));
    broken(Flaw::LearnersDoNotStand, four(), WAY_ON);
    if is_full() {
        broken(Flaw::OutsidersAreRefused, four(), WAY_ON);
    }
}

#[test]
fn every_broken_rule_of_new_voters_is_found() {
    broken(Flaw::EmptyVoter, Setting { seats: 2, ..changing(2, bare(setting(1, 0, 2, 3))) }, WAY_ON);
    broken(Flaw::StraightByMajority, Setting { seats: 4, ..changing(1, bare(setting(3, 0, 2, 3))) }, WAY_ON);
}

#[test]
fn a_joint_phase_that_a_later_reign_takes_back_is_found() {
    let one = changing(1, setting(1, 2, 3, 3));
    broken(Flaw::TakesBackInherited, Setting { takes_back: true, ..one }, SAFETY);
}

#[test]
fn every_broken_rule_of_lives_is_found() {
    broken(Flaw::OneStep, bare(wiped(1, 2, 2)), SAFETY);
    broken(Flaw::NewLifeInOldHalf, bare(wiped(1, 2, 2)), SAFETY);
    broken(Flaw::AnyLife, wiped(1, 2, 1), SAFETY);
    broken(Flaw::EmptyVotes, wiped(1, 2, 1), SAFETY);
    broken(Flaw::EntryWithoutLife, bare(wiped(2, 2, 2)), WAY_ON);
    broken(Flaw::FormattedDoesNotAsk, bare(wiped(1, 2, 2)), WAY_ON);
    broken(Flaw::FormatMarksEarly, wiped(1, 2, 2), WAY_ON);
}

/// A boot that is over is named in place of one that is alive.
#[test]
fn every_broken_rule_of_the_challenge_is_found() {
    let twice = |terms| Setting { reboots: 1, ..bare(wiped(2, terms, 5)) };
    broken(Flaw::NoChallenge, twice(2), WAY_ON);
    broken(Flaw::AnswersStay, twice(2), WAY_ON);
    if is_full() {
        broken(Flaw::AnswerOutlivesReign, twice(3), WAY_ON);
    }
}

#[test]
fn every_broken_rule_of_snapshots_is_found() {
    let three = |terms, commands| {
        let setting = changing(1, setting(3, 0, terms, 2));
        Setting { snapshots: true, commands, ..setting }
    };
    broken(Flaw::SnapshotWithoutMembers, three(2, 0), SAFETY);
    broken(Flaw::SnapshotWithoutNewHalf, three(2, 0), SAFETY);
    broken(Flaw::SnapshotOfLaterMembers, three(3, 1), WAY_ON);
    broken(Flaw::SnapshotWithoutLives, Setting { snapshots: true, ..bare(wiped(1, 2, 2)) }, WAY_ON);
}

/// They stay rules where they cost nothing: these bounds are small.
#[test]
fn what_does_no_harm_within_these_bounds() {
    if !is_full() {
        return;
    }
    let ends = [Flaw::FinalUnestablished, Flaw::FinalByMembers];
    let begins = [Flaw::ChangeEarly, Flaw::ChangeUnestablished, Flaw::ChangeUnheard, Flaw::OutsiderChanges];
    for flaw in ends.into_iter().chain(begins) {
        complete(Setting { flaw, ..changing(2, bare(setting(2, 1, 3, 4))) });
    }
    for flaw in [Flaw::FormatsEarly, Flaw::FormatNeverMarks] {
        complete(Setting { flaw, ..wiped(2, 3, 4) });
    }
    for flaw in [Flaw::AnswerOutlivesMembers, Flaw::AnswersAccumulate] {
        complete(Setting { flaw, reboots: 1, ..bare(wiped(2, 3, 5)) });
    }
    let three = changing(1, setting(3, 0, 3, 3));
    let taken = Setting { takes_back: true, ..three.clone() };
    complete(Setting { flaw: Flaw::TakesBackCommitted, ..taken });
    complete(Setting { flaw: Flaw::SnapshotWithoutOldHalf, snapshots: true, ..three });
}
