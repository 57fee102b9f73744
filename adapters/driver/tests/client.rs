//! What a client makes of answers, and when it asks again. Time is a number here.

use std::time::Duration;

use quorate::{Boot, Charter, Config, Features, Founding, Index, Instant, Least, Members, Role, Seat, Seats, Session};
use quorate_driver::client::{Ask, Call, Directory, Ending, Failure, Kind, Opening, Own, Patience};
use quorate_wire::Dropped;
use quorate_wire::client::{Links, Reason, ReplyBody, RequestBody, StatusReport};

const LEADER: Seat = Seat(1);
const OTHER: Seat = Seat(2);
const BOTH: Seats = Seats::NONE.with(LEADER).with(OTHER);
const DONE: ReplyBody<'_> = ReplyBody::Done { index: Index(5), answer: b"done" };
const FULL: ReplyBody<'_> = ReplyBody::Refused(Reason::Full);
const MALFORMED: ReplyBody<'_> = ReplyBody::Refused(Reason::Malformed);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn patience() -> Patience {
    let millis = Duration::from_millis;
    Patience::new(millis(100), millis(400), millis(50), millis(10))
}

/// A member's status: it leads, or knows who does, or nobody.
fn status(role: Role, leader: Option<Seat>) -> ReplyBody<'static> {
    let charter = Charter {
        founding: Founding(1),
        members: Members::of(Seats::first(3)),
        least: Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
    };
    let boot = Boot::<u8, _, 3>::found(Config::new(OTHER, 1), &charter, [0; 1024]).expect("it is sound");
    let node = boot.start(Instant::START).expect("it has nothing");
    ReplyBody::Status(StatusReport { role, leader, ..StatusReport::of(&node, 0, Dropped::default(), Links::Plain) })
}

/// A request that is given up after a second, and who it is asked of.
struct Talk {
    call: Call,
    directory: Directory,
    number: u64,
}

impl Talk {
    fn new(kind: Kind) -> Talk {
        let call = Call::new(kind, patience(), at(0), Some(at(1000)));
        Talk { call, directory: Directory::new(BOTH), number: 0 }
    }

    /// One that has found its leader, and has asked once, at once.
    fn asking(kind: Kind) -> Talk {
        let mut talk = Talk::new(kind);
        assert_eq!(talk.next(0), Ask::Members(BOTH));
        assert_eq!(talk.hear(0, OTHER, status(Role::Follower, Some(LEADER))), None);
        assert_eq!(talk.hear(0, LEADER, status(Role::Leader, Some(LEADER))), None);
        assert_eq!(talk.next(0), Ask::Leader(LEADER));
        talk
    }

    /// What is done at this time; what is sent gets a number.
    #[track_caller]
    fn next(&mut self, millis: u64) -> Ask {
        let ask = self.call.next(&mut self.directory, at(millis));
        if let Ask::Leader(_) = ask {
            self.number += 1;
            self.call.sent(self.number, true);
        }
        ask
    }

    /// A reply to the latest try.
    fn hear(&mut self, millis: u64, from: Seat, body: ReplyBody<'_>) -> Option<Ending> {
        self.hear_of(millis, from, self.number, body)
    }

    fn hear_of(&mut self, millis: u64, from: Seat, number: u64, body: ReplyBody<'_>) -> Option<Ending> {
        self.call.take(&mut self.directory, at(millis), (from, number), &body)
    }

    /// Goes on until it is given up, while everyone is silent.
    fn give_up(&mut self) -> Failure {
        let mut now = 0;
        while self.next(now) != Ask::Nobody {
            now = self.call.due().as_micros().div_ceil(1000);
        }
        self.call.failure()
    }
}

#[test]
fn a_leader_is_looked_for_first_and_then_asked() {
    let mut talk = Talk::asking(Kind::Command);
    assert_eq!(talk.next(1), Ask::Wait(at(100)));
    assert_eq!(talk.hear(2, LEADER, DONE), Some(Ending::Answered));
    // The next request begins with the leader that has answered.
    talk.call = Call::new(Kind::Read, patience(), at(3), None);
    assert_eq!(talk.next(3), Ask::Leader(LEADER));
}

#[test]
fn a_try_without_an_answer_is_made_again_later_and_later() {
    let mut talk = Talk::asking(Kind::Command);
    let mut waits = Vec::new();
    let mut now = 0;
    for _ in 0..2 {
        let due = talk.call.due().as_micros() / 1000;
        waits.push(due - now);
        assert_eq!(talk.next(due), Ask::Members(BOTH), "it may lead no longer");
        assert_eq!(talk.hear(due, LEADER, status(Role::Leader, Some(LEADER))), None);
        assert_eq!(talk.next(due), Ask::Leader(LEADER));
        now = due;
    }
    waits.push(talk.call.due().as_micros() / 1000 - now);
    assert_eq!(waits, [100, 200, 400]);
    // Any try's answer will do.
    assert_eq!(talk.hear_of(now, LEADER, 1, DONE), Some(Ending::Answered));
}

