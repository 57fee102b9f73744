//! Section 7, on a link that loses, repeats and reorders pieces: a snapshot comes to its end, each byte once.

use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::common::{charter, drive, position};
use quorate::{
    Ballot, Boot, Config, Effect, Features, HardState, Incarnation, Index, Input, Instant, Message, Node, Outcome,
    Recovered, Refusal, Seat, Snapshot, Stored, Term, crc32c,
};

type Peer = Node<u64, Vec<u8>, 3>;

const LEADER: usize = 0;
const FOLLOWER: usize = 1;
const LOG_BYTES: usize = 4096;
const TIME_MAX: u64 = 120_000_000;

/// What a link does to pieces, and to the questions for them.
#[derive(Clone, Copy)]
struct Weather {
    /// One way, in microseconds.
    latency: (u64, u64),
    lost_percent: u64,
    repeated_percent: u64,
    /// How long the link takes for a piece, in microseconds.
    pace: u64,
    /// The first and the last of the pieces that are lost one after the other, by how many were sent.
    burst: (u64, u64),
}

/// A frame on its way, or its place in the heap: the earliest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Frame {
    due: std::cmp::Reverse<u64>,
    number: std::cmp::Reverse<u64>,
    to: usize,
    bytes: Vec<u8>,
}

/// A leader that has nothing but a snapshot, and a follower that has nothing.
struct Pair {
    nodes: [Peer; 2],
    configs: [Config; 2],
    content: Vec<u8>,
    /// What the follower has stored, by where it belongs.
    stored: BTreeMap<u64, Vec<u8>>,
    link: BinaryHeap<Frame>,
    weather: Weather,
    random: u64,
    now: u64,
    frames: u64,
    /// How many pieces were sent.
    sent: u64,
    /// Until when the link is busy with a piece.
    busy: u64,
    is_installed: bool,
}

fn at(micros: u64) -> Instant {
    Instant::START + Duration::from_micros(micros)
}

fn snapshot(content: &[u8]) -> Snapshot {
    Snapshot { position: position(100, 1), bytes: content.len() as u64, check: crc32c(content) }
}

fn boot(config: &Config, now: Instant, items: impl IntoIterator<Item = Recovered<'static>>) -> Peer {
    let mut boot = Boot::recover(config.clone(), vec![0; LOG_BYTES]).expect("the configuration is sound");
    boot.take(Recovered::Charter(charter(3, LOG_BYTES))).expect("the charter is sound");
    items.into_iter().for_each(|item| boot.take(item).expect("the store is sound"));
    boot.start(now).expect("the store is sound")
}

/// A node that has this snapshot, and is elected in a term.
fn leader(config: &Config, now: u64, term: Term, content: &[u8]) -> Peer {
    let hard_state = HardState { term: Term(term.0 - 1), vote: None };
    let items = [Recovered::Snapshot(snapshot(content)), Recovered::HardState(hard_state)];
    let mut node = boot(config, at(now), items);
    let later = at(now) + config.election_timeout * 2;
    drive(&mut node, later, Input::Tick);
    for ballot in [Ballot::Pre, Ballot::Real] {
        let message = Message::Vote { term, ballot, granted: true, incarnation: Incarnation::FOUNDER };
        drive(&mut node, later, Input::Receive { from: Seat(2).into(), message });
    }
    assert_eq!((node.role(), node.term()), (quorate::Role::Leader, term));
    node
}

impl Pair {
    fn new(config: &Config, bytes: usize, weather: Weather, seed: u64) -> Pair {
        let content: Vec<u8> = (0..bytes as u64).map(|place| (place * place % 253 + place) as u8).collect();
        let configs = [0, 1].map(|seat| Config { seat: Seat(seat), seed: seed ^ u64::from(seat), ..config.clone() });
        let nodes = [leader(&configs[LEADER], 0, Term(2), &content), boot(&configs[FOLLOWER], Instant::START, [])];
        let now = (config.election_timeout * 2).as_micros() as u64;
        let (stored, link) = Default::default();
        let random = seed;
        Pair {
            nodes,
            configs,
            content,
            stored,
            link,
            weather,
            random,
            now,
            frames: 0,
            sent: 0,
            busy: 0,
            is_installed: false,
        }
    }

    /// A number below this one.
    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn happens(&mut self, percent: u64) -> bool {
        self.random(100) < percent
    }

    /// How many bytes are here from the snapshot's start on.
    fn whole(&self) -> u64 {
        self.stored.iter().fold(0, |end, (offset, bytes)| if *offset == end { end + bytes.len() as u64 } else { end })
    }

    /// Runs until the follower has taken the snapshot over, or this happens.
    fn run_until(&mut self, is_so: impl Fn(&Pair) -> bool) {
        while !self.is_installed && !is_so(self) {
            assert!(self.now < TIME_MAX, "the snapshot comes to its end: {:?}", self.nodes[FOLLOWER].fetching());
            self.go_on();
        }
    }

