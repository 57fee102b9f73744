//! Exactly-once (section 6.3 of the thesis): a retry gets the first answer, and a client that lost its place can tell that from
//! success.

use quorate::{Index, Session, Sessions, Verdict};

type Table = Sessions<&'static str, 2>;

fn session(client: u64, sequence: u64) -> Session {
    Session { client, sequence }
}

/// A table in which these clients have opened a session, in this order.
fn table(clients: &[u64]) -> Table {
    let mut table = Table::new();
    for (client, index) in clients.iter().zip(1..) {
        table.admit(Index(index), session(*client, 0));
    }
    table
}

#[test]
fn a_retry_gets_the_first_answer() {
    let mut table = table(&[7]);
    assert_eq!(table.admit(Index(2), session(7, 1)), Verdict::Fresh);
    table.record(session(7, 1), "first");
    assert_eq!(table.admit(Index(3), session(7, 1)), Verdict::Repeated("first"));
    assert_eq!(table.admit(Index(4), session(7, 2)), Verdict::Fresh);
}

#[test]
fn a_command_before_the_last_one_is_outdated_and_not_done() {
    let mut table = table(&[7]);
    for sequence in [1, 2] {
        assert_eq!(table.admit(Index(2), session(7, sequence)), Verdict::Fresh);
        table.record(session(7, sequence), "done");
    }
    assert_eq!(table.admit(Index(4), session(7, 1)), Verdict::Outdated { last: 2 });
}

#[test]
fn who_never_opened_a_session_is_told_so() {
    let mut table = table(&[7]);
    assert_eq!(table.admit(Index(2), session(8, 1)), Verdict::Expired);
    table.record(session(8, 1), "lost");
    assert_eq!((table.len(), table.is_empty()), (1, false));
}

#[test]
fn a_session_that_is_opened_again_goes_on() {
    let mut table = table(&[7]);
    assert_eq!(table.admit(Index(2), session(7, 5)), Verdict::Fresh);
    table.record(session(7, 5), "done");
    assert_eq!(table.admit(Index(3), session(7, 0)), Verdict::Opened { last: 5 });
    assert_eq!(table.admit(Index(4), session(7, 5)), Verdict::Repeated("done"));
}

#[test]
fn a_further_client_takes_the_place_of_the_one_that_was_silent_longest() {
    let mut table = table(&[9, 3]);
    assert_eq!(table.admit(Index(3), session(9, 1)), Verdict::Fresh);
    table.record(session(9, 1), "kept");
    assert_eq!(table.admit(Index(4), session(5, 0)), Verdict::Opened { last: 0 });
    assert_eq!(table.len(), 2);
    assert_eq!(table.admit(Index(5), session(3, 1)), Verdict::Expired);
    assert_eq!(table.admit(Index(6), session(9, 1)), Verdict::Repeated("kept"));
    assert_eq!(table.admit(Index(7), session(5, 1)), Verdict::Fresh);
}

#[test]
fn a_retry_counts_as_a_sign_of_life() {
    let mut table = table(&[1, 2]);
    table.admit(Index(3), session(1, 1));
    table.record(session(1, 1), "one");
    table.admit(Index(4), session(2, 1));
    table.admit(Index(5), session(1, 1));
    table.admit(Index(6), session(3, 0));
    assert_eq!(table.admit(Index(7), session(2, 1)), Verdict::Expired);
    assert_eq!(table.admit(Index(8), session(1, 1)), Verdict::Repeated("one"));
}

#[test]
fn a_client_that_is_not_there_disturbs_nobody() {
    let mut table = table(&[1, 2]);
    let before = table.clone();
    assert_eq!(table.admit(Index(3), session(3, 9)), Verdict::Expired);
    assert_eq!(table, before);
}

#[test]
fn the_table_travels_in_snapshots() {
    let mut table = Sessions::<u32, 2>::new();
    table.admit(Index(1), session(7, 0));
    table.admit(Index(2), session(7, 1));
    table.record(session(7, 1), 42);
    let mut room = [0; 64];
    let bytes = postcard::to_slice(&table, &mut room).unwrap();
    assert_eq!(postcard::from_bytes::<Sessions<u32, 2>>(bytes).unwrap(), table);
}

#[test]
fn a_late_copy_is_not_done_again_after_its_client_lost_its_place_and_came_back() {
    let mut sessions = Sessions::<u32, 1>::new();
    sessions.admit(Index(1), session(1, 0));
    assert_eq!(sessions.admit(Index(2), session(1, 9)), Verdict::Fresh);
    sessions.record(session(1, 9), 1);
    sessions.admit(Index(3), session(2, 0));
    assert_eq!(sessions.admit(Index(4), session(1, 0)), Verdict::Opened { last: 9 });
    assert_eq!(sessions.admit(Index(5), session(1, 9)), Verdict::Outdated { last: 9 });
    assert_eq!(sessions.admit(Index(6), session(1, 10)), Verdict::Fresh);
}

#[test]
fn a_limited_table_is_as_a_table_of_that_many() {
    let (mut small, mut limited) = (Sessions::<u64, 3>::new(), Sessions::<u64, 8>::new());
    limited.limit(3);
    for step in 1..200 {
        let (index, session) = (Index(step), session(step * step % 7, step % 3 * step));
        let verdict = small.admit(index, session);
        assert_eq!(limited.admit(index, session), verdict, "at {step}");
        if verdict == Verdict::Fresh {
            small.record(session, step);
            limited.record(session, step);
        }
        let (mut room, mut small_room) = ([0; 128], [0; 128]);
        let bytes = postcard::to_slice(&limited, &mut room).expect("it fits");
        assert_eq!(bytes, postcard::to_slice(&small, &mut small_room).expect("it fits"));
        limited = postcard::from_bytes(bytes).expect("it comes back");
        limited.limit(3);
    }
}

#[test]
fn who_was_silent_longest_goes_when_a_table_is_limited() {
    let mut table = table(&[7, 8]);
    table.limit(1);
    assert_eq!(table.len(), 1);
    assert_eq!(table.admit(Index(3), session(7, 1)), Verdict::Expired);
    assert_eq!(table.admit(Index(4), session(8, 1)), Verdict::Fresh);
    table.limit(0);
    assert_eq!(table.len(), 1, "one always has room");
}
