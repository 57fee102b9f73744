use quorate::{Instant, Role, Seat, Seats, Unchanged};
use quorate_wire::client::{Reason, ReplyBody};

use super::tries::Tries;
use super::{Directory, Patience};

/// Whether a request changes something, so that it matters if a try of unknown fate is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command of a session.
    Command,
    /// The opening of a session: it changes nothing that anybody but this client sees.
    Open,
    /// A read of the state as of now or later.
    Read,
    /// The question who takes part, as whoever leads knows.
    Members,
    /// A change of members, or of who leads: a second try of one that was taken up is refused.
    Change,
}

/// One request, from its first try to its end. A command goes only to a node that says that it leads, or that is said
/// to; if its answer stays away, the same request is sent again, to whoever leads by then.
#[derive(Clone, Debug)]
pub struct Call {
    kind: Kind,
    times: Patience,
    /// When it is given up, if ever.
    deadline: Option<Instant>,
    /// For how long the next try is waited for, in microseconds.
    patience: u64,
    /// When there is something to do, if nothing comes before.
    until: Instant,
    heard: Seats,
    open: Tries,
    /// Whom the latest try asked, and its number once it is sent. `None` while the members are asked who leads.
    asked: Option<Seat>,
    current: Option<u64>,
    /// Who can do in place of a leader: it knows one that this client does not reach.
    substitute: Option<Seat>,
    was_superseded: bool,
    /// Why the last try that was refused was.
    refused: Option<Reason>,
    tries: u32,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Send the request to this member, and say so with [`Call::sent`].
    Leader(Seat),
    /// Ask these for their status: one of them may know who leads.
    Members(Seats),
    /// Wait for replies, at most until then.
    Wait(Instant),
    /// Give it up: see [`Call::failure`].
    Nobody,
}

/// What a request has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The reply that was taken is its answer.
    Answered,
    /// There is no such session: see [`ReplyBody::Expired`].
    Expired,
    /// Another command had this session and sequence: see [`ReplyBody::Mismatch`].
    Mismatch,
    /// The session has gone on to later commands: see [`ReplyBody::Outdated`].
    Outdated {
        /// The sequence of the session's latest command.
        last: u64,
    },
    /// It was refused. Certainly not done, by any try.
    Refused(Reason),
}

/// Why a request is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A node may have taken it, and did not say what became of it: it may have been done, or be done yet.
    Unknown,
    /// Each time another leader's entry took its place. Certainly not done.
    Superseded,
    /// It was refused for a reason that may pass. Certainly not done.
    Refused(Reason),
    /// Nobody answered. Certainly not done.
    Unreachable,
    /// Nobody leads. Certainly not done.
    NoLeader,
}

/// How many tries follow each other without a pause.
const TRIES_AT_ONCE: u32 = 5;

impl Call {
    /// A request that was not sent yet, and is given up at `deadline`.
    pub fn new(kind: Kind, times: Patience, now: Instant, deadline: Option<Instant>) -> Call {
        Call {
            kind,
            times,
            deadline,
            patience: times.first,
            until: now,
            heard: Seats::NONE,
            open: Tries::default(),
            asked: None,
            current: None,
            substitute: None,
            was_superseded: false,
            refused: None,
            tries: 0,
        }
    }

