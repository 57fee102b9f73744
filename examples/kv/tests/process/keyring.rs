//! Keys are made and changed in files that nobody else reads, and no change is lost.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::program::{Ended, Running, program, program_after, run, unnamed};

/// A directory with a keyring in it.
struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Home {
        Home { directory: tempfile::tempdir().expect("there is room for a directory") }
    }

    fn with_keyring() -> Home {
        let home = Home::new();
        home.keyring(&["init"]).says(0, &[]);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the command in the directory, as somebody who relies on the defaults does.
    fn keyring(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    fn start(&self, arguments: &[&str]) -> Running {
        Running::start(unnamed(program()).current_dir(&self.directory).arg("keyring").args(arguments))
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it can be read")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.directory).expect("it is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().expect("it is text")).collect();
        names.sort();
        names
    }
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// All that looks like a key in a file.
fn digits(text: &str) -> Vec<&str> {
    text.split_ascii_whitespace().filter(|word| word.len() == 64).collect()
}

/// Holds it to have shown no key of the file.
#[track_caller]
fn hides(ended: &Ended, text: &str) {
    for key in digits(text) {
        for part in [&key[..16], &key[48..]] {
            assert!(!ended.out.contains(part) && !ended.err.contains(part), "{part} in {ended:?}");
        }
    }
}

#[test]
fn a_key_is_changed_from_its_making_to_its_end() {
    let home = Home::new();
    let made = home.keyring(&["init"]);
    made.says(0, &["quorate.keys can be any node and any client"]);
    assert!(made.out.starts_with("made quorate.keys: key 1, fingerprint "), "{made:?}");
    assert_eq!((mode(&home.path("quorate.keys")), home.names()), (0o600, vec!["quorate.keys".to_owned()]));
    let first = home.text("quorate.keys");
    assert_eq!(digits(&first).len(), 1);

    let added = home.keyring(&["add"]);
    added.says(0, &["not used yet", "`quorate-kv keyring use 2`"]);
    added.prints(0, "2\n");
    assert!(home.text("quorate.keys").starts_with(&first), "what was there stays");
    let listed = home.keyring(&["list"]);
    let marks = |listed: &Ended| -> Vec<Vec<String>> {
        let rows = listed.out.lines().skip(1);
        rows.map(|row| row.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let [one, two] = marks(&listed).try_into().expect("there are two keys");
    assert_eq!((one[0].as_str(), one[2..].to_vec()), ("1", vec!["used".to_owned()]));
    assert_eq!((two[0].as_str(), two.len(), two[1].len()), ("2", 2, 8));
    assert!(made.out.contains(&one[1]) && added.err.contains(&two[1]) && one[1] != two[1]);

    home.keyring(&["remove", "1", "--offline"]).says(1, &["key 1 of quorate.keys", "use another one first"]);
    home.keyring(&["use", "3", "--offline"])
        .says(1, &["key 3 of quorate.keys", "no key of this number", "keyring list"]);
    home.keyring(&["use", "2", "--offline"]).prints(0, "key 2 is used\n");
    home.keyring(&["use", "2", "--offline"]).prints(0, "key 2 is used already\n");
    home.keyring(&["remove", "1", "--offline"]).prints(0, "key 1 is removed\n");
    home.keyring(&["remove", "1", "--offline"]).says(1, &["no key of this number"]);
    home.keyring(&["list"]).prints(0, &format!("KEY  FINGERPRINT\n2    {}  used\n", two[1]));
    assert!(!home.text("quorate.keys").contains(digits(&first)[0]));
    assert_eq!((mode(&home.path("quorate.keys")), home.names()), (0o600, vec!["quorate.keys".to_owned()]));
    for ended in [made, added, listed] {
        hides(&ended, &first);
        hides(&ended, &home.text("quorate.keys"));
    }
}

#[test]
fn a_keyring_is_made_once_and_never_replaced() {
    let home = Home::with_keyring();
    let before = home.text("quorate.keys");
    home.keyring(&["init"]).says(2, &["quorate.keys is there already"]);
    assert_eq!(home.text("quorate.keys"), before);
    symlink("nowhere", home.path("link")).expect("a link can be made");
    home.keyring(&["init", "--keys", "link"]).says(2, &["link is there already"]);
    let inits: Vec<Running> = (0..8).map(|_| home.start(&["init", "--keys", "new"])).collect();
    let ended: Vec<Ended> = inits.into_iter().map(Running::end).collect();
    assert_eq!(ended.iter().filter(|one| one.code == Some(0)).count(), 1, "{ended:?}");
    assert_eq!(home.names(), ["link", "new", "quorate.keys"]);
}

#[test]
fn the_file_is_named_by_an_option_or_the_environment() {
    let home = Home::new();
    home.keyring(&["--keys", "a", "init"]).says(0, &[]);
    home.keyring(&["list"]).says(2, &["there is no file quorate.keys", "--keys", "`quorate-kv keyring init`"]);
    let list = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(&home.directory).args(["keyring", "list"]).args(arguments).env("QUORATE_KEYS", "a");
        Running::start(&mut command).end()
    };
    list(&[]).says(0, &[]);
    list(&["--keys", "b"]).says(2, &["there is no file b"]);
    home.keyring(&["init", "--keys", "-"]).says(2, &["--keys", "./-"]);
    home.keyring(&["use", "16"]).says(2, &["'16' for '<N>'", "from 0 to 15"]);
}

#[test]
fn changes_at_once_are_all_kept() {
    let home = Home::with_keyring();
    let adds: Vec<Running> = (0..12).map(|_| home.start(&["add"])).collect();
    let denies: Vec<Running> = (0..12).map(|at| home.start(&["deny", &format!("client-{at}")])).collect();
    let mut added: Vec<u8> = Vec::new();
    for add in adds {
        let ended = add.end();
        ended.says(0, &[]);
        added.push(ended.out.trim().parse().expect("it is a key's number"));
    }
    denies.into_iter().for_each(|deny| deny.end().says(0, &[]));
    added.sort_unstable();
    assert_eq!(added, (2..=13).collect::<Vec<u8>>());
    let text = home.text("quorate.keys");
    assert_eq!((digits(&text).len(), text.matches("denied ").count()), (13, 12), "{text}");
    assert_eq!(home.names(), ["quorate.keys"]);
}

#[test]
fn a_client_has_a_key_of_its_own_until_it_is_taken_back() {
    let home = Home::with_keyring();
    home.keyring(&["add"]).says(0, &[]);
    let arguments = ["client", "alice", "--rights", "read-only", "--out", "alice.key", "--cluster", "5"];
    let made = home.keyring(&arguments);
    made.says(0, &["alice.key is alice to the cluster"]);
    made.prints(0, "made alice.key: client alice of cluster 5, read-only, of key 1, 2\n");
    let (ring, alice) = (home.text("quorate.keys"), home.text("alice.key"));
    assert_eq!(mode(&home.path("alice.key")), 0o600);
    for line in ["quorate client key 1\n", "\ncluster 5\n", "\nname alice\n", "\nrights read-only\n"] {
        assert!(alice.contains(line), "no {line:?}");
    }
    assert_eq!(digits(&alice).len(), 2);
    assert!(digits(&alice).iter().all(|key| !ring.contains(key)), "a client's key is no key of the ring");
    hides(&made, &alice);

    home.keyring(&arguments).says(2, &["alice.key is there already", "name another file"]);
    assert_eq!(home.text("alice.key"), alice);
    home.keyring(&["list", "--keys", "alice.key"]).says(2, &["alice.key is a client's key", "--keys"]);
    home.keyring(&["client", "al ice", "--rights", "admin", "--out", "x"]).says(2, &["1 to 16 printable"]);
    home.keyring(&["client", "bob", "--rights", "root", "--out", "x"]).says(2, &["read-only, read-write or admin"]);
    home.keyring(&["client", "keyring", "--rights", "admin", "--out", "x"]).says(2, &["choose another one"]);
    home.keyring(&["client", "bob", "--rights", "admin", "--out", "no/x"]).says(2, &["cannot write no/x"]);

    home.keyring(&["deny", "alice"]).prints(0, "alice is denied\n");
    home.keyring(&["deny", "alice"]).prints(0, "alice is denied already\n");
    home.keyring(&["deny", "keyring"]).says(2, &["change the keys"]);
    assert!(home.keyring(&["list"]).out.ends_with("\ndenied alice\n"));
    home.keyring(&["client", "alice", "--rights", "admin", "--out", "x"]).says(1, &["alice is denied", "allow alice"]);
    home.keyring(&["allow", "alcie"]).says(1, &["alcie is not denied", "keyring list"]);
    home.keyring(&["allow", "alice"]).prints(0, "alice is allowed\n");
    assert_eq!((home.text("quorate.keys"), home.names()), (ring, vec!["alice.key".into(), "quorate.keys".into()]));
}

#[test]
fn what_others_can_read_or_what_is_no_file_of_keys_is_refused() {
    let home = Home::with_keyring();
    let keys = home.path("quorate.keys");
    for bad in [0o644, 0o660, 0o604, 0o700] {
        set_mode(&keys, bad);
        let parts = [&*format!("quorate.keys has mode {bad:04o}"), "`chmod 600 quorate.keys`"];
        home.keyring(&["list"]).says(2, &parts);
        home.keyring(&["add"]).says(2, &parts);
    }
    set_mode(&keys, 0o400);
    home.keyring(&["list"]).says(0, &[]);
    set_mode(&keys, 0o600);

    fs::create_dir(home.path("directory")).expect("it can be made");
    set_mode(&home.path("directory"), 0o600);
    mkfifoat(CWD, home.path("pipe"), Mode::RUSR | Mode::WUSR).expect("it can be made");
    for name in ["directory", "pipe", "/dev/null"] {
        home.keyring(&["list", "--keys", name]).says(2, &[&format!("{name} is no regular file"), "--keys"]);
        home.keyring(&["add", "--keys", name]).says(2, &[&format!("{name} is no regular file")]);
    }
    let digits = "3c".repeat(32);
    let cases = [
        (Vec::new(), 10, "some is empty"),
        (vec![b'#'; (64 << 10) + 1], 10, "some is too long"),
        (b"quorate keyring 1\n\xff".to_vec(), 10, "some is no text"),
        (format!("quorate keyring 1\nkye 1 {digits} used\n").into_bytes(), 10, "some, line 2: a line begins with"),
        (b"quorate keyring 9\n".to_vec(), 14, "some, line 1: version 9"),
    ];
    for (bytes, code, part) in cases {
        fs::write(home.path("some"), &bytes).expect("it can be written");
        set_mode(&home.path("some"), 0o600);
        for command in ["list", "add"] {
            let ended = home.keyring(&[command, "--keys", "some"]);
            ended.says(code, &[part]);
            hides(&ended, &digits);
            assert_eq!(ended.out, "");
        }
        assert_eq!(fs::read(home.path("some")).expect("it is there"), bytes, "it was left as it is");
    }
}

#[test]
fn another_user_s_file_is_refused() {
    let home = Home::with_keyring();
    let (path, owner) = if geteuid().is_root() {
        chown(home.path("quorate.keys"), Some(1), None).expect("root gives files away");
        (home.path("quorate.keys").display().to_string(), 1)
    } else {
        ("/etc/passwd".to_owned(), 0)
    };
    let ended = run(&["keyring", "list", "--keys", &path]);
    ended.says(2, &[&format!("{path} is user {owner}'s, who can read it, and this is user"), "chown"]);
}

#[test]
fn behind_a_link_the_file_itself_is_looked_at_and_changed() {
    let home = Home::new();
    fs::create_dir(home.path("below")).expect("it can be made");
    home.keyring(&["init", "--keys", "below/real"]).says(0, &[]);
    symlink("below/real", home.path("link")).expect("a link can be made");
    home.keyring(&["add", "--keys", "link"]).says(0, &["is in link"]);
    assert!(home.path("link").is_symlink(), "the link stays");
    assert_eq!(digits(&home.text("below/real")).len(), 2);
    set_mode(&home.path("below/real"), 0o644);
    home.keyring(&["list", "--keys", "link"]).says(2, &["link has mode 0644"]);
    home.keyring(&["add", "--keys", "link"]).says(2, &["link has mode 0644"]);
}

#[test]
fn a_full_disk_leaves_what_was_there_and_nothing_else() {
    let home = Home::with_keyring();
    let before = home.text("quorate.keys");
    let limited = |arguments: &[&str]| {
        let mut command = unnamed(program_after("trap '' XFSZ; ulimit -f 0"));
        Running::start(command.current_dir(&home.directory).arg("keyring").args(arguments)).end()
    };
    let said = ["cannot write", "free space"];
    limited(&["add"]).says(11, &said);
    limited(&["deny", "bob"]).says(11, &said);
    limited(&["init", "--keys", "new"]).says(11, &said);
    limited(&["client", "bob", "--rights", "admin", "--out", "new"]).says(11, &said);
    assert_eq!((home.text("quorate.keys"), home.names()), (before, vec!["quorate.keys".to_owned()]));
}
