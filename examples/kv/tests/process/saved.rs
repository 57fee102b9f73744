//! Snapshots that are saved to files, looked at, and restored.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use quorate::{Index, Members, Position, Seats, Snapshot, Term, crc32c};
use quorate_disk::SnapshotHeader;
use quorate_wire::client::{Reason, ReplyBody, RequestBody};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::program::{Ended, PATIENCE, Running, free_addresses, program, run};
use crate::scripted::node;

/// What a file of a snapshot holds, by the program's own account.
#[track_caller]
fn inspected(file: &str) -> Value {
    let ended = run(&["snapshot", "inspect", file, "--json"]);
    ended.says(0, &[]);
    serde_json::from_str(&ended.out).expect("it is JSON")
}

fn restore(file: &str, id: usize, data_dir: &Path) -> Ended {
    run(&["snapshot", "restore", file, "--id", &id.to_string(), "--data-dir", &data_dir.display().to_string()])
}

fn names(directory: &Path) -> Vec<String> {
    let files = directory.read_dir().expect("the directory is there");
    files.map(|file| file.expect("it can be read").file_name().into_string().expect("a name is text")).collect()
}

#[test]
fn a_saved_snapshot_restores_a_whole_cluster() {
    let mut cluster = Cluster::start();
    cluster.fill(0..300);
    let append = json!({ "id": 1, "op": "append", "key": "k", "value": "x" }).to_string();
    let first = cluster.ask_with(&["pipe"], append.as_bytes()).out;
    let answer: Value = serde_json::from_str(&first).expect("an answer is JSON");
    let file = cluster.directory.path().join("saved").display().to_string();
    let saved = cluster.ask(&["snapshot", "save", &file]);
    saved.says(0, &[]);
    assert_eq!(saved.err, "", "no bar where nobody looks");

    let found = inspected(&file);
    assert_eq!((&found["cluster"], &found["members"]), (&json!(1), &json!(["n1", "n2", "n3"])));
    assert_eq!((&found["keys"], &found["sessions"]), (&json!(301), &json!(2)));
    let line = format!(
        "saved {file}: index {}, term {}, {} bytes, crc32c {}\n",
        found["index"],
        found["term"],
        found["bytes"],
        found["crc32c"].as_str().expect("a checksum is text")
    );
    assert_eq!(saved.out, line);
    let text = run(&["snapshot", "inspect", &file]);
    text.says(0, &[]);
    assert!(text.out.contains("keys      301\n") && text.out.contains("members   n1, n2, n3\n"), "{}", text.out);

    cluster.fill(300..310);
    cluster.ask(&["append", "k", "y"]).prints(0, "2\n");
    for id in 1..=3 {
        cluster.stop(id);
        let data_dir = cluster.data_dir(id);
        restore(&file, id, &data_dir).says(2, &["holds the data of a node"]);
        fs::remove_dir_all(&data_dir).expect("the directory can go");
        let restored = restore(&file, id, &data_dir);
        restored.says(0, &["from the same file"]);
        let outline = line.split_once(": ").expect("a line of an outline").1;
        let members = "members of cluster 1: n1, n2, n3, those who vote by the snapshot";
        assert_eq!(restored.out, format!("restored n{id} in {}: {outline}{members}\n", data_dir.display()));
        restore(&file, id, &data_dir).says(2, &["holds the data of a node"]);
    }
    cluster.start_nodes(1..4);
    cluster.agree();
    cluster.find(0..300);
    cluster.ask(&["get", "300"]).prints(1, "");
    cluster.ask(&["get", "k"]).prints(0, "x");
    // Its session came back as well: it is not done twice.
    let session = answer["session"].as_str().expect("a session is text");
    cluster.ask(&["append", "k", "x", "--session", session]).prints(0, "1\n");
    cluster.ask(&["append", "k", "z"]).prints(0, "2\n");
    let again = cluster.ask(&["snapshot", "save", &file, "--force", "--node", "2"]);
    again.says(0, &[]);
    assert!(inspected(&file)["term"].as_u64() > found["term"].as_u64(), "the restored nodes have gone on");
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force() {
    let mut cluster = Cluster::of(1);
    let directory = cluster.directory.path().join("backups");
    fs::create_dir(&directory).expect("there is room for a directory");
    let file = directory.join("monday").display().to_string();
    let save = ["snapshot", "save", &file];
    cluster.ask(&["snapshot", "save", &file, "--timeout-ms", "300"]).says(3, &["no node reachable", "n1"]);
    cluster.start_nodes(1..2);
    cluster.ask(&["put", "j", "v"]).prints(0, "OK\n");
    cluster.ask(&save).says(0, &[]);
    let before = inspected(&file)["index"].as_u64();
    cluster.ask(&["put", "k", "v"]).prints(0, "OK\n");
    cluster.ask(&save).says(2, &["monday is there already", "--force"]);
    assert_eq!(inspected(&file)["index"].as_u64(), before);
    cluster.ask(&["snapshot", "save", &file, "--force"]).says(0, &[]);
    assert!(inspected(&file)["index"].as_u64() > before);
    cluster.ask(&["snapshot", "save", &format!("{file}/x")]).says(2, &["cannot save", "directory"]);
    cluster.ask(&["snapshot", "save", &format!("{file}2"), "--node", "7"]).says(2, &["n7 is not among the nodes"]);
    assert_eq!(names(&directory), ["monday"]);
}

#[test]
fn a_node_that_has_applied_nothing_has_no_snapshot() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    let file = cluster.directory.path().join("saved").display().to_string();
    cluster.ask(&["snapshot", "save", &file]).says(1, &["n1 has no snapshot to give"]);
}

