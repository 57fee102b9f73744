mod word;

use std::io::{Write, stdout};
use std::path::Path;

use quorate_wire::Cluster;
use quorate_wire::seal::{Key, KeyId, Name, RingError};

use crate::command_line::{ClientArgs, KeyringAction, KeyringArgs};
use crate::exit::{Exit, Failure};
use crate::keys::{ClientKeys, Keys};

/// Makes and changes the keys of a cluster and its clients. Standard output says what was done, standard error what comes next.
///
/// # Errors
/// It was refused, or the file cannot be used.
pub(crate) fn run(args: &KeyringArgs) -> Result<Exit, Failure> {
    let path = &*args.keys;
    match &args.action {
        KeyringAction::Init => init(path),
        KeyringAction::Add => add(path),
        KeyringAction::Use(word) => use_key(path, word.ask.id),
        KeyringAction::Remove(word) => remove(path, word.ask.id),
        KeyringAction::List => list(path),
        KeyringAction::Client(args) => client(path, args),
        KeyringAction::Deny { name } => deny(path, *name),
        KeyringAction::Allow { name } => allow(path, *name),
    }
}

fn init(path: &Path) -> Result<Exit, Failure> {
    let keys = Keys::draw()?;
    keys.create(path)?;
    eprintln!(
        "whoever has {} can be any node and any client of the cluster: bring it to the nodes' machines only, where nobody else \
         reads it",
        path.display()
    );
    for (id, key) in keys.iter() {
        writeln!(stdout(), "made {}: key {}, fingerprint {}, is used", path.display(), id.number(), fingerprint(key))?;
    }
    Ok(Exit::Done)
}

fn add(path: &Path) -> Result<Exit, Failure> {
    let (id, fingerprint) = Keys::change(path, |keys| {
        let (id, key) = keys.add()?;
        Ok((id.number(), fingerprint(key)))
    })?;
    eprintln!(
        "key {id}, fingerprint {fingerprint}, is in {} and not used yet. Once this file is at all nodes: `quorate-kv keyring use \
         {id}`",
        path.display()
    );
    writeln!(stdout(), "{id}")?;
    Ok(Exit::Done)
}

/// Chooses a key in the file, and asks nobody.
fn use_key(path: &Path, id: KeyId) -> Result<Exit, Failure> {
    let before = use_in_file(path, id)?;
    if before == id {
        writeln!(stdout(), "key {id} is used already")?;
        return Ok(Exit::Done);
    }
    eprintln!(
        "a node that has this file seals under key {id}, unless the members of its cluster have said under which: they are asked by \
         `quorate-kv keyring use {id}`"
    );
    writeln!(stdout(), "key {id} is used")?;
    Ok(Exit::Done)
}

/// Marks a key of the file as the one that is used: which one was before.
fn use_in_file(path: &Path, id: KeyId) -> Result<KeyId, Failure> {
    Keys::change(path, |keys| {
        let before = keys.used();
        keys.use_key(id).map_err(|error| refused(path, id, error))?;
        Ok(before)
    })
}

fn remove(path: &Path, id: KeyId) -> Result<Exit, Failure> {
    Keys::change(path, |keys| keys.remove(id).map_err(|error| refused(path, id, error)))?;
    let number = id.number();
    eprintln!("a node takes what is sealed under key {number}, or a key made of it, until it has this file");
    writeln!(stdout(), "key {number} is removed")?;
    Ok(Exit::Done)
}

fn list(path: &Path) -> Result<Exit, Failure> {
    let keys = Keys::read(path)?;
    let mut text = "KEY  FINGERPRINT\n".to_owned();
    for (id, key) in keys.iter() {
        let mark = if id == keys.used() { "  used" } else { "" };
        text += &format!("{:<5}{}{mark}\n", id.number(), fingerprint(key));
    }
    if !keys.denied().is_empty() {
        let names: Vec<String> = keys.denied().iter().map(Name::to_string).collect();
        text += &format!("denied {}\n", names.join(", "));
    }
    stdout().write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

fn client(path: &Path, args: &ClientArgs) -> Result<Exit, Failure> {
    let ClientArgs { name, rights, ref out, cluster } = *args;
    check(name)?;
    let keys = Keys::read(path)?;
    if keys.denied().contains(&name) {
        let message = format!(
            "{name} is denied: a new key of this name would be no good. Name the client otherwise, or `quorate-kv keyring allow \
             {name}` lets all keys of this name be good again"
        );
        return Err(Failure::new(Exit::Failed, message));
    }
    keys.client(Cluster(cluster), name, rights).create(out)?;
    let numbers: Vec<String> = keys.iter().map(|(id, _)| id.number().to_string()).collect();
    eprintln!("whoever has {} is {name} to the cluster: give it to this client only", out.display());
    writeln!(
        stdout(),
        "made {}: client {name} of cluster {cluster}, {rights}, of key {}",
        out.display(),
        numbers.join(", ")
    )?;
    Ok(Exit::Done)
}

fn deny(path: &Path, name: Name) -> Result<Exit, Failure> {
    check(name)?;
    let is_new = Keys::change(path, |keys| keys.deny(name))?;
    eprintln!("a node takes the key of {name} until it has this file");
    writeln!(stdout(), "{name} is denied{}", if is_new { "" } else { " already" })?;
    Ok(Exit::Done)
}

fn allow(path: &Path, name: Name) -> Result<Exit, Failure> {
    Keys::change(path, |keys| {
        let message = format!("{name} is not denied: `quorate-kv keyring list` shows who is");
        keys.allow(name).then_some(()).ok_or_else(|| Failure::new(Exit::Failed, message))
    })?;
    eprintln!(
        "all keys of {name} that were made of a key of the keyring are good again, with the rights that each has"
    );
    writeln!(stdout(), "{name} is allowed")?;
    Ok(Exit::Done)
}

/// Refuses the name of those who make their key of the keyring.
fn check(name: Name) -> Result<(), Failure> {
    if name.as_str() != ClientKeys::OF_KEYRING {
        return Ok(());
    }
    let message = format!(
        "{name} is whoever has the keyring, who could take any name: choose another one, and change the keys if the keyring is in \
         wrong hands"
    );
    Err(Failure::new(Exit::Usage, message))
}

fn refused(path: &Path, id: KeyId, error: RingError) -> Failure {
    let message = format!("key {} of {}: {error}. `quorate-kv keyring list` shows them", id.number(), path.display());
    Failure::new(Exit::Failed, message)
}

/// What tells a key without showing it.
fn fingerprint(key: &Key) -> String {
    format!("{:08x}", key.fingerprint())
}
