//! Exactly-once (section 6.3 of the thesis): a retry gets the first answer, and a client that lost its place can tell
//! that from success.

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
fn tables_with_more_and_less_room_agree_if_they_admit_as_many() {
    let mut small = Sessions::<u32, 2>::new();
    let mut large = Sessions::<u32, 64>::for_clients(2).unwrap();
    let mut room = [[0; 64]; 2];
    for (index, client) in (1..).zip([1, 2, 3, 1, 2, 2, 3]) {
        let verdict = small.admit(Index(index), session(client, 0));
        assert_eq!(large.admit(Index(index), session(client, 0)), verdict);
        let [one, other] = &mut room;
        assert_eq!(postcard::to_slice(&small, one).unwrap(), postcard::to_slice(&large, other).unwrap());
    }
    assert_eq!(postcard::from_bytes::<Sessions<u32, 64>>(&room[0]).unwrap(), large);
}

#[test]
fn a_table_for_more_clients_than_there_is_room_for_is_refused() {
    assert_eq!(Sessions::<u32, 2>::for_clients(3), None);
    assert_eq!(Sessions::<u32, 2>::for_clients(0), None);
    let mut room = [0; 64];
    let bytes = postcard::to_slice(&Sessions::<u32, 3>::new(), &mut room).unwrap();
    assert!(postcard::from_bytes::<Sessions<u32, 2>>(bytes).is_err());
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
