//! Section 6.3 of the thesis: a retry gets the first answer, and a client that lost its place can tell.

use quorate::{Index, Session, Sessions, Verdict};

fn session(client: u64, sequence: u64) -> Session {
    Session { client, sequence }
}

#[test]
fn a_retry_gets_the_first_answer() {
    let mut sessions = Sessions::<&str, 2>::new();
    assert_eq!(sessions.admit(Index(1), session(7, 0)), Verdict::Opened { last: 0 });
    assert_eq!(sessions.admit(Index(2), session(7, 1)), Verdict::Fresh);
    sessions.record(session(7, 1), "first");
    assert_eq!(sessions.admit(Index(3), session(7, 1)), Verdict::Repeated("first"));
    assert_eq!(sessions.admit(Index(4), session(7, 5)), Verdict::Fresh);
    sessions.record(session(7, 5), "second");
    assert_eq!(sessions.admit(Index(5), session(7, 1)), Verdict::Outdated { last: 5 });
    assert_eq!(sessions.admit(Index(6), session(7, 0)), Verdict::Opened { last: 5 });
}

#[test]
fn a_command_of_a_session_that_is_not_open_is_not_done() {
    let mut sessions = Sessions::<&str, 2>::new();
    assert_eq!(sessions.admit(Index(1), session(7, 1)), Verdict::Expired);
    assert!(sessions.is_empty());
}

#[test]
fn the_client_that_was_silent_longest_makes_way_and_can_tell() {
    let mut sessions = Sessions::<&str, 2>::new();
    sessions.admit(Index(1), session(1, 0));
    sessions.admit(Index(2), session(2, 0));
    assert_eq!(sessions.admit(Index(3), session(1, 3)), Verdict::Fresh);
    sessions.record(session(1, 3), "kept");
    sessions.admit(Index(4), session(3, 0));
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.admit(Index(5), session(2, 1)), Verdict::Expired);
    assert_eq!(sessions.admit(Index(6), session(1, 3)), Verdict::Repeated("kept"));
}

#[test]
fn a_late_copy_is_not_done_again_after_its_client_lost_its_place_and_came_back() {
    let mut sessions = Sessions::<&str, 1>::new();
    sessions.admit(Index(1), session(1, 0));
    assert_eq!(sessions.admit(Index(2), session(1, 9)), Verdict::Fresh);
    sessions.record(session(1, 9), "done");
    sessions.admit(Index(3), session(2, 0));
    assert_eq!(sessions.admit(Index(4), session(1, 0)), Verdict::Opened { last: 9 });
    assert_eq!(sessions.admit(Index(5), session(1, 9)), Verdict::Outdated { last: 9 });
    assert_eq!(sessions.admit(Index(6), session(1, 10)), Verdict::Fresh);
}
