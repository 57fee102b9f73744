use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use quorate::{Role, Seat, Seats};
use quorate_wire::client::{Reason, Reply, ReplyBody, RequestBody};

use crate::client::ClientError;
use crate::client::directory::Directory;
use crate::client::exchange::Exchange;

/// How long to wait for the answer of a node before it is asked again; a leader is given twice as long each time.
pub(crate) const PATIENCE: Duration = Duration::from_millis(150);
const PATIENCE_MAX: Duration = Duration::from_secs(1);

/// How long to wait before the members are asked once more who leads.
const PROBE: Duration = Duration::from_millis(50);

/// How long to wait when a node says to ask again in a moment.
const MOMENT: Duration = Duration::from_millis(10);

/// How many tries follow each other without a pause.
const TRIES_AT_ONCE: u32 = 5;

/// Whether a request changes something, so that it matters if a try of unknown fate is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Command,
    /// Changes nothing that anybody but this client sees.
    Open,
    Read,
}

/// One request, from its first try to its end.
pub(crate) struct Call {
    kind: Kind,
    started: Instant,
    deadline: Instant,
    patience: Duration,
    heard: BTreeSet<Seat>,
    /// The numbers of the tries that nobody has said anything certain about.
    open: Vec<u64>,
    /// The number of the try whose answer is awaited. `None` while the members are asked who leads.
    current: Option<u64>,
    /// Who can do in place of a leader: it knows one that this client does not reach.
    substitute: Option<Seat>,
    was_superseded: bool,
    /// Why the last try that was refused was.
    refused: Option<Reason>,
    tries: u32,
}

/// What a reply leads to.
enum Next<T> {
    Done(Result<T, ClientError>),
    /// Try again after so long.
    Again(Duration),
    /// Go on waiting.
    Wait,
}

impl Call {
    pub(crate) fn new(kind: Kind, timeout: Duration) -> Call {
        let started = Instant::now();
        Call {
            kind,
            started,
            deadline: started + timeout,
            patience: PATIENCE,
            heard: BTreeSet::new(),
            open: Vec::new(),
            current: None,
            substitute: None,
            was_superseded: false,
            refused: None,
            tries: 0,
        }
    }

