use std::time::Duration;

use quorate_driver::client::{Ask, Call, Ending, Failure, Kind, Patience};
use quorate_wire::client::{ReplyBody, RequestBody};

use super::exchange::{Foreign, Received};
use super::{Client, Configuration};
use crate::client::ClientError;

/// A node is asked again after so long; a leader then after twice as long each time, up to a second.
pub(super) const AGAIN: Duration = Duration::from_millis(150);

const NOBODY_LEADS: ReplyBody<'_> = ReplyBody::NotLeader { leader: None, address: "" };

fn patience() -> Patience {
    Patience::new(AGAIN, Duration::from_secs(1), Duration::from_millis(50), Duration::from_millis(10))
}

impl Client {
    /// Asks whoever leads until there is an answer, of which `pick` takes what it needs, or no time left.
    pub(super) async fn ask_leader<T>(
        &mut self,
        kind: Kind,
        body: RequestBody<'_>,
        pick: fn(ReplyBody<'_>) -> Option<T>,
    ) -> Result<T, ClientError> {
        let (after, started) = (self.exchange.number(), self.clock.now());
        // The numbers of questions who takes part that were asked aside, and where to ask another one.
        let (mut aside, mut curious) = (Vec::new(), None);
        // The number under which a leader was asked last.
        let mut latest = None;
        self.exchange.begin();
        let mut call = Call::new(kind, patience(), started, Some(started + self.timeout));
        loop {
            if let Some(address) = curious.take() {
                let _ = self.exchange.send(address, RequestBody::Members).await;
                aside.push(self.exchange.number());
            }
            let until = match call.next(&mut self.directory, self.clock.now()) {
                Ask::Leader(leader) => {
                    let address = self.places.of(leader);
                    let is_under_way = match address {
                        Some(address) => self.exchange.send(address, body).await?,
                        None => false,
                    };
                    call.sent(self.exchange.number(), is_under_way);
                    latest = Some(self.exchange.number());
                    curious = address.filter(|_| self.places.are_due(self.clock.now()));
                    continue;
                }
                Ask::Members(members) => {
                    for address in members.iter().flat_map(|member| self.places.all(member)) {
                        let _ = self.exchange.send(address, RequestBody::Status).await;
                    }
                    continue;
                }
                Ask::Wait(until) => until,
                Ask::Nobody => return Err(self.give_up(kind, &call)),
            };
            let (length, from) = match self.exchange.receive(until).await? {
                Some(Received::Frame(length, from)) => (length, from),
                Some(Received::Sent(before, number)) => {
                    if latest == Some(before) {
                        call.sent(number, true);
                        latest = Some(number);
                    }
                    continue;
                }
                None => continue,
            };
            let Some(reply) = self.exchange.reply(length, from) else {
                // What a node of another cluster was sent, this one does not do.
                if let Some(Foreign { seat, number, .. }) = self.exchange.foreign() {
                    call.take(&mut self.directory, self.clock.now(), (seat, number), &NOBODY_LEADS);
                }
                continue;
            };
            self.places.hear(reply.from, from);
            match reply.body {
                // What the client was given itself stays: its own way to the member may be another one.
                ReplyBody::NotLeader { leader: Some(leader), address } => {
                    if let Ok(address) = address.parse() {
                        self.places.hint(leader, address);
                        self.directory.learn(leader);
                    }
                }
                ReplyBody::Status(report) if self.places.are_behind(report.since) => {
                    curious = Some(from).filter(|_| self.places.are_due(self.clock.now()));
                }
                ReplyBody::Members { .. } => {
                    let reached = Configuration::of(&reply.body).map(|known| self.places.learn(&known));
                    reached.unwrap_or_default().iter().for_each(|seat| self.directory.learn(seat));
                }
                _ => {}
            }
            if reply.number <= after || aside.contains(&reply.number) {
                continue;
            }
            match call.take(&mut self.directory, self.clock.now(), (reply.from, reply.number), &reply.body) {
                None => {}
                Some(Ending::Answered) => return Ok(pick(reply.body).expect("an answer is of its request's kind")),
                Some(Ending::Expired) => return Err(ClientError::Expired),
                Some(Ending::Mismatch) => return Err(ClientError::Mismatch),
                Some(Ending::Outdated { last }) => return Err(ClientError::Outdated { last }),
                Some(Ending::Refused(reason)) => return Err(ClientError::Refused(reason)),
            }
        }
    }

    fn give_up(&mut self, kind: Kind, call: &Call) -> ClientError {
        let waited = self.timeout;
        let members = self.places.members(self.directory.seats());
        let silent = members.iter().filter(|seat| !call.heard().contains(*seat)).collect();
        let (members, reachable) = (members.count(), self.places.members(call.heard()).count());
        let foreign = self.exchange.foreign().zip(self.exchange.founding());
        match (call.failure(), foreign) {
            (Failure::NoLeader | Failure::Unreachable, Some((Foreign { seat, found, .. }, kept))) => {
                ClientError::OtherCluster { seat, found, kept }
            }
            (Failure::Unknown, _) if kind == Kind::Change => ClientError::UnknownChange { waited },
            (Failure::Unknown, _) if kind == Kind::Open => ClientError::Unopened { waited },
            (Failure::Unknown, _) => ClientError::Unknown { waited },
            (Failure::Superseded, _) => ClientError::Superseded,
            (Failure::Refused(reason), _) => ClientError::Refused(reason),
            (Failure::Unreachable, _) => match self.exchange.turned_away() {
                Some((address, reason)) => ClientError::TurnedAway { address, reason },
                None => ClientError::Unreachable { silent, waited },
            },
            (Failure::NoLeader, _) => ClientError::NoLeader { reachable, members, silent, waited },
        }
    }
}
