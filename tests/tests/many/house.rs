use std::cmp::Reverse;
use std::collections::BinaryHeap;

use quorate::{
    Boot, Charter, Config, Effect, Features, Founding, Identity, Incarnation, Input, Instant, Least, Members, Position,
    Role, Seat, Seats, Snapshot, Ticket, crc32c,
};
use quorate_wire::{Envelope, MEMBER_OVERHEAD_MAX, decode, encode};

type Node = quorate::Node<u64, Vec<u8>, 27>;

const FOUNDING: Founding = Founding(27);
const FRAME: usize = 300;
/// Enough for some dozens of commands: the log is shortened again and again.
const LOG_BYTES: usize = 4096;
/// As long as several frames.
const SNAPSHOT: usize = 2000;

/// How long a member's link and disk take, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Fast,
    Slow,
    Dead,
}

/// Nodes, links and disks that take their time.
pub(crate) struct House {
    members: Vec<Member>,
    now: u64,
    events: BinaryHeap<Reverse<Event>>,
    count: u64,
    sent: usize,
    /// Time-outs of the first seat, which campaigns first, and of the others, in milliseconds; and the first one's seed.
    timeouts: [u64; 2],
    seed: u64,
}

struct Member {
    kind: Kind,
    life: u64,
    node: Option<Node>,
    write: Option<(Ticket, Option<Snapshot>)>,
    /// The numbers that were applied: how many, and their sum.
    state: [u64; 2],
    snapshots: Vec<(Snapshot, Vec<u8>)>,
    stored: Vec<u8>,
    restored: u32,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: u64,
    count: u64,
    member: usize,
    what: What,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Wake,
    Synced,
    Frame(Vec<u8>),
}

impl Kind {
    fn latency(self) -> u64 {
        if self == Kind::Slow { 40_000 } else { 200 }
    }

    fn sync(self) -> u64 {
        if self == Kind::Slow { 60_000 } else { 1_000 }
    }
}

impl House {
    pub(crate) fn of(nodes: u8, kind: impl Fn(u8) -> Kind) -> House {
        House::with(nodes, kind, [200, 500], 1)
    }

    /// All of them are fast, and wait for an election alike: chance has the first seat wait for 508 ms, and the next one for
    /// 566.
    pub(crate) fn alike(nodes: u8) -> House {
        House::with(nodes, |_| Kind::Fast, [500, 500], 48)
    }

    fn with(nodes: u8, kind: impl Fn(u8) -> Kind, timeouts: [u64; 2], seed: u64) -> House {
        let members = (0..nodes).map(|seat| Member::new(kind(seat))).collect();
        let mut house = House { members, now: 0, events: BinaryHeap::new(), count: 0, sent: 0, timeouts, seed };
        (0..nodes).for_each(|seat| house.start(usize::from(seat)));
        house
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// How many messages all of them have sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent
    }

    /// A dead member starts, with nothing, as a fast one.
    pub(crate) fn revive(&mut self, seat: usize) {
        self.members[seat].kind = Kind::Fast;
        self.members[seat].life += 1;
        self.start(seat);
    }

    fn start(&mut self, seat: usize) {
        let members = Members::of(Seats::first(self.members.len()));
        let config = Config {
            entry_bytes_max: FRAME - MEMBER_OVERHEAD_MAX,
            election_timeout: std::time::Duration::from_millis(self.timeouts[usize::from(seat > 0)]),
            ..Config::new(Seat(seat as u8), if seat == 0 { self.seed } else { seat as u64 + 1 })
        };
        let least_timeout = self.timeouts[0].min(self.timeouts[1]) as u32;
        let charter = Charter {
            founding: FOUNDING,
            members,
            least: Least {
                log_bytes: LOG_BYTES as u32,
                election_micros: least_timeout * 1000,
                features: Features::OWN,
            },
        };
        let memory = vec![0; LOG_BYTES];
        let boot = match self.members[seat].life {
            0 => Boot::found(config, &charter, memory),
            life => Boot::join(config, &charter, Incarnation(life), memory),
        };
        let boot = boot.expect("a sound configuration");
        self.members[seat].node = Some(boot.start(Instant::from_micros(self.now)).expect("it has nothing"));
        self.act(seat, Input::Tick);
    }

    /// Until the first seat leads all, as the first command needs it. Then the dead die.
    pub(crate) fn elect(&mut self) {
        while self.node(0).role() != Role::Leader || !self.node(0).waits_for().is_empty() {
            self.play();
        }
        for member in self.members.iter_mut().filter(|member| member.kind == Kind::Dead) {
            (member.node, member.write) = (None, None);
        }
    }

    fn identity(&self, seat: usize) -> Identity {
        Identity { seat: Seat(seat as u8), incarnation: Incarnation(self.members[seat].life) }
    }

    /// The leader takes a command, and has done it when this returns.
    pub(crate) fn command(&mut self, number: u64) {
        let goal = loop {
            let before = self.node(0).last().index;
            self.act(0, Input::ClientCommand { session: None, command: Some(number) });
            let after = self.node(0).last().index;
            if after > before {
                break after;
            }
            self.play();
        };
        while self.node(0).applied() < goal {
            self.play();
        }
    }