/// The content of a scripted node's snapshot.
static CONTENT: [u8; 3000] = [7; 3000];

fn snapshot(index: u64, check: u32) -> ReplyBody<'static> {
    let position = Position { term: Term(2), index: Index(index) };
    let snapshot = Snapshot { position, bytes: CONTENT.len() as u64, check };
    ReplyBody::Snapshot { snapshot, members: Members::of(Seats::first(2)) }
}

fn piece(offset: u64) -> ReplyBody<'static> {
    let start = offset as usize;
    ReplyBody::Piece { offset, bytes: &CONTENT[start..CONTENT.len().min(start + 1000)] }
}

/// Saves from a node that answers so.
fn save_from(answer: impl FnMut(RequestBody<'_>) -> Option<ReplyBody<'static>> + Send + 'static) -> (Ended, TempDir) {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let file = directory.path().join("saved").display().to_string();
    let [plain, option, peer] = node(answer);
    let ended = run(&["snapshot", "save", &file, "--node", "1", &plain, &option, &peer]);
    (ended, directory)
}

#[test]
fn a_snapshot_that_the_node_gives_up_is_begun_anew() {
    let check = crc32c(&CONTENT);
    let mut taken = 10;
    let (ended, directory) = save_from(move |body| {
        Some(match body {
            RequestBody::Snapshot => {
                taken += 1;
                snapshot(taken, check)
            }
            RequestBody::Piece { index: Index(11), offset: 1000.., .. } => ReplyBody::Refused(Reason::NoSnapshot),
            RequestBody::Piece { offset, .. } => piece(offset),
            other => panic!("{other:?}"),
        })
    });
    ended.says(0, &["n1 has taken two later snapshots meanwhile"]);
    assert!(ended.out.contains("index 12, term 2, 3000 bytes"), "{}", ended.out);
    let bytes = fs::read(directory.path().join("saved")).expect("it is saved");
    assert_eq!((bytes.len(), &bytes[128..]), (3128, &CONTENT[..]));
}

#[test]
fn a_snapshot_that_is_given_up_again_and_again_is_none() {
    let check = crc32c(&CONTENT);
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let (ended, directory) = save_from(move |body| {
        Some(match body {
            RequestBody::Snapshot => {
                *count.lock().expect("nobody panicked") += 1;
                snapshot(11, check)
            }
            _ => ReplyBody::Refused(Reason::NoSnapshot),
        })
    });
    ended.says(1, &["two later snapshots each time", "--log-size"]);
    assert_eq!(*asked.lock().expect("nobody panicked"), 5);
    assert_eq!(names(directory.path()), <[String; 0]>::default());
}

#[test]
fn a_snapshot_that_does_not_match_its_checksum_is_not_saved() {
    let wrong = crc32c(&CONTENT) ^ 1;
    let (ended, directory) = save_from(move |body| {
        Some(match body {
            RequestBody::Piece { offset, .. } => piece(offset),
            _ => snapshot(11, wrong),
        })
    });
    ended.says(10, &["does not match its checksum", "--node"]);
    assert_eq!(names(directory.path()), <[String; 0]>::default());
}

#[test]
fn what_is_interrupted_leaves_no_file() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let file = directory.path().join("saved").display().to_string();
    let (asked, asks) = channel();
    let [plain, option, peer] = node(move |body| match body {
        RequestBody::Snapshot => Some(snapshot(11, 1)),
        RequestBody::Piece { offset: 0, .. } => Some(piece(0)),
        _ => {
            let _ = asked.send(());
            None
        }
    });
    let arguments = ["snapshot", "save", &file, "--node", "1", "--timeout-ms", "60000", &plain, &option, &peer];
    let saving = Running::start(program().args(arguments));
    asks.recv_timeout(PATIENCE).expect("the client asks for the rest");
    assert_eq!(names(directory.path()).len(), 1);
    saving.signal(Signal::INT);
    saving.end().says(130, &["interrupted: nothing was saved"]);
    assert_eq!(names(directory.path()), <[String; 0]>::default());
}

