use quorate::{Founding, Instant, Members, Role, Seat, Seats, Stored, founding};
use quorate_serial::{Address, Header, Memory, Receiver, Routes, Settings, Transmitter, Wiring};
use quorate_wire::client::{Reply, Request, decode_request, encode_reply, encode_request};
use quorate_wire::{Envelope, FoundingEnvelope, decode_founding, encode, encode_founding};

use super::arbitrary;
use super::relay::Relay;
use super::source::Source;
use crate::boards::{CLUSTER, Chip, FOUNDING, FRAME, Press, Presses, Record, Setting, Simulated, charter};

const ME: Seat = Seat(0);
const LINES: u8 = 3;
/// The most that happens in one run.
const EVENTS_MAX: usize = 200;

/// A board in a ring is sent anything: bytes, frames that are in order as far as anybody can see, at any time. It never
/// panics, its node keeps its invariants, what it sends are whole frames, what it passes on came so, and it believes no
/// answer of another cluster's.
///
/// # Panics
/// If it does not.
pub fn station(data: &[u8]) {
    let mut source = Source::new(data);
    let mut station = start(source.byte());
    let (mut said, mut relay) = (Said::default(), Relay::default());
    let mut now = 0;
    let mut receivers: [Receiver<FRAME>; LINES as usize] = Default::default();
    for _ in 0..EVENTS_MAX {
        if source.is_empty() {
            return;
        }
        let passed = match source.byte() {
            0..192 => 1,
            pause => source.near(1 << (pause % 32)),
        };
        now = u64::saturating_add(now, passed);
        let result = event(&mut station, &mut source, (&mut said, &mut relay), Instant::from_micros(now));
        // A forged entry is one that this program cannot read, a forged snapshot one that it cannot restore.
        if result.is_err() {
            return;
        }
        if let Some(node) = station.node() {
            node.check_invariants().expect("the node is sound");
            said.is_answered |= node.role() == Role::Leader;
            let has_place = |stored: Stored| stored.snapshot.bytes <= Simulated::SNAPSHOT_BYTES_MAX as u64;
            assert!(node.fetching().is_none_or(has_place), "a board fetches what it has no place for");
        }
        for (line, receiver) in receivers.iter_mut().enumerate() {
            let bytes = station.drain(line);
            let portion = bytes.len().min(usize::from(source.byte()));
            let mut rest = &bytes[..portion];
            while let Some(taken) = receiver.take(&mut rest) {
                let (header, frame) = taken.expect("a station sends whole frames");
                assert!(frame.is_empty() || quorate_wire::verify(frame).is_ok(), "a station sends sound frames");
                if header.from == ME.into() {
                    said.note(frame);
                } else {
                    relay.check(line, header, frame);
                }
            }
            station.drained(line, portion);
        }
    }
}

/// What others have to echo for a board to hear them.
#[derive(Default)]
struct Said {
    question: u64,
    token: u64,
    /// Its client and number, when it last asked for something.
    asked: (u64, u64),
    /// Whether it may have an answer: its own, or that of a member of its cluster.
    is_answered: bool,
}

impl Said {
    fn note(&mut self, frame: &[u8]) {
        if let Ok(Request { client, number, .. }) = decode_request(frame, CLUSTER) {
            self.asked = (client, number);
        }
        let to = (0..3).map(Seat).find_map(|seat| decode_founding(frame, CLUSTER, seat).ok());
        match to {
            Some((_, founding::Message::Who { founding, .. })) => self.question = founding.0,
            Some((_, founding::Message::Where { token, .. })) => (self.question, self.token) = (token, token),
            Some((_, founding::Message::Answer { standing: founding::Standing::Ready { token, .. }, .. })) => {
                self.token = token;
            }
            _ => {}
        }
    }
}

