use std::path::Path;

use quorate_smol::Keyring;
use quorate_wire::Cluster;
use quorate_wire::seal::client::ClientKey;
use quorate_wire::seal::{Key, KeyId, Name, Rights, RingError};

use super::file::BYTES_MAX;
use super::{ClientKeys, Keys};
use crate::exit::Exit;

const KEYRING: &str = "\
quorate keyring 1
# Whoever has this file can be any node and any client of the cluster: it is for its nodes only.
key 1 0101010101010101010101010101010101010101010101010101010101010101
key 2 abababababababababababababababababababababababababababababababab used
denied alice
denied bob
";

const CLIENT: &str = "\
quorate client key 1
# Whoever has this file is this client to the cluster: it is for this client only.
cluster 7
name carol
rights read-write
key 1 0101010101010101010101010101010101010101010101010101010101010101 used
key 15 abababababababababababababababababababababababababababababababab
";

fn path() -> &'static Path {
    Path::new("some.keys")
}

fn keyring(text: &str) -> Result<Keys, crate::exit::Failure> {
    Keys::parse(path(), text)
}

fn client(text: &str) -> Result<ClientKeys, crate::exit::Failure> {
    ClientKeys::parse(path(), text, Cluster(7))
}

fn id(number: u8) -> KeyId {
    KeyId::new(number).expect("it is below 16")
}

fn name(text: &str) -> Name {
    text.parse().expect("it is a name")
}

#[test]
fn a_keyring_is_written_as_it_was_read() {
    let keys = keyring(KEYRING).expect("it is one");
    assert_eq!(keys.text().as_str(), KEYRING);
    assert_eq!(keys.used(), id(2));
    let found: Vec<(u8, [u8; 32])> = keys.iter().map(|(id, key)| (id.number(), *key.expose())).collect();
    assert_eq!(found, [(1, [1; 32]), (2, [0xab; 32])]);
    assert!(keys.denied().iter().copied().eq([name("alice"), name("bob")]));
}

#[test]
fn a_client_s_key_is_written_as_it_was_read() {
    let keys = client(CLIENT).expect("it is one");
    assert_eq!(keys.text().as_str(), CLIENT);
    assert_eq!((keys.cluster, keys.name, keys.rights), (Cluster(7), name("carol"), Rights::Write));
    assert_eq!((keys.keys.used(), keys.keys.key(id(15)).map(Key::expose)), (id(1), Some(&[0xab; 32])));
}

#[test]
fn space_comments_and_the_order_of_lines_do_not_matter() {
    let digits = "AB".repeat(32);
    let text = format!("quorate keyring 1\r\ndenied bob\r\n\r\n  # a comment\r\n\tkey  2  {digits}\tused \r\n");
    let keys = keyring(&text).expect("it is one");
    assert_eq!(keys.iter().map(|(id, key)| (id.number(), *key.expose())).next(), Some((2, [0xab; 32])));
}

