use heapless::Vec;
use quorate::{Index, Instant, Seat, Seats, Session};
use quorate_driver::client::{Ask, Call, Directory, Ending, Kind, Opening, Own, Patience};
use quorate_wire::client::ReplyBody;
use serde::Serialize;

use crate::post::Asker;
use crate::{CallError, Pace, ProposeError};

/// What a station's own app wants done, one command at a time: asks whoever leads, until there is an answer.
///
/// A command is tried again under the same session and sequence, so it is done once. A station has one place among the
/// sessions, whatever becomes of it, and nothing to remember: the client's number is its seat. Each boot begins a
/// session anew in the place of the one before, so that nothing that an earlier boot asked for is taken for its own.
pub(crate) struct Caller<const FRAME: usize> {
    me: Seat,
    /// Names this boot: replies echo it.
    boot: u64,
    /// The number of the latest try, and of the first that is about the present request.
    number: u64,
    first: u64,
    own: Own,
    directory: Directory,
    phase: Phase,
    /// The session that was asked for last: with sequence 0, to be opened in the place of this one.
    session: Session,
    /// The present request, or the one before.
    call: Call,
    /// The command or, once there is one, the answer.
    bytes: Vec<u8, FRAME>,
    limit: usize,
    times: Patience,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// Opens the session first.
    Opening,
    Asking,
    Answered(Result<Index, CallError>),
}

impl<const FRAME: usize> Caller<FRAME> {
    /// `seed` differs from boot to boot.
    #[inline(always)]
    pub(crate) fn new(me: Seat, seed: u64, pace: &Pace) -> Self {
        let (own, times) = (Own::new(me.0.into()), Patience::beside_a_node(pace.heartbeat, pace.election));
        Caller {
            me,
            boot: boot(seed),
            number: 0,
            first: 0,
            own,
            directory: Directory::new(Seats::first(32)),
            phase: Phase::Idle,
            session: own.latest(),
            call: Call::new(Kind::Open, times, Instant::START, None),
            bytes: Vec::new(),
            limit: pace.command_bytes(),
            times,
        }
    }

    /// What replies to this boot echo.
    pub(crate) fn boot(&self) -> u64 {
        self.boot
    }

    /// Whose session it is that is used.
    pub(crate) fn client(&self) -> u64 {
        self.own.latest().client
    }

    pub(crate) fn propose(&mut self, command: &impl Serialize) -> Result<(), ProposeError> {
        if !self.is_idle() {
            return Err(ProposeError::Busy);
        }
        let limit = self.limit;
        let too_large = ProposeError::TooLarge { limit };
        self.bytes.resize_default(limit).map_err(|_| too_large)?;
        let length = postcard::to_slice(command, &mut self.bytes).map_err(|_| too_large)?.len();
        self.bytes.truncate(length);
        self.begin(Instant::START);
        Ok(())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// What to ask of whom now, if it is time.
    pub(crate) fn call(&mut self, now: Instant, leader: Option<Seat>, known: Known) -> Option<(Seat, Asker, Wish<'_>)> {
        self.directory.tell(Some(leader?));
        // Nothing was asked in the session yet: it can still be opened anew.
        if self.phase == Phase::Asking && self.number < self.first && known.is_over(self.session.epoch) {
            self.own.lose(self.session);
            self.begin(now);
        }
        let wish = match self.phase {
            Phase::Opening => {
                self.own.give_way(known.epoch.unwrap_or_default());
                Wish { session: self.own.latest(), command: None }
            }
            Phase::Asking => Wish { session: self.session, command: Some(&self.bytes) },
            Phase::Idle | Phase::Answered(_) => return None,
        };
        let Ask::Leader(to) = self.call.next(&mut self.directory, now) else { return None };
        self.number += 1;
        // Who asks for another session to make way has no use for an answer that opens it.
        if wish.session != self.session {
            (self.session, self.first) = (wish.session, self.number);
        }
        self.call.sent(self.number, true);
        Some((to, Asker { address: self.me.into(), client: self.boot, number: self.number, session: None }, wish))
    }

    /// Whether there is something that is not answered.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.phase, Phase::Opening | Phase::Asking)
    }

