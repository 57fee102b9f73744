use quorate_wire::seal::{Key, KeyId};
use zeroize::Zeroizing;

use super::Numbered;
use super::lines::Lines;
use super::text::Text;
use crate::exit::Failure;

/// All keys, in the order of their numbers.
pub(super) fn iter(keys: &Numbered) -> impl Iterator<Item = (KeyId, &Key)> {
    (0..KeyId::COUNT).filter_map(KeyId::new).filter_map(|id| Some((id, keys.key(id)?)))
}

/// The same keys, each made into another one.
pub(super) fn map(keys: &Numbered, make: impl Fn(&Key) -> Key) -> Numbered {
    let used = keys.key(keys.used()).expect("the key that is used is here");
    let mut made = Numbered::new(keys.used(), make(used));
    for (id, key) in iter(keys).filter(|(id, _)| *id != keys.used()) {
        made.install(id, make(key)).expect("there is room for all numbers, and each was there once");
    }
    made
}

/// A line for each of them.
pub(super) fn write(keys: &Numbered, text: &mut Text) {
    for (id, key) in iter(keys) {
        text.key(id, key, id == keys.used());
    }
}

/// Keys whose lines are being read.
#[derive(Default)]
pub(super) struct Unfinished {
    keys: Option<Numbered>,
    used: Option<KeyId>,
}

impl Unfinished {
    /// Takes what stands behind `key`.
    pub(super) fn take<'a>(
        &mut self,
        lines: &Lines<'_>,
        mut words: impl Iterator<Item = &'a str>,
    ) -> Result<(), Failure> {
        let (number, digits, mark, end) = (words.next(), words.next(), words.next(), words.next());
        let id = number.and_then(|number| number.parse().ok()).and_then(KeyId::new);
        let id = id.ok_or_else(|| lines.refusal("a key's number is from 0 to 15"))?;
        let key = digits.and_then(key).ok_or_else(|| lines.refusal("a key has 64 hexadecimal digits"))?;
        let is_used = match (mark, end) {
            (None, None) => false,
            (Some("used"), None) => true,
            _ => return Err(lines.refusal("behind a key stands nothing, or `used`")),
        };
        let taken = match &mut self.keys {
            Some(keys) => keys.install(id, key),
            none => {
                *none = Some(Numbered::new(id, key));
                Ok(())
            }
        };
        taken.map_err(|_| lines.refusal("a line before has another key of this number: one of them has to go"))?;
        if is_used && self.used.replace(id).is_some() {
            return Err(lines.refusal("a line before says of its key as well that it is used: one key is"));
        }
        Ok(())
    }

    /// # Errors
    /// There is no key, or none is used.
    pub(super) fn finish(self, lines: &Lines<'_>) -> Result<Numbered, Failure> {
        let mut keys = self.keys.ok_or_else(|| lines.lack("there is no key in it, as in `key NUMBER DIGITS used`"))?;
        let used = self.used.ok_or_else(|| lines.lack("no key is used: `used` stands behind the digits of one"))?;
        keys.use_key(used).expect("it was installed");
        Ok(keys)
    }
}

fn key(digits: &str) -> Option<Key> {
    let mut bytes = Zeroizing::new([0; Key::BYTES]);
    hex::decode_to_slice(digits, &mut *bytes).ok()?;
    Some(Key::new(*bytes))
}
