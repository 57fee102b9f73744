use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};

use quorate::{Index, KeyId};

use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;

/// Which key an operator has named, and under which the members seal.
#[derive(Default)]
pub(super) struct Words {
    /// By the index of the entry that a leader has made of it, also if that was lost.
    said: BTreeMap<Index, Vec<KeyId>>,
    /// By the index of each entry that made a configuration and is committed.
    settled: BTreeMap<Index, Option<KeyId>>,
}

impl Oracle {
    /// A leader has taken up that the members are to seal under this key.
    pub(crate) fn on_key_named(&mut self, index: Index, key: KeyId) {
        self.words.said.entry(index).or_default().push(key);
    }

    /// A node says under which key the members seal once that is committed, and it is the one that was named last.
    pub(super) fn check_word(&mut self, machine: &Machine) -> Verdict {
        let Some(node) = machine.node() else { return Ok(()) };
        let (since, key) = (node.settled().since, node.key());
        let known = *self.words.settled.entry(since).or_insert(key);
        let before = self.words.settled.range(..since).next_back();
        let (from, before) = before.map_or((Index(0), None), |(index, key)| (*index, *key));
        let mut said = self.words.said.range((Excluded(from), Included(since))).flat_map(|(_, keys)| keys);
        if key == known && (key == before || said.any(|said| Some(*said) == key)) {
            return Ok(());
        }
        broken("the members seal under the key that was named last", || {
            format!("node {}: key {key:?} since {}, and {before:?} since {}", machine.seat.0, since.0, from.0)
        })
    }
}
