//! Every order of a few events, in clusters of the real core. `cargo run --release -p quorate-tests --bin search` goes
//! deeper.

use quorate_tests::search::{Budget, End, Flaw, Kind, Report, Setting, Start, search};

const BUDGET: Budget = Budget {
    elections: 2,
    beats: 1,
    commands: 1,
    asks: 0,
    snapshots: 0,
    rots: 0,
    reads: 1,
    transfers: 0,
    changes: 0,
    resignations: 0,
    crashes: 1,
    losses: 0,
    leaves: 0,
    repeats: None,
};

#[track_caller]
fn expect_sound(setting: Setting) -> Report {
    let report = search(setting);
    let told = report.violation.as_ref().map(|(violation, story)| format!("{}\n{violation}", story.join("\n")));
    assert_eq!(told, None);
    report
}

#[track_caller]
fn expect_broken(setting: Setting, law: &str, acts_max: usize) -> String {
    let (violation, story) = search(setting).violation.expect("a wrong world breaks a promise");
    assert_eq!(violation.law, law);
    let acts = story.iter().filter(|line| !line.starts_with(' ')).count();
    assert!(acts <= acts_max, "the story takes {acts} acts:\n{}", story.join("\n"));
    story.join("\n")
}

#[test]
fn one_node_keeps_its_promises_to_the_end() {
    let report = expect_sound(Setting::new(1, Budget { crashes: 2, leaves: 1, ..BUDGET }));
    assert!(report.end == End::Complete && report.states > 1_000, "{report:?}");
}

