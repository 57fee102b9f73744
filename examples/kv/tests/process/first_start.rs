//! The first start of a cluster makes its keys, where nobody has to think of them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::keyring::{mode, set_mode};
use crate::local::free_ports;
use crate::program::{Ended, Running, eventually, free_addresses, program, program_after, unnamed};

/// A directory in which somebody works, and has named no keys.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().expect("there is room for a directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn start(&self, command: Command, arguments: &[&str]) -> Running {
        Running::start(unnamed(command).current_dir(&self.directory).args(arguments))
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.start(program(), arguments).end()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.directory).expect("it is there");
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().expect("it is text")).collect();
        names.sort();
        names
    }

    fn keys(&self) -> String {
        fs::read_to_string(self.path("quorate.keys")).expect("it can be read")
    }

    /// Runs the nodes of this machine through this story.
    fn local(&self, options: &[&str], story: &str) -> Ended {
        let mut running = self.start(program(), &[&["local"], options].concat());
        running.write(story.as_bytes());
        running.end()
    }
}

#[test]
fn three_nodes_that_start_at_once_make_one_file_of_keys() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let addresses = free_addresses(3).into_iter().zip(1..);
    let peers: Vec<String> =
        addresses.flat_map(|(address, id)| ["--peer".to_owned(), format!("{id}={address}")]).collect();
    let peers: Vec<_> = peers.iter().map(String::as_str).collect();
    let with = |arguments: &[&'static str]| [arguments, &peers].concat();
    let nodes = ["1", "2", "3"].map(|id| place.start(program(), &with(&["serve", id])));
    eventually("a node makes the keys", || place.path("quorate.keys").exists().then_some(()));
    place.run(&with(&["put", "k", "v", "--timeout-ms", "15000"])).prints(0, "OK\n");
    let made: String = nodes.iter().map(Running::said).collect();
    assert_eq!(made.matches("made quorate.keys: the nodes and clients of this directory seal with it").count(), 1);
    assert_eq!(
        (mode(&place.path("quorate.keys")), place.names()),
        (0o600, vec!["quorate-data".to_owned(), "quorate.keys".to_owned()])
    );
    assert!(place.run(&with(&["status"])).out.contains("\nlinks sealed\n"));

    let here = ["there is no quorate.keys here", "run this where the nodes were started", "--keys", "--plain"];
    elsewhere.run(&with(&["get", "k"])).says(2, &here);
    let sealed = ["not done", "takes only what is sealed", "Give the client a key"];
    elsewhere.run(&with(&["put", "k", "w", "--plain", "--timeout-ms", "500"])).says(1, &sealed);
    place.run(&with(&["get", "k"])).prints(0, "v");
    let keys = place.path("quorate.keys").display().to_string();
    elsewhere.run(&[&with(&["get", "k"])[..], &["--keys", &keys]].concat()).prints(0, "v");
    assert!(elsewhere.names().is_empty());
}

#[test]
fn a_file_that_was_named_is_not_made() {
    let place = Place::new();
    let missing = ["there is no file missing", "--keys", "`quorate-kv keyring init`"];
    place.run(&["serve", "1", "--keys", "missing"]).says(2, &missing);
    place.run(&["local", "--keys", "missing"]).says(2, &missing);
    place.run(&["get", "k", "--keys", "missing"]).says(2, &missing);
    let mut command = program();
    command.env("QUORATE_KEYS", "missing").current_dir(&place.directory).arg("local");
    Running::start(&mut command).end().says(2, &missing);
    assert!(place.names().is_empty());
}

#[test]
fn keys_are_made_for_the_first_nodes_of_this_machine_alone() {
    let place = Place::new();
    let others = ["there is no quorate.keys here", "copy the one of the other nodes", "keyring init", "--plain"];
    place.run(&["serve", "1", "--peer", "1=127.0.0.1:1", "--peer", "2=10.0.0.2:1"]).says(2, &others);
    place.run(&["serve", "4", "--join", "127.0.0.1:7101"]).says(2, &others);
    place.run(&["serve", "1", "--existing"]).says(2, &others);
    place.run(&["serve", "1", "--listen", "0.0.0.0:7101"]).says(2, &others);
    assert!(place.names().is_empty());
    fs::create_dir_all(place.path("quorate-data/n1")).expect("it can be made");
    fs::write(place.path("quorate-data/n1/log"), "data").expect("it can be written");
    place.run(&["serve", "1"]).says(2, &others);
    assert_eq!(place.names(), ["quorate-data"]);
}

#[test]
fn what_is_no_good_where_keys_should_be_is_told() {
    let place = Place::new();
    place.run(&["keyring", "init"]).says(0, &[]);
    place.run(&["keyring", "client", "alice", "--rights", "admin", "--out", "alice"]).says(0, &[]);
    place.run(&["serve", "1", "--keys", "alice"]).says(2, &["alice is a client's key, and nodes need the keyring"]);
    place.run(&["local", "--keys", "alice"]).says(2, &["alice is a client's key, and nodes need the keyring"]);
    set_mode(&place.path("quorate.keys"), 0o644);
    for command in [&["serve", "1"][..], &["local"], &["get", "k"]] {
        place.run(command).says(2, &["quorate.keys has mode 0644", "`chmod 600 quorate.keys`"]);
    }
    fs::remove_file(place.path("quorate.keys")).expect("it can go");
    fs::create_dir(place.path("quorate.keys")).expect("it can be made");
    for command in [&["serve", "1"][..], &["local"], &["get", "k"]] {
        place.run(command).says(2, &["quorate.keys is no regular file"]);
    }
    fs::remove_dir(place.path("quorate.keys")).expect("it can go");
    let full = place.start(program_after("trap '' XFSZ; ulimit -f 0"), &["serve", "1"]).end();
    full.says(11, &["cannot write quorate.keys", "free space"]);
    assert_eq!(place.names(), ["alice"]);
}

#[test]
fn nodes_in_one_process_find_their_keys_again() {
    let place = Place::new();
    let port = free_ports().to_string();
    let first = place.local(&["--port", &port], "put k v\nstatus\n");
    first.says(0, &["made quorate.keys"]);
    assert!(first.out.starts_with("OK\n") && first.out.contains("\nlinks sealed\n"), "{first:?}");
    let keys = place.keys();
    let second = place.local(&["--port", &port], "get k\n");
    second.prints(0, "v\n");
    assert!(!second.err.contains("made"), "{second:?}");
    place.local(&["--port", &port, "--plain"], "get k\n").prints(0, "v\n");
    assert_eq!(place.keys(), keys);

    let plain = Place::new();
    let ended = plain.local(&["--port", &port, "--plain"], "put k v\nstatus\n");
    assert!(ended.out.contains("\nlinks plain: whoever reaches a node"), "{ended:?}");
    assert_eq!(plain.names(), ["quorate-data"]);
}
