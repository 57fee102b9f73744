use std::net::SocketAddr;

use quorate::{ClientCommand, Input, Read, Rejection, Seat, Session, crc32c};
use quorate_wire::DecodeError;
use quorate_wire::client::{Reason, ReplyBody, Request, RequestBody, StatusReport, decode_request};

use super::Server;
use crate::replica::View;
use crate::waiting::Asker;
use crate::{App, Event, ServeError};

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    pub(super) fn take_request(
        &mut self,
        frame: &[u8],
        from: SocketAddr,
    ) -> Result<Result<(), DecodeError>, ServeError> {
        let Request { client, number, body, .. } = match decode_request(frame, self.link.cluster()) {
            Ok(request) => request,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let asker = Asker { address: from, client, number };
        match body {
            RequestBody::Command { session: Session { sequence: 0, .. }, .. } => self.refuse(asker, Reason::Unnumbered),
            RequestBody::Command { session, command } => self.command(asker, session, Some(command)),
            RequestBody::Open { client, epoch } => self.command(asker, Session { client, epoch, sequence: 0 }, None),
            RequestBody::Read { query, local: true } => self.read_local(asker, query),
            RequestBody::Read { query, local: false } => self.read(asker, query),
            RequestBody::Status => {
                let report = self.status();
                self.link.reply(asker, ReplyBody::Status(report));
            }
            RequestBody::Snapshot => self.ask_snapshot(asker)?,
            RequestBody::Piece { index, check, offset } => self.show_piece(asker, index.0, check, offset),
        }
        Ok(Ok(()))
    }

    fn command(&mut self, asker: Asker, session: Session, bytes: Option<&[u8]>) {
        if self.is_stopping {
            return self.refuse(asker, Reason::Stopping);
        }
        let check = crc32c(bytes.unwrap_or_default());
        if self.commands.join(session, check, asker) {
            return;
        }
        if !self.commands.have_room(session) {
            return self.refuse(asker, Reason::Busy);
        }
        let Ok(command) = bytes.map(decode::<A>).transpose() else {
            return self.refuse(asker, Reason::Malformed);
        };
        let now = self.clock.now();
        let input = Input::ClientCommand { session: Some(session), command: command.as_ref() };
        self.trace.begin(&self.node, now, &input);
        let answer = self.node.step(now, ClientCommand { session: Some(session), command }).answer;
        self.trace.answer(&self.node, Some(answer.into()));
        match answer {
            Ok(position) => self.commands.push(position, session, check, asker),
            Err(rejection) => self.reject(asker, rejection),
        }
    }

    fn read(&mut self, asker: Asker, query: &[u8]) {
        let limit = self.link.frame_bytes();
        if self.is_stopping {
            return self.refuse(asker, Reason::Stopping);
        }
        if self.reads.is_full() {
            return self.refuse(asker, Reason::Busy);
        }
        if query.len() > limit {
            return self.refuse(asker, Reason::TooLarge { limit: limit as u32 });
        }
        let now = self.clock.now();
        self.trace.begin(&self.node, now, &Input::<()>::Read);
        let answer = self.node.step(now, Read).answer;
        self.trace.answer(&self.node, Some(answer.into()));
        match answer {
            Ok(round) => self.reads.push(round, asker, query),
            Err(rejection) => self.reject(asker, rejection),
        }
    }

    fn read_local(&mut self, asker: Asker, query: &[u8]) {
        let index = self.replica.applied().index;
        let answer = &self.replica.query(query);
        self.link.reply(asker, ReplyBody::Value { index, answer });
    }

    pub(super) fn refuse(&mut self, asker: Asker, reason: Reason) {
        self.link.reply(asker, ReplyBody::Refused(reason));
    }

    fn reject(&mut self, asker: Asker, rejection: Rejection) {
        match Reason::of(rejection) {
            Some(reason) => self.refuse(asker, reason),
            None => self.redirect(asker, self.node.leader()),
        }
    }

    fn redirect(&mut self, asker: Asker, leader: Option<Seat>) {
        let address = leader.and_then(|seat| self.link.peer(seat));
        let address = &address.map_or_else(String::new, |address| address.to_string());
        self.link.reply(asker, ReplyBody::NotLeader { leader, address });
    }

    fn status(&self) -> StatusReport {
        let digest = self.replica.digest();
        let report = StatusReport::of(&self.node, self.link.identity().incarnation, digest, self.link.dropped());
        // While a snapshot is restored, that is what the digest is of.
        StatusReport { applied: self.replica.applied().index, ..report }
    }
}

/// The command in these bytes and nothing else: what is left over would be dropped from the log without a word.
fn decode<A: App>(bytes: &[u8]) -> Result<View<'_, A>, postcard::Error> {
    match postcard::take_from_bytes(bytes)? {
        (command, []) => Ok(command),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}
