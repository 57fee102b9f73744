use std::collections::BTreeSet;

use proptest::prelude::*;
use quorate::{Features, Index};
use quorate_wire::client::{AsOf, RequestBody};
use quorate_wire::seal::{Form, REFUSAL, Refusal, Rights, Ring};
use quorate_wire::{Class, Cluster, DecodeError};

use crate::attacks::flips;
use crate::pair::{INTERVAL, id, key};

use crate::visit::{CLUSTER, Client, Node, SECOND};

#[test]
fn a_round_trip_makes_a_session_of_a_client_that_the_node_knows_by_its_key_alone() {
    let mut node = Node::new();
    for (name, rights) in [("alice", Rights::Read), ("bob", Rights::Admin)] {
        let mut client = Client::new(name, rights);
        assert!(client.ask().is_none(), "there is nothing to seal under");
        client.settle(&mut node);
        for _ in 0..200 {
            let guest = client.exchange(&mut node).expect("it is answered");
            assert_eq!((guest.name.as_str(), guest.rights), (name, rights));
        }
        client.wait(10 * SECOND);
        assert_eq!(client.speak(), None, "there is nothing to say");
    }
}

#[test]
fn no_frame_with_a_bit_flipped_is_taken_and_none_that_is_cut() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
    let ask = client.speak().expect("it wants a session");
    assert!(flips(&ask).all(|frame| node.hear(&frame).is_err()));
    let answer = node.hear(&ask).expect("it has the key").expect("a question is answered");
    assert!(flips(&answer).all(|frame| client.hear(&frame).is_none()));
    let done = client.hear(&answer).expect("the session is there");
    assert!(flips(&done).all(|frame| node.hear(&frame).is_err()));
    let (_, frame) = client.ask().expect("there is a session");
    assert_eq!(node.open(&frame), Err(DecodeError::Session), "nothing of it was taken");
    assert_eq!(node.hear(&done), Ok(None));
    assert!(flips(&frame).all(|frame| node.open(&frame).is_err()));
    let asked = node.open(&frame).expect("it is whole");
    let reply = node.answer(asked).expect("there is a session");
    assert!(flips(&reply).all(|frame| client.open(&frame).is_err()));
    for hello in [&ask, &answer, &done] {
        assert!((0..hello.len()).all(|length| node.hear(&hello[..length]) == Err(DecodeError::Length)));
    }
    assert!((0..frame.len()).all(|length| node.open(&frame[..length]).is_err()));
    assert!((0..reply.len()).all(|length| client.open(&reply[..length]).is_err()));
    assert_eq!(client.open(&reply), Ok(1));
    assert_eq!(client.open(&reply), Err(DecodeError::Repeated));
    assert_eq!(node.open(&frame), Err(DecodeError::Repeated));
}

/// Said back, to another cluster, with another key, of a client whose key was taken back.
#[test]
fn what_is_meant_for_others_is_refused() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
    let [ask, answer, done] = client.meet(&mut node);
    assert!(node.hear(&answer).is_err() && client.hear(&ask).is_none() && client.hear(&done).is_none());
    assert_eq!(node.hear(&done), Ok(None));
    let (_, frame) = client.ask().expect("there is a session");
    assert!(client.open(&frame).is_err());
    let mut turned = frame.clone();
    turned[1] += 1;
    assert_eq!(client.open(&turned), Err(DecodeError::Tag));
    let asked = node.open(&frame).expect("it is whole");
    let mut reply = node.answer(asked).expect("there is a session");
    reply[1] -= 1;
    assert!(node.open(&reply).is_err());
    assert!(node.guests.hear(&ask, Cluster(43), &node.ring, node.now, |_| true).is_err(), "of another cluster");
    let mut mallory = Client::new("mallory", Rights::Read);
    assert_eq!(node.hear(&mallory.speak().expect("it asks")), Err(DecodeError::Sealed(1)));
    let other = Ring::<2>::new(id(2), key(2));
    assert_eq!(node.guests.hear(&ask, CLUSTER, &other, node.now, |_| true), Err(DecodeError::Sealed(1)));
    // Nobody gives himself rights or a name.
    for (at, bits) in [(2, 0x30), (3, 1)] {
        let mut ask = ask;
        ask[at] ^= bits;
        assert_eq!(node.hear(&ask), Err(DecodeError::Tag));
    }
}

