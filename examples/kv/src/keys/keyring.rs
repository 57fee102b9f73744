use std::collections::BTreeSet;
use std::path::Path;

use quorate_smol::Keyring;
use quorate_wire::Cluster;
use quorate_wire::seal::{Key, KeyId, Name, Rights, RingError};

use super::lines::{Kind, Lines, only};
use super::numbered::{self, Unfinished};
use super::text::Text;
use super::{ClientKeys, Numbered, drawing, file};
use crate::exit::{Exit, Failure};

/// What the keyring of a cluster's nodes holds.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: Numbered,
    /// The names of clients whose keys were taken back.
    denied: BTreeSet<Name>,
}

impl Keys {
    /// How many clients' keys may be taken back; more are taken back by other keys for all.
    pub(crate) const DENIED_MAX: usize = 1000;

    /// One new key, which is used.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub(crate) fn draw() -> Result<Keys, Failure> {
        Ok(Keys { keys: Numbered::new(FIRST, drawing::draw()?), denied: BTreeSet::new() })
    }

    /// # Errors
    /// There is no such file, others may read it, or it is no keyring.
    pub(crate) fn read(path: &Path) -> Result<Keys, Failure> {
        Keys::parse(path, file::read(path)?.as_str())
    }

    /// Writes a file that is not there yet.
    ///
    /// # Errors
    /// There is one, or none can be made.
    pub(crate) fn create(&self, path: &Path) -> Result<(), Failure> {
        file::create(path, &self.text())
    }

    /// Changes the file: it holds what it held before, or what has become of that. What others change meanwhile comes before or
    /// after. Returns what `change` does.
    ///
    /// # Errors
    /// The change was refused, or the file cannot be read or written; it is as it was then.
    pub(crate) fn change<T>(path: &Path, change: impl FnOnce(&mut Keys) -> Result<T, Failure>) -> Result<T, Failure> {
        let held = file::hold(path)?;
        let mut keys = Keys::parse(path, held.read()?.as_str())?;
        let done = change(&mut keys)?;
        held.replace(&keys.text())?;
        Ok(done)
    }

    /// Makes a key, which is not used yet, under the number behind the highest that is taken: one that was removed is not soon
    /// given to another key.
    ///
    /// # Errors
    /// All numbers are taken, or the system has no randomness to give.
    pub(crate) fn add(&mut self) -> Result<(KeyId, &Key), Failure> {
        let highest = self.iter().last().map_or(0, |(id, _)| id.number());
        let mut behind = (1..KeyId::COUNT).filter_map(|step| KeyId::new((highest + step) % KeyId::COUNT));
        let id = behind.find(|id| self.keys.key(*id).is_none());
        let id = id.ok_or_else(|| Failure::new(Exit::Failed, RingError::Full))?;
        self.keys.install(id, drawing::draw()?).expect("the number is free");
        Ok((id, self.keys.key(id).expect("it was installed")))
    }

    /// # Errors
    /// There is no key of this number.
    pub(crate) fn use_key(&mut self, id: KeyId) -> Result<(), RingError> {
        self.keys.use_key(id)
    }

    /// # Errors
    /// There is no key of this number, or it is the one that is used.
    pub(crate) fn remove(&mut self, id: KeyId) -> Result<(), RingError> {
        self.keys.remove(id)
    }

    /// All keys, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (KeyId, &Key)> {
        numbered::iter(&self.keys)
    }

    /// The key of this number, if there is one.
    pub(super) fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.key(id)
    }

    /// The number of the key that is used.
    pub(crate) fn used(&self) -> KeyId {
        self.keys.used()
    }

    /// The names of clients whose keys were taken back.
    pub(crate) fn denied(&self) -> &BTreeSet<Name> {
        &self.denied
    }

    /// Takes a client's key back, unless it was taken back before.
    ///
    /// # Errors
    /// There is no room for more names.
    pub(crate) fn deny(&mut self, name: Name) -> Result<bool, Failure> {
        let is_new = self.denied.insert(name);
        if self.denied.len() > Keys::DENIED_MAX {
            let message = format!(
                "{} names are denied, and no more can be: change the keys, so that nobody has one of those that were taken back",
                Keys::DENIED_MAX
            );
            return Err(Failure::new(Exit::Failed, message));
        }
        Ok(is_new)
    }

    /// Lets a client's key be good again, if it was taken back.
    pub(crate) fn allow(&mut self, name: Name) -> bool {
        self.denied.remove(&name)
    }

    /// The keys of a client, each made of one of these.
    pub(crate) fn client(&self, cluster: Cluster, name: Name, rights: Rights) -> ClientKeys {
        let keys = numbered::map(&self.keys, |key| key.for_client(cluster, name, rights));
        ClientKeys { cluster, name, rights, keys }
    }

    /// What a node seals and opens with, and whom it does not hear.
    pub(crate) fn keyring(&self) -> Keyring {
        let copy = |key: &Key| Key::new(*key.expose());
        let used = self.keys.key(self.used()).expect("the key that is used is here");
        let keyring = Keyring::new(self.used(), copy(used));
        for (id, key) in self.iter().filter(|(id, _)| *id != self.used()) {
            keyring.install(id, copy(key)).expect("there is room for all numbers, and each was there once");
        }
        self.denied.iter().for_each(|name| keyring.deny(*name));
        keyring
    }

    pub(super) fn parse(path: &Path, text: &str) -> Result<Keys, Failure> {
        match Lines::begin(path, text)? {
            (Kind::Keyring, lines) => Keys::of(lines),
            (Kind::Client, _) => {
                let at = path.display();
                let message = format!("{at} is a client's key, and nodes need the keyring: name that with --keys");
                Err(Failure::new(Exit::Usage, message))
            }
        }
    }

    /// What the lines behind the first say.
    pub(super) fn of(mut lines: Lines<'_>) -> Result<Keys, Failure> {
        let (mut keys, mut denied) = (Unfinished::default(), BTreeSet::new());
        while let Some((first, words)) = lines.next() {
            match first {
                "key" => keys.take(&lines, words)?,
                "denied" => {
                    let name = only(words).ok_or_else(|| lines.refusal("`denied` stands before one client's name"))?;
                    denied.insert(name);
                    if denied.len() > Keys::DENIED_MAX {
                        return Err(lines.refusal("there is no room for so many names that are denied"));
                    }
                }
                _ => return Err(lines.refusal("a line begins with `key`, `denied` or `#`")),
            }
        }
        Ok(Keys { keys: keys.finish(&lines)?, denied })
    }

    pub(super) fn text(&self) -> Text {
        let warning = "Whoever has this file can be any node and any client of the cluster: it is for its nodes only.";
        let mut text = Text::of(Kind::Keyring.heading(), warning);
        numbered::write(&self.keys, &mut text);
        for name in &self.denied {
            text.line("denied", name);
        }
        text
    }
}

/// The number of a keyring's first key.
const FIRST: KeyId = KeyId::new(1).expect("it is below 16");
