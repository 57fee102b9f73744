use core::fmt;
use core::time::Duration;

use quorate::{Index, Instant, Seat, Session};
use quorate_wire::client::{Reason, ReplyBody, RequestBody};
use serde::Serialize;

use crate::Pace;
use crate::waiting::Asker;

/// What a station's own app wants done, one command at a time: asks whoever leads, until there is an answer.
///
/// A command is tried again under the same session and sequence, so it is done once. Each boot has a session of its own, and
/// goes on above the last sequence that the cluster knows of it.
pub(crate) struct Caller<const FRAME: usize> {
    me: Seat,
    client: u64,
    /// The number of the latest try, and of the first that is about the present request.
    number: u64,
    first: u64,
    /// The sequence of the session's latest command.
    sequence: u64,
    is_open: bool,
    phase: Phase,
    /// The command or, once there is one, the answer.
    bytes: [u8; FRAME],
    length: usize,
    limit: usize,
    /// Whom the latest try asked.
    asked: Option<Seat>,
    try_at: Instant,
    pause: Duration,
    pause_min: Duration,
    pause_max: Duration,
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
            client: client(me, seed),
            number: 0,
            first: 0,
            sequence: 0,
            is_open: false,
            phase: Phase::Idle,
            bytes: [0; FRAME],
            length: 0,
            limit: pace.command_bytes(),
            asked: None,
            try_at: Instant::START,
            pause: pace.heartbeat,
            pause_min: pace.heartbeat,
            pause_max: pace.election,
        }
    }

    pub(crate) fn client(&self) -> u64 {
        self.client
    }

    pub(crate) fn propose(&mut self, command: &impl Serialize) -> Result<(), ProposeError> {
        if self.phase != Phase::Idle {
            return Err(ProposeError::Busy);
        }
        let limit = self.limit;
        let room = self.bytes.get_mut(..limit).unwrap_or_default();
        self.length = postcard::to_slice(command, room).map_err(|_| ProposeError::TooLarge { limit })?.len();
        self.begin(if self.is_open { Phase::Asking } else { Phase::Opening });
        Ok(())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// What to ask of whom now, if it is time.
    pub(crate) fn call(&mut self, now: Instant, leader: Option<Seat>) -> Option<(Seat, Asker, RequestBody<'_>)> {
        let to = leader.filter(|leader| now >= self.try_at || self.asked != Some(*leader))?;
        let body = match self.phase {
            Phase::Opening => RequestBody::Open { client: self.client },
            Phase::Asking => RequestBody::Command {
                session: Session { client: self.client, sequence: self.sequence },
                command: self.bytes.get(..self.length).unwrap_or_default(),
            },
            Phase::Idle | Phase::Answered(_) => return None,
        };
        self.number += 1;
        self.asked = leader;
        self.try_at = now + self.pause;
        self.pause = self.pause_max.min(self.pause.saturating_mul(2));
        Some((to, Asker { address: self.me.into(), client: self.client, number: self.number }, body))
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
            (Phase::Opening, ReplyBody::Opened { last_sequence }) => {
                self.is_open = true;
                self.sequence = last_sequence;
                self.begin(Phase::Asking);
            }
            (Phase::Asking, ReplyBody::Done { index, answer }) => {
                let kept = self.bytes.get_mut(..answer.len()).map(|room| room.copy_from_slice(answer));
                self.length = answer.len();
                self.phase = Phase::Answered(kept.map(|()| index).ok_or(CallError::Unreadable));
            }
            (Phase::Asking, ReplyBody::Expired) => {
                self.is_open = false;
                // If this was the only try, nothing was done, and nothing will be.
                if number == self.first && is_latest {
                    self.begin(Phase::Opening);
                } else {
                    self.phase = Phase::Answered(Err(CallError::Unknown));
                }
            }
            (Phase::Asking, ReplyBody::Outdated { .. }) => {
                self.is_open = false;
                self.phase = Phase::Answered(Err(CallError::Unknown));
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
                self.try_at = self.try_at.min(now + self.pause_min / 4);
            }
            _ => {}
        }
    }

    /// The answer, once: its index, and its bytes.
    pub(crate) fn answer(&mut self) -> Option<Result<(Index, &[u8]), CallError>> {
        let Phase::Answered(result) = self.phase else { return None };
        self.phase = Phase::Idle;
        Some(result.map(|index| (index, self.bytes.get(..self.length).unwrap_or_default())))
    }

    /// A new request: replies to earlier ones say nothing about it.
    fn begin(&mut self, phase: Phase) {
        self.sequence += u64::from(phase == Phase::Asking);
        self.phase = phase;
        self.first = self.number + 1;
        self.asked = None;
        self.try_at = Instant::START;
        self.pause = self.pause_min;
    }
}

/// A number that no other station, and no other boot of this one, uses: 29 bits of the seed beside the seat. Postcard writes
/// it in five bytes.
fn client(me: Seat, seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 35) << 6 | u64::from(me.0 % Seat::COUNT_MAX as u8)
}

/// Why a command cannot be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ProposeError {
    /// The command before it has no answer yet, or the answer was not taken.
    Busy,
    /// It takes more bytes than this, so that no frame could carry it, or postcard cannot write it.
    TooLarge {
        /// The most bytes of a command.
        limit: usize,
    },
}

impl fmt::Display for ProposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProposeError::Busy => f.write_str("the command before it is not answered yet: take its answer first"),
            ProposeError::TooLarge { limit } => {
                write!(f, "the command takes more than {limit} bytes: make it shorter, or frames longer")
            }
        }
    }
}

impl core::error::Error for ProposeError {}

/// Why a command that was proposed has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallError {
    /// Nothing was done: the leader cannot take such a command.
    Refused(Reason),
    /// It was done or not, and nobody knows: the cluster forgot this station's session while it asked. There are more clients
    /// than `CLIENTS`, or two boots had the same seed.
    Unknown,
    /// It was done, and its answer is not one of this application: another version of the program did it.
    Unreadable,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallError::Refused(_) => "the leader cannot take the command: does it run another version of the program?",
            CallError::Unknown => "whether the command was done is not known: more clients than there is room for",
            CallError::Unreadable => "the command was done, but its answer cannot be read",
        })
    }
}

impl core::error::Error for CallError {}
