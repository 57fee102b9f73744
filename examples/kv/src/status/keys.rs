use std::collections::BTreeMap;

use quorate::{KeyId, Seat};
use quorate_smol::{KeyReport, Status};
use serde_json::{Value, json};

use crate::layout::{name, names};

/// Which key is used, in a line: by whom, if it is not the same everywhere; none if nobody who answered has keys.
pub(super) fn line(accounts: &[(Seat, &Status)]) -> Option<String> {
    let mut used = BTreeMap::<KeyId, Vec<Seat>>::new();
    for (seat, status) in accounts {
        if let Some(keys) = status.condition.keys {
            used.entry(keys.used).or_default().push(*seat);
        }
    }
    let by = |(key, seats): (&KeyId, &Vec<Seat>)| format!("key {key} is used by {}", names(seats.iter().copied()));
    match used.len() {
        0 => None,
        1 => used.keys().next().map(|key| format!("key {key} is used")),
        _ => Some(used.iter().map(by).collect::<Vec<_>>().join("; ")),
    }
}

/// Who lacks the key that the members have said to use, and what to do about it.
pub(super) fn lacking(word: Option<KeyId>, reached: &[&Status]) -> impl Iterator<Item = String> {
    let lacks = move |status: &&&Status| {
        word.zip(status.condition.keys).is_some_and(|(word, KeyReport { held, .. })| !held.contains(word))
    };
    reached.iter().filter(lacks).map(move |status| {
        let (node, key) = (name(status.seat), word.map_or_else(String::new, |key| key.to_string()));
        format!(
            "{node} lacks key {key}, under which the members seal by their word, and is not heard any longer once the others have removed \
             the key that it has: bring the keyring with key {key} to where {node} runs, as the file that its --keys names"
        )
    })
}

/// What a node says of its keys.
pub(super) fn json(keys: KeyReport) -> Value {
    json!({ "held": keys.held.iter().map(KeyId::number).collect::<Vec<_>>(), "used": keys.used.number() })
}