#[test]
fn questions_take_no_room_and_last_words_only_as_long_as_the_challenge_holds() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
    node.wait(SECOND / 2);
    let [ask, answer, done] = client.meet(&mut node);
    for _ in 0..1000 {
        assert_eq!(node.hear(&ask), Ok(Some(answer)), "it is answered as before");
    }
    node.wait(SECOND);
    assert_eq!(node.hear(&done), Ok(None));
    assert!(client.exchange(&mut node).is_ok(), "by the challenge before");
    // Of another challenge, or of another start, it does nothing.
    for restarts in [false, true] {
        let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
        let [.., done] = client.meet(&mut node);
        if restarts {
            node.restart();
        } else {
            node.wait(2 * SECOND);
        }
        assert_eq!(node.hear(&done), Ok(None));
        let (_, frame) = client.ask().expect("it takes it for one");
        assert_eq!(node.open(&frame), Err(DecodeError::Session));
    }
}

#[test]
fn an_answer_makes_one_session_and_the_one_before_opens_what_is_on_its_way() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
    let [_, answer, done] = client.meet(&mut node);
    node.hear(&done).expect("it is sound");
    let (_, first) = client.ask().expect("there is a session");
    assert!(client.hear(&answer).is_none(), "the number is used up");
    let (_, second) = client.ask().expect("there is a session");
    assert_ne!(first[..10], second[..10], "a counter seals once");
    let asked = node.open(&first).expect("it opens");
    let late = node.answer(asked).expect("there is a session");
    client.channel.turned_away();
    client.wait(2 * INTERVAL);
    client.settle(&mut node);
    assert_eq!(client.open(&late), Ok(1));
    assert!(client.exchange(&mut node).is_ok());
    let asked = node.open(&second).expect("it opens");
    let late = node.answer(asked).expect("there is a session");
    assert_eq!(client.open(&late), Err(DecodeError::Session), "something has opened in the one behind it");
}

/// A last word that comes again would make a session anew, whose counters begin anew.
#[test]
fn a_session_makes_way_only_once_its_challenge_is_over() {
    let mut node = Node::new();
    let mut clients = ["one", "two", "three"].map(|name| Client::new(name, Rights::Read));
    let [one, two, three] = &mut clients;
    let [.., done] = one.meet(&mut node);
    node.hear(&done).expect("it is sound");
    two.settle(&mut node);
    three.settle(&mut node);
    assert_eq!(three.exchange(&mut node), Err(DecodeError::Session), "there is no room");
    let (_, frame) = one.ask().expect("there is a session");
    assert!(node.open(&frame).is_ok());
    node.hear(&done).expect("it is sound");
    assert_eq!(node.open(&frame), Err(DecodeError::Repeated), "the session is the same");
    // The one that was silent longest makes way.
    node.wait(2 * SECOND);
    assert!(one.exchange(&mut node).is_ok());
    three.wait(2 * SECOND);
    three.settle(&mut node);
    assert!(three.exchange(&mut node).is_ok() && one.exchange(&mut node).is_ok());
    let (_, frame) = two.ask().expect("it takes it for one");
    assert_eq!(node.open(&frame), Err(DecodeError::Session));
    node.hear(&done).expect("it is sound");
    // In which nothing opens for a minute is forgotten.
    node.wait(60 * SECOND);
    assert!(one.exchange(&mut node).is_ok());
    node.wait(60 * SECOND + 1);
    assert_eq!(one.exchange(&mut node), Err(DecodeError::Session));
}

#[test]
fn what_was_made_of_a_key_goes_with_it() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
    let [.., done] = client.meet(&mut node);
    assert_eq!(node.hear(&done), Ok(None));
    node.ring.install(id(2), key(2)).expect("there is room");
    node.ring.use_key(id(2)).expect("it is there");
    assert!(client.exchange(&mut node).is_ok());
    let (_, frame) = client.ask().expect("there is a session");
    let asked = node.open(&frame).expect("it opens");
    node.ring.remove(id(1)).expect("it is not used");
    assert_eq!(client.exchange(&mut node), Err(DecodeError::Sealed(1)));
    node.ring.install(id(1), key(1)).expect("there is room");
    node.guests.revoke(id(1));
    assert_eq!(node.answer(asked), None);
    assert_eq!(node.hear(&done), Ok(None), "the same key is there again, and what was said before makes nothing");
    assert_eq!(client.exchange(&mut node), Err(DecodeError::Session));
}

