//! Clients that are no boards: so many that the cluster forgets the sessions of others. They speak on the operator's line.

use quorate::{Index, Session};
use quorate_wire::client::{ReplyBody, Request, RequestBody};

use super::World;
use crate::boards::{CLIENTS, CLUSTER, Press};

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
        let opened = self.replies(board, GUESTS, |reply| match reply.body {
            ReplyBody::Opened { epoch } => Some((reply.number, epoch)),
            _ => None,
        });
        for (number, epoch) in opened {
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
        self.say(board, &Request { cluster: CLUSTER, client: GUESTS, number, body });
    }
}
