//! A driver for one node whose disk is immediate.

use std::time::Duration;

use quorate::{
    Answer, Ballot, Boot, Charter, Command, Config, Effect, Entry, Features, Founding, Incarnation, Input, Instant,
    Kind, Least, Members, Message, Node, Position, Recovered, Seat, Seats, Snapshot, Term,
};

/// Settings of seat 0.
pub(crate) fn config() -> Config {
    Config { heartbeat_interval: Duration::from_millis(10), ..Config::new(Seat(0), 7) }
}

/// So many voters, none with a smaller log.
pub(crate) fn charter(voters: usize, log_bytes: usize) -> Charter {
    let members = Members::of(Seats::first(voters));
    Charter {
        founding: Founding(1),
        members,
        least: Least { log_bytes: log_bytes as u32, election_micros: 250_000, features: Features::OWN },
    }
}

/// A founder, with this memory for its log. No member waits for less than it does.
pub(crate) fn founded<C: Command>(voters: usize, config: Config, memory: Vec<u8>) -> Node<C, Vec<u8>, 3> {
    let mut charter = charter(voters, memory.len());
    charter.least.election_micros = config.election_timeout.as_micros() as u32;
    let boot = Boot::found(config, &charter, memory).expect("the configuration is sound");
    boot.start(Instant::START).expect("it has nothing")
}

/// A member whose store is to be given back.
pub(crate) fn recovering<C: Command>(voters: usize, log_bytes: usize) -> Boot<C, Vec<u8>, 3> {
    let mut boot = Boot::recover(config(), vec![0; log_bytes]).expect("the configuration is sound");
    boot.take(Recovered::Charter(charter(voters, log_bytes))).expect("the charter is sound");
    boot
}

/// Gives a node an input and carries its writes out, until it has nothing left to write. Returns what else it wants
/// done.
pub(crate) fn drive<C: Command, const SEATS: usize>(
    node: &mut Node<C, Vec<u8>, SEATS>,
    now: Instant,
    input: Input<'_, C::View<'_>>,
) -> Vec<String> {
    let mut told = Vec::new();
    let mut ticket = take(node, now, input, &mut told);
    while let Some(durable) = ticket {
        ticket = take(node, now, Input::Persisted(durable), &mut told);
    }
    node.check_invariants().expect("a node keeps its invariants");
    told
}

fn take<C: Command, const SEATS: usize>(
    node: &mut Node<C, Vec<u8>, SEATS>,
    now: Instant,
    input: Input<'_, C::View<'_>>,
    told: &mut Vec<String>,
) -> Option<quorate::Ticket> {
    let mut ticket = None;
    let effects = node.step(now, input);
    told.extend(effects.answer.map(|answer| match answer {
        Answer::Accept { position } => format!("accept {}", position.index.0),
        Answer::Await { round } => format!("await {}", round.0),
        Answer::Reject(rejection) => format!("{rejection:?}"),
    }));
    for effect in effects {
        match effect {
            Effect::Members { since, .. } => told.push(format!("members of {}", since.0)),
            Effect::Dismissed(why) => told.push(format!("dismissed: {why:?}")),
            Effect::ChangeFailed { seat, reason } => told.push(format!("no voter {}: {reason:?}", seat.0)),
            Effect::Persist(write) => ticket = Some(write.ticket),
            Effect::Apply(apply) => told.push(format!("apply {}", apply.index().0)),
            Effect::Send { to, message } => told.push(format!("to {}: {message:?}", to.0)),
            Effect::TakeSnapshot { position, .. } => told.push(format!("snapshot {}", position.index.0)),
            Effect::SendPiece { to, piece } => told.push(format!("to {}: {piece:?}", to.0)),
            Effect::Store { offset, bytes, .. } => told.push(format!("store {} at {offset}", bytes.len())),
            Effect::Restore { snapshot } => told.push(format!("restore {}", snapshot.position.index.0)),
            Effect::ReadReady { through } => told.push(format!("ready {}", through.0)),
            Effect::LeadershipEnded => told.push("leads no longer".into()),
            Effect::TransferFailed { to } => told.push(format!("no transfer to {}", to.0)),
            Effect::ReadFailed { through } => told.push(format!("failed {}", through.0)),
        }
    }
    ticket
}

/// A node that is alone and leads.
pub(crate) fn leader<C: Command>(config: Config, log_bytes: usize) -> (Node<C, Vec<u8>, 3>, Instant) {
    let mut node = founded::<C>(1, config, vec![0; log_bytes]);
    let now = node.deadline().expect("a voter campaigns some day");
    drive(&mut node, now, Input::Tick);
    assert_eq!(node.role(), quorate::Role::Leader, "alone, a node elects itself");
    (node, now)
}

/// The node leads by the votes of all.
pub(crate) fn elected(boot: Boot<u32, Vec<u8>, 3>) -> (Node<u32, Vec<u8>, 3>, Instant) {
    let mut node = boot.start(Instant::START).unwrap();
    drive(&mut node, Instant::START, Input::Tick);
    let now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    let term = Term(node.term().0 + 1);
    for (ballot, from) in [(Ballot::Pre, 1), (Ballot::Pre, 2), (Ballot::Real, 1), (Ballot::Real, 2)] {
        let message = Message::Vote { term, ballot, granted: true, incarnation: Incarnation::FOUNDER };
        drive(&mut node, now, Input::Receive { from: Seat(from).into(), message });
    }
    assert_eq!(node.role(), quorate::Role::Leader);
    (node, now)
}

pub(crate) fn command<V>(command: V) -> Input<'static, V> {
    Input::ClientCommand { session: None, command: Some(command) }
}

/// A record of a command that is nothing but these bytes.
pub(crate) fn record(index: u64, term: u64, payload: &[u8]) -> Vec<u8> {
    let mut room = vec![0; quorate::RECORD_OVERHEAD + payload.len()];
    Entry::write(&mut room, position(index, term), Kind::Command, payload).expect("the room is large enough");
    room
}

pub(crate) fn seats(numbers: &[u8]) -> Seats {
    numbers.iter().map(|number| Seat(*number)).collect()
}

pub(crate) fn position(index: u64, term: u64) -> Position {
    Position { term: Term(term), index: quorate::Index(index) }
}

/// A snapshot of three bytes.
pub(crate) fn snapshot(index: u64, term: u64) -> Snapshot {
    Snapshot { position: position(index, term), bytes: 3, check: quorate::crc32c(b"abc") }
}
