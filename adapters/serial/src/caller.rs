use core::fmt;

use quorate::{Index, Instant, Seat, Session};
use quorate_wire::client::{Reason, ReplyBody, RequestBody};
use serde::Serialize;

use crate::Pace;
use crate::wait::Wait;
use crate::waiting::Asker;

/// What a station's own app wants done, one command at a time: asks whoever leads, until there is an answer.
///
/// A command is tried again under the same session and sequence, so it is done once. Each boot has a session of its
/// own, and goes on above the last sequence that the cluster knows of it.
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
            pause: pace.heartbeat.into(),
            pause_min: pace.heartbeat.into(),
            pause_max: pace.election.into(),
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
        self.try_at = self.pause.after(now);
        self.pause = self.pause_max.min(self.pause.eighths(16));
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
                self.bytes.iter_mut().zip(answer).for_each(|(room, byte)| *room = *byte);
                self.length = answer.len();
                let fits = answer.len() <= self.bytes.len();
                self.phase = Phase::Answered(if fits { Ok(index) } else { Err(CallError::Unreadable) });
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
                self.try_at = self.try_at.min(self.pause_min.eighths(2).after(now));
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

/// A number that no other station, and no other boot of this one, uses: 29 bits of the seed beside the seat. Postcard
/// writes it in five bytes.
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
    /// It was done or not, and nobody knows: the cluster forgot this station's session while it asked. There are more
    /// clients than `CLIENTS`, or two boots had the same seed.
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

#[cfg(test)]
mod tests {

    use super::*;
    use crate::Plan;

    const ME: Seat = Seat(1);
    const LEADER: Option<Seat> = Some(Seat(0));

    fn caller() -> Caller<256> {
        Caller::new(ME, 7, &Plan::new(115_200).pace().expect("the line carries it"))
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// What is asked at this time: the number of the try, and the session's sequence.
    #[track_caller]
    fn asked(caller: &mut Caller<256>, millis: u64, leader: Option<Seat>) -> (u64, u64) {
        let (to, asker, body) = caller.call(at(millis), leader).expect("something is asked");
        assert_eq!((Some(to), asker.address), (leader, ME.into()));
        match body {
            RequestBody::Open { client } if client == asker.client => (asker.number, 0),
            RequestBody::Command { session, command } if session.client == asker.client => {
                assert_eq!(command, [42]);
                (asker.number, session.sequence)
            }
            other => panic!("{other:?} is asked"),
        }
    }

    fn done(index: u64) -> ReplyBody<'static> {
        ReplyBody::Done { index: Index(index), answer: &[9] }
    }

    /// A caller with an open session that has asked for its first command.
    fn asking() -> (Caller<256>, u64) {
        let mut caller = caller();
        caller.propose(&42u8).expect("it is free");
        let (number, _) = asked(&mut caller, 0, LEADER);
        caller.take(at(1), number, ReplyBody::Opened { last_sequence: 4 });
        let (number, sequence) = asked(&mut caller, 1, LEADER);
        assert_eq!(sequence, 5, "above the last one");
        (caller, number)
    }

    #[test]
    fn a_late_answer_to_the_command_before_says_nothing_about_the_next() {
        let (mut caller, first) = asking();
        caller.take(at(2), first, done(10));
        assert_eq!(caller.answer(), Some(Ok((Index(10), &[9][..]))));
        assert_eq!(caller.answer(), None);
        caller.propose(&42u8).expect("it is free again");
        let (second, sequence) = asked(&mut caller, 3, LEADER);
        assert_eq!(sequence, 6);
        caller.take(at(4), first, done(10));
        caller.take(at(4), second + 1, done(10));
        assert_eq!(caller.answer(), None);
        caller.take(at(5), second, done(11));
        assert_eq!(caller.answer(), Some(Ok((Index(11), &[9][..]))));
    }

    #[test]
    fn a_try_without_an_answer_is_made_again_later_and_later_and_at_once_for_a_new_leader() {
        let (mut caller, first) = asking();
        assert!(caller.call(at(2), LEADER).is_none() && caller.call(at(2), None).is_none());
        let mut due = caller.deadline().expect("it asks");
        for number in first + 1..first + 4 {
            assert!(caller.call(due, None).is_none());
            let now = due.as_micros() / 1000;
            assert_eq!(asked(&mut caller, now + 1, LEADER), (number, 5), "the same command");
            let next = caller.deadline().expect("it asks");
            assert!(next > due, "later");
            due = next;
        }
        assert_eq!(asked(&mut caller, 2_000, Some(Seat(2))), (first + 4, 5));
        // Any try's answer will do.
        caller.take(at(2_001), first + 1, done(10));
        assert!(matches!(caller.answer(), Some(Ok(_))));
    }

    #[test]
    fn a_session_that_was_forgotten_is_opened_anew_unless_the_command_may_have_been_done() {
        let (mut caller, first) = asking();
        caller.take(at(2), first, ReplyBody::Expired);
        let (number, sequence) = asked(&mut caller, 3, LEADER);
        assert_eq!(sequence, 0);
        caller.take(at(4), number, ReplyBody::Opened { last_sequence: 8 });
        let (number, sequence) = asked(&mut caller, 5, LEADER);
        assert_eq!(sequence, 9);
        let (again, _) = asked(&mut caller, 6, Some(Seat(2)));
        assert_eq!(again, number + 1);
        caller.take(at(7), again, ReplyBody::Expired);
        assert_eq!(caller.answer(), Some(Err(CallError::Unknown)));
        caller.propose(&42u8).expect("it is free");
        assert_eq!(asked(&mut caller, 8, LEADER).1, 0, "it needs a session again");
    }

    #[test]
    fn what_no_leader_can_take_is_an_error_unless_an_earlier_try_may_have_been_taken() {
        let refused = ReplyBody::Refused(Reason::Malformed);
        let (mut caller, first) = asking();
        caller.take(at(2), first, refused);
        assert_eq!(caller.answer(), Some(Err(CallError::Refused(Reason::Malformed))));
        let (mut caller, first) = asking();
        let (again, _) = asked(&mut caller, 3, Some(Seat(2)));
        caller.take(at(4), again, refused);
        assert_eq!(caller.answer(), None);
        caller.take(at(5), first, done(10));
        assert!(matches!(caller.answer(), Some(Ok(_))));
    }
}
