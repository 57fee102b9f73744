//! What a client makes of its own session.

use std::sync::{Arc, Mutex};

use quorate::{Index, Session};
use quorate_smol::{Client, ClientError, Reason};
use quorate_wire::client::{ReplyBody, RequestBody};
use smol::block_on;

use crate::script::{LEADER, Script, leads};

const DONE: ReplyBody<'_> = ReplyBody::Done { index: Index(9), answer: b"done" };

/// What the leader was asked for, but for its status: sequence 0 is an Open.
type Asked = Arc<Mutex<Vec<Session>>>;

/// A client of a leader that answers the n-th request so, and then with nothing.
fn client(answers: Vec<ReplyBody<'static>>) -> (Client, Asked) {
    let asked = Asked::default();
    let notes = Arc::clone(&asked);
    let mut answers = answers.into_iter();
    let (client, _) = Script::run(move |seat, body| {
        let session = match body {
            RequestBody::Status => return Some(leads(seat, seat == LEADER)),
            RequestBody::Open { client, epoch } => Session { client, epoch, sequence: 0 },
            RequestBody::Command { session, .. } => session,
            other => panic!("{other:?} is asked"),
        };
        notes.lock().expect("nobody panicked").push(session);
        answers.next()
    });
    (client, asked)
}

fn opened(epoch: u64) -> ReplyBody<'static> {
    ReplyBody::Opened { epoch: Index(epoch) }
}

/// Epochs and sequences, in order: all are of one client.
fn told(asked: &Asked) -> Vec<(u64, u64)> {
    let asked = asked.lock().expect("nobody panicked");
    assert!(asked.iter().all(|session| session.client == asked[0].client && session.client >= 1 << 62));
    asked.iter().map(|session| (session.epoch.0, session.sequence)).collect()
}

#[test]
fn commands_go_on_in_one_session() {
    let (mut client, asked) = client(vec![opened(5), DONE, DONE]);
    for _ in 0..2 {
        block_on(client.command(b"do")).expect("it is done");
    }
    assert_eq!(told(&asked), [(0, 0), (5, 1), (5, 2)]);
}

#[test]
fn a_session_that_may_be_another_ones_makes_way() {
    let held = |epoch| ReplyBody::Held { epoch: Index(epoch) };
    let (mut client, asked) = client(vec![held(5), held(7), opened(9), DONE]);
    block_on(client.command(b"do")).expect("it is done");
    assert_eq!(told(&asked), [(0, 0), (5, 0), (7, 0), (9, 1)]);
}

#[test]
fn a_session_that_is_lost_or_used_by_another_is_opened_anew() {
    for lost in [ReplyBody::Expired, ReplyBody::Outdated { last: 8 }, ReplyBody::Mismatch] {
        let (mut client, asked) = client(vec![opened(5), DONE, lost, opened(9), DONE]);
        block_on(client.command(b"do")).expect("it is done");
        assert!(block_on(client.command(b"do")).is_err(), "whether it was done is for the caller to decide");
        block_on(client.command(b"do")).expect("it is done");
        assert_eq!(told(&asked), [(0, 0), (5, 1), (5, 2), (5, 0), (9, 1)]);
    }
}

#[test]
fn the_session_of_an_earlier_process_is_none_of_its_own() {
    let (mut client, asked) = client(vec![opened(5), DONE, ReplyBody::Expired, DONE]);
    block_on(client.command(b"do")).expect("it is done");
    let earlier = Session { client: 7 << 60, epoch: Index(5), sequence: 1 };
    let expired = block_on(client.repeat(earlier, b"do"));
    assert!(matches!(expired, Err(ClientError::Expired)), "{expired:?}");
    block_on(client.command(b"do")).expect("it is done");
    assert_eq!(asked.lock().expect("nobody panicked").last().expect("it asked").sequence, 2);
}

#[test]
fn a_command_without_a_session_was_certainly_not_done() {
    let (mut client, asked) = client(Vec::new());
    let result = block_on(client.command(b"do"));
    let Err(error @ ClientError::Unopened { .. }) = result else { panic!("{result:?}") };
    assert!(error.to_string().starts_with("not done:"), "{error}");
    assert!(told(&asked).iter().all(|(_, sequence)| *sequence == 0), "the command was not sent");
}

#[test]
fn a_command_of_sequence_zero_is_not_sent() {
    let (mut client, asked) = client(Vec::new());
    let session = Session { client: 7, epoch: Index(5), sequence: 0 };
    let refused = block_on(client.repeat(session, b"do"));
    assert!(matches!(refused, Err(ClientError::Refused(Reason::Unnumbered))), "{refused:?}");
    assert!(asked.lock().expect("nobody panicked").is_empty());
}
