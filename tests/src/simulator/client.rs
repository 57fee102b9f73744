use fastrand::Rng;
use quorate::{Index, Session};
use quorate_wire::client::ReplyBody;

use super::Write;

/// One client: one wish at a time, asked again and elsewhere until it is answered.
pub(crate) struct Client {
    /// The session that is open, with its latest command; or the one of which an Open takes the place. Two clients may
    /// have the same number.
    pub(crate) session: Session,
    /// Its first value, and how many writes it has wished for.
    values: u32,
    writes: u32,
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
    /// A command was done, and came to this.
    Done { index: Index, value: Option<u32> },
    /// What the register holds that was read.
    Value { index: Index, value: Option<u32> },
    /// A session was opened by this very request.
    Opened(Index),
    /// The number has a session already.
    Held(Index),
    /// Another command had the sequence.
    Mismatch,
    /// The session is over, or ahead of the wish: nobody knows what became of that.
    Lost,
    /// Not done here; ask this one, if any.
    Elsewhere(Option<usize>),
    /// The leader that took it leads no longer, and it may be done or not: ask again.
    Unknown,
}

impl Answer {
    /// What a node's reply means to a client.
    pub(crate) fn of(body: &ReplyBody<'_>) -> Answer {
        match *body {
            ReplyBody::Opened { epoch } => Answer::Opened(epoch),
            ReplyBody::Held { epoch } => Answer::Held(epoch),
            ReplyBody::Done { index, answer } => {
                Answer::Done { index, value: answer.try_into().ok().map(u32::from_le_bytes) }
            }
            ReplyBody::Mismatch => Answer::Mismatch,
            ReplyBody::Outdated { .. } | ReplyBody::Expired => Answer::Lost,
            ReplyBody::Unknown => Answer::Unknown,
            ReplyBody::NotLeader { leader, .. } => Answer::Elsewhere(leader.map(|seat| usize::from(seat.0))),
            ReplyBody::Refused(_) | ReplyBody::Superseded => Answer::Elsewhere(None),
            ReplyBody::Value { .. }
            | ReplyBody::Status(_)
            | ReplyBody::Snapshot { .. }
            | ReplyBody::Piece { .. }
            | ReplyBody::Members { .. }
            | ReplyBody::Taken => {
                unreachable!("the simulator asks for no such thing, or answers itself: {body:?}")
            }
        }
    }
}

impl Client {
    /// The n-th client, under a number.
    pub(crate) fn new(place: usize, number: u64) -> Client {
        Client {
            session: Session { client: number, epoch: Index(0), sequence: 0 },
            values: place as u32 * 1_000_000,
            writes: 0,
            wish: Some(Wish::Open),
            attempt: 0,
            first_attempt: 0,
            target: 0,
            event: None,
            calm_answers: 0,
            floor: Index(0),
        }
    }

    /// What names the present wish.
    pub(crate) fn session(&self) -> Session {
        match self.wish {
            Some(Wish::Open) => Session { sequence: 0, ..self.session },
            _ => self.session,
        }
    }

    /// The next wish. Values are numbered so that each is written once. A client that goes on with an old copy of its
    /// session takes a sequence for the second time.
    pub(crate) fn choose(&mut self, rng: &mut Rng, floor: Index, is_copy: bool) {
        self.floor = floor;
        self.first_attempt = self.attempt + 1;
        self.wish = Some(if rng.u8(..3) == 0 {
            Wish::Read(rng.u8(..4))
        } else {
            self.session.sequence += u64::from(!is_copy || self.session.sequence == 0);
            self.writes += 1;
            Wish::Write(Write { key: rng.u8(..4), value: self.values + self.writes, padding: rng.u8(..60) })
        });
    }

    /// Asks for a session, in the place of this one: nothing that was asked before is waited for.
    pub(crate) fn open(&mut self, instead_of: Index) {
        self.session.epoch = instead_of;
        self.first_attempt = self.attempt + 1;
        self.wish = Some(Wish::Open);
    }
}
