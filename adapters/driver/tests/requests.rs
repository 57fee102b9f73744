//! What a client hears.

mod bench;

use quorate::{Change, Index, Seat, Session};
use quorate_driver::Asked;
use quorate_wire::client::{AsOf, RequestBody};

use crate::bench::{Bench, COMMANDS, READS};

const OPEN: RequestBody<'_> = RequestBody::Open { client: 5, epoch: Index(0) };
const READ: RequestBody<'_> = RequestBody::Read { query: &[0], as_of: AsOf::Now };

fn add(sequence: u64, number: &[u8]) -> RequestBody<'_> {
    RequestBody::Command { session: Session { client: 5, epoch: Index(1), sequence }, command: number }
}

/// A node that leads, with a session, whose writes take their time.
fn slow() -> Bench {
    let mut bench = Bench::new();
    bench.ask(1, OPEN);
    assert_eq!(bench.said(), ["1: Opened { epoch: Index(1) }"]);
    bench.desk.is_slow = true;
    bench
}

#[test]
fn a_command_is_done_once_and_every_copy_is_told_alike() {
    let mut bench = Bench::new();
    bench.ask(1, OPEN);
    bench.ask(2, add(1, &[42]));
    bench.ask(3, add(1, &[42]));
    bench.ask(4, add(1, &[43]));
    bench.ask(5, add(2, &[1]));
    bench.ask(6, add(1, &[42]));
    assert_eq!(
        bench.said(),
        [
            "1: Opened { epoch: Index(1) }",
            "2: Done { index: Index(2), answer: [42, 0, 0, 0] }",
            "3: Done { index: Index(3), answer: [42, 0, 0, 0] }",
            "4: Mismatch",
            "5: Done { index: Index(5), answer: [43, 0, 0, 0] }",
            "6: Outdated { last: 2 }",
        ]
    );
}

#[test]
fn a_retry_waits_with_the_command_that_is_under_way() {
    let mut bench = slow();
    bench.ask(2, add(1, &[42]));
    bench.ask(3, add(1, &[42]));
    assert_eq!(bench.said(), [""; 0], "it is not durable");
    assert_eq!(
        bench.driver.commands().map(|(position, asker)| (position.index.0, asker)).collect::<Vec<_>>(),
        [(2, 3)]
    );
    let ticket = bench.desk.ticket.take().expect("a write is under way");
    bench.driver.persisted(&mut bench.desk, bench.now, ticket);
    bench.act();
    assert_eq!(bench.said(), ["3: Done { index: Index(2), answer: [42, 0, 0, 0] }"]);
}

#[test]
fn what_makes_no_sense_is_refused_at_once() {
    let mut bench = Bench::new();
    bench.ask(1, OPEN);
    bench.ask(2, add(0, &[42]));
    bench.ask(3, add(1, &[]));
    bench.ask(4, add(1, &[42, 0]));
    bench.ask(5, RequestBody::Read { query: &[0, 0], as_of: AsOf::Now });
    let refused = [
        "2: Refused(Unnumbered)",
        "3: Refused(Malformed)",
        "4: Refused(Malformed)",
        "5: Refused(TooLarge { limit: 1 })",
    ];
    assert_eq!(bench.said()[1..], refused);
    assert_eq!(bench.driver.node().last().index, Index(1), "none of it is in the log");
}

#[test]
fn so_many_wait_and_the_others_are_told_that_it_is_busy() {
    let mut bench = slow();
    for client in 0..COMMANDS as u64 / 4 {
        bench.ask(2, RequestBody::Open { client: 100 + client, epoch: Index(0) });
    }
    bench.ask(3, RequestBody::Open { client: 99, epoch: Index(0) });
    assert_eq!(bench.said(), ["3: Refused(Busy)"], "openings leave room for commands");
    for sequence in 1..=COMMANDS as u64 - COMMANDS as u64 / 4 {
        bench.ask(4, add(sequence, &[1]));
    }
    bench.ask(5, add(1000, &[1]));
    assert_eq!(bench.said(), ["5: Refused(Busy)"]);
}