    /// The next frame, or the next node that has something to do.
    fn go_on(&mut self) {
        let alarms = self.nodes.each_ref().map(|node| node.deadline().map_or(u64::MAX, Instant::as_micros));
        let woken = usize::from(alarms[FOLLOWER] < alarms[LEADER]);
        match self.link.peek() {
            Some(frame) if frame.due.0 <= alarms[woken] => {
                let Frame { due, to, bytes, .. } = self.link.pop().expect("it was seen");
                self.now = self.now.max(due.0);
                let message = postcard::from_bytes(&bytes).expect("frames are whole");
                self.act(to, Input::Receive { from: Seat(1 - to as u8).into(), message });
            }
            _ => {
                self.now = self.now.max(alarms[woken]);
                self.act(woken, Input::Tick);
            }
        }
    }

    fn act(&mut self, name: usize, input: Input<'_, u64>) {
        let (mut ticket, mut frames) = (None, Vec::new());
        for effect in self.nodes[name].step(at(self.now), input) {
            match effect {
                Effect::Persist(write) => ticket = Some(write.ticket),
                Effect::Send { to, message } if usize::from(to.0) < 2 => frames.push(encode(&message)),
                Effect::SendPiece { to, piece } => {
                    assert_eq!((name, to), (LEADER, Seat(1)));
                    self.sent += 1;
                    let (first, last) = self.weather.burst;
                    if (first..=last).contains(&self.sent) {
                        continue;
                    }
                    let bytes = &self.content[piece.offset as usize..][..piece.length];
                    frames.push(encode(&piece.message(bytes)));
                }
                Effect::Store { offset, bytes, .. } => {
                    if offset == 0 {
                        self.stored.clear();
                    }
                    let end = offset as usize + bytes.len();
                    assert_eq!(&self.content[offset as usize..end], bytes);
                    let before = self.stored.range(..end as u64).next_back();
                    let is_free = before.is_none_or(|(start, before)| start + before.len() as u64 <= offset);
                    assert!(is_free, "bytes {offset} to {end} are stored twice");
                    self.stored.insert(offset, bytes.to_vec());
                }
                Effect::Restore { .. } => self.is_installed = true,
                _ => {}
            }
        }
        self.nodes[name].check_invariants().expect("a node keeps its invariants");
        frames.into_iter().for_each(|frame| self.send(1 - name, frame));
        if let Some(ticket) = ticket {
            self.act(name, Input::Persisted(ticket));
        }
    }

    /// Pieces and questions for them meet the weather; the rest arrives, so that nobody campaigns.
    fn send(&mut self, to: usize, bytes: Vec<u8>) {
        let is_wanted = |message: &Message<'_>| {
            matches!(message, Message::Piece { .. } | Message::Ack { outcome: Outcome::Wants { .. }, .. })
        };
        let is_exposed = postcard::from_bytes(&bytes).is_ok_and(|message| is_wanted(&message));
        let is_piece = matches!(postcard::from_bytes(&bytes), Ok(Message::Piece { .. }));
        let Weather { latency: (least, most), lost_percent, repeated_percent, pace, .. } = self.weather;
        let copies = match is_exposed {
            true if self.happens(lost_percent) => 0,
            true if self.happens(repeated_percent) => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let mut due = self.now + least + self.random(most - least + 1);
            if is_piece && pace > 0 {
                due = due.max(self.busy + pace);
                self.busy = due;
            }
            let due = std::cmp::Reverse(due);
            self.frames += 1;
            self.link.push(Frame { due, number: std::cmp::Reverse(self.frames), to, bytes: bytes.clone() });
        }
    }

    /// The follower starts again with what is whole from the start.
    fn restart(&mut self) {
        let received = self.whole();
        self.stored.retain(|offset, _| *offset < received);
        let check = crc32c(&self.content[..received as usize]);
        let stored = Stored { snapshot: snapshot(&self.content), received, check };
        let hard_state = HardState { term: self.nodes[LEADER].term(), vote: None };
        let items = [Recovered::Stored(stored), Recovered::HardState(hard_state)];
        self.nodes[FOLLOWER] = boot(&self.configs[FOLLOWER], at(self.now), items);
    }

    /// Another leader has the same snapshot, and cuts it in pieces of another length.
    fn change_leader(&mut self, entry_bytes_max: usize) {
        let term = Term(self.nodes[LEADER].term().0 + 1);
        let usual = self.configs[LEADER].clone();
        let inflight_bytes_max = usual.inflight_bytes_max.max(entry_bytes_max);
        let config = Config { entry_bytes_max, inflight_bytes_max, ..usual };
        self.nodes[LEADER] = leader(&config, self.now, term, &self.content);
    }

    #[track_caller]
    fn expect_all(&self) {
        assert!(self.is_installed);
        assert_eq!(self.whole(), self.content.len() as u64);
    }
}

fn encode(message: &Message<'_>) -> Vec<u8> {
    let mut room = [0; 2048];
    postcard::to_slice(message, &mut room).expect("a frame holds every message").to_vec()
}

/// Settings of a host.
fn host() -> Config {
    Config { pieces_in_order: false, ..Config::new(Seat(0), 7) }
}

