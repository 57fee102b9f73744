//! What is left when a majority is gone for good.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::program::{Ended, Running, program, run};

fn rescue(directory: &Path, options: &[&str]) -> Ended {
    run(&[&["rescue", &directory.display().to_string()], options].concat())
}

/// All files of a directory, with their bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let files = directory.read_dir().expect("the directory is there");
    let mut files: Vec<_> = files
        .map(|file| file.expect("it can be read").path())
        .map(|path| (path.display().to_string(), fs::read(&path).expect("it can be read")))
        .collect();
    files.sort();
    files
}

/// What stands behind this word in a report.
#[track_caller]
fn line<'a>(report: &'a str, word: &str) -> &'a str {
    let found = report.lines().find_map(|line| line.strip_prefix(word));
    found.unwrap_or_else(|| panic!("no {word} in {report}")).trim()
}

#[test]
fn a_survivor_goes_on_as_a_new_cluster_and_the_old_one_does_not_disturb_it() {
    let mut old = Cluster::start();
    old.fill(0..50);
    let append = json!({ "id": 1, "op": "append", "key": "k", "value": "x" }).to_string();
    let answer: Value = serde_json::from_str(&old.ask_with(&["pipe"], append.as_bytes()).out).expect("it is JSON");
    let session = answer["session"].as_str().expect("a session is text");
    old.agree();
    let survivor = old.data_dir(3);
    let file = old.directory.path().join("rescued").display().to_string();
    let into = ["--into", &file, "--cluster", "2"];
    rescue(&survivor, &into).says(13, &["is in use: a node runs on it", "Stop that node first"]);

    // n3 has what is acknowledged, as nodes agree; the others are gone with their disks.
    for id in 1..=3 {
        old.kill(id);
    }
    for id in 1..=2 {
        fs::remove_dir_all(old.data_dir(id)).expect("the directory can go");
    }
    let before = files(&survivor);
    let told = rescue(&survivor, &[]);
    told.says(0, &["nothing was written", "--into", "--cluster"]);
    assert!(line(&told.out, "survivor").ends_with(": n3, life founder"), "{}", told.out);
    assert_eq!(line(&told.out, "members"), "voters n1, n2, n3");
    assert!(line(&told.out, "state").starts_with("51 keys, "), "{}", told.out);
    assert!(line(&told.out, "lost").starts_with("what n1, n2 acknowledged without n3: in term "), "{}", told.out);
    rescue(&survivor, &["--into", &file, "--cluster", "1"]).says(2, &["1 is the old cluster's number"]);
    assert!(!Path::new(&file).exists());
    let made = rescue(&survivor, &into);
    made.prints(0, &made.out);
    assert!(made.out.starts_with(&told.out), "the same, and what was done: {}", made.out);
    assert_eq!(line(&made.out, "new"), "cluster 2, of n1, n2, n3, who voted in the old one");
    let found: Value = serde_json::from_str(&rescue(&survivor, &["--json"]).out).expect("it is JSON");
    assert_eq!((&found["node"], &found["cluster"], &found["keys"]), (&json!("n3"), &json!(1), &json!(51)));
    assert_eq!((&found["voters"], &found["lost_of"]), (&json!(["n1", "n2", "n3"]), &json!(["n1", "n2"])));
    assert_eq!((&found["damaged"], &found["made"]), (&json!([]), &Value::Null));
    let (last, committed) = (&found["last"], found["committed"].as_u64().expect("an index"));
    assert_eq!(line(&told.out, "last"), format!("index {}, term {}", last["index"], last["term"]));
    assert_eq!(line(&told.out, "committed"), format!("index {committed}, for certain"));
    let unsure = json!({ "from": committed + 1, "to": last["index"] });
    assert_eq!(found["unsure"], if last["index"] == committed { Value::Null } else { unsure });
    let written = fs::read_to_string(format!("{file}.txt")).expect("it is written down");
    assert!(written.ends_with(&made.out) && written.contains(" rescue\n"), "{written}");
    assert!(files(&survivor) == before, "the survivor's directory has changed");
    rescue(&survivor, &into).says(2, &["is there already"]);
    let forced = rescue(&survivor, &[&into[..], &["--force", "--json"]].concat());
    let forced: Value = serde_json::from_str(&forced.out).expect("it is JSON");
    assert_eq!((&forced["made"]["cluster"], &forced["made"]["index"]), (&json!(2), &last["index"]));
    assert_eq!((&forced["made"]["members"], &forced["made"]["file"]), (&found["voters"], &json!(file)));
    let written = fs::read_to_string(format!("{file}.txt")).expect("it is written down");
    assert!(written.ends_with(&made.out), "for people, in any case: {written}");

    let mut new = Cluster::of(3).numbered("2");
    for id in 1..=3 {
        let data_dir = new.data_dir(id).display().to_string();
        let restored = run(&["snapshot", "restore", &file, "--id", &id.to_string(), "--data-dir", &data_dir]);
        restored.says(0, &["from the same file"]);
        assert_eq!(line(&restored.out, "members of cluster 2:"), "n1, n2, n3, those who vote by the snapshot");
    }
    new.start_nodes(1..4);
    new.find(0..50);
    // The client's session came along: its write is not done twice.
    new.ask(&["append", "k", "x", "--session", session]).prints(0, "1\n");
    new.ask(&["append", "k", "y"]).prints(0, "2\n");
    new.agree();

    // Whoever is still of the old cluster is not heard.
    let identity = line(&told.out, "cluster").rsplit_once(' ').expect("it has an identity").1;
    let stale: Vec<_> = ["get", "k", "--timeout-ms", "300"].map(String::from).into_iter().chain(new.peers()).collect();
    run(&stale).says(1, &["not done", "is of a cluster of another number", "the cluster's number"]);
    let plain: Vec<_> = stale.iter().map(String::as_str).chain(["--plain"]).collect();
    run(&plain).says(1, &["not done", "takes only what is sealed"]);
    new.ask(&["get", "k", "--founding", identity, "--timeout-ms", "500"]).says(12, &["nothing was done", identity]);
    let (leader, term) = (new.wait_for_leader(), new.status()["nodes"][0]["term"].clone());
    let address = old.peer(3);
    let old_dir = survivor.display().to_string();
    let (one, two) = (new.peer(1), new.peer(2));
    let peers = ["--peer", &one, "--peer", &two, "--peer", &address, "--data-dir", &old_dir];
    let stray = Running::start(program().args(["serve", "3"]).args(peers));
    stray.hears("no leader");
    new.node(1).hears("dropped what ");
    new.agree();
    assert_eq!((new.wait_for_leader(), new.status()["nodes"][0]["term"].clone()), (leader, term));
    stray.signal(Signal::INT);
    stray.end().says(0, &[]);
    run(&[&["serve", "3", "--cluster", "2"][..], &peers].concat())
        .says(12, &["belongs to n3 of cluster 1, not to n3 of cluster 2"]);
}