/// A saved snapshot of a small store.
pub(crate) fn sound() -> (TempDir, PathBuf) {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    cluster.ask(&["put", "key", &"v".repeat(500)]).prints(0, "OK\n");
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let path = directory.path().join("saved");
    cluster.ask(&["snapshot", "save", &path.display().to_string()]).says(0, &[]);
    (directory, path)
}

/// Sets a byte of a header, and its checksum to match.
fn set(bytes: &mut [u8], at: usize, byte: u8) {
    bytes[at] = byte;
    let check = crc32c(&bytes[..124]);
    bytes[124..128].copy_from_slice(&check.to_le_bytes());
}

#[test]
fn what_is_no_sound_snapshot_is_refused_and_nothing_is_made_of_it() {
    type Case = (i32, &'static [&'static str], fn(&mut Vec<u8>));
    let cases: [Case; 7] = [
        (10, &["byte 300: the file ends before its snapshot does", "another copy"], |bytes| bytes.truncate(300)),
        (10, &["byte 10: the file ends before the snapshot's header does"], |bytes| bytes.truncate(10)),
        (10, &["byte 0: the snapshot's header does not match its checksum"], |bytes| bytes[20] ^= 1),
        (10, &["byte 128: the snapshot does not match its checksum", "save a snapshot anew"], |bytes| bytes[400] ^= 1),
        // Before the damage is known, it is read as the length of all sessions.
        (10, &["byte 128: the snapshot does not match its checksum"], |bytes| bytes[128 + 4] ^= 0x40),
        (10, &["byte 0: this is not a snapshot"], |bytes| *bytes = b"#!/bin/sh\n".repeat(100)),
        (14, &["byte 0: snapshot format version 2", "version that saved it"], |bytes| set(bytes, 8, 2)),
    ];
    let (directory, path) = sound();
    let whole = fs::read(&path).expect("it is saved");
    let (file, data_dir) = (path.display().to_string(), directory.path().join("n1"));
    for (code, parts, damage) in cases {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&path, bytes).expect("it can be written");
        let ended = run(&["snapshot", "inspect", &file]);
        ended.says(code, parts);
        assert_eq!(ended.out, "");
        restore(&file, 1, &data_dir).says(code, parts);
        assert!(!data_dir.exists());
    }
    let content = b"\x01\0\0\0\x02\0\0\0\0\0\0\0\0\0no store";
    let position = Position { term: Term(1), index: Index(9) };
    let snapshot = Snapshot { position, bytes: content.len() as u64, check: crc32c(content) };
    let header = SnapshotHeader { cluster: 1, members: Members::of(Seats::first(2)), snapshot };
    let mut other = fs::File::create(&path).expect("it can be written");
    other.write_all(&[&header.bytes()[..], content].concat()).expect("it can be written");
    run(&["snapshot", "inspect", &file]).says(14, &["is no state of a store", "version"]);
    restore(&file, 1, &data_dir).says(14, &["is no state of a store"]);
    let missing = format!("{file}.missing");
    run(&["snapshot", "inspect", &missing]).says(2, &["there is no file", &missing]);
    restore(&missing, 1, &data_dir).says(2, &["there is no file"]);
}

