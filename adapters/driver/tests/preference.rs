//! Whom a leader holds to be fit to lead in its place.

use std::time::Duration;

use quorate::{
    Ballot, Boot, Change, Charter, ClientCommand, Config, Effect, Features, Founding, Incarnation, Index, Input,
    Instant, Least, Members, Message, Node, Outcome, Role, Seat, Seats, Term, Transfer,
};
use quorate_driver::Outlook;

/// A node of seat 0 whose disk is immediate, with two voters and a learner beside it, of which it hears what it is told.
struct Leader {
    node: Node<u32, [u8; 8192], 4>,
    now: Instant,
}

impl Leader {
    /// All have what it has.
    fn new() -> Leader {
        let members = Members { learners: Seats::NONE.with(Seat(3)), ..Members::of(Seats::first(3)) };
        let charter = Charter {
            founding: Founding(1),
            members,
            least: Least { log_bytes: 8192, election_micros: 1, features: Features::OWN },
        };
        let boot = Boot::found(Config::new(Seat(0), 1), &charter, [0; 8192]).expect("it is sound");
        let mut leader = Leader { node: boot.start(Instant::START).expect("it has nothing"), now: Instant::START };
        leader.now = leader.node.deadline().expect("it waits for a leader");
        leader.take(Input::Tick);
        assert_eq!(leader.outlook(), Outlook { leader: None, hands_over: false, fit: Seats::NONE });
        for ballot in [Ballot::Pre, Ballot::Real] {
            let vote = Message::Vote { term: Term(1), ballot, granted: true, incarnation: Incarnation::FOUNDER };
            leader.take(Input::Receive { from: Seat(1).into(), message: vote });
        }
        assert_eq!(leader.node.role(), Role::Leader);
        (1..=3).for_each(|seat| leader.hear(seat, 1, leader.node.last().index));
        leader
    }

    fn take(&mut self, input: Input<'_, u32>) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            for effect in self.node.step(self.now, input) {
                if let Effect::Persist(write) = effect {
                    next = Some(Input::Persisted(write.ticket));
                }
            }
        }
    }

    /// This one has the log up to there.
    fn hear(&mut self, seat: u8, stamp: u64, matched: Index) {
        let ack = Message::Ack { term: Term(1), stamp, outcome: Outcome::Matched(matched), features: Features::OWN };
        self.take(Input::Receive { from: Seat(seat).into(), message: ack });
    }

    fn outlook(&self) -> Outlook {
        Outlook::of(&self.node)
    }

    fn fit(&self) -> Vec<u8> {
        self.outlook().fit.iter().map(|seat| seat.0).collect()
    }
}

#[test]
fn voters_that_follow_are_fit_and_learners_are_not() {
    let leader = Leader::new();
    assert_eq!((leader.outlook().leader, leader.fit()), (Some(Seat(0)), vec![1, 2]));
}

#[test]
fn who_is_silent_or_far_behind_is_not_fit() {
    let mut leader = Leader::new();
    for command in 1..=256 {
        leader.node.step(leader.now, ClientCommand { session: None, command: Some(command) }).answer.expect("it leads");
        leader.take(Input::Tick);
        leader.hear(1, leader.node.last().index.0 + 1, leader.node.last().index);
    }
    assert_eq!((leader.node.commit(), leader.fit()), (Index(256), vec![1, 2]), "the other one lacks no more");
    leader.node.step(leader.now, ClientCommand { session: None, command: Some(0) }).answer.expect("it leads");
    leader.take(Input::Tick);
    leader.hear(1, 258, Index(257));
    assert_eq!((leader.node.commit(), leader.fit()), (Index(257), vec![1]));

    leader.now = leader.now + Duration::from_secs(1);
    leader.take(Input::Tick);
    assert_eq!(leader.fit(), [], "nothing was heard of it since");
}

#[test]
fn while_members_change_or_leadership_does_nobody_is_fit() {
    let mut leader = Leader::new();
    leader.node.step(leader.now, Transfer { to: Some(Seat(1)) }).answer.expect("it is there");
    assert_eq!(leader.outlook(), Outlook { leader: Some(Seat(0)), hands_over: true, fit: Seats::NONE });

    let mut leader = Leader::new();
    leader.node.step(leader.now, Change::Remove { seat: Seat(2) }).answer.expect("the others are there");
    assert!(leader.node.pending_change().is_some());
    assert_eq!(leader.fit(), [], "it is not begun yet");

    let mut leader = Leader::new();
    leader.node.step(leader.now, Change::Remove { seat: Seat(3) }).answer.expect("it is a learner");
    leader.take(Input::Tick);
    assert_eq!(leader.fit(), [], "it is not committed");
    leader.hear(1, 2, Index(1));
    assert_eq!(leader.fit(), [1, 2]);
}
