use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;
use quorate::{ClientCommand, Instant, Node, Read, Rejection, Seat, Session, crc32c};
use quorate_wire::DecodeError;
use quorate_wire::client::{Reason, ReplyBody, Request, RequestBody, StatusReport, decode_request};

use super::Machine;
use super::effect::UNANSWERABLE;
use crate::replica::View;
use crate::stage::Stage;
use crate::waiting::{Asker, QUERY_MAX, Waiting};
use crate::{Address, App};

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes what somebody asks over a line.
    pub(super) fn take_request(
        &mut self,
        stage: &mut Stage<A::Command, B, SEATS>,
        from: Address,
        frame: &[u8],
    ) -> Result<(), DecodeError> {
        let Request { client, number, body, .. } = decode_request(frame, self.post.cluster)?;
        let asker = Asker { address: from, client, number };
        let Stage::Node(node) = stage else {
            self.post.reply(self.now, asker, not_leader(None));
            return Ok(());
        };
        let answer = match body {
            RequestBody::Command { .. } | RequestBody::Open { .. } => {
                enter::<A, B, SEATS>(node, &mut self.commands, self.now, asker, body)
            }
            RequestBody::Read { query, local: false } => self.read(node, asker, query),
            RequestBody::Read { query, local: true } => {
                let index = self.replica.applied().index;
                let answer = self.replica.query(query, self.buffer.as_mut());
                let body = answer.map_or(UNANSWERABLE, |answer| ReplyBody::Value { index, answer });
                self.post.reply(self.now, asker, body);
                None
            }
            RequestBody::Status => Some(ReplyBody::Status(self.status(node))),
            RequestBody::Snapshot | RequestBody::Piece { .. } => Some(ReplyBody::Refused(Reason::NoSnapshot)),
        };
        if let Some(body) = answer {
            self.post.reply(self.now, asker, body);
        }
        Ok(())
    }

    fn read(
        &mut self,
        node: &mut Node<A::Command, B, SEATS>,
        asker: Asker,
        query: &[u8],
    ) -> Option<ReplyBody<'static>> {
        if self.reads.is_full() {
            return Some(ReplyBody::Refused(Reason::Busy));
        }
        let Ok(query) = Vec::<u8, QUERY_MAX>::from_slice(query) else {
            return Some(ReplyBody::Refused(Reason::TooLarge { limit: QUERY_MAX as u32 }));
        };
        match node.step(self.now, Read).answer {
            Ok(round) => self.reads.push(round, asker, query),
            Err(rejection) => return Some(refusal(rejection, node.leader())),
        }
        None
    }

    fn status(&mut self, node: &Node<A::Command, B, SEATS>) -> StatusReport {
        let digest = self.replica.digest(self.buffer.as_mut());
        StatusReport::of(node, self.post.identity.incarnation, digest, self.dropped)
    }
}

/// Gives a command, or the opening of a session, to the node: the answer, unless it comes once the command is applied.
pub(super) fn enter<A, B, const SEATS: usize>(
    node: &mut Node<A::Command, B, SEATS>,
    commands: &mut Waiting,
    now: Instant,
    asker: Asker,
    body: RequestBody<'_>,
) -> Option<ReplyBody<'static>>
where
    A: App,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let (session, bytes) = match body {
        RequestBody::Command { session: Session { sequence: 0, .. }, .. } => {
            return Some(ReplyBody::Refused(Reason::Unnumbered));
        }
        RequestBody::Command { session, command } => (session, Some(command)),
        RequestBody::Open { client, epoch } => (Session { client, epoch, sequence: 0 }, None),
        _ => return None,
    };
    let check = crc32c(bytes.unwrap_or_default());
    if commands.join(session, check, asker) {
        return None;
    }
    if !commands.have_room(session) {
        return Some(ReplyBody::Refused(Reason::Busy));
    }
    let Ok(command) = bytes.map(decode::<A>).transpose() else {
        return Some(ReplyBody::Refused(Reason::Malformed));
    };
    match node.step(now, ClientCommand { session: Some(session), command }).answer {
        Ok(position) => commands.push(position, session, check, asker),
        Err(rejection) => return Some(refusal(rejection, node.leader())),
    }
    None
}

/// The command in these bytes and nothing else: what is left over would be dropped from the log without a word.
fn decode<A: App>(bytes: &[u8]) -> Result<View<'_, A>, postcard::Error> {
    match postcard::take_from_bytes(bytes)? {
        (command, []) => Ok(command),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}

/// Why the node did nothing, or whom to ask instead.
fn refusal(rejection: Rejection, leader: Option<Seat>) -> ReplyBody<'static> {
    Reason::of(rejection).map_or(not_leader(leader), ReplyBody::Refused)
}

/// Members are reached by their seats: on a line they have no other address.
fn not_leader(leader: Option<Seat>) -> ReplyBody<'static> {
    ReplyBody::NotLeader { leader, address: "" }
}
