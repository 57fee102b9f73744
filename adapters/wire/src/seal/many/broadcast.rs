use core::fmt;

use super::word::{Kind, Word};
use crate::seal::Side;
use crate::seal::session::SESSION_FRAMES_MAX;

/// What a side seals for all: a number that no boot of it draws again, and a counter. The rules stand in [MANY.md].
///
/// It lives in memory alone. Whoever starts again, or becomes another life, begins with a new one.
///
/// [MANY.md]: https://github.com/quorate/quorate/blob/main/tests/spec/MANY.md
#[derive(Default)]
pub struct Broadcast {
    number: Option<u64>,
    /// How many frames were sealed under it: the counter of the next one.
    sent: u64,
}

impl Broadcast {
    /// Takes a word, and says what a Call is answered with. Nothing is kept of it. `number` draws a number that this side has never
    /// drawn before, in no boot.
    pub fn hear(&mut self, side: &Side, word: &Word, number: impl FnOnce() -> u64) -> Option<Word> {
        let Kind::Call(echo) = word.kind else { return None };
        let kind = Kind::Notice { number: self.number(number), echo, counter: self.sent };
        Some(Word { from: side.me, to: word.from.seat, key: word.key, kind })
    }

    /// What to seal the next frame under: the number, and a counter that no other frame has.
    pub(super) fn next(&mut self, number: impl FnOnce() -> u64) -> (u64, u64) {
        let next = (self.number(number), self.sent);
        self.sent += 1;
        next
    }

    /// Its number, or another one if there is none, or it has sealed all that it may.
    fn number(&mut self, number: impl FnOnce() -> u64) -> u64 {
        if self.sent >= SESSION_FRAMES_MAX {
            *self = Broadcast::default();
        }
        *self.number.get_or_insert_with(number)
    }

    /// As if it had sealed so many frames.
    #[cfg(test)]
    fn skip_to(&mut self, sent: u64) {
        self.sent = sent;
    }
}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast").field("sent", &self.sent).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use quorate::{Founding, Instant, Message, Seat, Term};

    use super::super::{Listener, decode, encode, key_of};
    use super::*;
    use crate::seal::{Key, KeyId, Profile, Ring};
    use crate::{Cluster, DecodeError};

    fn side(seat: u8) -> Side {
        let (cluster, founding, me) = (Cluster(1), Founding(2), Seat(seat).into());
        Side { cluster, founding, me, interval_micros: 0, profile: Profile::Bus }
    }

    fn id(number: u8) -> KeyId {
        KeyId::new(number).expect("it is below 16")
    }

    fn ring() -> Ring<2> {
        let mut ring = Ring::new(id(3), Key::new([9; Key::BYTES]));
        ring.install(id(4), Key::new([8; Key::BYTES])).expect("there is room");
        ring
    }

    #[test]
    fn a_number_that_has_sealed_enough_makes_way_for_another() {
        let mut broadcast = Broadcast::default();
        assert_eq!(broadcast.next(|| 5), (5, 0));
        broadcast.skip_to(SESSION_FRAMES_MAX - 1);
        assert_eq!(broadcast.next(|| unreachable!()), (5, SESSION_FRAMES_MAX - 1));
        assert_eq!(broadcast.next(|| 6), (6, 0));
        assert_eq!(broadcast.next(|| unreachable!()), (6, 1));
    }

    #[test]
    fn on_a_bus_whoever_has_lost_too_many_frames_calls_and_hears() {
        let (ring, one, two) = (ring(), side(1), side(2));
        let (mut broadcast, mut listener, mut buffer) = (Broadcast::default(), Listener::default(), [0; 100]);
        let mut is_heard = |broadcast: &mut Broadcast, listener: &mut Listener| {
            let message = Message::CampaignNow { term: Term(3) };
            let length = encode(&mut buffer, &one, &ring, broadcast, &message, || 5).expect("there is room").len();
            decode(&mut buffer[..length], &two, &ring, listener, Instant::START).map(|_| ())
        };
        let tell = |broadcast: &mut Broadcast, listener: &mut Listener, drawn| {
            let call = listener.speak(&two, &ring, Instant::START, Seat(1), || drawn).expect("it calls");
            listener.hear(&broadcast.hear(&one, &call, || unreachable!()).expect("it is answered"));
        };
        assert_eq!(is_heard(&mut broadcast, &mut listener), Err(DecodeError::Session));
        tell(&mut broadcast, &mut listener, 1);
        for counter in [65_280, 130_000, 65_536 * 65_536] {
            broadcast.skip_to(counter);
            if counter > 130_000 {
                assert_eq!(is_heard(&mut broadcast, &mut listener), Err(DecodeError::Tag));
                tell(&mut broadcast, &mut listener, 2);
            }
            assert_eq!(is_heard(&mut broadcast, &mut listener), Ok(()), "{counter}");
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Seal,
        Call,
        Leave,
        UseKey(u8),
    }

    fn act() -> impl Strategy<Value = (u8, Act)> {
        let act = prop_oneof![
            6 => Just(Act::Seal),
            2 => Just(Act::Call),
            1 => Just(Act::Leave),
            1 => (3..5u8).prop_map(Act::UseKey),
        ];
        (0..2u8, act)
    }

    proptest! {
        /// Over starts, calls, and keys that change and change back; two sides draw the same numbers.
        #[test]
        fn no_counter_of_a_key_seals_twice(acts in prop::collection::vec(act(), 1..150)) {
            let (mut ring, mut broadcasts, mut drawn) = (ring(), [Broadcast::default(), Broadcast::default()], [0; 2]);
            let mut sealed = BTreeSet::new();
            for (seat, act) in acts {
                let (side, at) = (side(seat), usize::from(seat));
                let (broadcast, drawn) = (&mut broadcasts[at], &mut drawn[at]);
                let number = || {
                    *drawn += 1;
                    *drawn
                };
                match act {
                    Act::Seal => {
                        let (number, counter) = broadcast.next(number);
                        let key = key_of(ring.key(ring.used()).expect("it is used"), &side, side.me, number);
                        prop_assert!(sealed.insert((*key.expose(), counter)));
                    }
                    Act::Call => {
                        let call = Word { from: Seat(2).into(), to: Seat(seat), key: id(3), kind: Kind::Call(1) };
                        let told = broadcast.hear(&side, &call, number).map(|notice| notice.kind);
                        let counter = broadcast.sent;
                        let is_next = |told| matches!(told, Kind::Notice { counter: next, .. } if next == counter);
                        prop_assert!(told.is_some_and(is_next));
                    }
                    Act::Leave => *broadcast = Broadcast::default(),
                    Act::UseKey(number) => ring.use_key(id(number)).expect("it is here"),
                }
            }
        }
    }
}
