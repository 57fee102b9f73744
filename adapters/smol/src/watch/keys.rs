use std::net::SocketAddr;

use quorate::{Instant, KeyId};
use quorate_wire::client::KeyReport;
use quorate_wire::seal::Form;
use quorate_wire::{Class, DecodeError};

use super::{Lasting, MOMENT, is_new};
use crate::keyring::KEYS;
use crate::{Event, Keyring};

/// Looks now and then at the keys of a node that has some.
pub(super) struct KeyWatch {
    keys: Keyring,
    /// Under which key it sealed when it was last looked at.
    used: KeyId,
    /// Which key it lacks, of those that the members have said to use.
    lacks: Option<(KeyId, Lasting)>,
    /// When another key was last told that it does not have.
    unknown: [Option<Instant>; KEYS],
}

impl KeyWatch {
    pub(super) fn new(keys: Keyring) -> KeyWatch {
        let used = keys.used();
        KeyWatch { keys, used, lacks: None, unknown: [None; KEYS] }
    }

    /// What to tell of a key that the members have said to use.
    pub(super) fn look(&mut self, now: Instant) -> Option<Event> {
        let (KeyReport { held, used }, word) = (self.keys.report(), self.keys.word());
        let is_new = std::mem::replace(&mut self.used, used) != used;
        match word {
            Some(key) if !held.contains(key) => {
                let lacks = self.lacks.take().filter(|(before, _)| *before == key);
                let (_, lasting) = self.lacks.insert(lacks.unwrap_or((key, Lasting::from(now))));
                lasting.tell(now, MOMENT).map(|_| Event::LacksKey { key, used })
            }
            _ => {
                self.lacks = None;
                (is_new && word == Some(used)).then_some(Event::SealsUnder { key: used })
            }
        }
    }

    /// Which key a frame was dropped for that says to be of a node.
    pub(super) fn missing(&self, frame: &[u8], reason: DecodeError) -> Option<KeyId> {
        let DecodeError::Sealed(number) = reason else { return None };
        let is_of_node = matches!(Form::of(frame), Ok(Form::Hello | Form::Sealed(Class::Member | Class::Founding)));
        KeyId::new(number).filter(|_| is_of_node)
    }

    /// What to tell of such a frame.
    pub(super) fn dropped(&mut self, key: KeyId, from: SocketAddr, is_cut_off: bool, now: Instant) -> Option<Event> {
        let told = &mut self.unknown[usize::from(key.number())];
        is_new(told, now).then_some(Event::UnknownKey { key, from, is_cut_off })
    }
}