#[test]
fn a_survivor_goes_on_alone_if_that_is_asked_for() {
    let mut old = Cluster::start();
    old.ask(&["put", "k", "v"]).prints(0, "OK\n");
    old.agree();
    for id in 1..=3 {
        old.kill(id);
    }
    let file = old.directory.path().join("rescued").display().to_string();
    let options = ["--into", &file, "--cluster", "5", "--members", "7"];
    let made = rescue(&old.data_dir(2), &options);
    assert_eq!(line(&made.out, "new"), "cluster 5, of n7, as was asked for");

    let new = tempfile::tempdir().expect("there is room for a directory");
    let data_dir = new.path().join("n7").display().to_string();
    let restore = ["snapshot", "restore", &file, "--data-dir", &data_dir, "--id"];
    run(&[&restore[..], &["2"]].concat()).says(2, &["n2 is none of the restored cluster's members (n7", "--members"]);
    let elsewhere = new.path().join("other").display().to_string();
    let other = ["snapshot", "restore", &file, "--data-dir", &elsewhere, "--id", "7", "--json"];
    let restored: Value = serde_json::from_str(&run(&other).out).expect("it is JSON");
    assert_eq!((&restored["node"], &restored["directory"]), (&json!("n7"), &json!(elsewhere)));
    assert_eq!((&restored["cluster"], &restored["members"]), (&json!(5), &json!(["n7"])));
    let outline = format!("index {}, term {}, {} bytes", restored["index"], restored["term"], restored["bytes"]);
    assert!(line(&made.out, "rescued").contains(&outline), "{outline}");
    run(&[&restore[..], &["7"]].concat()).prints(
        0,
        &format!("restored n7 in {data_dir}: {}\nmembers of cluster 5: n7, those who vote by the snapshot\n", {
            line(&made.out, "rescued").split_once(": ").expect("an outline").1
        }),
    );
    let mut lone = Cluster::of(7).numbered("5");
    let peer = lone.peer(7);
    let peers = ["--peer", &peer, "--cluster", "5"];
    let node = Running::start(program().args(["serve", "7", "--data-dir", &data_dir]).args(peers));
    lone.keep(7, node);
    run(&[&["get", "k", "--timeout-ms", "15000"][..], &peers].concat()).prints(0, "v");
    // From one it grows as any cluster does.
    lone.stop(7).says(0, &[]);
}

#[test]
fn what_is_no_survivor_is_refused_and_nothing_is_made_of_it() {
    let scratch = tempfile::tempdir().expect("there is room for a directory");
    let file = scratch.path().join("rescued").display().to_string();
    let into = ["--into", &file, "--cluster", "2"];
    let empty = scratch.path().join("empty");
    fs::create_dir(&empty).expect("there is room for a directory");
    rescue(&empty, &into).says(1, &["empty holds no data of a member of a cluster"]);
    rescue(&scratch.path().join("missing"), &into).says(2, &["there is no directory", "missing"]);
    fs::write(scratch.path().join("file"), b"text").expect("there is room for a file");
    rescue(&scratch.path().join("file"), &into).says(2, &["Not a directory"]);
    rescue(&empty, &["--into", &file]).says(2, &["--cluster"]);

    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    let data_dir = cluster.data_dir(1);
    cluster.stop(1).says(0, &[]);
    rescue(&data_dir, &into).says(1, &["holds no entry", "nothing to rescue"]);
    cluster.start_nodes(1..2);
    cluster.ask(&["put", "k", "v"]).prints(0, "OK\n");
    cluster.stop(1).says(0, &[]);
    let told = rescue(&data_dir, &[]);
    assert_eq!(line(&told.out, "lost"), "nothing: n1 is the only voter");
    let last = line(&told.out, "last").split_once(',').expect("it has a term").0;
    assert_eq!(line(&told.out, "committed"), format!("{last}, for certain"));
    let segment = cluster.files(1, "segment").remove(0);
    let mut bytes = fs::read(&segment).expect("it can be read");
    bytes[550] ^= 1;
    fs::write(&segment, bytes).expect("it can be written");
    rescue(&data_dir, &into).says(10, &["Rescue another survivor", "snapshot restore"]);
    assert!(!Path::new(&file).exists() && !Path::new(&format!("{file}.txt")).exists());
}