    /// What to do at this time.
    pub fn next(&mut self, directory: &mut Directory, now: Instant) -> Ask {
        // A client that is told that another one leads need not wait for the one that it has asked.
        if now < self.until && !directory.is_told_of_another_than(self.asked) {
            return Ask::Wait(self.until);
        }
        self.end_try(directory);
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Ask::Nobody;
        }
        self.tries = self.tries.saturating_add(1);
        self.asked = directory.target();
        match self.asked {
            Some(leader) => {
                self.wait(now, self.patience);
                Ask::Leader(leader)
            }
            None => {
                self.substitute = None;
                self.wait(now, self.times.probe);
                Ask::Members(directory.seats())
            }
        }
    }

    /// The request went to the leader under this number, later than all before. Whether somebody may have got it.
    pub fn sent(&mut self, number: u64, is_under_way: bool) {
        if is_under_way && !matches!(self.kind, Kind::Read | Kind::Members) {
            self.open.push(number);
        }
        self.current = Some(number);
    }

    /// The present try is over, and the next one is due at once: what was asked may not have been heard.
    pub fn hurry(&mut self) {
        self.until = Instant::START;
    }

    /// When to look for what is [next](Call::next), if nothing comes before.
    pub fn due(&self) -> Instant {
        self.until
    }

    /// Takes a reply to any try of this request, or to the question who leads. What the request has come to, if to
    /// anything.
    pub fn take(
        &mut self,
        directory: &mut Directory,
        now: Instant,
        (from, number): (Seat, u64),
        body: &ReplyBody<'_>,
    ) -> Option<Ending> {
        if directory.knows(from) {
            self.heard = self.heard.union(Seats(1u32.wrapping_shl(from.0.into())));
        }
        if let ReplyBody::Status(report) = body {
            self.consider(directory, now, from, report.role, report.leader);
            return None;
        }
        if self.is_answered_by(body) {
            directory.leader = Some(from);
            return Some(Ending::Answered);
        }
        if *body != ReplyBody::Unknown {
            self.open.close(number);
        }
        match *body {
            ReplyBody::Expired => return Some(Ending::Expired),
            ReplyBody::Mismatch => return Some(Ending::Mismatch),
            ReplyBody::Outdated { last } => return Some(Ending::Outdated { last }),
            ReplyBody::Refused(reason) if self.is_final(reason) => return Some(Ending::Refused(reason)),
            ReplyBody::Superseded => self.was_superseded = true,
            ReplyBody::Refused(reason) => self.refused = Some(reason),
            ReplyBody::Unknown | ReplyBody::NotLeader { .. } => {}
            // No answers to this request: a node that gives them is asked again, as any that does not do it.
            ReplyBody::Opened { .. }
            | ReplyBody::Held { .. }
            | ReplyBody::Done { .. }
            | ReplyBody::Value { .. }
            | ReplyBody::Status(_)
            | ReplyBody::Snapshot { .. }
            | ReplyBody::Piece { .. }
            | ReplyBody::Members { .. }
            | ReplyBody::Taken => {}
        }
        if self.current == Some(number) {
            self.current = None;
            directory.leader = None;
            let is_at_once = match *body {
                // The members are asked who leads, at once if one of them is known to.
                ReplyBody::NotLeader { leader, .. } => leader.is_some_and(|leader| directory.knows(leader)),
                ReplyBody::Superseded => true,
                _ => false,
            };
            self.again(now, if is_at_once { 0 } else { self.times.moment });
        }
        None
    }

    /// Whom it has heard of, of those that the client can reach.
    pub fn heard(&self) -> Seats {
        self.heard
    }

    /// Why it is given up.
    pub fn failure(&self) -> Failure {
        match self.refused {
            _ if !self.open.are_closed() => Failure::Unknown,
            _ if self.was_superseded => Failure::Superseded,
            Some(reason @ (Reason::Busy | Reason::Full | Reason::Founding { .. })) => Failure::Refused(reason),
            _ if self.heard.is_empty() => Failure::Unreachable,
            _ => Failure::NoLeader,
        }
    }

    fn is_answered_by(&self, body: &ReplyBody<'_>) -> bool {
        match self.kind {
            Kind::Command => matches!(body, ReplyBody::Done { .. }),
            Kind::Open => matches!(body, ReplyBody::Opened { .. } | ReplyBody::Held { .. }),
            Kind::Read => matches!(body, ReplyBody::Value { .. }),
            Kind::Members => matches!(body, ReplyBody::Members { .. }),
            Kind::Change => matches!(body, ReplyBody::Taken),
        }
    }

    /// A member has said who leads.
    fn consider(&mut self, directory: &mut Directory, now: Instant, from: Seat, role: Role, leader: Option<Seat>) {
        if self.current.is_some() || directory.leader.is_some() || !directory.knows(from) {
            return;
        }
        if role == Role::Leader {
            directory.leader = Some(from);
            return self.again(now, 0);
        }
        // It reads by itself, and redirects a command to an address that this client does not know yet.
        if leader.is_some_and(|leader| self.kind == Kind::Read || !directory.knows(leader)) {
            self.substitute = Some(from);
        }
        if self.substitute.is_some() && self.heard == directory.seats() {
            self.again(now, 0);
        }
    }

    /// A refusal is the end only if it is about every try, and asking another node would not help.
    fn is_final(&self, reason: Reason) -> bool {
        let passes = matches!(
            reason,
            Reason::InTransfer
                | Reason::Stopping
                | Reason::Busy
                | Reason::Full
                | Reason::NoMember
                | Reason::Founding { .. }
                | Reason::Unchanged(Unchanged::NotEstablished)
        );
        self.open.are_closed() && !passes
    }

    /// Try again after so many microseconds: tries that fail at once do so a few times only before they are spaced out.
    fn again(&mut self, now: Instant, pause: u64) {
        let pace = if self.tries <= TRIES_AT_ONCE { 0 } else { self.times.moment };
        self.wait(now, pause.max(pace));
    }

    fn wait(&mut self, now: Instant, micros: u64) {
        let until = Instant::from_micros(now.as_micros().saturating_add(micros));
        self.until = self.deadline.map_or(until, |deadline| deadline.min(until));
    }

    /// The time for answers is over.
    fn end_try(&mut self, directory: &mut Directory) {
        if self.current.take().is_some() {
            directory.leader = None;
            self.patience = self.times.most.min(self.patience.saturating_mul(2));
        } else if directory.leader.is_none() {
            directory.leader = self.substitute.take();
        }
    }
}
