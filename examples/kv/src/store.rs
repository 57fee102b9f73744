use std::hash::Hasher;
use std::io::{self, Read, Write};

use quorate::Index;
use quorate_smol::App;
use rpds::RedBlackTreeMapSync;
use serde::Serialize;
use siphasher::sip::SipHasher13;

use crate::command::{Answer, COMMAND_BYTES_MAX, Command, Commands, Query, VALUE_BYTES_MAX};

/// The replicated state: keys and their values. A copy of it shares all pairs, so a snapshot of many takes no time.
#[derive(Clone, Default)]
pub(crate) struct Store {
    values: RedBlackTreeMapSync<String, Vec<u8>>,
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

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        let values = self.values.clone();
        move |out| {
            out.write_all(&(values.size() as u64).to_le_bytes())?;
            values.iter().try_for_each(|(key, value)| {
                write_bytes(out, key.as_bytes())?;
                write_bytes(out, value)
            })
        }
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Store> + Send + 'static {
        Store::read
    }

    fn digest(&self) -> u64 {
        self.digest
    }
}

/// Writes bytes behind their number, in four bytes.
fn write_bytes(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u32).to_le_bytes())?;
    out.write_all(bytes)
}

fn read_bytes(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > COMMAND_BYTES_MAX {
        return Err(malformed("a key or value is longer than any may be"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn encode(answer: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(answer).expect("postcard knows every type of an answer, and a Vec has room")
}

impl Store {
    /// Reads what was written of a store.
    fn read(snapshot: &mut dyn Read) -> io::Result<Store> {
        let (mut store, mut count) = (Store::default(), [0; 8]);
        snapshot.read_exact(&mut count)?;
        for _ in 0..u64::from_le_bytes(count) {
            let key = String::from_utf8(read_bytes(snapshot)?).map_err(|_| malformed("a key is not UTF-8"))?;
            store.set(&key, read_bytes(snapshot)?);
        }
        match snapshot.read(&mut [0])? {
            0 => Ok(store),
            _ => Err(malformed("bytes follow the last pair")),
        }
    }

    fn execute(&mut self, command: Command<'_>) -> Answer {
        match command {
            Command::Put { value, .. } if value.len() > VALUE_BYTES_MAX => Answer::TooLong,
            Command::Put { key, value } => Answer::Put { existed: self.set(key, value.to_vec()) },
            Command::Delete { key } => Answer::Deleted { existed: self.remove(key) },
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

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.values.size()
    }

    /// The value of a key.
    fn value(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    fn append(&mut self, key: &str, value: &[u8]) -> Answer {
        let whole = [self.value(key).unwrap_or_default(), value].concat();
        let length = whole.len();
        if length > VALUE_BYTES_MAX {
            return Answer::TooLong;
        }
        self.set(key, whole);
        Answer::Appended { length: length as u64 }
    }

    /// Sets a key, and returns whether it had a value.
    fn set(&mut self, key: &str, value: Vec<u8>) -> bool {
        let added = hash(key, &value);
        let removed = self.value(key).map(|old| hash(key, old));
        self.digest = self.digest.wrapping_add(added).wrapping_sub(removed.unwrap_or_default());
        self.values.insert_mut(key.to_owned(), value);
        removed.is_some()
    }

    /// Removes a key, and returns whether it had a value.
    fn remove(&mut self, key: &str) -> bool {
        let removed = self.value(key).map(|old| hash(key, old));
        self.digest = self.digest.wrapping_sub(removed.unwrap_or_default());
        self.values.remove_mut(key)
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

    fn snapshot(store: &Store) -> Vec<u8> {
        let mut bytes = Vec::new();
        store.snapshot()(&mut bytes).expect("memory takes everything");
        bytes
    }

    #[test]
    fn a_snapshot_brings_the_state_back_and_is_the_same_whatever_led_to_it() {
        let (mut one, mut other) = (Store::default(), Store::default());
        for command in [put("a", b"1"), put("b", b"2"), put("", b"")] {
            one.execute(command);
        }
        let frozen = one.snapshot();
        for command in [put("", b""), put("b", b"x"), put("b", b"2"), put("a", b"1")] {
            other.execute(command);
        }
        assert_eq!(snapshot(&one), snapshot(&other));
        one.execute(put("c", b"later"));
        let mut bytes = Vec::new();
        frozen(&mut bytes).expect("memory takes everything");
        assert_eq!(bytes, snapshot(&other), "what happens later is not in it");
        let back = Store::read(&mut &bytes[..]).expect("it is a whole snapshot");
        assert_eq!((snapshot(&back), back.digest), (bytes, other.digest));
    }

    #[test]
    fn what_is_no_snapshot_of_a_store_is_refused() {
        let mut store = Store::default();
        store.execute(put("key", b"value"));
        let bytes = snapshot(&store);
        for length in 0..bytes.len() {
            assert!(Store::read(&mut &bytes[..length]).is_err(), "cut at {length}");
        }
        assert!(Store::read(&mut &[&bytes[..], b"!"].concat()[..]).is_err(), "too long");
        let long = [&1_u64.to_le_bytes()[..], &u32::MAX.to_le_bytes()].concat();
        assert!(Store::read(&mut &long[..]).is_err(), "4 GiB of a key");
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
