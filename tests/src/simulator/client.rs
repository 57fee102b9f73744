use fastrand::Rng;
use quorate::{Index, Session};

use super::Write;

/// One client: one wish at a time, asked again and elsewhere until it is answered.
pub(crate) struct Client {
    pub(crate) number: u64,
    pub(crate) sequence: u64,
    pub(crate) wish: Option<Wish>,
    /// Counts what was sent; an answer to an earlier attempt of the same wish is as good.
    pub(crate) attempt: u64,
    /// The first attempt of the present wish.
    pub(crate) first_attempt: u64,
    /// Whom it asks next.
    pub(crate) target: usize,
    /// The wish's place in the history, if one is kept.
    pub(crate) event: Option<usize>,
    /// How many answers it has had since calm returned.
    pub(crate) calm_answers: u32,
    /// What was answered to anyone when the wish was first asked.
    pub(crate) floor: Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Open,
    Write(Write),
    /// Of this register.
    Read(u8),
}

/// What a node says to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done {
        index: Index,
        /// What the register holds that was read.
        value: Option<u32>,
    },
    /// Not done here; ask this one, if any.
    Elsewhere(Option<usize>),
    /// A snapshot has overtaken it, and it may be done or not: ask again.
    Unknown,
    /// The session is ahead of the wish.
    Outdated,
}

impl Client {
    pub(crate) fn new(number: u64) -> Client {
        Client {
            number,
            sequence: 0,
            wish: Some(Wish::Open),
            attempt: 0,
            first_attempt: 0,
            target: 0,
            event: None,
            calm_answers: 0,
            floor: Index(0),
        }
    }

    pub(crate) fn session(&self) -> Session {
        Session { client: self.number, sequence: self.sequence }
    }

    /// The next wish. Values are numbered so that each is written once.
    pub(crate) fn choose(&mut self, rng: &mut Rng, floor: Index) {
        self.floor = floor;
        self.first_attempt = self.attempt + 1;
        self.wish = Some(if rng.u8(..3) == 0 {
            Wish::Read(rng.u8(..4))
        } else {
            self.sequence += 1;
            let value = (self.number * 1_000_000 + self.sequence) as u32;
            Wish::Write(Write { key: rng.u8(..4), value, padding: rng.u8(..60) })
        });
    }
}
