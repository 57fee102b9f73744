//! The line that joins no boards: what clients say over it, sealed if boards seal.

use std::collections::BTreeMap;

use quorate::{Instant, Seat};
use quorate_serial::{Address, Header, Receiver, Transmitter};
use quorate_wire::client::{Reply, Request, decode_reply, encode_request};
use quorate_wire::seal::Rights;
use quorate_wire::seal::client::{self, ClientChannel, ClientKey};

use super::World;
use crate::boards::board::{Board, instant};
use crate::boards::{FRAME, LINES, Simulated};

/// The line's number.
pub(super) const CONSOLE: usize = LINES - 1;

/// A board is asked for a session no more often than this.
const INTERVAL_MICROS: u64 = 100_000;

/// So many frames wait at most that nobody has looked at: what opens in no session stays among them.
const HEARD_MAX: usize = 32;

/// Clients on the line, by the numbers that their replies echo.
#[derive(Default)]
pub(super) struct Console {
    /// A client's session with a board, in one boot of it and under one key.
    links: BTreeMap<(u64, u8), (u64, u8, ClientChannel)>,
    drawn: u64,
    /// What boards have said, and nobody has looked at.
    heard: BTreeMap<u8, Vec<Vec<u8>>>,
}

impl World {
    /// Says what a client asks of a board. Whether it was heard: a board that seals may have no room for a session, or no power.
    pub(super) fn say(&mut self, board: usize, request: &Request<'_>) -> bool {
        let (now, seals) = (instant(self.now), self.setting.seals.is_some());
        let (board, console) = (&mut self.boards[board], &mut self.console);
        let key = key(board, request.client);
        let link = console.links.entry((request.client, board.seat));
        let (boot, number, channel) = link.or_default();
        if (*boot, *number) != (board.boots, key.id.number()) {
            (*boot, *number, *channel) = (board.boots, key.id.number(), ClientChannel::default());
        }
        let Some(station) = &mut board.station else { return false };
        let heard = console.heard.entry(board.seat).or_default();
        let mut buffer = [0; FRAME];
        if !seals {
            let frame = encode_request(&mut buffer, request).expect("a request is short");
            send(station, board.seat, now, frame);
            heard.extend(hear(station));
            return true;
        }
        let mut number = || {
            console.drawn += 1;
            console.drawn
        };
        if let Some(ask) = channel.speak(&key, now, INTERVAL_MICROS, &mut number) {
            send(station, board.seat, now, &ask);
            heard.extend(hear(station));
            let answer = heard.iter().position(|frame| channel.hear(frame, &key).is_some());
            answer.into_iter().for_each(|answer| drop(heard.remove(answer)));
        }
        if let Some(done) = channel.done(&key) {
            send(station, board.seat, now, &done);
        }
        let frame = client::encode_request(&mut buffer, &key, channel, now, request).expect("a request is short");
        let Some(frame) = frame else { return false };
        send(station, board.seat, now, frame);
        heard.extend(hear(station));
        true
    }

    /// What a board says at once to this frame on the line that joins no boards; nothing if it has no power.
    pub fn tell(&mut self, board: usize, frame: &[u8]) -> Vec<Vec<u8>> {
        let (now, seat) = (instant(self.now), self.boards[board].seat);
        let Some(station) = &mut self.boards[board].station else { return Vec::new() };
        send(station, seat, now, frame);
        hear(station)
    }

    /// Looks at what a board has answered a client, and makes something of it.
    pub(super) fn replies<T>(&mut self, board: usize, client: u64, read: impl Fn(Reply<'_>) -> Option<T>) -> Vec<T> {
        let (board, console) = (&mut self.boards[board], &mut self.console);
        let Some(station) = &mut board.station else { return Vec::new() };
        let heard = console.heard.entry(board.seat).or_default();
        heard.extend(hear(station));
        let link = console.links.get_mut(&(client, board.seat));
        let (Some((_, _, channel)), seals) = (link, self.setting.seals.is_some()) else { return Vec::new() };
        let mut made = Vec::new();
        heard.retain_mut(|frame| {
            let reply = if seals { client::decode_reply(frame, channel, client) } else { decode_reply(frame, client) };
            let is_its_own = reply.is_ok();
            made.extend(reply.ok().and_then(&read));
            !is_its_own
        });
        heard.drain(..heard.len().saturating_sub(HEARD_MAX));
        made
    }
}

/// The key of a client of this number: whoever asks may do everything.
fn key(board: &Board, client: u64) -> ClientKey {
    board.keys.client(&format!("client-{client}"), Rights::Admin)
}

fn send(station: &mut Simulated, seat: u8, now: Instant, frame: &[u8]) {
    let (to, from) = (Seat(seat).into(), Address::guest(0).expect("there are some"));
    let mut line = Transmitter::<FRAME>::new();
    line.push(&Header { hops: 0, turned: false, hears: true, to, from }, frame).expect("it fits");
    // A station that stops says so at its next turn.
    let _ = station.feed(now, CONSOLE, line.pending());
}

/// The frames that a station has sent on the line.
fn hear(station: &mut Simulated) -> Vec<Vec<u8>> {
    let bytes = station.drain(CONSOLE).to_vec();
    station.drained(CONSOLE, bytes.len());
    let (mut receiver, mut rest, mut frames) = (Receiver::<FRAME>::new(), &bytes[..], Vec::new());
    while let Some(taken) = receiver.take(&mut rest) {
        let (_, frame) = taken.expect("no wire is noisy");
        frames.push(frame.to_vec());
    }
    frames
}
