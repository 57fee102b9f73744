//! Effects are derived, not queued: what is not drawn is offered again. A node is a value.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::common::{command, config, drive, founded};
use quorate::{
    Answer, Ballot, Config, Effect, Features, Incarnation, Index, Input, Instant, Message, Node, Outcome, Position,
    Rejection, Role, Seat, Term, Ticket,
};

type Cluster = Node<u32, Vec<u8>, 3>;

fn receive(from: u8, message: Message<'_>) -> Input<'_, u32> {
    Input::Receive { from: Seat(from).into(), message }
}

/// The leader of term 1 among three.
fn leader() -> (Cluster, Instant) {
    let mut node = founded(3, config(), vec![0; 1024]);
    let now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    for ballot in [Ballot::Pre, Ballot::Real] {
        drive(
            &mut node,
            now,
            receive(1, Message::Vote { term: Term(1), ballot, granted: true, incarnation: Incarnation::FOUNDER }),
        );
    }
    assert_eq!(node.role(), Role::Leader);
    for from in [1, 2] {
        drive(
            &mut node,
            now,
            receive(
                from,
                Message::Ack { term: Term(1), stamp: 1, outcome: Outcome::Matched(Index(0)), features: Features::OWN },
            ),
        );
    }
    (node, now)
}

/// What the step of a command and one tick after it give, if the first step is left after so many effects.
fn drawn(first: usize) -> (Vec<String>, Cluster) {
    let (mut node, now) = leader();
    let mut shown: Vec<String> = node.step(now, command(5)).take(first).map(|effect| format!("{effect:?}")).collect();
    shown.extend(node.step(now, Input::Tick).map(|effect| format!("{effect:?}")));
    (shown, node)
}

#[test]
fn what_is_not_drawn_is_offered_again_and_nothing_comes_twice() {
    let (all, node) = drawn(usize::MAX);
    assert_eq!(all.len(), 3, "written and sent to two: {all:?}");
    for first in 0..all.len() {
        assert_eq!(drawn(first), (all.clone(), node.clone()), "left after {first}");
    }
}

#[test]
fn a_client_is_answered_whether_effects_are_drawn_or_not() {
    let (mut node, now) = leader();
    let _ = node.step(now, command(5));
    let mut effects = node.step(now, command(6));
    assert!(matches!(effects.answer, Some(Answer::Accept { position }) if position.index.0 == 2));
    assert!(matches!(effects.next(), Some(Effect::Persist(write)) if write.entries.count() == 2), "both are written");
}

#[test]
fn an_app_that_is_busy_holds_nothing_else_up() {
    let (mut node, now) = leader();
    let ticket = ticket(&mut node, now, command(5)).expect("a command is written");
    let _ = node.step(now, Input::Persisted(ticket)).count();
    let _ = node.step(now, Input::Read { by_lease: false }).count();
    let ack = || {
        receive(
            1,
            Message::Ack { term: Term(1), stamp: 3, outcome: Outcome::Matched(Index(1)), features: Features::OWN },
        )
    };
    let shown: Vec<_> = node.step(now, ack()).without_app().map(|effect| format!("{effect:?}")).collect();
    assert_eq!(node.commit(), Index(1), "acknowledged");
    assert!(!shown.iter().any(|effect| effect.contains("Apply") || effect.contains("ReadReady")), "{shown:?}");
    let _ = node.step(now, command(6));
    let mut written = node.step(now, Input::Tick).without_app();
    assert!(matches!(written.next(), Some(Effect::Persist(write)) if write.entries.count() == 1), "it goes on");
    let due: Vec<_> = node.step(now, Input::Tick).map(|effect| format!("{effect:?}")).collect();
    assert!(due.iter().any(|effect| effect.starts_with("Apply")), "{due:?}");
    assert!(due.iter().any(|effect| effect.starts_with("ReadReady")), "{due:?}");
}

/// The ticket of the write that a step wants done.
fn ticket(node: &mut Cluster, now: Instant, input: Input<'_, u32>) -> Option<Ticket> {
    node.step(now, input).find_map(|effect| match effect {
        Effect::Persist(write) => Some(write.ticket),
        _ => None,
    })
}

#[test]
fn a_ticket_is_good_once_and_only_for_the_write_under_way() {
    let (mut node, now) = leader();
    let first = ticket(&mut node, now, command(5)).unwrap();
    assert!(ticket(&mut node, now, command(6)).is_none(), "one write is under way at a time");
    let second = ticket(&mut node, now, Input::Persisted(first)).unwrap();
    let durable = node.durable();
    assert!(ticket(&mut node, now, Input::Tick).is_none());
    assert_eq!(node.durable(), durable, "the second write is not done yet");
    assert!(ticket(&mut node, now, Input::Persisted(second)).is_none());
    assert_eq!(node.durable(), node.last().index);
}

#[test]
fn a_ticket_of_an_earlier_boot_is_ignored() {
    let boot = |seed| founded::<u32>(1, Config { seed, ..config() }, vec![0; 1024]);
    let (mut earlier, mut node) = (boot(1), boot(2));
    let now = earlier.deadline().unwrap().max(node.deadline().unwrap());
    let old = ticket(&mut earlier, now, Input::Tick).unwrap();
    let _ = ticket(&mut node, now, Input::Tick).unwrap();
    let _ = node.step(now, Input::Persisted(old));
    assert_eq!(node.durable_hard_state().term, Term(0), "its own vote is not durable yet");
}

/// Whether a node takes the ticket of the first write of another for that of its own.
fn is_fooled(earlier: Config, later: Config, delay: Duration) -> bool {
    let start = |config| founded::<u32>(3, config, vec![0; 64]);
    let (mut earlier, mut node): (Cluster, Cluster) = (start(earlier), start(later));
    let now = earlier.deadline().unwrap().max(node.deadline().unwrap()) + Duration::from_secs(1);
    let request = Message::Ack { term: Term(1), stamp: 0, outcome: Outcome::Stale, features: Features::OWN };
    let old = ticket(&mut earlier, now, receive(1, request)).unwrap();
    let _ = ticket(&mut node, now + delay, receive(1, request)).unwrap();
    let _ = node.step(now + delay, Input::Persisted(old));
    node.durable_hard_state().term == Term(1)
}

#[test]
fn a_ticket_of_another_node_or_boot_is_ignored_though_the_seeds_are_alike() {
    let other = Config { seat: Seat(2), ..config() };
    assert!(is_fooled(config(), config(), Duration::ZERO), "two that nothing tells apart");
    assert!(!is_fooled(config(), other, Duration::ZERO), "another node");
    assert!(!is_fooled(config(), config(), Duration::from_micros(1)), "another time");
}

#[test]
fn a_ticket_of_another_write_of_the_same_time_is_ignored_though_the_seeds_are_alike() {
    let (mut one, mut other) = (leader().0, leader().0);
    let now = leader().1;
    let longer = |node: &mut Cluster| {
        let _ = node.step(now, command(5));
        ticket(node, now, command(6)).unwrap()
    };
    let (foreign, _own) = (longer(&mut one), ticket(&mut other, now, command(5)).unwrap());
    let _ = other.step(now, Input::Persisted(foreign));
    assert!(other.durable() < other.last().index, "its own write is not done");
}

#[test]
fn a_ticket_of_another_write_is_ignored() {
    let (mut node, now) = leader();
    let mut other = founded(3, config(), vec![0; 64]);
    let request = Message::RequestVote { term: Term(1), last: Position::default(), ballot: Ballot::Real };
    let foreign = ticket(&mut other, now, receive(1, request)).unwrap();
    let _own = ticket(&mut node, now, command(5)).unwrap();
    assert!(ticket(&mut node, now, Input::Persisted(foreign)).is_none());
    assert!(node.durable() < node.last().index, "its own write is not done");
}

#[test]
fn a_leader_takes_no_command_before_its_driver_has_heard_that_its_earlier_reign_ended() {
    let mut node = founded::<u32>(3, config(), vec![0; 1024]);
    let mut now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    let mut win = |node: &mut Cluster| {
        now = now.max(node.deadline().unwrap()) + Duration::from_secs(1);
        let _ = node.step(now, Input::Tick);
        let term = Term(node.term().0 + 1);
        let _ = node.step(
            now,
            receive(1, Message::Vote { term, ballot: Ballot::Pre, granted: true, incarnation: Incarnation::FOUNDER }),
        );
        let durable = ticket(node, now, Input::Tick).expect("the vote is to be written");
        let _ = node.step(now, Input::Persisted(durable));
        let _ = node.step(
            now,
            receive(1, Message::Vote { term, ballot: Ballot::Real, granted: true, incarnation: Incarnation::FOUNDER }),
        );
        assert_eq!(node.role(), Role::Leader);
        now
    };
    let now = win(&mut node);
    for from in [1, 2] {
        let marked =
            Message::Ack { term: Term(1), stamp: 0, outcome: Outcome::Matched(Index(0)), features: Features::OWN };
        drive(&mut node, now, receive(from, marked));
    }
    drive(&mut node, now, command(5));
    let _ = node.step(
        now,
        receive(1, Message::Ack { term: Term(2), stamp: 0, outcome: Outcome::Stale, features: Features::OWN }),
    );
    assert_eq!(node.role(), Role::Follower);
    let now = win(&mut node);
    assert_eq!(node.step(now, command(6)).answer, Some(Answer::Reject(Rejection::InTransfer)));
    assert!(drive(&mut node, now, Input::Tick).contains(&"leads no longer".to_owned()));
    assert_eq!(drive(&mut node, now, command(6))[0], "accept 2");
}

fn hash(node: &Cluster) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn nodes_are_equal_if_no_input_can_tell_them_apart() {
    let ((mut one, now), (mut other, _)) = (leader(), leader());
    assert_eq!((&one, hash(&one)), (&other, hash(&other)), "a run is its inputs");
    drive(&mut one, now, command(5));
    assert_ne!(one, other);
    drive(&mut other, now, command(5));
    assert_eq!((&one, hash(&one)), (&other, hash(&other)));
    assert_eq!((one.clone(), hash(&one.clone())), (one.clone(), hash(&one)));
}

#[test]
fn memory_that_no_entry_takes_makes_no_difference() {
    let start = |fill: u8| founded::<u32>(3, config(), vec![fill; 64]);
    assert_eq!((&start(0), hash(&start(0))), (&start(255), hash(&start(255))));
}

#[test]
fn a_node_and_what_it_says_can_be_printed() {
    let (mut node, now) = leader();
    assert!(format!("{node:?}").contains("role: Leader"));
    let shown: Vec<_> = node.step(now, command(5)).map(|effect| format!("{effect:?}")).collect();
    assert!(shown[0].ends_with("entries: [1@1 Command 1 bytes], settled: None, mark: None })"), "{shown:?}");
    let answer = format!("{:?}", node.step(now, command(6)).answer);
    assert_eq!(answer, "Some(Accept { position: Position { term: Term(1), index: Index(2) } })");
}
