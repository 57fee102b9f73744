use quorate::{Identity, Incarnation, Instant, Message, Seat, Term, founding};
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody};
use quorate_wire::seal::client::{ClientChannel, ClientKey, Guests, decode_request, encode_reply, encode_request};
use quorate_wire::seal::many::{self, Broadcast, Listener};
use quorate_wire::seal::{
    Channel, Key, KeyId, Profile, Refusal, Rights, Ring, Side, encode, encode_founding, encode_hello,
};
use quorate_wire::{Cluster, DecodeError};
use std::fs;

use crate::golden::{FOUNDERS, FOUNDING, LIFE, TOKEN, described, listing, path};

/// Key 5, of the bytes 00 to 1f, between a founder at seat 1 and another life at seat 2.
#[test]
fn the_description_shows_every_sealed_frame() {
    let description = fs::read_to_string(path("WIRE.md")).expect("the description is there");
    let id = KeyId::new(5).expect("it is below 16");
    let ring = Ring::<1>::new(id, Key::new(std::array::from_fn(|at| at as u8)));
    let side = |seat, incarnation| Side {
        cluster: Cluster(42),
        founding: FOUNDING,
        me: Identity { seat: Seat(seat), incarnation },
        interval_micros: 100_000,
        profile: Profile::Full,
    };
    let (one, other) = (side(1, Incarnation::FOUNDER), side(2, LIFE));
    let (mut forth, mut back) = (Channel::default(), Channel::default());
    let (mut buffer, mut frames) = ([0; 100], Vec::new());
    let message = Message::CampaignNow { term: Term(3) };
    assert_eq!(encode(&mut buffer, &one, Seat(2), &mut forth, &message), Ok(None));
    let [_, ask] = forth.speak(&one, &ring, Instant::START, Seat(2), || 0x0102_0304_0506_0708);
    let ask = ask.expect("it asks");
    let answer = back.hear(&other, &ring, &ask, || 0x1112_1314_1516_1798).expect("it answers");
    let done = forth.hear(&one, &ring, &answer, || unreachable!("it has one")).expect("it answers");
    for (name, side, hello) in [("Ask", &one, ask), ("Answer", &other, answer), ("Done", &one, done)] {
        frames.push((name.to_owned(), encode_hello(side, &ring, &hello).expect("the key is here").to_vec()));
    }
    let frame = encode(&mut buffer, &one, Seat(2), &mut forth, &message).expect("there is room");
    frames.push(("CampaignNow.sealed".to_owned(), frame.expect("there is a session").to_vec()));
    let on_bus = Side { profile: Profile::Bus, ..one };
    let frame = encode(&mut buffer, &on_bus, Seat(2), &mut forth, &message).expect("there is room");
    frames.push(("CampaignNow.bus".to_owned(), frame.expect("there is a session").to_vec()));
    frames.extend(of_many(&ring, [one, other]));
    frames.extend(of_client(&ring, id));
    let message = founding::Message::Prepare { founding: FOUNDING, token: TOKEN };
    let frame = encode_founding(&mut buffer, &ring, &FOUNDERS, &message, [TOKEN, TOKEN + 1]).expect("there is room");
    frames.push(("Prepare.sealed".to_owned(), frame.to_vec()));
    assert_eq!(listing(described(&description, "\n```sealed ")), listing(frames.into_iter()));
}

/// From the founder at seat 1, which has sealed a frame, to all, of which the other life at seat 2 is one.
fn of_many(ring: &Ring<1>, [one, other]: [Side; 2]) -> Vec<(String, Vec<u8>)> {
    let (mut broadcast, mut listener) = (Broadcast::default(), Listener::default());
    let (message, now, mut buffer) = (Message::CampaignNow { term: Term(3) }, Instant::START, [0; 100]);
    let mut frames = Vec::new();
    let mut seal = |side: &Side, broadcast: &mut Broadcast| {
        let number = || 0x3132_3334_3536_3738;
        many::encode(&mut buffer, side, ring, broadcast, &message, number).expect("there is room").to_vec()
    };
    let mut frame = seal(&one, &mut broadcast);
    assert_eq!(many::decode(&mut frame, &other, ring, &mut listener, now), Err(DecodeError::Session));
    let call = listener.speak(&other, ring, now, Seat(1), || 0x4142_4344_4546_4748).expect("it calls");
    let notice = broadcast.hear(&one, &call, || unreachable!("it has one")).expect("it is answered");
    for (name, side, word) in [("Call", other, call), ("Notice", one, notice)] {
        frames.push((name.to_owned(), many::encode_word(&side, ring, &word).expect("the key is here").to_vec()));
    }
    frames.push(("CampaignNow.many".to_owned(), seal(&one, &mut broadcast)));
    let on_bus = Side { profile: Profile::Bus, ..one };
    frames.push(("CampaignNow.many.bus".to_owned(), seal(&on_bus, &mut broadcast)));
    frames
}

/// Between a client called alice, which may write, and the node at seat 2.
fn of_client(ring: &Ring<1>, id: KeyId) -> Vec<(String, Vec<u8>)> {
    let (cluster, now, mut buffer) = (Cluster(42), Instant::START, [0; 100]);
    let name = "alice".parse().expect("it is short");
    let key = ClientKey::of(ring, id, cluster, name, Rights::Write).expect("the key is here");
    let mut guests = Guests::<1>::new(Key::new(std::array::from_fn(|at| 0x80 + at as u8)));
    let mut channel = ClientChannel::default();
    let ask = channel.speak(&key, now, 100_000, || 0x0102_0304_0506_0708).expect("it asks");
    let answer = guests.hear(&ask, cluster, ring, now, |_| true).expect("it is sound").expect("it is answered");
    let done = channel.hear(&answer, &key).expect("it answers");
    assert_eq!(guests.hear(&done, cluster, ring, now, |_| true), Ok(None));
    let request = Request { cluster, client: 7, number: 130, body: RequestBody::Status };
    let frame = encode_request(&mut buffer, &key, &mut channel, now, &request).expect("there is room");
    let request = frame.expect("there is a session").to_vec();
    let (session, ..) =
        decode_request(&mut request.clone(), cluster, ring, &mut guests, now).expect("it was sealed for this node");
    let body = ReplyBody::Refused(Reason::Stopping);
    let reply = Reply { client: 7, number: 130, from: Seat(2), founding: Some(FOUNDING), body };
    let frame = encode_reply(&mut buffer, &mut guests, session, &reply).expect("there is room");
    let reply = frame.expect("there is a session").to_vec();
    let refusal = Refusal::of(&request, DecodeError::Sealed(5)).expect("it is told").encode();
    let frames = [
        ("ClientAsk", ask.to_vec()),
        ("ClientAnswer", answer.to_vec()),
        ("ClientDone", done.to_vec()),
        ("Status.sealed", request),
        ("Refused.sealed", reply),
        ("Refusal", refusal.to_vec()),
    ];
    frames.map(|(name, frame)| (name.to_owned(), frame)).to_vec()
}