/// What it seals under a session that the node has forgotten is never heard of again: whether that was done, it could not tell.
#[test]
fn a_client_that_was_silent_for_long_seals_nothing_under_a_session_that_may_be_gone() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
    client.settle(&mut node);
    for silence in [49 * SECOND, 51 * SECOND] {
        let is_long = silence > 50 * SECOND;
        assert!(client.exchange(&mut node).is_ok());
        client.wait(silence);
        node.wait(silence);
        assert_eq!(client.ask().is_none(), is_long);
    }
    client.settle(&mut node);
    assert!(client.exchange(&mut node).is_ok());
    // Nor if it has never sealed anything under it.
    client.wait(100_000);
    client.restart();
    client.settle(&mut node);
    client.wait(51 * SECOND);
    assert!(client.ask().is_none());
}

/// Twice as long each time: an answer may take longer than an interval, and what a flood of refusals makes of it.
#[test]
fn a_client_asks_for_another_session_less_and_less_often_until_something_opens() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Read));
    client.settle(&mut node);
    let (mut asked, mut answers) = (Vec::new(), Vec::new());
    for tick in 0..300 {
        let (done, frame) = client.ask().expect("there is a session");
        done.into_iter().for_each(|done| assert_eq!(node.hear(&done), Ok(None)));
        answers.push(node.open(&frame).map(|asked| node.answer(asked)));
        if let Some(ask) = client.speak() {
            asked.push(tick);
            let answer = node.hear(&ask).expect("it has the key").expect("it is answered");
            let done = client.hear(&answer).expect("there is another session");
            node.hear(&done).expect("it is sound");
        }
        client.wait(INTERVAL);
        node.wait(INTERVAL);
    }
    assert!(asked.len() < 12 && asked.windows(2).all(|two| two[1] > two[0]), "{asked:?}");
    let mut gaps: Vec<_> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(gaps.is_sorted());
    gaps.dedup();
    assert!(gaps.len() > 4, "{gaps:?}");
    let last = answers.into_iter().rev().nth(5).expect("there are some");
    assert!(client.open(&last.expect("it opened").expect("it was answered")).is_ok(), "it comes late, and opens");
    // What it did not take it is told: it asks at once, as something has opened.
    client.ask().expect("there is a session");
    client.channel.turned_away();
    client.wait(2 * INTERVAL);
    assert!(client.speak().is_some());
}

#[test]
fn a_refusal_is_no_longer_than_what_it_is_about_and_says_what_helps() {
    let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Read));
    let ask = client.speak().expect("it wants a session");
    for reason in
        [DecodeError::Sealed(3), DecodeError::Plain, DecodeError::Tag, DecodeError::Session, DecodeError::Cluster]
    {
        let refusal = Refusal::of(&ask, reason).expect("it is told");
        let frame = refusal.encode();
        assert_eq!((Form::of(&frame), Refusal::decode(&frame)), (Ok(Form::Refusal), Ok(refusal)));
        assert!(refusal.is_about(&ask) && !refusal.is_about(&frame[..4]) && refusal.reason == reason);
        assert!((0..REFUSAL).all(|length| Refusal::decode(&frame[..length]).is_err()));
    }
    assert_eq!(Refusal::of(&ask[..REFUSAL - 1], DecodeError::Plain), None);
    assert_eq!(Refusal::of(&ask, DecodeError::Repeated), None);
    assert_eq!(
        node.hear(&Refusal::of(&ask, DecodeError::Plain).expect("it is told").encode()),
        Err(DecodeError::Length)
    );
    assert_eq!(Form::of(&ask), Ok(Form::ClientHello));
    assert_eq!(Class::of(&ask), Err(DecodeError::Sealed(1)));
}

