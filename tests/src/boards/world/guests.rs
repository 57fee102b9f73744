//! Clients that are no boards: so many that the cluster forgets the sessions of others. They speak on the operator's line.

use quorate::{Index, Seat, Session};
use quorate_serial::{Address, Header, Receiver, Transmitter};
use quorate_wire::client::{Reply, ReplyBody, Request, RequestBody, decode_reply, encode_request};

use super::World;
use super::operator::CONSOLE;
use crate::boards::board::instant;
use crate::boards::{CLIENTS, CLUSTER, FRAME, Press, Simulated};

/// What the guests' requests are known by. The number of a request is that of the client that opens a session.
const GUESTS: u64 = 8;
/// Where guests press: at no board.
const ELSEWHERE: u8 = 200;
/// No board has the number of such a client.
const FIRST: u64 = 100;

impl World {
    /// Several times as many clients come as there are places.
    pub(super) fn let_guests_in(&mut self) {
        self.guests_due += 4 * CLIENTS as u64;
    }

    /// Hears what a board answers its guests: who has a session presses once. Of those that are still to come, one asks
    /// for a session, if the board leads.
    pub(super) fn hear_guests(&mut self, board: usize) {
        let Some(station) = &mut self.boards[board].station else { return };
        for frame in heard(station) {
            let Ok(Reply { number, body: ReplyBody::Opened { epoch }, .. }) = decode_reply(&frame, GUESTS) else {
                continue;
            };
            self.guests_due = self.guests_due.saturating_sub(1);
            let press = Press { board: ELSEWHERE, number: number as u32 };
            let command = postcard::to_stdvec(&press).expect("a press is small");
            let session = Session { client: number, epoch, sequence: 1 };
            self.request(board, number, RequestBody::Command { session, command: &command });
        }
        if self.guests_due > 0 && self.leader() == Some(board) {
            self.guests += 1;
            let client = FIRST + self.guests;
            self.request(board, client, RequestBody::Open { client, epoch: Index(0) });
        }
    }

    fn request(&mut self, board: usize, number: u64, body: RequestBody<'_>) {
        let now = instant(self.now);
        let Some(station) = &mut self.boards[board].station else { return };
        let mut buffer = [0; FRAME];
        let request = Request { cluster: CLUSTER, client: GUESTS, number, body };
        let frame = encode_request(&mut buffer, &request).expect("a request is short");
        let (to, from) = (Seat(board as u8).into(), Address::guest(0).expect("there are some"));
        let mut line = Transmitter::<FRAME>::new();
        line.push(&Header { hops: 0, turned: false, hears: true, to, from }, frame).expect("it fits");
        // A station that stops says so at its next turn.
        let _ = station.feed(now, CONSOLE, line.pending());
    }
}

/// The frames that a station has sent on the operator's line.
pub(super) fn heard(station: &mut Simulated) -> Vec<Vec<u8>> {
    let bytes = station.drain(CONSOLE).to_vec();
    station.drained(CONSOLE, bytes.len());
    let (mut receiver, mut rest, mut frames) = (Receiver::<FRAME>::new(), &bytes[..], Vec::new());
    while let Some(taken) = receiver.take(&mut rest) {
        let (_, frame) = taken.expect("no wire is noisy");
        frames.push(frame.to_vec());
    }
    frames
}