#[test]
fn what_is_not_understood_is_refused_by_its_line_and_never_shown() {
    let digits = "3c".repeat(32);
    let key = format!("key 1 {digits} used\n");
    let cases = [
        (String::new(), "line 1: a file of keys begins with"),
        ("quorate\n".to_owned(), "line 1: a file of keys begins with"),
        (format!("{key}quorate keyring 1\n"), "line 1: a file of keys begins with"),
        (format!("quorate keyring {digits}\n"), "line 1: the format's version"),
        (format!("quorate keyring one\n{key}"), "line 1: the format's version"),
        (format!("quorate keyring 1\n\n# two\n{digits}\n"), "line 4: a line begins with `key`, `denied` or `#`"),
        (format!("quorate keyring 1\nname bob\n{key}"), "line 2: a line begins with"),
        (format!("quorate keyring 1\nkey {digits}\n"), "line 2: a key's number is from 0 to 15"),
        (format!("quorate keyring 1\nkey 16 {digits}\n"), "line 2: a key's number"),
        ("quorate keyring 1\nkey\n".to_owned(), "line 2: a key's number"),
        ("quorate keyring 1\nkey 1\n".to_owned(), "line 2: a key has 64 hexadecimal digits"),
        (format!("quorate keyring 1\nkey 1 {digits}3c used\n"), "line 2: a key has 64"),
        (format!("quorate keyring 1\nkey 1 {} used\n", &digits[1..]), "line 2: a key has 64"),
        (format!("quorate keyring 1\nkey 1 {}zz used\n", &digits[2..]), "line 2: a key has 64"),
        (format!("quorate keyring 1\nkey 1 {digits} usedd\n"), "line 2: behind a key stands nothing, or `used`"),
        (format!("quorate keyring 1\nkey 1 {digits} used {digits}\n"), "line 2: behind a key"),
        (format!("quorate keyring 1\n{key}{key}"), "line 3: a line before has another key of this number"),
        (format!("quorate keyring 1\n{key}key 2 {digits} used\n"), "line 3: a line before says of its key as well"),
        (format!("quorate keyring 1\nkey 1 {digits}\n"), "some.keys: no key is used"),
        ("quorate keyring 1\n".to_owned(), "some.keys: there is no key in it"),
        (format!("quorate keyring 1\n{key}denied\n"), "line 3: `denied` stands before one client's name"),
        (format!("quorate keyring 1\n{key}denied alice bob\n"), "line 3: `denied`"),
        (format!("quorate keyring 1\n{key}denied {digits}\n"), "line 3: `denied`"),
    ];
    for (text, part) in cases {
        let failure = keyring(&text).expect_err(&text);
        assert_eq!(failure.exit, Exit::Damaged, "{text}");
        assert!(failure.message.contains(part), "no {part:?} in {failure:?}, of {text}");
        assert!(failure.message.contains("another copy") || part.contains("begins with"), "{failure:?}");
        assert!(!failure.message.contains("3c3c"), "{failure:?}");
    }
    let head = format!("quorate client key 1\ncluster 7\nname carol\nrights admin\n{key}");
    assert!(client(&head).is_ok());
    let cases = [
        (head.replace("cluster 7", "cluster seven"), "line 2: a cluster is a number"),
        (head.replace("cluster 7\n", ""), "some.keys: a client's key has a line each"),
        (head.replace("name carol", "name"), "line 3: a client's name has 1 to 16"),
        (head.replace("name carol", "name carol smith"), "line 3: a client's name"),
        (head.replace("carol", &digits), "line 3: a client's name"),
        (head.replace("admin", "root"), "line 4: a client's rights are"),
        (head.replace("admin", "admin read-only"), "line 4: a client's rights are"),
        (format!("{head}name carol\n"), "line 6: a line before says this already"),
        (format!("{head}rights read-only\n"), "line 6: a line before says this already"),
        (format!("{head}cluster 7\n"), "line 6: a line before says this already"),
        (format!("{head}denied bob\n"), "line 6: a line begins with `cluster`"),
        (head.replace(" used", ""), "some.keys: no key is used"),
    ];
    for (text, part) in cases {
        let failure = client(&text).expect_err(&text);
        assert_eq!(failure.exit, Exit::Damaged, "{text}");
        assert!(failure.message.contains(part), "no {part:?} in {failure:?}, of {text}");
        assert!(!failure.message.contains("3c3c"), "{failure:?}");
    }
}

#[test]
fn a_file_of_another_format_says_which_version_reads_it() {
    for text in ["quorate keyring 2\n", "quorate client key 2\nnothing\n"] {
        let failure = client(text).expect_err("it is of a later version");
        assert_eq!(failure.exit, Exit::LaterVersion);
        assert!(failure.message.contains("some.keys, line 1: version 2"), "{failure:?}");
    }
}

#[test]
fn keys_are_never_shown() {
    let shown = format!("{:?} {:#?}", keyring(KEYRING), client(CLIENT));
    for part in ["0101", "abab", "ABAB", "171", "1, 1"] {
        assert!(!shown.contains(part), "{part:?} in {shown}");
    }
}