fn event(
    station: &mut Simulated,
    source: &mut Source<'_>,
    (said, relay): (&mut Said, &mut Relay),
    now: Instant,
) -> Result<(), quorate_serial::Stop> {
    let line = usize::from(source.below(LINES));
    match source.below(8) {
        0 => station.feed(now, line, source.some_bytes()),
        1 => {
            let _ = station.propose(&Press { board: 0, number: 0 });
            assert!(station.answer().is_none() || said.is_answered, "an answer of another cluster's is believed");
            station.turn(now)
        }
        2 | 3 => station.turn(now),
        _ => {
            let frame = frame(source, station, said);
            let to = if source.flag() { ME.into() } else { address(source) };
            let flags = source.byte();
            let (turned, hears) = (flags & 1 != 0, flags & 2 != 0);
            let header = Header { hops: source.below(64), turned, hears, to, from: address(source) };
            // What a board asks of itself, it answers itself.
            said.is_answered |= header.from == ME.into();
            let mut sent = Transmitter::<FRAME>::new();
            // What is too long for a line does not come over one.
            if sent.push(&header, &frame).is_err() {
                return Ok(());
            }
            let mut bytes = sent.pending().to_vec();
            match source.byte() {
                0..224 => relay.note(line, header, &frame),
                // A bit turns on its way.
                choice => {
                    let at = usize::from(source.byte()) % bytes.len();
                    bytes[at] ^= 1 << (choice % 8);
                }
            }
            station.feed(now, line, &bytes)
        }
    }
}

/// A frame whose check is right.
fn frame(source: &mut Source<'_>, station: &Simulated, said: &mut Said) -> Vec<u8> {
    let mut buffer = [0; 1000];
    let mut room = Vec::new();
    let length = match source.below(8) {
        0 => 0,
        1 => {
            let request = Request {
                cluster: CLUSTER,
                client: source.near(1),
                number: source.near(1),
                body: arbitrary::request_body(source),
            };
            encode_request(&mut buffer, &request).map_or(0, <[u8]>::len)
        }
        2 => {
            let (client, number) = (source.near(said.asked.0), source.near(said.asked.1));
            let founding = [None, Some(FOUNDING), Some(Founding(1))][usize::from(source.below(3))];
            said.is_answered |= founding.is_some() && founding == station.charter().map(|charter| charter.founding);
            let reply =
                Reply { client, number, from: Seat(source.below(4)), founding, body: arbitrary::reply_body(source) };
            encode_reply(&mut buffer, &reply).map_or(0, <[u8]>::len)
        }
        3 => {
            let envelope = FoundingEnvelope { cluster: CLUSTER, from: Seat(source.below(4)), to: ME };
            let message = arbitrary::founding_message(source, said.question, said.token);
            encode_founding(&mut buffer, &envelope, &message).map_or(0, <[u8]>::len)
        }
        _ => {
            let from = arbitrary::identity(source);
            let (term, last) = station.node().map_or_else(Default::default, |node| (node.term(), node.last()));
            let message = arbitrary::message(source, term, last, &mut room);
            let envelope = Envelope { founding: FOUNDING, from: from.seat, to: ME, incarnation: from.incarnation };
            encode(&mut buffer, &envelope, &message).map_or(0, <[u8]>::len)
        }
    };
    buffer[..length].to_vec()
}

fn address(source: &mut Source<'_>) -> Address {
    let number = source.below(8);
    Address::guest(number.wrapping_sub(6)).unwrap_or(Seat(number).into())
}

/// A member, or one that is to become one, or to come back.
fn start(choice: u8) -> Simulated {
    let settings = Settings {
        cluster: CLUSTER,
        seat: ME,
        may_join: choice < 250,
        members: Members::of(Seats::first(3)),
        existing: choice == 240,
        routes: Routes::ring(ME, &[Seat(0), Seat(1), Seat(2)]).expect("a ring"),
        pace: Setting::new(0, 3, Wiring::Ring, 115_200).pace(),
        seed: choice.into(),
    };
    let memory = Memory { log: vec![0; 1024].into(), snapshot: vec![0; 1024].into() };
    let app = Presses::new(Record::new());
    let chip = if choice < 192 { Chip::founded(ME, &charter(settings.members, 1024), 1024) } else { Chip::new(1024) };
    Simulated::start(settings, app, chip, Chip::layout(1024), memory, Instant::START).expect("a sound flash")
}
