use std::collections::VecDeque;

use quorate::{
    Boot, Change, Charter, Config, Effect, Features, Founding, Identity, Incarnation, Index, Input, Instant, Least,
    Members, Node, Seat, Seats, Session, Ticket,
};
use quorate_trace::Recorder;
use quorate_wire::{Envelope, decode, encode};

const FOUNDING: Founding = Founding(42);
const MEMBERS: usize = 3;
const LOG_BYTES: usize = 3 << 10;

/// A cluster in memory that is driven at random, and traced.
pub(crate) struct Drive {
    random: fastrand::Rng,
    hosts: Vec<Host>,
    now: u64,
    sequence: u64,
}

/// A node that draws as many effects as it likes.
struct Host {
    node: Node<Vec<u8>, Box<[u8]>, MEMBERS>,
    recorder: Recorder<Vec<u8>>,
    ticket: Option<Ticket>,
    inbox: VecDeque<Vec<u8>>,
}

impl Drive {
    pub(crate) fn new(seed: u64) -> Drive {
        let members = Members::of(Seats::first(MEMBERS));
        let charter = Charter {
            founding: FOUNDING,
            members,
            least: Least { log_bytes: LOG_BYTES as u32, election_micros: 250_000, features: Features::OWN },
        };
        let host = |seat| {
            let config = Config::new(seat, seed);
            let memory = vec![0; LOG_BYTES].into_boxed_slice();
            let boot = Boot::found(config.clone(), &charter, memory).expect("a sound configuration");
            let node = boot.start(Instant::START).expect("it has nothing");
            let recorder = Recorder::start(Vec::new(), charter, config, LOG_BYTES, Instant::START, &node);
            Host { node, recorder: recorder.expect("a header"), ticket: None, inbox: VecDeque::new() }
        };
        let hosts = members.all().iter().map(host).collect();
        Drive { random: fastrand::Rng::with_seed(seed), hosts, now: 0, sequence: 0 }
    }

    /// Lets so many things happen, and returns the trace of each node.
    pub(crate) fn run(mut self, events: u32) -> Vec<Vec<u8>> {
        for _ in 0..events {
            let place = self.random.usize(..MEMBERS);
            self.act(place);
        }
        self.hosts.iter_mut().map(|host| std::mem::take(host.recorder.output())).collect()
    }

    fn act(&mut self, place: usize) {
        let mut command = vec![0; self.random.usize(..200)];
        self.random.fill(&mut command);
        match self.random.u32(..100) {
            0..10 => self.now += self.random.u64(..60_000),
            10..60 => {
                let Some(frame) = self.hosts[place].inbox.pop_front() else { return };
                let (mut from, message) = decode(&frame, FOUNDING, Seat(place as u8)).expect("a frame of ours");
                if self.random.u8(..) == 0 {
                    from = Identity { incarnation: Incarnation(9), ..from };
                }
                self.step(place, Input::Receive { from, message });
            }
            60..75 => {
                if let Some(ticket) = self.hosts[place].ticket.take() {
                    self.step(place, Input::Persisted(ticket));
                }
            }
            75..80 => {
                let epoch = Index(self.random.u64(..4));
                let session = Session { client: self.random.u64(..4), epoch, sequence: self.sequence };
                let opens = (session.sequence == 0) != (self.random.u8(..10) == 0);
                self.sequence = self.random.u64(..5);
                let command = (!opens).then_some(command);
                self.step(place, Input::ClientCommand { session: Some(session), command });
            }
            80..83 => self.step(place, Input::ClientCommand { session: None, command: Some(command) }),
            83..86 => self.step(place, Input::Read { by_lease: place.is_multiple_of(2) }),
            86 if self.random.u8(..8) == 0 => self.step(place, Input::Transfer { to: None }),
            87 => {
                let seat = Seat(self.random.u8(..MEMBERS as u8));
                let address = [self.random.u8(..3)];
                let change = match self.random.u8(..4) {
                    0 => Change::Add { seat, address: &address },
                    1 => Change::Promote { seat },
                    2 => Change::Remove { seat },
                    _ => Change::Move { seat, address: &address },
                };
                self.step(place, Input::Change(change));
            }
            _ => self.step(place, Input::Tick),
        }
    }

    fn step(&mut self, place: usize, input: Input<'_, Vec<u8>>) {
        let draws = if self.random.bool() { usize::MAX } else { self.random.usize(..4) };
        let Host { node, recorder, ticket, .. } = &mut self.hosts[place];
        let (now, mut drawn, mut sent) = (Instant::from_micros(self.now), 0, Vec::new());
        recorder.begin(node, now, &input);
        let effects = node.step(now, input);
        effects.answer.into_iter().for_each(|answer| recorder.answer(answer));
        for effect in effects.take(draws) {
            drawn += 1;
            recorder.draw(&effect);
            match effect {
                Effect::Persist(persist) => *ticket = Some(persist.ticket),
                Effect::Send { to, message } => {
                    let from = Seat(place as u8);
                    let envelope = Envelope { founding: FOUNDING, from, to, incarnation: Incarnation(0) };
                    let mut frame = [0; 1200];
                    sent.push((to, encode(&mut frame, &envelope, &message).expect("it fits").to_vec()));
                }
                _ => {}
            }
        }
        recorder.end(node, drawn < draws).expect("memory takes everything");
        for (to, frame) in sent {
            if self.random.u8(..20) > 0 {
                self.hosts[usize::from(to.0)].inbox.push_back(frame);
            }
        }
    }
}