    /// When to try again, whoever leads.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.waits().then(|| self.call.due())
    }

    /// What was said last may not have been heard, and would be now.
    pub(crate) fn say_again(&mut self) {
        self.call.hurry();
    }

    /// Takes a reply to any try of the present request.
    pub(crate) fn take(&mut self, now: Instant, from: Seat, number: u64, body: ReplyBody<'_>) {
        if !self.waits() || number < self.first || number > self.number {
            return;
        }
        let Some(ending) = self.call.take(&mut self.directory, now, (from, number), &body) else { return };
        let error = match ending {
            Ending::Answered => return self.take_answer(now, body),
            // Whatever this try did, a copy of it, or another try, may have done the command.
            Ending::Expired | Ending::Outdated { .. } => CallError::Unknown,
            Ending::Mismatch => CallError::Mismatch,
            Ending::Refused(reason) => CallError::Refused(reason),
        };
        if self.phase == Phase::Asking && !matches!(ending, Ending::Refused(_)) {
            self.own.lose(self.session);
        }
        self.phase = Phase::Answered(Err(error));
    }

    fn take_answer(&mut self, now: Instant, body: ReplyBody<'_>) {
        let opening = match body {
            ReplyBody::Opened { epoch } => Opening::Opened(epoch),
            ReplyBody::Held { epoch } => Opening::Held(epoch),
            ReplyBody::Done { index, answer } => {
                self.bytes.clear();
                let fits = self.bytes.extend_from_slice(answer).is_ok();
                self.phase = Phase::Answered(if fits { Ok(index) } else { Err(CallError::Unreadable) });
                return;
            }
            // A station asks for no such thing.
            ReplyBody::Value { .. }
            | ReplyBody::Status(_)
            | ReplyBody::Snapshot { .. }
            | ReplyBody::Piece { .. }
            | ReplyBody::NotLeader { .. }
            | ReplyBody::Refused(_)
            | ReplyBody::Unknown
            | ReplyBody::Superseded
            | ReplyBody::Expired
            | ReplyBody::Mismatch
            | ReplyBody::Outdated { .. }
            | ReplyBody::Members { .. }
            | ReplyBody::Taken => return,
        };
        self.own.take(opening);
        self.begin(now);
    }

    /// The answer, once: its index, and its bytes.
    pub(crate) fn answer(&mut self) -> Option<Result<(Index, &[u8]), CallError>> {
        let Phase::Answered(result) = self.phase else { return None };
        self.phase = Phase::Idle;
        Some(result.map(|index| (index, self.bytes.as_slice())))
    }

    /// A new request: replies to earlier ones say nothing about it.
    fn begin(&mut self, now: Instant) {
        let (phase, kind) =
            if self.own.is_open() { (Phase::Asking, Kind::Command) } else { (Phase::Opening, Kind::Open) };
        if phase == Phase::Asking {
            self.session = self.own.next_session();
        }
        self.phase = phase;
        self.call = Call::new(kind, self.times, now, None);
        self.first = self.number + 1;
    }
}

/// What the app wants done now: a command of its session or, if there is none, that the session is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish<'a> {
    pub(crate) session: Session,
    pub(crate) command: Option<&'a [u8]>,
}

/// What a station's own state says of its session. It may be behind that of others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// The last entry that was applied.
    pub(crate) applied: Index,
    /// The epoch of the session that was open then.
    pub(crate) epoch: Option<Index>,
}

impl Known {
    /// Whether a session was opened and is no longer there: it never comes back.
    fn is_over(&self, epoch: Index) -> bool {
        self.applied >= epoch && self.epoch != Some(epoch)
    }
}

/// A number that no other boot uses: 35 bits of the seed. Postcard writes it in five bytes.
fn boot(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed >> 29
}

#[cfg(test)]
mod tests;
