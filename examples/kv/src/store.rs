use std::collections::HashMap;
use std::hash::Hasher;

use quorate::Index;
use quorate_smol::App;
use serde::Serialize;
use siphasher::sip::SipHasher13;

use crate::command::{Answer, Command, Commands, Query, VALUE_BYTES_MAX};

/// The replicated state: keys and their values.
#[derive(Default)]
pub(crate) struct Store {
    values: HashMap<String, Vec<u8>>,
    /// The sum of the pairs' hashes: it does not depend on their order, and each change costs one pair.
    digest: u64,
}

impl App for Store {
    type Command = Commands;

    fn apply(&mut self, _: Index, command: Command<'_>) -> Vec<u8> {
        encode(&self.execute(command))
    }

    /// A question that cannot be read has an empty answer, which cannot be read either.
    fn query(&self, query: &[u8]) -> Vec<u8> {
        match postcard::from_bytes(query) {
            Ok(Query::Get { key }) => encode(&self.value(key)),
            Err(_) => Vec::new(),
        }
    }

    fn digest(&self) -> u64 {
        self.digest
    }
}

fn encode(answer: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(answer).expect("postcard knows every type of an answer, and a Vec has room")
}

impl Store {
    fn execute(&mut self, command: Command<'_>) -> Answer {
        match command {
            Command::Put { value, .. } if value.len() > VALUE_BYTES_MAX => Answer::TooLong,
            Command::Put { key, value } => Answer::Put { existed: self.set(key, value.to_vec()) },
            Command::Delete { key } => Answer::Deleted { existed: self.remove(key).is_some() },
            Command::Append { key, value } => self.append(key, value),
            Command::Cas { to, .. } if to.len() > VALUE_BYTES_MAX => Answer::TooLong,
            Command::Cas { key, from, to } => {
                let swapped = self.value(key) == from;
                if swapped {
                    self.set(key, to.to_vec());
                }
                Answer::Compared { swapped }
            }
        }
    }

    /// The value of a key.
    fn value(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    fn append(&mut self, key: &str, value: &[u8]) -> Answer {
        let length = self.value(key).map_or(0, <[u8]>::len) + value.len();
        if length > VALUE_BYTES_MAX {
            return Answer::TooLong;
        }
        let mut whole = self.remove(key).unwrap_or_default();
        whole.extend_from_slice(value);
        self.set(key, whole);
        Answer::Appended { length: length as u64 }
    }

    /// Sets a key, and returns whether it had a value.
    fn set(&mut self, key: &str, value: Vec<u8>) -> bool {
        let existed = self.remove(key).is_some();
        self.digest = self.digest.wrapping_add(hash(key, &value));
        self.values.insert(key.to_owned(), value);
        existed
    }

    fn remove(&mut self, key: &str) -> Option<Vec<u8>> {
        let value = self.values.remove(key)?;
        self.digest = self.digest.wrapping_sub(hash(key, &value));
        Some(value)
    }
}

/// SipHash 1-3 of a pair, the same on every machine. The key's length keeps `ab`, `c` apart from `a`, `bc`.
fn hash(key: &str, value: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(&(key.len() as u64).to_le_bytes());
    hasher.write(key.as_bytes());
    hasher.write(value);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put<'a>(key: &'a str, value: &'a [u8]) -> Command<'a> {
        Command::Put { key, value }
    }

    #[test]
    fn commands_change_the_state_and_say_what_was_there() {
        let mut store = Store::default();
        let append = Command::Append { key: "a", value: b"!" };
        assert_eq!(store.execute(put("a", b"1")), Answer::Put { existed: false });
        assert_eq!(store.execute(put("a", b"22")), Answer::Put { existed: true });
        assert_eq!(store.execute(append), Answer::Appended { length: 3 });
        assert_eq!(store.value("a"), Some(&b"22!"[..]));
        let delete = Command::Delete { key: "a" };
        assert_eq!(store.execute(delete), Answer::Deleted { existed: true });
        assert_eq!(store.execute(delete), Answer::Deleted { existed: false });
        assert_eq!(store.execute(append), Answer::Appended { length: 1 });
    }

    #[test]
    fn cas_swaps_only_what_it_expects() {
        let mut store = Store::default();
        let cas = |from, to| Command::Cas { key: "k", from, to };
        assert_eq!(store.execute(cas(Some(b"1"), b"2")), Answer::Compared { swapped: false });
        assert_eq!(store.execute(cas(None, b"1")), Answer::Compared { swapped: true });
        assert_eq!(store.execute(cas(None, b"2")), Answer::Compared { swapped: false });
        assert_eq!(store.execute(cas(Some(b"1"), b"2")), Answer::Compared { swapped: true });
        assert_eq!(store.value("k"), Some(&b"2"[..]));
    }

    #[test]
    fn a_value_that_would_grow_too_long_is_refused_and_stays() {
        let mut store = Store::default();
        let long = vec![b'v'; VALUE_BYTES_MAX];
        assert_eq!(store.execute(put("k", &long)), Answer::Put { existed: false });
        let append = Command::Append { key: "k", value: b"!" };
        assert_eq!(store.execute(append), Answer::TooLong);
        assert_eq!(store.value("k"), Some(&long[..]));
    }

    #[test]
    fn the_digest_depends_on_the_contents_alone() {
        let (mut one, mut other) = (Store::default(), Store::default());
        for command in [put("a", b"1"), put("b", b"2")] {
            one.execute(command);
        }
        for command in [put("b", b"x"), put("c", b"3"), put("a", b"1"), put("b", b"2")] {
            other.execute(command);
        }
        assert_ne!(one.digest, other.digest);
        other.execute(Command::Delete { key: "c" });
        assert_eq!(one.digest, other.digest);
        assert_ne!(one.digest, 0);
    }
}
