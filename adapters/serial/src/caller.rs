use heapless::Vec;
use quorate::{Index, Instant, Seat, Session};
use quorate_wire::client::{Reason, ReplyBody};
use serde::Serialize;

use crate::post::Asker;
use crate::wait::Wait;
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
    /// The session that is open, with its latest command; or the one of which an Open takes the place, if any.
    session: Session,
    is_open: bool,
    phase: Phase,
    /// The command or, once there is one, the answer.
    bytes: Vec<u8, FRAME>,
    limit: usize,
    /// Whom the latest try asked.
    asked: Option<Seat>,
    try_at: Instant,
    pause: Wait,
    pause_min: Wait,
    pause_max: Wait,
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
    pub(crate) fn new(me: Seat, seed: u64, pace: &Pace) -> Self {
        Caller {
            me,
            boot: boot(seed),
            number: 0,
            first: 0,
            session: Session { client: me.0.into(), epoch: Index(0), sequence: 0 },
            is_open: false,
            phase: Phase::Idle,
            bytes: Vec::new(),
            limit: pace.command_bytes(),
            asked: None,
            try_at: Instant::START,
            pause: pace.heartbeat.into(),
            pause_min: pace.heartbeat.into(),
            pause_max: pace.election.into(),
        }
    }

    /// What replies to this boot echo.
    pub(crate) fn boot(&self) -> u64 {
        self.boot
    }

    /// Whose session it is that is used.
    pub(crate) fn client(&self) -> u64 {
        self.session.client
    }

    pub(crate) fn propose(&mut self, command: &impl Serialize) -> Result<(), ProposeError> {
        if self.phase != Phase::Idle {
            return Err(ProposeError::Busy);
        }
        let limit = self.limit;
        let too_large = ProposeError::TooLarge { limit };
        self.bytes.resize_default(limit).map_err(|_| too_large)?;
        let length = postcard::to_slice(command, &mut self.bytes).map_err(|_| too_large)?.len();
        self.bytes.truncate(length);
        self.begin(if self.is_open { Phase::Asking } else { Phase::Opening });
        Ok(())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// What to ask of whom now, if it is time.
    pub(crate) fn call(&mut self, now: Instant, leader: Option<Seat>, known: Known) -> Option<(Seat, Asker, Wish<'_>)> {
        let to = leader.filter(|leader| now >= self.try_at || self.asked != Some(*leader))?;
        // Nothing was asked in the session yet: it can still be opened anew.
        if self.phase == Phase::Asking && self.number < self.first && known.is_over(self.session.epoch) {
            self.begin(Phase::Opening);
        }
        if self.phase == Phase::Opening {
            self.session.epoch = self.session.epoch.max(known.epoch.unwrap_or_default());
        }
        let wish = match self.phase {
            Phase::Opening => Wish { session: Session { sequence: 0, ..self.session }, command: None },
            Phase::Asking => Wish { session: self.session, command: Some(&self.bytes) },
            Phase::Idle | Phase::Answered(_) => return None,
        };
        self.number += 1;
        self.asked = leader;
        self.try_at = self.pause.after(now);
        self.pause = self.pause_max.min(self.pause.eighths(16));
        Some((to, Asker { address: self.me.into(), client: self.boot, number: self.number }, wish))
    }

    /// When to try again, whoever leads.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        matches!(self.phase, Phase::Opening | Phase::Asking).then_some(self.try_at)
    }

    /// Takes a reply to any try of the present request.
    pub(crate) fn take(&mut self, now: Instant, number: u64, body: ReplyBody<'_>) {
        let is_latest = number == self.number;
        if number < self.first || number > self.number {
            return;
        }
        match (self.phase, body) {
            // What is not later makes way for what was asked for since.
            (Phase::Opening, ReplyBody::Opened { epoch }) if epoch > self.session.epoch => {
                self.is_open = true;
                self.session = Session { epoch, sequence: 0, ..self.session };
                self.begin(Phase::Asking);
            }
            (Phase::Opening, ReplyBody::Held { epoch }) if epoch > self.session.epoch => {
                self.session.epoch = epoch;
                self.try_at = now;
            }
            (Phase::Asking, ReplyBody::Done { index, answer }) => {
                self.bytes.clear();
                let fits = self.bytes.extend_from_slice(answer).is_ok();
                self.phase = Phase::Answered(if fits { Ok(index) } else { Err(CallError::Unreadable) });
            }
            // Whatever this try did, a copy of it, or another try, may have done the command.
            (Phase::Asking, ReplyBody::Expired | ReplyBody::Outdated { .. }) => {
                self.is_open = false;
                self.phase = Phase::Answered(Err(CallError::Unknown));
            }
            (Phase::Asking, ReplyBody::Mismatch) => {
                self.is_open = false;
                self.phase = Phase::Answered(Err(CallError::Mismatch));
            }
            (Phase::Asking, ReplyBody::Refused(reason @ (Reason::TooLarge { .. } | Reason::Malformed)))
                if number == self.first && is_latest =>
            {
                self.phase = Phase::Answered(Err(CallError::Refused(reason)));
            }
            (Phase::Opening | Phase::Asking, ReplyBody::Unknown | ReplyBody::Superseded) if is_latest => {
                self.try_at = now;
            }
            (Phase::Opening | Phase::Asking, ReplyBody::NotLeader { .. } | ReplyBody::Refused(_)) if is_latest => {
                self.try_at = self.try_at.min(self.pause_min.eighths(2).after(now));
            }
            _ => {}
        }
    }

    /// The answer, once: its index, and its bytes.
    pub(crate) fn answer(&mut self) -> Option<Result<(Index, &[u8]), CallError>> {
        let Phase::Answered(result) = self.phase else { return None };
        self.phase = Phase::Idle;
        Some(result.map(|index| (index, self.bytes.as_slice())))
    }

    /// A new request: replies to earlier ones say nothing about it.
    fn begin(&mut self, phase: Phase) {
        self.session.sequence += u64::from(phase == Phase::Asking);
        self.phase = phase;
        self.first = self.number + 1;
        self.asked = None;
        self.try_at = Instant::START;
        self.pause = self.pause_min;
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
