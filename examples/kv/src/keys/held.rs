use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_smol::{Key, KeyId, Keyring};
use smol::Timer;
use smol::future::pending;

use super::Keys;
use crate::exit::{Exit, Failure};

/// The keys with which a node runs, and the file that they come from: what changes there changes here, without a pause.
pub(crate) struct Held {
    path: PathBuf,
    keys: Keys,
    keyring: Keyring,
    /// What the file was when it was read last.
    mark: Option<Mark>,
}

/// Tells a file from another one, or from what it has become.
type Mark = (u64, u64, i64, i64, i64, i64, u64);

/// The file is looked at as often.
const AGAIN: Duration = Duration::from_secs(1);

impl Held {
    pub(crate) fn new(path: PathBuf, keys: Keys) -> Held {
        let keyring = keys.keyring();
        Held { path, keys, keyring, mark: None }
    }

    /// Where the keys come from.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the node runs with.
    pub(crate) fn keyring(&self) -> Keyring {
        self.keyring.clone()
    }

    /// Takes over what changes in the file of a node that has keys, for ever: tells what was taken, or why it was not.
    pub(crate) async fn follow(held: Option<Held>, tell: impl FnMut(Result<String, Failure>)) -> Infallible {
        match held {
            Some(held) => held.watch(tell).await,
            None => pending().await,
        }
    }

    async fn watch(mut self, mut tell: impl FnMut(Result<String, Failure>)) -> Infallible {
        loop {
            let mark = self.look();
            if mark != self.mark {
                self.mark = mark;
                match Keys::read(&self.path).and_then(|keys| self.take(keys)) {
                    Ok(None) => {}
                    Ok(Some(change)) => tell(Ok(format!("{}: {change}", self.path.display()))),
                    Err(Failure { exit, message }) => {
                        tell(Err(Failure::new(
                            exit,
                            format_args!("{message}. This node goes on with the keys that it has"),
                        )));
                    }
                }
            }
            Timer::after(AGAIN).await;
        }
    }

    fn look(&self) -> Option<Mark> {
        let found = fs::metadata(&self.path).ok()?;
        Some((
            found.dev(),
            found.ino(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
            found.len(),
        ))
    }

    /// Changes what the node runs with into these keys. What has changed, if anything. Which of them is used, the file says only where the
    /// members have not.
    fn take(&mut self, keys: Keys) -> Result<Option<String>, Failure> {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for (id, key) in self.keys.iter() {
            match keys.key(id) {
                None => removed.push(id),
                Some(found) if found.expose() != key.expose() => {
                    let message = format!(
                        "key {} of {} is another one than before: give a new key a number of its own",
                        id.number(),
                        self.path.display()
                    );
                    return Err(Failure::new(Exit::Usage, message));
                }
                Some(_) => {}
            }
        }
        let before = self.keyring.used();
        for (id, key) in keys.iter().filter(|(id, _)| self.keys.key(*id).is_none()) {
            self.keyring.install(id, Key::new(*key.expose())).expect("there is room for all numbers");
            added.push(id);
        }
        if self.keys.used() != keys.used() {
            self.keyring.use_key(keys.used()).expect("it is there");
        }
        removed.iter().for_each(|id| self.keyring.remove(*id).expect("it was there, and another one was told"));
        let denied: Vec<_> = keys.denied().difference(self.keys.denied()).copied().collect();
        let allowed: Vec<_> = self.keys.denied().difference(keys.denied()).copied().collect();
        denied.iter().for_each(|name| self.keyring.deny(*name));
        allowed.iter().for_each(|name| self.keyring.allow(*name));
        let numbers = |ids: &[KeyId]| ids.iter().map(|id| id.number().to_string()).collect::<Vec<_>>();
        let names = |names: &[quorate_smol::Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let used = Some(self.keyring.used()).filter(|used| *used != before && self.keyring.word() != Some(*used));
        let changes = [
            ("takes key", numbers(&added)),
            ("seals under key", numbers(used.as_slice())),
            ("takes no longer key", numbers(&removed)),
            ("denies", names(&denied)),
            ("allows", names(&allowed)),
        ];
        self.keys = keys;
        let said: Vec<_> = changes
            .iter()
            .filter(|(_, what)| !what.is_empty())
            .map(|(verb, what)| format!("{verb} {}", what.join(", ")))
            .collect();
        Ok((!said.is_empty()).then(|| said.join("; ")))
    }
}
