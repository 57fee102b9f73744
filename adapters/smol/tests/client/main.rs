//! What a client makes of answers, given by nodes that follow a script.

mod own;
mod script;
mod sealed;

use quorate::{Founding, Index, Seat, Session};
use quorate_smol::{ClientError, Reason};
use quorate_wire::client::{ReplyBody, RequestBody};
use smol::block_on;

use crate::script::{LEADER, OTHER, Script, leads};

const SESSION: Session = Session { client: 7, epoch: Index(3), sequence: 1 };
const DONE: ReplyBody<'_> = ReplyBody::Done { index: Index(5), answer: b"done" };

/// How the leader answers the n-th time that it is asked for anything but its status. `None` is silence.
type Answers = Vec<Option<ReplyBody<'static>>>;

/// Has one command done by a leader that answers so, and then with `DONE`. Returns how often it was asked.
fn command(answers: Answers) -> (Result<(Index, Vec<u8>), ClientError>, usize) {
    let mut asked = 0;
    let (mut client, heard) = Script::run(move |seat, body| {
        if let RequestBody::Status = body {
            return Some(leads(seat, seat == LEADER));
        }
        assert_eq!(seat, LEADER, "a command goes to the leader only");
        asked += 1;
        answers.get(asked - 1).copied().unwrap_or(Some(DONE))
    });
    let result = block_on(client.repeat(SESSION, b"do"));
    (result, heard.commands())
}

#[test]
fn certain_failures_to_do_it_now_are_retried_under_the_same_sequence() {
    let again = vec![
        Some(ReplyBody::Superseded),
        Some(ReplyBody::Refused(Reason::InTransfer)),
        Some(ReplyBody::Refused(Reason::Stopping)),
        Some(ReplyBody::NotLeader { leader: None, address: "" }),
        Some(ReplyBody::Unknown),
    ];
    let (result, asked) = command(again);
    assert!(matches!(result, Ok((Index(5), _))), "{result:?}");
    assert_eq!(asked, 6);
}

#[test]
fn a_command_without_an_answer_is_sent_again() {
    let (result, asked) = command(vec![None]);
    assert!(matches!(result, Ok((Index(5), _))), "{result:?}");
    assert_eq!(asked, 2);
}

#[test]
fn lasting_refusals_end_it_at_once() {
    for reason in [Reason::TooLarge { limit: 9 }, Reason::Malformed] {
        let (result, asked) = command(vec![Some(ReplyBody::Refused(reason))]);
        assert!(matches!(result, Err(ClientError::Refused(found)) if found == reason));
        assert_eq!(asked, 1);
    }
    let (result, _) = command(vec![Some(ReplyBody::Expired)]);
    assert!(matches!(result, Err(ClientError::Expired)), "{result:?}");
    let (result, _) = command(vec![Some(ReplyBody::Outdated { last: 3 })]);
    assert!(matches!(result, Err(ClientError::Outdated { last: 3 })), "{result:?}");
    let (result, asked) = command(vec![Some(ReplyBody::Mismatch)]);
    assert!(matches!(result, Err(ClientError::Mismatch)) && asked == 1, "{result:?}");
}

#[test]
fn a_leader_without_room_is_asked_again_until_a_snapshot_has_freed_some() {
    let full = || Some(ReplyBody::Refused(Reason::Full));
    let (result, asked) = command(vec![full(), full()]);
    assert!(matches!(result, Ok((Index(5), _))), "{result:?}");
    assert_eq!(asked, 3);
}

#[test]
fn a_leader_that_stays_without_room_has_certainly_done_nothing() {
    const TIMES: usize = 20;
    let mut asked = 0;
    let (mut client, heard) = Script::run(move |seat, body| match body {
        // After so many times nobody leads, so that no try is under way when the time is over.
        RequestBody::Status => Some(leads(seat, seat == LEADER && asked < TIMES)),
        _ => {
            asked += 1;
            Some(ReplyBody::Refused(Reason::Full))
        }
    });
    let result = block_on(client.repeat(SESSION, b"do"));
    assert!(matches!(result, Err(ClientError::Refused(Reason::Full))), "{result:?}");
    assert_eq!(heard.commands(), TIMES);
}

