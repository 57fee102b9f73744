//! What is left when most machines are gone for good.

use std::fs;
use std::path::{Path, PathBuf};

use rig::{Failure, Rescue};
use tempfile::TempDir;

use crate::story::{Story, others};

fn scratch() -> TempDir {
    tempfile::tempdir().expect("there is room for a directory")
}

fn rescue(survivor: &Path, into: Option<(&Path, u64)>, mixed: bool) -> Result<String, Failure> {
    let (into, cluster) = into.map(|(into, cluster)| (into.to_owned(), cluster)).unzip();
    Rescue { survivor: survivor.to_owned(), into, cluster, mixed }.run()
}

/// What stands behind this word in a report.
#[track_caller]
fn line<'a>(report: &'a str, word: &str) -> &'a str {
    let found = report.lines().find_map(|line| line.strip_prefix(word));
    found.unwrap_or_else(|| panic!("no {word} in {report}")).trim()
}

/// The lamps of a report, as machines show them.
fn lamps(report: &str) -> &str {
    line(report, "state").split(',').next().unwrap_or_default()
}

/// The lamps that all machines agree on.
#[track_caller]
fn agreed(story: &mut Story) -> String {
    story.check().split(" at index").next().unwrap_or_default().to_string()
}

fn board(directory: &Path, kind: &str, number: usize) -> PathBuf {
    directory.join(kind).join(format!("board{number}.flash"))
}

pub(crate) fn boards() {
    let (old, new) = (scratch(), scratch());
    let survivor = board(old.path(), "boards", 2);
    let mut story = Story::of_kept_boards(1, old.path());
    story.ask(2, "press lamp 5 on");
    // Enough for a snapshot, and entries behind it.
    let counting = story.begin_counting(1, 70);
    story.end_counting(counting);
    let before = agreed(&mut story);
    let refused = rescue(&survivor, Some((new.path(), 2)), false).expect_err("the board runs").to_string();
    assert!(refused.contains("is in use: a board runs with it. Stop that board first"), "{refused}");
    story.rig.kill(2).expect("it runs");
    drop(story);

    let image = fs::read(&survivor).expect("it is there");
    let told = rescue(&survivor, None, false).expect("it can be read");
    assert_eq!(lamps(&told), before);
    assert!(line(&told, "survivor").contains(": machine 2, life founder"), "{told}");
    assert!(line(&told, "cluster").starts_with("1, identity "), "{told}");
    assert!(line(&told, "lost").starts_with("what 1, 3 acknowledged without 2: in term "), "{told}");
    assert!(told.ends_with("nothing was written: --into names a directory for a new cluster, --cluster its number\n"));
    let refused = rescue(&survivor, Some((new.path(), 1)), false).expect_err("it has the old number").to_string();
    assert!(refused.contains("1 is the old cluster's number"), "{refused}");
    let made = rescue(&survivor, Some((new.path(), 2)), false).expect("a new cluster is made");
    assert_eq!(fs::read_to_string(new.path().join("boards/rescue.txt")).expect("it is written down"), made);
    assert!(line(&made, "new").starts_with("cluster 2, in "), "{made}");
    assert!(fs::read(&survivor).expect("it is there") == image, "the survivor's flash has changed");
    let refused = rescue(&survivor, Some((new.path(), 2)), false).expect_err("it is made already").to_string();
    assert!(refused.contains("is there already"), "{refused}");

    let mut story = Story::of_kept_boards(2, new.path());
    story.expect_counted(70);
    story.leader();
    assert_eq!(agreed(&mut story), before);
    story.count(3);
    assert_eq!(story.ask(1, "press lamp 5"), "lamp 5 is off");
    story.check();
    // All of it is found again.
    for board in 1..=3 {
        story.rig.kill(board).expect("it runs");
        story.rig.start(board).expect("it starts");
    }
    story.count(2);
    story.check();

    // The old flash of a board does not start under the new number, and the others go on.
    let leader = story.leader();
    let [stray, other] = others(leader);
    story.rig.kill(stray).expect("it runs");
    let place = board(new.path(), "boards", stray);
    let kept = fs::read(&place).expect("it is there");
    fs::copy(board(old.path(), "boards", stray), &place).expect("there is room");
    story.rig.start(stray).expect("its emulator starts");
    story.wait("it says whose its flash is", |story| story.log().contains("flash: foreign 0x1 "));
    story.count(other);
    story.rig.kill(stray).expect("it runs");
    fs::write(&place, kept).expect("there is room");
    story.rig.start(stray).expect("it starts");
    story.count(stray);
    story.check();
}

pub(crate) fn board_and_hosts() {
    let (old, new) = (scratch(), scratch());
    let mut story = Story::of_kept_board_and_hosts(1, old.path());
    story.ask(3, "press lamp 9 on");
    let counting = story.begin_counting(2, 40);
    story.end_counting(counting);
    let before = agreed(&mut story);
    let host = old.path().join("mixed/host3");
    let refused = rescue(&host, None, true).expect_err("the host runs").to_string();
    assert!(refused.contains("is in use: a host runs on it"), "{refused}");
    drop(story);

    // Either of them will do, be it a board or a host.
    let told = rescue(&host, None, true).expect("it can be read");
    assert_eq!((lamps(&told), line(&told, "members")), (&before[..], "voters 1, 2, 3"));
    let survivor = board(old.path(), "mixed", 1);
    let made = rescue(&survivor, Some((new.path(), 7)), true).expect("a new cluster is made");
    assert_eq!(lamps(&made), before);
    assert!(line(&made, "new").starts_with("cluster 7, in "), "{made}");

    let mut story = Story::of_kept_board_and_hosts(7, new.path());
    story.expect_counted(40);
    story.leader();
    assert_eq!(agreed(&mut story), before);
    for machine in 1..=3 {
        story.count(machine);
    }
    story.check();
}
