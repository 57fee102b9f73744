use core::fmt;

use quorate::{Identity, Incarnation, Instant, Seat};

use super::key_of;
use super::word::{Kind, Word};
use crate::DecodeError;
use crate::seal::ring::mark_of;
use crate::seal::session::open;
use crate::seal::window::Window;
use crate::seal::{Key, KeyId, Ring, Side};

/// What a side knows of what another seat seals for all: under which number, and which counters have come. The rules stand in
/// [MANY.md].
///
/// It lives in memory alone, and may be made anew at any time: it opens nothing that was sealed before it has called.
///
/// [MANY.md]: https://github.com/quorate/quorate/blob/main/tests/spec/MANY.md
#[derive(Default)]
pub struct Listener {
    /// The number that the next Notice is to be said to.
    open: Option<u64>,
    heard: Option<Heard>,
    /// Whether it is to call.
    wants: bool,
    /// Before then it does not call.
    due: Instant,
    /// Until then the sender counts as heard.
    until: Instant,
}

/// What a sender has said of itself.
struct Heard {
    number: u64,
    life: Incarnation,
    window: Window,
}

impl Listener {
    /// The Call that it has to say to the seat, once in an interval, if a frame did not open. `number` draws a number that this side
    /// has never drawn before, in no boot.
    pub fn speak<const KEYS: usize>(
        &mut self,
        side: &Side,
        ring: &Ring<KEYS>,
        now: Instant,
        to: Seat,
        number: impl FnOnce() -> u64,
    ) -> Option<Word> {
        if !self.wants || now < self.due {
            return None;
        }
        // The next frame that does not open has it call again.
        self.wants = false;
        self.due = side.interval_after(now);
        let kind = Kind::Call(*self.open.get_or_insert_with(number));
        Some(Word { from: side.me, to, key: ring.used(), kind })
    }

    /// When it has something to [say](Listener::speak), if it has.
    pub fn due(&self) -> Option<Instant> {
        self.wants.then_some(self.due)
    }

    /// Takes a Notice of the seat. Any other word, and one that it has not called for, does nothing.
    pub fn hear(&mut self, word: &Word) {
        let Kind::Notice { number, echo, counter } = word.kind else { return };
        if self.open != Some(echo) {
            return;
        }
        let life = word.from.incarnation;
        let same = self.heard.take().filter(|heard| (heard.number, heard.life) == (number, life));
        let mut heard = same.unwrap_or(Heard { number, life, window: Window::default() });
        heard.window.pass(counter);
        self.heard = Some(heard);
        (self.open, self.wants) = (None, false);
    }

    /// Opens a frame of the seat: which life speaks, and how long the body is. One that does not open has it call, unless the seat is
    /// heard.
    pub(super) fn open(
        &mut self,
        side: &Side,
        key: &Key,
        now: Instant,
        (from, mark, low): (Seat, u8, &[u8]),
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<(Incarnation, usize), DecodeError> {
        let id = KeyId::of_bits(mark);
        let heard = self.heard.as_mut().filter(|heard| mark_of(id, heard.number) == mark);
        let opened =
            heard.ok_or(DecodeError::Session).and_then(|heard| heard.open(side, key, (from, low), header, sealed));
        match opened {
            Ok(_) => {
                self.wants = false;
                self.until = side.interval_after(now);
            }
            Err(error) => self.wants |= now >= self.until && error != DecodeError::Repeated,
        }
        opened
    }
}

impl Heard {
    fn open(
        &mut self,
        side: &Side,
        key: &Key,
        (seat, low): (Seat, &[u8]),
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<(Incarnation, usize), DecodeError> {
        let counter = self.window.counter(low);
        if !self.window.takes(counter) {
            return Err(DecodeError::Repeated);
        }
        let key = key_of(key, side, Identity { seat, incarnation: self.life }, self.number);
        let length = open(&key, side.profile, (seat.0, counter), header, sealed)?;
        self.window.mark(counter);
        Ok((self.life, length))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("is_told", &self.heard.is_some())
            .field("wants", &self.wants)
            .finish_non_exhaustive()
    }
}