#[test]
fn either_file_says_who_a_client_is() {
    let of_keyring = client(KEYRING).expect("whoever has it is a client");
    assert_eq!((of_keyring.name, of_keyring.rights), (name("keyring"), Rights::Admin));
    let made = |byte, name, rights| *Key::new([byte; 32]).for_client(Cluster(7), name, rights).expose();
    for (number, byte) in [(1, 1), (2, 0xab)] {
        let key = of_keyring.keys.key(id(number)).map(Key::expose);
        assert_eq!(key, Some(&made(byte, name("keyring"), Rights::Admin)));
    }
    assert_eq!(of_keyring.keys.used(), id(2));

    let given = keyring(KEYRING).expect("it is one").client(Cluster(7), name("carol"), Rights::Read);
    let taken = client(given.text().as_str()).expect("it was made for it");
    assert_eq!((taken.cluster, taken.name, taken.rights), (Cluster(7), name("carol"), Rights::Read));
    assert_eq!(taken.keys.key(id(2)).map(Key::expose), Some(&made(0xab, name("carol"), Rights::Read)));
    assert_eq!(taken.keys.used(), id(2));

    // What a node makes of its own keyring.
    let nodes = keyring(KEYRING).expect("it is one").keyring().client_keys(Cluster(7), name("carol"), Rights::Read);
    let shape = |keys: &[ClientKey]| -> Vec<_> {
        keys.iter().map(|key| (key.cluster, key.id, key.name, key.rights, *key.key.expose())).collect()
    };
    let list = taken.list();
    assert_eq!((list.len(), list[0].id), (2, id(2)));
    assert_eq!(shape(&list), shape(&nodes));

    let foreign = ClientKeys::parse(path(), CLIENT, Cluster(8)).expect_err("it is another cluster's");
    assert_eq!(foreign.exit, Exit::ForeignDirectory);
    assert!(foreign.message.contains("of a client of cluster 7, not of cluster 8"), "{foreign:?}");
    let client_s = keyring(CLIENT).expect_err("nodes need more");
    assert_eq!(client_s.exit, Exit::Usage);
}

#[test]
fn a_node_has_all_keys_and_uses_the_one_that_is_marked() {
    let keys: Keyring = keyring(KEYRING).expect("it is one").keyring();
    let other = || Key::new([9; 32]);
    assert_eq!(keys.install(id(1), other()), Err(RingError::Taken));
    assert_eq!(keys.remove(id(2)), Err(RingError::Used));
    assert_eq!((keys.remove(id(1)), keys.remove(id(3))), (Ok(()), Err(RingError::Unknown)));
}

#[test]
fn a_new_key_has_the_number_behind_the_highest_and_there_are_sixteen() {
    let mut keys = keyring(KEYRING).expect("it is one");
    let mut added = || keys.add().map(|(id, _)| id.number());
    assert_eq!(added(), Ok(3));
    let rest: Result<Vec<u8>, _> = (4..=16).map(|_| added()).collect();
    assert_eq!(rest, Ok([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0].to_vec()));
    let full = added().expect_err("all are taken");
    assert_eq!(full.exit, Exit::Failed);
    assert!(full.message.contains("room for no more keys"), "{full:?}");
    keys.remove(id(1)).expect("it is there");
    assert_eq!(keys.add().map(|(id, _)| id.number()), Ok(1));
    let fingerprints: Vec<u32> = keys.iter().map(|(_, key)| key.fingerprint()).collect();
    let differ = |at: usize| fingerprints[at + 1..].iter().all(|other| *other != fingerprints[at]);
    assert!((0..fingerprints.len()).all(differ), "{fingerprints:?}");
}

#[test]
fn the_largest_keyring_can_be_read() {
    let mut keys = keyring(KEYRING).expect("it is one");
    while keys.add().is_ok() {}
    let others = (0..).map(|number| name(&format!("{number:016}"))).take(Keys::DENIED_MAX - 2);
    for other in others {
        assert_eq!(keys.deny(other), Ok(true));
    }
    assert_eq!(keys.deny(name("bob")), Ok(false));
    let text = keys.text();
    assert!(text.as_str().len() < BYTES_MAX);
    let read = keyring(text.as_str()).expect("it can be read");
    assert_eq!((read.iter().count(), read.denied()), (16, keys.denied()));

    let refused = keys.deny(name("eve")).expect_err("there is no room");
    assert!(refused.message.contains("1000 names are denied"), "{refused:?}");
    let too_many = format!("{}denied eve\n", text.as_str());
    assert!(keyring(&too_many).is_err_and(|failure| failure.message.contains("no room for so many names")));
}
