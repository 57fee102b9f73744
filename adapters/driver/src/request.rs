use core::time::Duration;

use quorate::{ClientCommand, Index, Input, Instant, Read, Rejection, Role, Seat, Session, crc32c};
use quorate_wire::client::{AsOf, Condition, Reason, ReplyBody, RequestBody, StatusReport};

use crate::{App, Driver, Host, Observer, View};

/// What a client asks that is for the host to answer: where its snapshots are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Which is the node's latest snapshot? See [`RequestBody::Snapshot`].
    Snapshot,
    /// A piece of a snapshot: see [`RequestBody::Piece`].
    Piece {
        /// The last index that the snapshot covers.
        index: Index,
        /// The snapshot's CRC-32C.
        check: u32,
        /// Where the piece starts.
        offset: u64,
    },
}

impl<H, B, const SEATS: usize, const CLIENTS: usize> Driver<H, B, SEATS, CLIENTS>
where
    H: Host<CLIENTS>,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes what a client asks. It is answered now, or by what the driver does when it [acts](Driver::act); but
    /// what is given back is for the host to answer.
    pub fn request(&mut self, host: &mut H, now: Instant, asker: H::Asker, body: RequestBody<'_>) -> Option<Asked> {
        let reply = match body {
            RequestBody::Command { session: Session { sequence: 0, .. }, .. } => refuse(Reason::Unnumbered),
            RequestBody::Command { session, command } => self.propose(host, now, asker, session, Some(command)),
            RequestBody::Open { client, epoch } => {
                self.propose(host, now, asker, Session { client, epoch, sequence: 0 }, None)
            }
            RequestBody::Read { query, as_of: AsOf::Whenever } => {
                host.query(&self.desk.replica, asker, query);
                None
            }
            RequestBody::Read { query, as_of } => self.read(host, now, asker, query, as_of == AsOf::Lease),
            RequestBody::Status => Some(ReplyBody::Status(self.status(host, now))),
            RequestBody::Snapshot => return Some(Asked::Snapshot),
            RequestBody::Piece { index, check, offset } => return Some(Asked::Piece { index, check, offset }),
            RequestBody::Members => {
                host.reply(asker, self.members());
                None
            }
            RequestBody::Change { .. } | RequestBody::Transfer { .. } if self.desk.is_closed => {
                refuse(Reason::Stopping)
            }
            // A copy that comes late would undo what was done since.
            RequestBody::Change { since, .. } if self.is_outdated(since) => refuse(Reason::Outdated),
            RequestBody::Change { change, .. } => {
                let taken = self.change(host, now, change);
                Some(self.taken(taken))
            }
            RequestBody::Transfer { to } => {
                let taken = self.transfer(host, now, to);
                Some(self.taken(taken))
            }
        };
        if let Some(body) = reply {
            host.reply(asker, body);
        }
        None
    }

    /// Gives a command to the node, as its bytes, or the opening of a session: the answer, unless it comes once the
    /// command is applied.
    pub fn propose(
        &mut self,
        observer: &mut impl Observer,
        now: Instant,
        asker: H::Asker,
        session: Session,
        bytes: Option<&[u8]>,
    ) -> Option<ReplyBody<'static>> {
        if self.desk.is_closed {
            return refuse(Reason::Stopping);
        }
        let check = crc32c(bytes.unwrap_or_default());
        if self.desk.commands.join(session, check, asker) {
            return None;
        }
        if !self.desk.commands.have_room(session) {
            return refuse(Reason::Busy);
        }
        let Ok(command) = bytes.map(decode::<H::App>).transpose() else {
            return refuse(Reason::Malformed);
        };
        let input = Input::ClientCommand { session: Some(session), command: command.as_ref() };
        observer.begin(&self.node, now, &input);
        let answer = self.node.step(now, ClientCommand { session: Some(session), command }).answer;
        observer.answer(answer.into());
        observer.end(&self.node, false);
        match answer {
            Ok(position) => self.desk.commands.push(position, session, check, asker),
            Err(rejection) => return Some(refusal(rejection, self.node.leader())),
        }
        None
    }

    fn read(
        &mut self,
        host: &mut H,
        now: Instant,
        asker: H::Asker,
        query: &[u8],
        by_lease: bool,
    ) -> Option<ReplyBody<'static>> {
        if self.desk.is_closed {
            return refuse(Reason::Stopping);
        }
        if !self.desk.reads.have_room() {
            return refuse(Reason::Busy);
        }
        let limit = host.query_bytes_max();
        let query = Some(query).filter(|query| query.len() <= limit);
        let Some(Ok(query)) = query.map(H::Query::try_from) else {
            return refuse(Reason::TooLarge { limit: limit as u32 });
        };
        host.begin(&self.node, now, &Input::Read::<()> { by_lease });
        let answer = self.node.step(now, Read { by_lease }).answer;
        host.answer(answer.into());
        host.end(&self.node, false);
        match answer {
            Ok(round) => self.desk.reads.push(round, asker, query),
            Err(rejection) => return Some(refusal(rejection, self.node.leader())),
        }
        None
    }

    /// Who takes part, as this node knows.
    fn members(&self) -> ReplyBody<'_> {
        let (since, roster) = self.node.roster();
        ReplyBody::Members {
            since,
            is_settled: self.node.is_settled(),
            leader: self.node.leader(),
            pending: self.node.pending_change(),
            roster,
        }
    }

    /// Whether this node leads, and other members than those of this index.
    fn is_outdated(&self, since: Index) -> bool {
        self.node.role() == Role::Leader && self.node.roster().0 != since
    }

    fn taken(&self, answer: Result<(), Rejection>) -> ReplyBody<'static> {
        answer.map_or_else(|rejection| refusal(rejection, self.node.leader()), |()| ReplyBody::Taken)
    }

    /// How the node is. While a snapshot is restored, the digest is of what was applied before.
    pub fn status(&self, host: &H, now: Instant) -> StatusReport {
        let report = StatusReport::of(&self.node, self.desk.replica.digest(), host.dropped(), host.links());
        let millis = |lease: Duration| u32::try_from(lease.as_millis()).unwrap_or(u32::MAX);
        let lease_ms = self.node.lease(now).map(millis);
        let (applied, preferred) = (self.desk.replica.applied().index, host.preferred());
        let condition = Condition { keys: host.keys(), ..report.condition };
        StatusReport { applied, condition, preferred, lease_ms, ..report }
    }
}

/// The command in these bytes and nothing else: what is left over would be dropped from the log without a word.
fn decode<A: App>(bytes: &[u8]) -> Result<View<'_, A>, postcard::Error> {
    match postcard::take_from_bytes(bytes)? {
        (command, []) => Ok(command),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}

fn refuse(reason: Reason) -> Option<ReplyBody<'static>> {
    Some(ReplyBody::Refused(reason))
}

/// Why the node did nothing, or whom to ask instead.
fn refusal(rejection: Rejection, leader: Option<Seat>) -> ReplyBody<'static> {
    Reason::of(rejection).map_or(ReplyBody::NotLeader { leader, address: "" }, ReplyBody::Refused)
}