const CALM: Weather = Weather { latency: (100, 100), lost_percent: 0, repeated_percent: 0, pace: 0, burst: (0, 0) };
const JITTER: Weather = Weather { latency: (500, 2000), ..CALM };

/// Runs a fetch to its end. Returns how many pieces were sent.
#[track_caller]
fn fetch(config: &Config, bytes: usize, weather: Weather, seed: u64) -> u64 {
    let mut pair = Pair::new(config, bytes, weather, seed);
    pair.run_until(|_| false);
    pair.expect_all();
    pair.sent
}

/// Losses and lateness of all degrees, small windows and large ones, restarts of the follower in the middle, and
/// leaders that cut a snapshot in another way.
#[test]
fn a_snapshot_comes_to_its_end_whatever_becomes_of_pieces() {
    for seed in 0..300 {
        let frame = [60, 100, 1100][seed as usize % 3];
        let inflight_bytes_max = frame * (1 + seed as usize % 7 * 20) + seed as usize % 5;
        let pieces_in_order = seed % 10 == 9;
        let config = Config { entry_bytes_max: frame, inflight_bytes_max, pieces_in_order, ..host() };
        let weather = Weather {
            latency: (100, 100 + seed * 97 % 3000),
            lost_percent: seed * 7 % 31,
            repeated_percent: seed * 11 % 40,
            pace: seed % 5 * 20,
            ..CALM
        };
        let mut pair = Pair::new(&config, frame * 150 + seed as usize * 13, weather, seed);
        let all = pair.content.len() as u64;
        if seed % 2 == 0 {
            pair.run_until(|pair| pair.whole() > all / 3);
            pair.restart();
        }
        if seed % 3 == 0 {
            pair.run_until(|pair| pair.whole() > all / 2);
            pair.change_leader(frame + 1 + seed as usize % 30 - 15);
        }
        pair.run_until(|_| false);
        pair.expect_all();
    }
}

/// At an earlier time, all that was on its way behind a piece that came late was sent again: fifty times as much in all.
#[test]
fn pieces_that_come_late_are_not_sent_again() {
    let pieces = 2_000_000_u64.div_ceil(1100);
    for seed in 0..5 {
        assert_eq!(fetch(&host(), 2_000_000, CALM, seed), pieces, "in order, each is sent once");
        let sent = fetch(&host(), 2_000_000, JITTER, seed);
        assert!(sent < pieces + pieces / 5, "{sent} for {pieces} pieces");
    }
}

#[test]
fn what_is_lost_is_sent_again_alone() {
    let pieces = 500_000_u64.div_ceil(1100);
    // If the first one of all is lost, a window is.
    let window = (64_u64 << 10).div_ceil(1100);
    for seed in 0..5 {
        let sent = fetch(&host(), 500_000, Weather { lost_percent: 5, ..CALM }, seed);
        assert!(sent < pieces + pieces / 10 + window, "{sent} for {pieces} pieces");
    }
}

/// A leader that has something else to say of these bytes than its snapshot's check.
#[test]
fn what_came_early_and_is_damaged_is_not_installed() {
    let mut pair = Pair::new(&host(), 20_000, JITTER, 1);
    let sound = std::mem::take(&mut pair.content);
    for place in [700, 5_000, 19_999] {
        let mut damaged = sound.clone();
        damaged[place] ^= 4;
        pair.content = damaged;
        let refused = pair.nodes[FOLLOWER].refusals().count(Refusal::Snapshot);
        pair.run_until(|pair| pair.nodes[FOLLOWER].refusals().count(Refusal::Snapshot) > refused);
        assert!(!pair.is_installed, "byte {place} is damaged");
    }
    pair.content = sound;
    pair.run_until(|_| false);
    pair.expect_all();
}

/// What was sent again is on its way: each piece of it that comes is no reason to ask for the rest once more.
#[test]
fn a_burst_of_losses_in_the_last_window_is_sent_again_once() {
    for (first, last, pace) in [(2, 40, 10), (10, 50, 10), (2, 55, 100)] {
        let weather = Weather { burst: (first, last), pace, ..CALM };
        let pieces = 65_000_u64.div_ceil(1100);
        let sent = fetch(&host(), 65_000, weather, 1);
        assert!(sent <= 2 * pieces, "{sent} for {pieces} pieces, of which {first} to {last} were lost");
    }
}

/// It may be one of a forger, or of a program with a mistake.
#[test]
fn a_question_from_nowhere_does_not_end_a_fetch() {
    let mut pair = Pair::new(&host(), 60_000, Weather { burst: (2, 2), ..CALM }, 1);
    pair.run_until(|pair| pair.whole() > 0);
    let (term, check) = (pair.nodes[LEADER].term(), snapshot(&pair.content).check);
    let outcome = Outcome::Wants { index: Index(100), check, offset: u64::MAX / 2, again: 0 };
    let message = Message::Ack { term, stamp: 1, outcome, features: Features::OWN };
    pair.act(LEADER, Input::Receive { from: Seat(1).into(), message });
    pair.run_until(|_| false);
    pair.expect_all();
}
