//! quorate's core, and the frames of quorate-wire: 1,200 bytes at most, in plain.
//!
//! A node takes all in that has come, and its effects are drawn once, with what came last. What is durable is told at once.

use std::time::Duration;

use quorate::{
    Boot, Charter, ClientCommand, Config, Effect, Features, Founding, Incarnation, Input, Instant, Least, Members,
    Node, Role, Seat, Seats, Ticket,
};
use quorate_peers::{ELECTION_TICKS, HEARTBEAT_TICKS, Inbox, Member, Post, Setup, State, TICK_MILLIS};
use quorate_wire::{Envelope, MEMBER_OVERHEAD_MAX};

const FRAME: usize = 1200;
const FOUNDING: Founding = Founding(1);

/// A command that is bytes, encoded as such.
#[derive(serde::Deserialize)]
struct Bytes<'a>(&'a [u8]);

impl serde::Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct Store;

impl quorate::Command for Store {
    type View<'a> = Bytes<'a>;
}

struct Quorate<const SEATS: usize> {
    node: Node<Store, Box<[u8]>, SEATS>,
    seat: Seat,
    now: Instant,
    frame: [u8; FRAME],
}

impl<const SEATS: usize> Quorate<SEATS> {
    /// Tells the node something, and carries out what follows. What it made durable.
    fn tell(&mut self, input: Input<'_, Bytes<'_>>, post: &mut Post<'_>, state: &mut State) -> Option<Ticket> {
        let Quorate { node, seat, now, frame } = self;
        let mut ticket = None;
        node.step(*now, input).for_each(|effect| match effect {
            Effect::Persist(write) => ticket = Some(write.ticket),
            Effect::Send { to, message } => {
                let envelope = Envelope { founding: FOUNDING, from: *seat, to, incarnation: Incarnation::FOUNDER };
                let frame = quorate_wire::encode(frame, &envelope, &message).expect("every message fits");
                post.send(to.0.into(), frame);
            }
            Effect::Apply(entry) => {
                if let Some(Bytes(command)) = entry.command().expect("a command of ours") {
                    state.apply(command);
                }
            }
            _ => {}
        });
        ticket
    }
}

impl<const SEATS: usize> Member for Quorate<SEATS> {
    fn new(number: usize, setup: &Setup) -> Self {
        let seat = Seat(number as u8);
        // A record, its slot, and room that stays free; nothing is compacted.
        let log_bytes = (setup.commands as usize * (setup.command_bytes + 40) + (4 << 10)) * 10 / 9;
        let election_timeout = Duration::from_millis(ELECTION_TICKS * TICK_MILLIS);
        let charter = Charter {
            founding: FOUNDING,
            members: Members::of(Seats::first(SEATS)),
            least: Least {
                log_bytes: log_bytes as u32,
                election_micros: election_timeout.as_micros() as u32,
                features: Features::OWN,
            },
        };
        let config = Config {
            election_timeout,
            heartbeat_interval: Duration::from_millis(HEARTBEAT_TICKS * TICK_MILLIS),
            commits_at_once: setup.is_at_once,
            entry_bytes_max: FRAME - MEMBER_OVERHEAD_MAX,
            inflight_messages_max: 1024,
            inflight_bytes_max: 1 << 20,
            ..Config::new(seat, setup.seed << 8 | number as u64)
        };
        let boot = Boot::found(config, &charter, vec![0; log_bytes].into_boxed_slice()).expect("a sound configuration");
        let node = boot.start(Instant::START).expect("it has nothing");
        Quorate { node, seat, now: Instant::START, frame: [0; FRAME] }
    }

    fn tick(&mut self) -> bool {
        self.now = Instant::from_micros(self.now.as_micros() + TICK_MILLIS * 1000);
        self.node.deadline().is_some_and(|due| due <= self.now)
    }

    fn propose(&mut self, command: &[u8]) {
        let command = ClientCommand { session: None, command: Some(Bytes(command)) };
        assert!(self.node.step(self.now, command).answer.is_ok(), "the log has room");
    }

    fn turn(&mut self, mut inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State) {
        let mut ticket = None;
        if inbox.is_empty() {
            ticket = self.tell(Input::Tick, post, state);
        }
        while let Some(frame) = inbox.next() {
            let (from, message) = quorate_wire::decode(frame, FOUNDING, self.seat).expect("nothing is garbled");
            let input = Input::Receive { from, message };
            if inbox.is_empty() {
                ticket = self.tell(input, post, state);
            } else {
                drop(self.node.step(self.now, input));
            }
        }
        while let Some(durable) = ticket {
            ticket = self.tell(Input::Persisted(durable), post, state);
        }
    }

    fn leads(&self) -> bool {
        self.node.role() == Role::Leader
    }
}

fn main() {
    match std::env::args().nth(3).as_deref() {
        Some("3") => quorate_peers::run::<Quorate<3>>(),
        Some("5") => quorate_peers::run::<Quorate<5>>(),
        Some("7") => quorate_peers::run::<Quorate<7>>(),
        Some("9") => quorate_peers::run::<Quorate<9>>(),
        Some("17") => quorate_peers::run::<Quorate<17>>(),
        Some("27") => quorate_peers::run::<Quorate<27>>(),
        Some("32") => quorate_peers::run::<Quorate<32>>(),
        _ => panic!("this was built for 3, 5, 7, 9, 17, 27 and 32 members"),
    }
}