#[test]
fn one_try_of_unknown_fate_makes_the_outcome_unknown() {
    let mut answers = vec![Some(ReplyBody::Refused(Reason::Full)); 999];
    answers[0] = None;
    let (result, asked) = command(answers);
    assert!(matches!(result, Err(ClientError::Unknown { .. })), "{result:?}");
    assert!(asked > 2, "a later try could have told");
}

#[test]
fn superseded_to_the_end_is_certain() {
    const TIMES: usize = 20;
    let mut asked = 0;
    let (mut client, heard) = Script::run(move |seat, body| match body {
        // After so many times nobody leads, so that no try is under way when the time is over.
        RequestBody::Status => Some(leads(seat, seat == LEADER && asked < TIMES)),
        _ => {
            asked += 1;
            Some(ReplyBody::Superseded)
        }
    });
    let result = block_on(client.repeat(SESSION, b"do"));
    assert!(matches!(result, Err(ClientError::Superseded)), "{result:?}");
    assert_eq!(heard.commands(), TIMES);
}

#[test]
fn a_node_that_says_one_thing_and_does_another_is_not_asked_without_a_pause() {
    let redirect = ReplyBody::NotLeader { leader: Some(LEADER), address: "" };
    let (mut client, heard) = Script::run(move |seat, body| match body {
        RequestBody::Status => Some(leads(seat, seat == LEADER)),
        _ => Some(redirect),
    });
    let result = block_on(client.repeat(SESSION, b"do"));
    // The last try may be under way when the time is over.
    let is_given_up = matches!(result, Err(ClientError::NoLeader { reachable: 2, .. } | ClientError::Unknown { .. }));
    assert!(is_given_up, "{result:?}");
    assert!(heard.commands() < 120, "it was asked {} times", heard.commands());
}

#[test]
fn an_answer_to_an_earlier_request_is_none_to_this_one() {
    let value = |answer: &'static [u8]| ReplyBody::Value { index: Index(1), answer };
    let (mut client, heard) = Script::run(move |seat, body| match body {
        RequestBody::Status => Some(leads(seat, seat == LEADER)),
        RequestBody::Read { query: b"first", .. } => Some(value(b"one")),
        _ => Some(value(b"two")),
    });
    heard.repeat_everything();
    for (query, answer) in [(&b"first"[..], &b"one"[..]), (b"second", b"two"), (b"first", b"one")] {
        let (_, found) = block_on(client.read(query)).expect("an answer");
        assert_eq!(found, answer);
    }
}

#[test]
fn nothing_is_sent_while_nobody_leads() {
    let (mut client, heard) = Script::run(|seat, _| (seat == OTHER).then(|| leads(seat, false)));
    let result = block_on(client.repeat(SESSION, b"do"));
    let Err(error @ ClientError::NoLeader { reachable: 1, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(
        error.to_string(),
        "no leader: 1 of 2 nodes reachable (n1 did not answer within 1 s). Start another node or check --peer"
    );
    assert_eq!(heard.commands(), 0);
    let silent = block_on(client.status(Seat(1)));
    assert!(matches!(silent, Err(ClientError::Unreachable { .. })), "{silent:?}");
}

#[test]
fn another_cluster_is_not_believed() {
    let (mut client, heard) = Script::run(move |seat, body| match body {
        RequestBody::Status => Some(leads(seat, seat == LEADER)),
        _ => Some(ReplyBody::Value { index: Index(1), answer: b"one" }),
    });
    heard.speak_for(1);
    block_on(client.read(b"what")).expect("an answer");
    assert_eq!(client.founding(), Some(Founding(1)));
    // All of them have lost their disks, and founded anew.
    heard.speak_for(2);
    let is_refused = |result: Option<ClientError>| {
        let Some(error @ ClientError::OtherCluster { found: Founding(2), kept: Founding(1), .. }) = result else {
            panic!("{result:?}");
        };
        let words = error.to_string();
        assert!(words.contains("0000000000000002") && words.contains("0000000000000001"), "{words}");
    };
    is_refused(block_on(client.read(b"what")).err());
    is_refused(block_on(client.repeat(SESSION, b"do")).err());
    is_refused(block_on(client.status(OTHER)).err());
    client.keep(Founding(2));
    block_on(client.read(b"what")).expect("an answer");
}