    pub(crate) fn is_in_line(&self, seat: usize) -> bool {
        self.node(seat).applied().0 + 5 > self.node(0).applied().0
    }

    /// How often a member took a snapshot of the leader over.
    pub(crate) fn restored(&self, seat: usize) -> u32 {
        self.members[seat].restored
    }

    /// Goes on until all that live have the leader's state.
    pub(crate) fn await_agreement(&mut self) {
        let until = self.now + 10_000_000;
        while !self.members.iter().all(|member| member.node.is_none() || member.state == self.members[0].state) {
            assert!(self.now < until, "the nodes do not agree");
            self.play();
        }
    }

    fn node(&self, seat: usize) -> &Node {
        self.members[seat].node.as_ref().expect("the member lives")
    }

    /// The next thing happens.
    fn play(&mut self) {
        let Reverse(Event { at, member, what, .. }) = self.events.pop().expect("something always happens");
        self.now = at;
        match what {
            What::Wake => self.act(member, Input::Tick),
            What::Synced => {
                let Some((ticket, snapshot)) = self.members[member].write.take() else { return };
                self.members[member].install(snapshot);
                self.act(member, Input::Persisted(ticket));
            }
            What::Frame(frame) => {
                let (from, message) = decode(&frame, FOUNDING, Seat(member as u8)).expect("frames arrive whole");
                self.act(member, Input::Receive { from, message });
            }
        }
    }

    fn act(&mut self, place: usize, input: Input<'_, u64>) {
        let Some(mut node) = self.members[place].node.take() else { return };
        let mut taken = None;
        for effect in node.step(Instant::from_micros(self.now), input) {
            let member = &mut self.members[place];
            match effect {
                Effect::Persist(write) => {
                    member.write = Some((write.ticket, write.snapshot));
                    let at = self.now + member.kind.sync();
                    self.push(at, place, What::Synced);
                }
                Effect::Send { to, message } => self.send(place, to, &message),
                Effect::SendPiece { to, piece } => {
                    let bytes = member.snapshot(piece.snapshot)[piece.offset as usize..][..piece.length].to_vec();
                    self.send(place, to, &piece.message(&bytes));
                }
                Effect::Apply(apply) => {
                    if let Some(number) = apply.command().expect("commands are numbers") {
                        member.state = [member.state[0] + 1, member.state[1] + number];
                    }
                }
                Effect::TakeSnapshot { position, .. } => taken = Some(member.take(position)),
                Effect::Store { offset, bytes, .. } => {
                    member.stored.truncate(offset as usize);
                    member.stored.extend_from_slice(bytes);
                }
                Effect::Restore { snapshot } => member.restore(snapshot),
                _ => {}
            }
        }
        let due = node.deadline().map_or(u64::MAX, Instant::as_micros);
        self.members[place].node = Some(node);
        self.push(due.max(self.now + 1), place, What::Wake);
        if let Some(snapshot) = taken {
            self.act(place, Input::Snapshotted(snapshot));
        }
    }

    fn send(&mut self, from: usize, to: Seat, message: &quorate::Message<'_>) {
        self.sent += 1;
        let Identity { seat, incarnation } = self.identity(from);
        let envelope = Envelope { founding: FOUNDING, from: seat, to, incarnation };
        let mut buffer = [0; FRAME];
        let frame = encode(&mut buffer, &envelope, message).expect("a frame holds every message").to_vec();
        let to = usize::from(to.0);
        let at = self.now + self.members[from].kind.latency() + self.members[to].kind.latency();
        self.push(at, to, What::Frame(frame));
    }

    fn push(&mut self, at: u64, member: usize, what: What) {
        self.count += 1;
        self.events.push(Reverse(Event { at, count: self.count, member, what }));
    }
}

impl Member {
    fn new(kind: Kind) -> Member {
        Member {
            kind,
            life: 0,
            node: None,
            write: None,
            state: [0; 2],
            snapshots: Vec::new(),
            stored: Vec::new(),
            restored: 0,
        }
    }

    fn take(&mut self, position: Position) -> Snapshot {
        let mut bytes: Vec<u8> = self.state.iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes.resize(SNAPSHOT, 0);
        let snapshot = Snapshot { position, bytes: bytes.len() as u64, check: crc32c(&bytes) };
        self.snapshots.push((snapshot, bytes));
        snapshot
    }

    fn install(&mut self, snapshot: Option<Snapshot>) {
        if let Some(snapshot) = snapshot {
            let bytes = std::mem::take(&mut self.stored);
            assert_eq!(crc32c(&bytes), snapshot.check, "what was stored is what was sent");
            self.snapshots.push((snapshot, bytes));
        }
    }

    fn restore(&mut self, snapshot: Snapshot) {
        let bytes = self.snapshot(snapshot);
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        self.state = [number(0), number(8)];
        self.restored += 1;
    }

    fn snapshot(&self, snapshot: Snapshot) -> &[u8] {
        let found = self.snapshots.iter().find(|(found, _)| *found == snapshot);
        &found.expect("a node names snapshots that its member has").1
    }
}
