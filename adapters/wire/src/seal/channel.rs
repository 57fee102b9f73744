use core::fmt;
use core::time::Duration;

use quorate::{Identity, Incarnation, Instant, Seat};

use super::key::Purpose;
use super::session::Session;
use super::{Hello, Key, KeyId, Ring, Side, Word};
use crate::DecodeError;

/// One side of the sealed link to another seat: the sessions of the two, and how they come to the next one. The rules, and
/// what an attacker can do about them, stand in [SEAL.md].
///
/// It lives in memory alone. Whoever starts again, or becomes another life, begins with a new one.
///
/// [SEAL.md]: https://github.com/quorate/quorate/blob/main/tests/spec/SEAL.md
#[derive(Default)]
pub struct Channel {
    /// The number that the next session is made with.
    open: Option<u64>,
    /// Under which key this side has answered the other with it, since it asked last itself.
    answered: Option<KeyId>,
    present: Option<Session<Incarnation>>,
    next: Option<Session<Incarnation>>,
    /// Whether another session is wanted.
    wants: bool,
    /// Before then this side says nothing that nobody has asked for.
    due: Instant,
    /// Until then the other side counts as heard.
    heard: Instant,
    /// Whether something was sealed since it was heard last.
    speaks: bool,
}

impl Channel {
    /// What this side has to say of its own accord, once in an interval: the last word again, a question, or both. `number`
    /// draws a number that this side has never drawn before, in no boot.
    pub fn speak<const KEYS: usize>(
        &mut self,
        side: &Side,
        ring: &Ring<KEYS>,
        now: Instant,
        to: Seat,
        number: impl FnOnce() -> u64,
    ) -> [Option<Hello>; 2] {
        if side.is_within_interval(self.due, now) {
            return [None; 2];
        }
        let used = ring.used();
        let is_wanted = self.is_wanted(used);
        let unconfirmed = self.next.as_ref().filter(|next| !next.is_confirmed);
        let done = unconfirmed.map(|next| (next.id, Word::Done(next.mine, next.yours)));
        let ask = is_wanted.then(|| (used, Word::Ask(*self.open.get_or_insert_with(number))));
        if done.or(ask).is_some() {
            self.due = side.interval_after(now);
            // Asked again it is by whatever finds no session the next time.
            (self.wants, self.answered) = (false, None);
        }
        [done, ask].map(|said| said.map(|(key, word)| Hello { from: side.me, to, key, word }))
    }

    /// Asks for a session if there is none: whoever has nothing to seal yet will have it sooner than a session could be made. And
    /// if frames were sealed, and none of the other side has opened for longer than `patience`: somebody else may have taken
    /// its place there, and this side is not heard any longer.
    pub fn want(&mut self, now: Instant, patience: Duration) {
        let has_session = self.present.is_some() || self.next.is_some();
        // A session of which nothing has opened yet counts from when it is first looked at; so do all after the clock has jumped
        // back.
        if self.heard == Instant::START || self.heard > now + patience {
            self.heard = now;
        }
        let is_unheard = self.speaks && now >= self.heard + patience;
        if is_unheard {
            self.heard = now;
        }
        self.wants |= !has_session || is_unheard;
    }

    /// When it has something to [say](Channel::speak), if it has.
    pub fn due<const KEYS: usize>(&self, ring: &Ring<KEYS>) -> Option<Instant> {
        let is_unconfirmed = self.next.as_ref().is_some_and(|next| !next.is_confirmed);
        (is_unconfirmed || self.is_wanted(ring.used())).then_some(self.due)
    }