#[test]
fn a_read_is_answered_once_its_round_is_confirmed_and_a_local_one_at_once() {
    let mut bench = Bench::new();
    bench.ask(1, OPEN);
    bench.ask(2, add(1, &[42]));
    for asker in 10..10 + READS as u32 + 1 {
        bench.driver.request(&mut bench.desk, bench.now, asker, READ);
    }
    bench.driver.request(&mut bench.desk, bench.now, 20, RequestBody::Read { query: &[0], as_of: AsOf::Whenever });
    assert_eq!(bench.driver.reads().count(), READS);
    bench.act();
    let read: Vec<_> = bench.said()[2..].to_vec();
    let expected = [
        "14: Refused(Busy)",
        "20: the sum is 42",
        "10: the sum is 42",
        "11: the sum is 42",
        "12: the sum is 42",
        "13: the sum is 42",
    ];
    assert_eq!(read, expected);
}

#[test]
fn a_node_that_stops_takes_nothing_more_and_dismisses_those_who_wait() {
    let mut bench = slow();
    bench.ask(2, add(1, &[42]));
    bench.driver.request(&mut bench.desk, bench.now, 3, READ);
    bench.driver.close();
    bench.driver.request(&mut bench.desk, bench.now, 4, add(2, &[1]));
    bench.driver.request(&mut bench.desk, bench.now, 5, READ);
    assert_eq!(bench.said(), ["4: Refused(Stopping)", "5: Refused(Stopping)"]);
    bench.driver.dismiss(&mut bench.desk);
    assert_eq!(bench.said(), ["2: Unknown", "3: Refused(Stopping)"]);
    assert_eq!((bench.driver.commands().count(), bench.driver.reads().count()), (0, 0));
}

#[test]
fn a_change_of_members_whose_copy_comes_late_is_not_done_again() {
    let mut bench = Bench::new();
    bench.ask(1, OPEN);
    let to = |address, since| RequestBody::Change { since, change: Change::Move { seat: Seat(0), address } };
    let (first, second) = (to(b"attic", Index(0)), to(b"cellar", Index(2)));
    bench.ask(2, first);
    bench.ask(3, second);
    bench.ask(4, first);
    bench.ask(5, second);
    assert_eq!(
        bench.said()[1..],
        ["2: Taken", "members of 2", "3: Taken", "members of 3", "4: Refused(Outdated)", "5: Refused(Outdated)"]
    );
    let (since, roster) = bench.driver.node().roster();
    assert_eq!((since, roster.occupant(Seat(0)).expect("a member").address), (Index(3), &b"cellar"[..]));
}

#[test]
fn what_is_about_snapshots_is_for_the_host() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(1, RequestBody::Snapshot), Some(Asked::Snapshot));
    let piece = RequestBody::Piece { index: Index(9), check: 7, offset: 5 };
    assert_eq!(bench.ask(1, piece), Some(Asked::Piece { index: Index(9), check: 7, offset: 5 }));
    assert_eq!(bench.said(), [""; 0]);
}

#[test]
fn an_answer_for_which_there_is_no_room_is_given_later() {
    let mut bench = Bench::new();
    bench.desk.room = Some(0);
    bench.ask(1, OPEN);
    assert!(bench.driver.is_behind() && bench.driver.node().commit() == Index(1), "it is durable, and not applied");
    assert_eq!(bench.said(), [""; 0]);
    bench.desk.room = None;
    bench.act();
    assert!(!bench.driver.is_behind());
    assert_eq!(bench.said(), ["1: Opened { epoch: Index(1) }"]);
}

#[test]
fn a_write_that_has_to_wait_is_drawn_later() {
    let mut bench = Bench::new();
    (bench.desk.room, bench.desk.writes_wait) = (Some(0), true);
    bench.ask(1, OPEN);
    assert!(bench.driver.is_behind() && bench.driver.is_held());
    bench.desk.room = None;
    bench.act();
    assert!(!bench.driver.is_behind() && bench.driver.is_held());
    assert_eq!(bench.said(), [""; 0], "it is not durable");
    let writes = bench.desk.writes;
    bench.desk.writes_wait = false;
    bench.act();
    assert!(!bench.driver.is_held());
    assert_eq!(bench.desk.writes, writes + 1, "who looks on sees it");
    assert_eq!(bench.said(), ["1: Opened { epoch: Index(1) }"]);
}