#[test]
fn a_snapshot_is_restored_for_its_own_cluster_and_nodes_only() {
    let (directory, path) = sound();
    let (file, data_dir) = (path.display().to_string(), directory.path().join("new/n1"));
    restore(&file, 2, &data_dir).says(2, &["--id: n2 is none of the restored cluster's members (n1, ", "--members"]);
    let path = data_dir.display().to_string();
    let other = ["snapshot", "restore", &file, "--id", "1", "--data-dir", &path, "--cluster", "9"];
    run(&other).says(12, &["is a snapshot of cluster 1, not of cluster 9", "--cluster"]);
    assert!(!data_dir.exists());
    run(&other[..7]).says(0, &[]);
    let inspected = run(&["inspect", "--data-dir", &path]);
    let report: Value = serde_json::from_str(&inspected.out).expect("it is JSON");
    assert_eq!((&report["node"], &report["cluster"], &report["last"]), (&json!("n1"), &json!(1), &Value::Null));
    assert!(report["snapshot"]["index"].as_u64() > Some(0) && report["vote"].is_null(), "{report}");
    let [snapshot] = report["snapshots"].as_array().expect("a list").as_slice() else { panic!("{report}") };
    assert_eq!((&snapshot["position"], &snapshot["damage"]), (&report["snapshot"], &Value::Null));
}

#[test]
fn the_members_of_a_restored_cluster_are_asked_for_or_taken_from_the_snapshot() {
    let (directory, path) = sound();
    let file = path.display().to_string();
    let mut bytes = fs::read(&path).expect("it is saved");
    // Voters n2, n4 and n5, who replaced n1, and a learner, n6.
    for (at, members) in [(48, 0b11_0100), (56, 0b01_0010), (72, 0b100_0000)] {
        set(&mut bytes, at, members);
    }
    fs::write(&path, bytes).expect("it can be written");
    for outsider in [1, 6] {
        restore(&file, outsider, &directory.path().join("n"))
            .says(2, &["(n2, n4, n5, those who vote by the snapshot)"]);
    }
    let taken = restore(&file, 4, &directory.path().join("n4"));
    taken.says(0, &["restore n2, n5 from the same file as well"]);
    assert!(taken.out.contains("members of cluster 1: n2, n4, n5, those who vote by the snapshot\n"), "{}", taken.out);

    let data_dir = directory.path().join("n1").display().to_string();
    let asked = ["snapshot", "restore", &file, "--id", "1", "--data-dir", &data_dir, "--members"];
    run(&[&asked[..], &["2,3"]].concat())
        .says(2, &["n1 is none of the restored cluster's members (n2, n3, as was asked for)"]);
    run(&[&asked[..], &["1,x"]].concat()).says(2, &["a node's id is a number"]);
    let restored = run(&[&asked[..], &["1"]].concat());
    restored.prints(0, &restored.out);
    assert!(restored.out.contains("members of cluster 1: n1, as was asked for\n"), "{}", restored.out);

    // Another list founds nothing.
    let [one, two] = [1, 2].map(|id| format!("{id}={}", free_addresses(1)[0]));
    let serve = ["serve", "1", "--data-dir", &data_dir, "--peer", &one];
    let other = [&serve[..], &["--peer", &two]].concat();
    run(&other).says(12, &["was restored for a cluster of n1, and the list names n1, n2", "--members"]);
    let alone = ["serve", "1", "--data-dir", &data_dir, "--listen", &one[2..]];
    run(&alone).says(12, &["was restored for a cluster of n1, and no list of members is given"]);
    let node = Running::start(program().args(serve));
    run(&["get", "key", "--timeout-ms", "15000", "--peer", &one]).prints(0, &"v".repeat(500));
    drop(node);
}