    /// Takes a Hello, and says what it is answered with, if with anything.
    pub fn hear<const KEYS: usize>(
        &mut self,
        side: &Side,
        ring: &Ring<KEYS>,
        hello: &Hello,
        number: impl FnOnce() -> u64,
    ) -> Option<Hello> {
        let Hello { from, key: id, word, .. } = *hello;
        let key = ring.key(id)?;
        let (key, word) = match word {
            Word::Ask(yours) => match self.with(yours) {
                Some(session) => (session.id, Word::Done(session.mine, yours)),
                None => {
                    self.answered = Some(id);
                    (id, Word::Answer(*self.open.get_or_insert_with(number), yours))
                }
            },
            Word::Answer(yours, mine) => {
                if self.open == Some(mine) {
                    // Both have asked, under two keys: the session is that of the lower seat's question.
                    if from.seat < side.me.seat && self.answered.is_some_and(|answered| answered != id) {
                        return None;
                    }
                    self.make(side, (id, key), from, (mine, yours), false);
                } else if self.with(yours).is_none_or(|session| (session.id, session.mine) != (id, mine)) {
                    return None;
                }
                (id, Word::Done(mine, yours))
            }
            Word::Done(yours, mine) => {
                if self.open == Some(mine) {
                    self.make(side, (id, key), from, (mine, yours), true);
                }
                let session = self.with(yours).filter(|session| (session.id, session.mine) == (id, mine))?;
                session.is_confirmed = true;
                // Who has asked says so until it hears that the session is here, and then nothing more.
                if session.is_asked {
                    return None;
                }
                (id, Word::Done(mine, yours))
            }
        };
        Some(Hello { from: side.me, to: from.seat, key, word })
    }

    /// No session under this key is used any longer: it was removed from the ring.
    pub fn revoke(&mut self, id: KeyId) {
        self.present.take_if(|session| session.id == id);
        self.next.take_if(|session| session.id == id);
    }

    /// The session to seal the next frame under, and the frame's counter.
    pub(super) fn sealing(&mut self) -> Option<(&Session<Incarnation>, u64)> {
        let is_next = self.present.is_none() || self.next.as_ref().is_some_and(|next| next.is_confirmed);
        let session = if is_next { &mut self.next } else { &mut self.present };
        let counter = session.as_mut().and_then(Session::next_counter);
        self.wants |= counter.is_none();
        self.speaks = true;
        session.as_ref().zip(counter)
    }

