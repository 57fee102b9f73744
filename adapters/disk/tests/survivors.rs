//! Directories that are read under their lock, and not changed.

mod common;

use std::fs;
use std::path::Path;

use common::snapshots::{content, foreign, two_snapshots};
use common::{append, names, open, owner, scratch, state};
use quorate::{Entries, Mark, Term};
use quorate_disk::{DiskError, Recovered, Survivor};

/// All files of a directory, with their bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    names(directory).into_iter().map(|name| (name.clone(), fs::read(directory.join(name)).unwrap())).collect()
}

fn seen(survivor: &Survivor) -> Vec<String> {
    let mut seen = Vec::new();
    let shown = survivor.show(|item| {
        seen.push(match item {
            Recovered::Snapshot(snapshot) => format!("snapshot {}", snapshot.position.index.0),
            Recovered::DamagedSnapshot(position) => format!("damaged snapshot {}", position.index.0),
            Recovered::HardState(state) => format!("term {}", state.term.0),
            Recovered::Entry(entry) => format!("{entry:?}"),
            Recovered::Mark(mark) => format!("mark {} at {}", mark.term.0, mark.last.index.0),
            other => format!("{other:?}"),
        });
        Ok::<(), DiskError>(())
    });
    shown.unwrap();
    seen
}

/// What a survivor shows, and then what an opening does.
#[track_caller]
fn shows_as_an_opening_does(directory: &Path) -> Vec<String> {
    let before = files(directory);
    let survivor = Survivor::open(directory).unwrap().expect("there is a log");
    let shown = seen(&survivor);
    drop(survivor);
    assert!(files(directory) == before, "something has changed");
    let (_, _, opened) = open(directory).unwrap();
    assert_eq!(shown, opened);
    shown
}

#[test]
fn a_survivor_shows_what_an_opening_does_and_changes_nothing() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 10..=11);
    let mark = Mark { term: Term(9), last: common::position(10) };
    disk.write(state(9), None, Entries::default(), None, Some(mark)).unwrap();
    drop(disk);
    // What an opening would remove or overwrite: a torn write, and a snapshot that never came into force.
    let last = names(scratch.path()).into_iter().rfind(|name| name.ends_with("segment")).unwrap();
    let mut bytes = fs::read(scratch.path().join(&last)).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[end + 3] = b'!';
    fs::write(scratch.path().join(&last), bytes).unwrap();
    fs::write(scratch.path().join("0000000099-00000000.taken"), b"a part").unwrap();

    let shown = shows_as_an_opening_does(scratch.path());
    assert!(shown.contains(&"snapshot 8".into()) && shown.contains(&"mark 9 at 10".into()), "{shown:?}");
    assert!(!scratch.path().join("0000000099-00000000.taken").exists(), "the opening has removed it");
}

#[test]
fn an_earlier_snapshot_takes_the_place_of_a_damaged_one() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let latest = names(scratch.path()).into_iter().find(|name| name.starts_with("0000000008")).unwrap();
    let mut bytes = fs::read(scratch.path().join(&latest)).unwrap();
    bytes[300] ^= 1;
    fs::write(scratch.path().join(&latest), bytes).unwrap();
    let shown = shows_as_an_opening_does(scratch.path());
    assert_eq!(shown[..2], ["snapshot 4", "damaged snapshot 8"]);

    let survivor = Survivor::open(scratch.path()).unwrap().unwrap();
    assert!(survivor.damaged()[0].file.ends_with(latest), "{:?}", survivor.damaged());
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut survivor.snapshots().open(foreign(4)).unwrap(), &mut bytes).unwrap();
    assert_eq!((survivor.owner(), bytes), (owner(), content(4)));
}

#[test]
fn a_survivor_has_its_directory_alone() {
    let scratch = scratch();
    let node = open(scratch.path()).unwrap();
    assert!(matches!(Survivor::open(scratch.path()), Err(DiskError::InUse { .. })));
    drop(node);
    let survivor = Survivor::open(scratch.path()).unwrap();
    assert!(matches!(open(scratch.path()), Err(DiskError::InUse { .. })));
    drop(survivor);
    drop(open(scratch.path()).unwrap());
}

#[test]
fn where_no_log_is_nothing_is_made() {
    let scratch = scratch();
    assert!(Survivor::open(scratch.path()).unwrap().is_none());
    assert!(names(scratch.path()).is_empty());
    let missing = scratch.path().join("missing");
    assert!(matches!(Survivor::open(&missing), Err(DiskError::Inaccessible { .. })));
    assert!(!missing.exists());
    let file = scratch.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(matches!(Survivor::open(&file), Err(DiskError::Inaccessible { .. })));
}