    /// Asks until there is an answer that `pick` takes, or no time left.
    pub(crate) async fn run<T>(
        mut self,
        exchange: &mut Exchange,
        directory: &mut Directory,
        body: RequestBody<'_>,
        pick: fn(ReplyBody<'_>) -> Option<T>,
    ) -> Result<T, ClientError> {
        let after = exchange.number();
        while Instant::now() < self.deadline {
            let mut until = self.send(exchange, directory, body).await?;
            while let Some(length) = exchange.receive(until).await? {
                let Some(reply) = exchange.reply(length, after) else {
                    continue;
                };
                match self.take(directory, reply, pick) {
                    Next::Done(result) => return result,
                    Next::Again(pause) => until = self.deadline.min(Instant::now() + pause.max(self.pace())),
                    Next::Wait => {}
                }
            }
            self.end_try(directory);
        }
        Err(self.failure(directory))
    }

    /// Sends the request to the leader or, if there is none, asks all members who it is. Until when to wait for
    /// answers.
    async fn send(
        &mut self,
        exchange: &mut Exchange,
        directory: &Directory,
        body: RequestBody<'_>,
    ) -> Result<Instant, ClientError> {
        self.tries += 1;
        let patience = match directory.leader.and_then(|leader| directory.address(leader)) {
            Some(leader) => {
                let is_under_way = exchange.send(leader, body).await?;
                if is_under_way && self.kind != Kind::Read {
                    self.open.push(exchange.number());
                }
                self.current = Some(exchange.number());
                self.patience
            }
            None => {
                self.substitute = None;
                for address in directory.addresses() {
                    let _ = exchange.send(address, RequestBody::Status).await;
                }
                PROBE
            }
        };
        Ok(self.deadline.min(Instant::now() + patience))
    }

    /// Tries that fail at once do so a few times only before they are spaced out.
    fn pace(&self) -> Duration {
        if self.tries <= TRIES_AT_ONCE { Duration::ZERO } else { MOMENT }
    }

    fn take<T>(
        &mut self,
        directory: &mut Directory,
        reply: Reply<'_>,
        pick: fn(ReplyBody<'_>) -> Option<T>,
    ) -> Next<T> {
        if directory.knows(reply.from) {
            self.heard.insert(reply.from);
        }
        if let ReplyBody::Status(report) = reply.body {
            return self.consider(directory, reply.from, report.role, report.leader);
        }
        if let Some(answer) = pick(reply.body) {
            directory.leader = Some(reply.from);
            return Next::Done(Ok(answer));
        }
        if reply.body != ReplyBody::Unknown {
            self.open.retain(|number| *number != reply.number);
        }
        match reply.body {
            ReplyBody::Expired => return Next::Done(Err(ClientError::Expired)),
            ReplyBody::Mismatch => return Next::Done(Err(ClientError::Mismatch)),
            ReplyBody::Outdated { last } => return Next::Done(Err(ClientError::Outdated { last })),
            ReplyBody::Refused(reason) if self.is_final(reason) => {
                return Next::Done(Err(ClientError::Refused(reason)));
            }
            ReplyBody::Superseded => self.was_superseded = true,
            ReplyBody::Refused(reason) => self.refused = Some(reason),
            _ => {}
        }
        if self.current != Some(reply.number) {
            return Next::Wait;
        }
        self.current = None;
        directory.leader = None;
        Next::Again(match reply.body {
            ReplyBody::NotLeader { leader, address } => redirect(directory, leader, address),
            ReplyBody::Superseded => Duration::ZERO,
            _ => MOMENT,
        })
    }

    /// A member has said who leads.
    fn consider<T>(&mut self, directory: &mut Directory, from: Seat, role: Role, leader: Option<Seat>) -> Next<T> {
        if self.current.is_some() || directory.leader.is_some() || !directory.knows(from) {
            return Next::Wait;
        }
        if role == Role::Leader {
            directory.leader = Some(from);
            return Next::Again(Duration::ZERO);
        }
        // It reads by itself, and redirects a command to an address that this client does not know yet.
        if leader.is_some_and(|leader| self.kind == Kind::Read || !directory.knows(leader)) {
            self.substitute = Some(from);
        }
        if self.substitute.is_some() && self.heard.len() == directory.count() {
            return Next::Again(Duration::ZERO);
        }
        Next::Wait
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
        );
        self.open.is_empty() && !passes
    }

    /// The time for answers is over.
    fn end_try(&mut self, directory: &mut Directory) {
        if self.current.take().is_some() {
            directory.leader = None;
            self.patience = PATIENCE_MAX.min(self.patience * 2);
        } else if directory.leader.is_none() {
            directory.leader = self.substitute.take();
        }
    }

    fn failure(&self, directory: &Directory) -> ClientError {
        let waited = self.started.elapsed();
        let silent: Seats = directory.seats().filter(|seat| !self.heard.contains(seat)).collect();
        let (members, reachable) = (directory.count(), self.heard.len());
        if !self.open.is_empty() {
            match self.kind {
                Kind::Open => ClientError::Unopened { waited },
                Kind::Command | Kind::Read => ClientError::Unknown { waited },
            }
        } else if self.was_superseded {
            ClientError::Superseded
        } else if let Some(reason @ (Reason::Busy | Reason::Full | Reason::Founding { .. })) = self.refused {
            ClientError::Refused(reason)
        } else if reachable == 0 {
            ClientError::Unreachable { silent, waited }
        } else {
            ClientError::NoLeader { reachable, members, silent, waited }
        }
    }
}

/// How long to wait before the members are asked who leads: not at all, if one of them is known to.
fn redirect(directory: &mut Directory, leader: Option<Seat>, address: &str) -> Duration {
    let Some(leader) = leader else { return MOMENT };
    directory.learn(leader, address);
    if directory.knows(leader) { Duration::ZERO } else { MOMENT }
}