#[test]
fn a_refusal_that_lasts_ends_it_unless_another_try_may_have_been_taken() {
    let mut talk = Talk::asking(Kind::Command);
    assert_eq!(talk.hear(1, LEADER, MALFORMED), Some(Ending::Refused(Reason::Malformed)));
    let mut talk = Talk::asking(Kind::Command);
    assert_eq!(talk.next(100), Ask::Members(BOTH));
    talk.hear(100, LEADER, status(Role::Leader, Some(LEADER)));
    assert_eq!(talk.next(100), Ask::Leader(LEADER));
    assert_eq!(talk.hear(101, LEADER, MALFORMED), None);
    assert_eq!(talk.hear_of(102, LEADER, 1, MALFORMED), Some(Ending::Refused(Reason::Malformed)));
}

#[test]
fn what_is_given_up_is_of_unknown_fate_only_if_a_try_is() {
    assert_eq!(Talk::new(Kind::Command).give_up(), Failure::Unreachable);
    assert_eq!(Talk::asking(Kind::Command).give_up(), Failure::Unknown);
    assert_eq!(Talk::asking(Kind::Read).give_up(), Failure::NoLeader, "a read changes nothing");
    for (body, failure) in [
        (FULL, Failure::Refused(Reason::Full)),
        (ReplyBody::Superseded, Failure::Superseded),
        (ReplyBody::NotLeader { leader: None, address: "" }, Failure::NoLeader),
        (ReplyBody::Unknown, Failure::Unknown),
    ] {
        let mut talk = Talk::asking(Kind::Command);
        assert_eq!(talk.hear(1, LEADER, body), None);
        assert_eq!(talk.give_up(), failure, "{body:?}");
    }
}

#[test]
fn more_tries_than_are_remembered_are_of_unknown_fate() {
    let mut talk = Talk::asking(Kind::Command);
    for now in 1..20 {
        talk.directory.tell(Some([LEADER, OTHER][now as usize % 2]));
        assert_eq!(talk.next(now), Ask::Leader([LEADER, OTHER][now as usize % 2]));
    }
    for number in 1..=talk.number {
        talk.hear_of(20, LEADER, number, FULL);
    }
    assert_eq!(talk.call.failure(), Failure::Unknown);
}

#[test]
fn tries_that_fail_at_once_are_spaced_out_from_the_sixth_on() {
    let mut talk = Talk::new(Kind::Command);
    talk.directory.tell(Some(LEADER));
    let mut pauses = Vec::new();
    let mut now = 0;
    for _ in 0..8 {
        assert_eq!(talk.next(now), Ask::Leader(LEADER));
        talk.hear(now, LEADER, ReplyBody::Superseded);
        let due = talk.call.due().as_micros() / 1000;
        pauses.push(due - now);
        now = due;
    }
    assert_eq!(pauses, [0, 0, 0, 0, 0, 10, 10, 10]);
}

#[test]
fn who_is_told_that_another_one_leads_does_not_wait_for_the_one_before() {
    let mut talk = Talk::new(Kind::Command);
    talk.directory.tell(Some(LEADER));
    assert_eq!(talk.next(0), Ask::Leader(LEADER));
    assert_eq!(talk.next(1), Ask::Wait(at(100)));
    talk.directory.tell(Some(OTHER));
    assert_eq!(talk.next(1), Ask::Leader(OTHER));
    assert_eq!(talk.next(100), Ask::Wait(at(201)));
    assert_eq!(talk.next(201), Ask::Leader(OTHER), "silent or not: it is said to lead");
}

#[test]
fn one_that_knows_a_leader_out_of_reach_is_asked_in_its_place() {
    let mut talk = Talk::new(Kind::Command);
    assert_eq!(talk.next(0), Ask::Members(BOTH));
    talk.hear(0, LEADER, status(Role::Follower, Some(Seat(0))));
    assert_eq!(talk.next(1), Ask::Wait(at(50)), "the other one may lead");
    talk.hear(1, OTHER, status(Role::Follower, Some(Seat(0))));
    assert_eq!(talk.next(1), Ask::Leader(OTHER));
    // It says where the leader is.
    talk.directory.learn(Seat(0));
    talk.hear(2, OTHER, ReplyBody::NotLeader { leader: Some(Seat(0)), address: "there" });
    assert_eq!(talk.next(2), Ask::Members(BOTH.with(Seat(0))));
}

#[test]
fn a_session_is_opened_used_and_opened_anew() {
    let mut own = Own::new(7);
    assert!(!own.is_open());
    assert_eq!(own.opening(), RequestBody::Open { client: 7, epoch: Index(0) });
    own.take(Opening::Held(Index(3)));
    assert_eq!(own.opening(), RequestBody::Open { client: 7, epoch: Index(3) }, "it has to make way");
    own.take(Opening::Opened(Index(9)));
    let first = own.next_session();
    assert_eq!(first, Session { client: 7, epoch: Index(9), sequence: 1 });
    assert_eq!(own.next_session().sequence, 2);
    own.lose(Session { epoch: Index(3), ..first });
    assert!(own.is_open(), "another session was lost");
    own.lose(first);
    assert!(!own.is_open());
    assert_eq!(own.opening(), RequestBody::Open { client: 7, epoch: Index(9) });
    // A state that is behind knows of an earlier session; the cluster knows of one only after it was restored from a backup.
    own.give_way(Index(4));
    assert_eq!(own.opening(), RequestBody::Open { client: 7, epoch: Index(9) });
    own.take(Opening::Held(Index(4)));
    assert_eq!(own.opening(), RequestBody::Open { client: 7, epoch: Index(4) });
}