    /// Opens a frame of the other seat with one of the sessions: which life speaks, and how long the body is. A frame that
    /// none opens asks for another session, unless the other side is heard: then it is somebody else's, or came too late.
    pub(super) fn open(
        &mut self,
        side: &Side,
        now: Instant,
        (from, mark, low): (Seat, u8, &[u8]),
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<(Incarnation, usize), DecodeError> {
        let mut refusal = DecodeError::Session;
        for is_next in [true, false] {
            let place = if is_next { &mut self.next } else { &mut self.present };
            let Some(session) = place.as_mut().filter(|session| session.mark() == mark) else { continue };
            match session.open(side.profile, from.0, low, header, sealed) {
                Ok(length) => {
                    let life = session.with;
                    session.is_confirmed = true;
                    (self.wants, self.speaks) = (false, false);
                    self.heard = side.interval_after(now);
                    if is_next {
                        self.present = self.next.take();
                    }
                    return Ok((life, length));
                }
                Err(error) => refusal = error,
            }
        }
        self.wants |= !side.is_within_interval(self.heard, now) && refusal != DecodeError::Repeated;
        Err(refusal)
    }

    /// The session that was made with this number of the other side.
    fn with(&mut self, yours: u64) -> Option<&mut Session<Incarnation>> {
        [&mut self.next, &mut self.present].into_iter().flatten().find(|session| session.yours == yours)
    }

    /// Whether another session is wanted: there is none, or the latest one is to make way.
    fn is_wanted(&self, used: KeyId) -> bool {
        self.wants || self.next.as_ref().or(self.present.as_ref()).is_some_and(|latest| latest.is_due(used))
    }

    fn make(&mut self, side: &Side, (id, key): (KeyId, &Key), from: Identity, numbers: (u64, u64), is_confirmed: bool) {
        let ours = (side.me.seat.0, side.me.incarnation.0, numbers.0);
        let theirs = (from.seat.0, from.incarnation.0, numbers.1);
        let (low, high) = if ours.0 < theirs.0 { (ours, theirs) } else { (theirs, ours) };
        let places = [[side.founding.0, low.1], [high.1, low.2], [high.2, 0]];
        let key = key.derive(Purpose::Session, [low.0, high.0, 0], side.cluster.0, &places);
        let made = Session::new(key, id, from.incarnation, numbers, is_confirmed);
        if let Some(next) = self.next.replace(made).filter(|next| next.is_confirmed) {
            self.present = Some(next);
        }
        (self.open, self.answered, self.wants) = (None, None, false);
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("is_ready", &(self.present.is_some() || self.next.is_some()))
            .field("wants", &self.wants)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use quorate::Founding;

    use super::super::Profile;
    use super::super::session::{SESSION_FRAMES, SESSION_FRAMES_MAX};
    use super::*;
    use crate::Cluster;

    const SEATS: [u8; 2] = [1, 2];

    fn side(seat: u8) -> Side {
        let (cluster, founding, interval_micros) = (Cluster(1), Founding(2), 0);
        Side { cluster, founding, me: Seat(seat).into(), interval_micros, profile: Profile::Full }
    }

    fn ring() -> Ring<1> {
        Ring::new(KeyId::new(3).expect("it is below 16"), Key::new([9; Key::BYTES]))
    }

    /// Both talk until neither has anything to say.
    fn settle(channels: &mut [Channel; 2], number: &mut u64) {
        let ring = ring();
        let mut draw = || {
            *number += 1;
            *number
        };
        for at in [0, 1, 0, 1] {
            let to = Seat(SEATS[1 - at]);
            for said in channels[at].speak(&side(SEATS[at]), &ring, Instant::START, to, &mut draw) {
                let (mut said, mut by) = (said, at);
                while let Some(hello) = said {
                    by = 1 - by;
                    said = channels[by].hear(&side(SEATS[by]), &ring, &hello, &mut draw);
                }
            }
        }
    }

    #[test]
    fn a_session_that_has_sealed_enough_makes_way_for_another_before_it_ends() {
        let (mut channels, mut number) = ([Channel::default(), Channel::default()], 0);
        assert!(channels[0].sealing().is_none());
        settle(&mut channels, &mut number);
        let first = number;
        let skip = |channel: &mut Channel, sent| {
            [&mut channel.next, &mut channel.present].into_iter().flatten().for_each(|session| session.skip_to(sent));
        };
        skip(&mut channels[0], SESSION_FRAMES - 1);
        assert_eq!(channels[0].sealing().map(|(_, counter)| counter), Some(SESSION_FRAMES - 1));
        settle(&mut channels, &mut number);
        assert!(number > first, "another one is there");
        assert_eq!(channels[0].sealing().map(|(_, counter)| counter), Some(0));
        skip(&mut channels[0], SESSION_FRAMES_MAX - 1);
        assert!(channels[0].sealing().is_some());
        assert!(channels[0].sealing().is_none(), "no counter is left");
        settle(&mut channels, &mut number);
        assert_eq!(channels[0].sealing().map(|(_, counter)| counter), Some(0));
    }

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Seal,
        Speak,
        Restart,
        Hear(usize),
    }

    fn act() -> impl Strategy<Value = (bool, Act)> {
        let act = prop_oneof![
            4 => Just(Act::Seal),
            3 => Just(Act::Speak),
            1 => Just(Act::Restart),
            9 => any::<usize>().prop_map(Act::Hear),
        ];
        (any::<bool>(), act)
    }

    proptest! {
        /// Over restarts, losses, repetitions and whatever order.
        #[test]
        fn no_counter_of_a_key_seals_twice(acts in prop::collection::vec(act(), 1..150)) {
            let (mut channels, mut number) = ([Channel::default(), Channel::default()], 0);
            let (mut said, mut sealed, ring) = (std::vec![], BTreeSet::new(), ring());
            for (second, act) in acts {
                let at = usize::from(second);
                let (me, to) = (side(SEATS[at]), Seat(SEATS[1 - at]));
                let mut draw = || {
                    number += 1;
                    number
                };
                match act {
                    Act::Seal => {
                        if let Some((session, counter)) = channels[at].sealing() {
                            prop_assert!(sealed.insert((*session.key().expose(), at, counter)));
                        }
                    }
                    Act::Speak => {
                        said.extend(channels[at].speak(&me, &ring, Instant::START, to, &mut draw).into_iter().flatten());
                    }
                    Act::Restart => channels[at] = Channel::default(),
                    Act::Hear(which) => {
                        let to_me: std::vec::Vec<_> = said.iter().filter(|hello: &&Hello| hello.to == me.me.seat).collect();
                        let Some(hello) = to_me.get(which % to_me.len().max(1)).map(|hello| **hello) else { continue };
                        said.extend(channels[at].hear(&me, &ring, &hello, &mut draw));
                    }
                }
            }
        }
    }
}