#[test]
fn two_nodes_keep_their_promises() {
    let report = expect_sound(Setting { depth: 13, ..Setting::new(2, BUDGET) });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn three_nodes_keep_their_promises() {
    let report = expect_sound(Setting { depth: 11, ..Setting::new(3, BUDGET) });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn three_nodes_with_a_leader_keep_their_promises() {
    let everything = Budget { transfers: 1, resignations: 1, leaves: 1, repeats: Some(1), ..BUDGET };
    let report = expect_sound(Setting { start: Start::Led, depth: 4, ..Setting::new(3, everything) });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn two_nodes_keep_their_promises_when_one_loses_its_disk_twice() {
    let report = expect_sound(Setting { depth: 12, ..Setting::new(2, Budget { losses: 2, ..BUDGET }) });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn three_nodes_keep_their_promises_when_one_loses_its_disk() {
    let report = expect_sound(Setting { depth: 10, ..Setting::new(3, Budget { losses: 1, ..BUDGET }) });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn three_nodes_with_a_leader_keep_their_promises_when_one_loses_its_disk() {
    let budget = Budget { elections: 1, commands: 1, losses: 1, repeats: Some(0), ..Budget::default() };
    let report = expect_sound(Setting { start: Start::Led, depth: 11, ..Setting::new(3, budget) });
    assert!(report.states > 50_000, "{report:?}");
}

/// The whole of what a learner's lost disk can do to one command, when letters come once.
#[test]
fn a_search_with_a_lost_disk_can_come_to_its_end() {
    let budget = Budget { commands: 1, losses: 1, repeats: Some(0), ..Budget::default() };
    let report = expect_sound(Setting { start: Start::Led, learners: 1, calms: true, ..Setting::new(2, budget) });
    assert!(report.end == End::Complete && report.states > 5_000, "{report:?}");
}

/// The whole of what one command and two crashes can do to two nodes, when letters come once.
#[test]
fn a_search_can_come_to_its_end() {
    let budget = Budget { elections: 2, beats: 0, reads: 0, crashes: 2, repeats: Some(0), ..BUDGET };
    let report = expect_sound(Setting::new(2, budget));
    assert!(report.end == End::Complete && report.states > 400, "{report:?}");
}

/// Room for two commands, and so for none that follows them.
const SMALL_LOG: usize = 64;

#[test]
fn small_logs_that_fill_up_do_not_stop_a_majority() {
    let report = expect_sound(Setting { depth: 11, log_bytes: SMALL_LOG, calms: true, ..Setting::new(3, BUDGET) });
    assert!(report.states > 4_000, "{report:?}");
}

#[test]
fn whatever_kind_of_message_was_lost_a_majority_goes_on() {
    let mut states = 0;
    for lost in [Kind::Asks, Kind::Votes, Kind::Entries, Kind::Acks] {
        let budget = Budget { elections: 3, commands: 3, repeats: Some(0), ..BUDGET };
        let small =
            Setting { depth: 7, log_bytes: SMALL_LOG, start: Start::Led, calms: true, ..Setting::new(3, budget) };
        states += expect_sound(Setting { lost: vec![lost], ..small }).states;
    }
    assert!(states > 10_000, "{states}");
}

/// Two clients with room for one session, with snapshots and restarts between all that they ask.
#[test]
fn sessions_keep_their_promises() {
    let asked = Budget { elections: 1, commands: 0, asks: 3, snapshots: 1, reads: 0, repeats: Some(0), ..BUDGET };
    let report = expect_sound(Setting { depth: 9, calms: true, ..Setting::new(1, asked) });
    assert!(report.states > 800, "{report:?}");
    let led = Setting { start: Start::Led, calms: true, ..Setting::new(2, asked) };
    let report = expect_sound(Setting { depth: 5, ..led });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn snapshots_keep_their_promises() {
    let budget = Budget { elections: 1, snapshots: 1, reads: 0, repeats: Some(0), ..BUDGET };
    let behind = Setting { start: Start::Behind, log_bytes: 96, calms: true, ..Setting::new(3, budget) };
    let report = expect_sound(Setting { depth: 6, ..behind.clone() });
    assert!(report.states > 5_000, "{report:?}");
    // A log with room for the change that replaces a lost store, and for its end.
    let budget = Budget { rots: 1, losses: 1, ..budget };
    let report = expect_sound(Setting { depth: 5, budget, log_bytes: 176, ..behind });
    assert!(report.states > 5_000, "{report:?}");
}

#[test]
fn a_learner_does_not_count() {
    let budget = Budget { elections: 1, beats: 0, crashes: 0, repeats: Some(0), ..BUDGET };
    let learns = Setting { start: Start::Led, learners: 1, calms: true, ..Setting::new(3, budget) };
    let report = expect_sound(Setting { depth: 7, ..learns });
    assert!(report.states > 2_000, "{report:?}");
}

fn changing(budget: Budget) -> Setting {
    let budget = Budget { elections: 1, repeats: Some(0), ..budget };
    Setting { start: Start::Led, calms: true, ..Setting::new(3, budget) }
}

/// How often something happened.
fn count(report: &Report, kind: &str) -> u64 {
    report.acts.iter().filter(|(of, _)| *of == kind).map(|(_, count)| count).sum()
}

#[test]
fn promises_are_kept_while_a_learner_is_promoted() {
    let report =
        expect_sound(Setting { depth: 10, learners: 1, ..changing(Budget { changes: 1, ..Budget::default() }) });
    assert!(count(&report, "promote") > 10 && count(&report, "remove") > 10, "{report:?}");
}

#[test]
fn promises_are_kept_while_a_voter_is_removed() {
    let budget = Budget { changes: 1, beats: 1, ..Budget::default() };
    let report = expect_sound(Setting { depth: 7, ..changing(budget) });
    assert!(count(&report, "remove") > 100, "{report:?}");
}

#[test]
fn promises_are_kept_while_a_store_joins_and_is_promoted() {
    let report = expect_sound(Setting { depth: 8, joiners: 1, ..changing(Budget { changes: 2, ..Budget::default() }) });
    assert!(count(&report, "add") > 10 && count(&report, "promote") > 10, "{report:?}");
}

#[test]
fn promises_are_kept_while_members_change_and_a_disk_is_lost() {
    let budget = Budget { changes: 1, losses: 1, ..Budget::default() };
    let report = expect_sound(Setting { depth: 6, ..changing(budget) });
    assert!(count(&report, "remove") > 100 && count(&report, "lost disk") > 100, "{report:?}");
}

#[test]
fn promises_are_kept_while_a_snapshot_covers_who_takes_part() {
    let budget = Budget { changes: 1, snapshots: 1, crashes: 1, ..Budget::default() };
    let report = expect_sound(Setting { depth: 7, learners: 1, log_bytes: 176, ..changing(budget) });
    assert!(count(&report, "promote") > 100 && count(&report, "snapshot") > 100, "{report:?}");
}

#[test]
fn a_majority_that_never_hears_a_vote_is_found() {
    let deaf = Setting { lost: vec![Kind::Votes], calms: true, flaw: Flaw::LossesStay, ..Setting::new(3, BUDGET) };
    expect_broken(deaf, "a majority that can talk has a leader soon, and commits what that one holds", 1);
}

#[test]
fn a_vote_that_a_disk_has_not_kept_is_found() {
    let lies = Setting { flaw: Flaw::LyingDisk, ..Setting::new(3, BUDGET) };
    let story = expect_broken(lies, "a term is durable before it is spoken of", 4);
    assert!(story.ends_with("0 -> 1: RequestVote Real term 1 last 0@0") || story.contains("sync 0"), "{story}");
}

/// Even if nobody looks at the disks: a voter forgets its vote, and elects another.
#[test]
fn a_lost_vote_leads_to_two_leaders() {
    let budget = Budget { elections: 2, crashes: 1, repeats: Some(0), ..Budget::default() };
    let lies = Setting { flaw: Flaw::LyingDisk, words: false, ..Setting::new(3, budget) };
    let story = expect_broken(lies, "one leader a term", 15);
    assert!(story.contains("crash"), "{story}");
}

#[test]
fn a_wiped_disk_is_found() {
    let wiped = Setting { flaw: Flaw::WipedDisk, start: Start::Led, ..Setting::new(3, BUDGET) };
    expect_broken(wiped, "what a leader takes for matched is durable there", 2);
}
