use std::time::Duration;

use quorate_driver::client::{Ask, Call, Ending, Failure, Kind, Patience};
use quorate_wire::client::{ReplyBody, RequestBody};

use super::Client;
use crate::client::ClientError;

/// A node is asked again after so long; a leader then after twice as long each time, up to a second.
pub(super) const AGAIN: Duration = Duration::from_millis(150);

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
        let mut call = Call::new(kind, patience(), started, Some(started + self.timeout));
        loop {
            let until = match call.next(&mut self.directory, self.clock.now()) {
                Ask::Leader(leader) => {
                    let is_under_way = match self.addresses.get(&leader) {
                        Some(address) => self.exchange.send(*address, body).await?,
                        None => false,
                    };
                    call.sent(self.exchange.number(), is_under_way);
                    continue;
                }
                Ask::Members(members) => {
                    for address in members.iter().filter_map(|member| self.addresses.get(&member)) {
                        let _ = self.exchange.send(*address, RequestBody::Status).await;
                    }
                    continue;
                }
                Ask::Wait(until) => until,
                Ask::Nobody => return Err(self.give_up(kind, &call)),
            };
            let Some(length) = self.exchange.receive(self.clock, until).await? else { continue };
            let Some(reply) = self.exchange.reply(length, after) else { continue };
            // What the client was given itself stays: its own way to the member may be another one.
            if let ReplyBody::NotLeader { leader: Some(leader), address } = reply.body
                && let Ok(address) = address.parse()
            {
                self.addresses.entry(leader).or_insert(address);
                self.directory.learn(leader);
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

    fn give_up(&self, kind: Kind, call: &Call) -> ClientError {
        let waited = self.timeout;
        let silent = self.directory.seats().iter().filter(|seat| !call.heard().contains(*seat)).collect();
        let (members, reachable) = (self.directory.seats().count(), call.heard().count());
        match call.failure() {
            Failure::Unknown if kind == Kind::Open => ClientError::Unopened { waited },
            Failure::Unknown => ClientError::Unknown { waited },
            Failure::Superseded => ClientError::Superseded,
            Failure::Refused(reason) => ClientError::Refused(reason),
            Failure::Unreachable => ClientError::Unreachable { silent, waited },
            Failure::NoLeader => ClientError::NoLeader { reachable, members, silent, waited },
        }
    }
}