#[test]
fn rights_are_to_read_to_write_and_to_rule() {
    let session = quorate::Session { client: 1, epoch: Index(1), sequence: 1 };
    let change = quorate::Change::Enable { features: Features::OWN };
    let bodies = [
        (Rights::Read, RequestBody::Status),
        (Rights::Read, RequestBody::Members),
        (Rights::Read, RequestBody::Read { query: &[], as_of: AsOf::Now }),
        (Rights::Write, RequestBody::Open { client: 1, epoch: Index(0) }),
        (Rights::Write, RequestBody::Command { session, command: &[] }),
        (Rights::Admin, RequestBody::Snapshot),
        (Rights::Admin, RequestBody::Piece { index: Index(1), check: 0, offset: 0 }),
        (Rights::Admin, RequestBody::Change { since: Index(1), change }),
        (Rights::Admin, RequestBody::Transfer { to: None }),
    ];
    for (least, body) in bodies {
        assert!(Rights::ALL.into_iter().all(|rights| rights.allow(&body) == (rights >= least)), "{body:?}");
    }
    assert!(Rights::ALL.into_iter().all(|rights| rights.to_string().parse() == Ok(rights)));
    assert!("root".parse::<Rights>().is_err());
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Ask,
    Speak,
    RestartClient,
    RestartNode,
    /// Time goes on for both, by so many tenths of a second.
    Wait(u64),
    /// A stranger's session needs room.
    Crowd,
    /// An attacker delivers what was once said, to either side.
    Deliver(usize, bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => Just(Act::Ask),
        3 => Just(Act::Speak),
        1 => Just(Act::RestartClient),
        1 => Just(Act::RestartNode),
        2 => (1u64..15).prop_map(Act::Wait),
        2 => Just(Act::Crowd),
        12 => (any::<usize>(), any::<bool>()).prop_map(|(which, to)| Act::Deliver(which, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever an attacker delivers, and however often: each frame opens once, for the boot and the process that it was sealed
    /// for; and once he is gone, the client is answered.
    #[test]
    fn whoever_records_and_repeats_gets_nothing_opened_twice(acts in prop::collection::vec(act(), 1..150)) {
        let (mut node, mut client) = (Node::new(), Client::new("alice", Rights::Write));
        let mut crowd = Client::new("crowd", Rights::Read);
        crowd.drawn = 1 << 32;
        let mut said: Vec<Vec<u8>> = Vec::new();
        let (mut frames, mut process) = (BTreeSet::new(), 0);
        // In which process, and in which boot, a request was sealed or answered, and whether it has come.
        let (mut asked, mut answered) = (Vec::new(), std::collections::BTreeMap::new());
        let mut opened = BTreeSet::new();
        for act in acts {
            match act {
                Act::Ask => {
                    if let Some((done, frame)) = client.ask() {
                        prop_assert!(frames.insert(frame[..10].to_vec()), "a counter seals twice");
                        said.extend(done.map(|done| done.to_vec()));
                        said.push(frame);
                    }
                    asked.push((process, node.starts));
                }
                Act::Speak => said.extend(client.speak().map(|ask| ask.to_vec())),
                Act::RestartClient => {
                    client.restart();
                    process += 1;
                }
                Act::RestartNode => node.restart(),
                Act::Wait(tenths) => {
                    client.wait(tenths * SECOND / 10);
                    node.wait(tenths * SECOND / 10);
                }
                Act::Crowd => {
                    crowd.restart();
                    crowd.settle(&mut node);
                }
                Act::Deliver(which, to_client) => {
                    if said.is_empty() {
                        continue;
                    }
                    let frame = said[which % said.len()].clone();
                    match (Form::of(&frame), to_client) {
                        (Ok(Form::ClientHello), true) => said.extend(client.hear(&frame).map(|done| done.to_vec())),
                        (Ok(Form::ClientHello), false) => {
                            said.extend(node.hear(&frame).ok().flatten().map(|answer| answer.to_vec()));
                        }
                        (Ok(Form::Sealed(_)), true) => {
                            if let Ok(number) = client.open(&frame) {
                                prop_assert!(opened.insert((number, to_client)), "opened twice");
                                prop_assert_eq!(answered.get(&number), Some(&process));
                            }
                        }
                        (Ok(Form::Sealed(_)), false) => {
                            if let Ok(taken) = node.open(&frame) {
                                let number = taken.2;
                                prop_assert!(opened.insert((number, to_client)), "opened twice");
                                let (process, starts) = asked[number as usize - 1];
                                prop_assert_eq!(starts, node.starts, "sealed for another boot");
                                answered.insert(number, process);
                                let reply = node.answer(taken).expect("its session is here");
                                prop_assert!(frames.insert(reply[..10].to_vec()), "a counter seals twice");
                                said.push(reply);
                            }
                        }
                        (form, _) => panic!("{form:?}"),
                    }
                }
            }
        }
        // Sessions that are young make way in two seconds; and a client that is not answered asks less and less often.
        node.wait(3 * SECOND);
        let is_answered = (0..200).any(|_| {
            client.wait(INTERVAL);
            node.wait(INTERVAL);
            let is_answered = client.exchange(&mut node).is_ok();
            if let Some(ask) = client.speak() {
                let answer = node.hear(&ask).expect("it has the key").expect("it is answered");
                let done = client.hear(&answer).expect("there is another session");
                node.hear(&done).expect("it is sound");
            }
            is_answered
        });
        prop_assert!(is_answered);
    }
}
