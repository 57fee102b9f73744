//! Boards that seal what they say.

use quorate::{Change, Instant, Seat, Seats, Session};
use quorate_serial::{Header, Receiver, Transmitter, Wiring};
use quorate_tests::boards::{CLUSTER, FRAME, Setting, Simulated, Trouble, World};
use quorate_wire::DecodeError;
use quorate_wire::client::{Reason, ReplyBody, Request, RequestBody, encode_request};
use quorate_wire::seal::client::{ClientChannel, ClientKey, encode_request as encode_sealed};
use quorate_wire::seal::{Key, KeyId, Profile, Refusal, Rights, Ring, RingError};

/// What a client's requests are known by: so long that a word about one is no longer.
const CLIENT: u64 = 1 << 40;

fn sealed(seed: u64, wiring: Wiring) -> Setting {
    let profile = if seed.is_multiple_of(2) { Profile::Full } else { Profile::Bus };
    Setting { seals: Some(profile), ..Setting::new(seed, 3, wiring, 115_200) }
}

fn led(setting: Setting) -> (World, usize) {
    let mut world = World::new(setting);
    world.run(20 * setting.pace().election.as_micros() as u64).expect("they elect a leader");
    let leader = world.leader().expect("they have elected a leader");
    (world, leader)
}

fn request(body: RequestBody<'_>) -> Request<'_> {
    Request { cluster: CLUSTER, client: CLIENT, number: 1, body }
}

#[test]
fn boards_that_seal_answer_every_press() {
    for wiring in [Wiring::Mesh, Wiring::Ring] {
        let report = World::new(Setting { pause_max: 20_000, ..sealed(1, wiring) }).story(5_000_000);
        let report = report.expect("all is well");
        assert_eq!((report.answered, report.boots, report.lives), (report.applied, 3, 0));
        assert!(report.answered > 100, "{} presses in five seconds", report.answered);
    }
}

#[test]
fn presses_are_answered_all_the_while_that_the_key_is_changed() {
    let trouble = Trouble { every: 100_000, keys: true, ..Trouble::default() };
    for wiring in [Wiring::Mesh, Wiring::Ring] {
        let mut world = World::new(Setting { trouble, ..sealed(2, wiring) });
        world.run(5_000_000).expect("they elect a leader");
        for second in 0..20 {
            let before = world.answered();
            world.run(1_000_000).expect("nothing goes wrong");
            assert!(world.answered() > before + 20, "{} in second {second}", world.answered() - before);
        }
    }
}

/// The word goes through the log, so all use the key once they know of it, a board that was off as well.
#[test]
fn boards_use_the_key_that_an_operator_says_once_they_have_it() {
    let (mut world, leader) = led(sealed(9, Wiring::Mesh));
    let [new, late] = [2, 3].map(|number| KeyId::new(number).expect("it is below 16"));
    let off = (leader + 1) % 3;
    let used = |world: &mut World, board| {
        let keys = |body: ReplyBody<'_>| match body {
            ReplyBody::Status(report) => report.condition.keys.map(|keys| keys.used.number()),
            _ => None,
        };
        world.ask(board, RequestBody::Status, keys).flatten()
    };
    for board in (0..3).filter(|board| *board != off) {
        let station = world.station(board).expect("it has power");
        station.install_key(new, Key::new([2; Key::BYTES])).expect("there is room");
    }
    world.stop(off);
    assert_eq!(world.change(Change::UseKey { key: new }), Ok(()));
    world.run(1_000_000).expect("nothing goes wrong");
    for board in (0..3).filter(|board| *board != off) {
        assert_eq!((used(&mut world, board), world.station(board).and_then(|is| is.lacks_key())), (Some(2), None));
    }
    world.start(off, Seats::first(3), false);
    world.run(2_000_000).expect("nothing goes wrong");
    let station = world.station(off).expect("it has power");
    assert_eq!(station.lacks_key(), Some(new), "it is heard under the old one, and says what it lacks");
    station.install_key(new, Key::new([2; Key::BYTES])).expect("there is room");
    world.run(1_000_000).expect("nothing goes wrong");
    assert_eq!((used(&mut world, off), world.station(off).and_then(|is| is.lacks_key())), (Some(2), None));
    let station = world.station(off).expect("it has power");
    assert_eq!(station.install_key(late, Key::new([3; Key::BYTES])), Err(RingError::Full));
    assert_eq!(station.remove_key(new), Err(RingError::Used));
}

/// What a press is, and who it is for, is not read on a wire.
#[test]
fn no_frame_on_a_wire_is_plain() {
    let (mut world, _) = led(sealed(3, Wiring::Mesh));
    world.listen();
    world.run(2_000_000).expect("nothing goes wrong");
    let mut frames = 0;
    for (_, _, bytes) in world.heard() {
        let (mut receiver, mut rest) = (Receiver::<FRAME>::new(), &bytes[..]);
        while let Some(taken) = receiver.take(&mut rest) {
            // The first one may have begun before.
            let Ok((_, frame)) = taken else { continue };
            frames += 1;
            assert!(matches!(quorate_wire::verify(frame), Err(DecodeError::Sealed(_))), "{frame:02x?}");
        }
    }
    assert!(frames > 100, "{frames}");
}

#[test]
fn the_status_of_a_board_that_seals_fits_into_a_frame() {
    let (mut world, leader) = led(sealed(4, Wiring::Mesh));
    for board in 0..3 {
        let fits = world.ask(board, RequestBody::Status, |body| matches!(body, ReplyBody::Status(_)));
        assert_eq!(fits, Some(true), "board {board}, led by {leader}");
    }
}

#[test]
fn who_has_no_key_is_told_once_in_an_interval_and_no_longer_than_he_asks() {
    let (mut world, leader) = led(sealed(5, Wiring::Mesh));
    let mut buffer = [0; FRAME];
    let plain = encode_request(&mut buffer, &request(RequestBody::Status)).expect("it is short").to_vec();
    let told = world.tell(leader, &plain);
    let [word] = &told[..] else { panic!("{told:02x?}") };
    assert!(word.len() <= plain.len());
    let refusal = Refusal::decode(word).expect("it is one");
    assert_eq!((refusal.reason, refusal.is_about(&plain)), (DecodeError::Plain, true));
    assert_eq!(world.tell(leader, &plain), Vec::<Vec<u8>>::new());

    // With another cluster's key it is the same.
    let ring = Ring::<1>::new(KeyId::new(2).expect("it is below 16"), Key::new([99; Key::BYTES]));
    let key = ClientKey::of(&ring, ring.used(), CLUSTER, "eve".parse().expect("a name"), Rights::Admin);
    let (key, mut channel) = (key.expect("it is there"), ClientChannel::default());
    world.run(1_000_000).expect("nothing goes wrong");
    let now = Instant::from_micros(world.now());
    let ask = channel.speak(&key, now, 0, || 1).expect("it has no session");
    let told = world.tell(leader, &ask);
    let [word] = &told[..] else { panic!("{told:02x?}") };
    assert_eq!(Refusal::decode(word).expect("it is one").reason, DecodeError::Sealed(2));
}

#[test]
fn a_client_that_may_only_read_changes_nothing() {
    let (mut world, leader) = led(sealed(6, Wiring::Mesh));
    let ring = Ring::<1>::new(KeyId::new(1).expect("it is below 16"), Key::new([1; Key::BYTES]));
    let key = ClientKey::of(&ring, ring.used(), CLUSTER, "reader".parse().expect("a name"), Rights::Read);
    let (key, mut channel) = (key.expect("it is there"), ClientChannel::default());
    let now = Instant::from_micros(world.now());
    let ask = channel.speak(&key, now, 0, || 1).expect("it has no session");
    let answer = world.tell(leader, &ask);
    let done = channel.hear(&answer[0], &key).expect("it has the key");
    world.tell(leader, &done);
    let session = Session { client: CLIENT, epoch: quorate::Index(1), sequence: 1 };
    let since = quorate::Index(0);
    for body in [
        RequestBody::Command { session, command: &[1, 2] },
        RequestBody::Open { client: CLIENT, epoch: quorate::Index(0) },
        RequestBody::Change { since, change: Change::Remove { seat: Seat(0) } },
        RequestBody::Transfer { to: None },
    ] {
        let mut buffer = [0; FRAME];
        let frame = encode_sealed(&mut buffer, &key, &mut channel, now, &request(body)).expect("it fits");
        let mut answers = world.tell(leader, frame.expect("there is a session"));
        let reply = quorate_wire::seal::client::decode_reply(&mut answers[0], &mut channel, CLIENT).expect("it opens");
        assert_eq!(reply.body, ReplyBody::Refused(Reason::Forbidden), "{body:?}");
    }
}

/// Who seals and who does not hear nothing of each other, and say so.
#[test]
fn a_plain_frame_is_not_taken_by_a_board_that_seals_nor_a_sealed_one_by_a_board_that_does_not() {
    let (mut plain, _) = led(Setting::new(7, 3, Wiring::Mesh, 115_200));
    let (mut sealed, _) = led(sealed(7, Wiring::Mesh));
    for world in [&mut plain, &mut sealed] {
        world.listen();
        world.run(1_000_000).expect("nothing goes wrong");
    }
    let (said, sealed_said) = (plain.heard(), sealed.heard());
    for (said, hears, reason) in [(said, &mut sealed, "plain"), (sealed_said, &mut plain, "sealed")] {
        let bytes = said.iter().find(|(from, to, _)| (*from, *to) == (0, 1)).map(|(.., bytes)| bytes);
        let now = Instant::from_micros(hears.now());
        let station = hears.station(1).expect("it has power");
        station.feed(now, 0, bytes.expect("there is such a wire")).expect("it runs");
        let count = station.refusals().iter().find_map(|(name, count)| (name == reason).then_some(count));
        assert!(count > Some(10), "{count:?} of {reason}");
    }
}

/// Everything that was said to a board is said to it again, as it was, to another one, and with a bit changed.
#[test]
fn what_was_recorded_changes_nothing() {
    let (mut world, leader) = led(sealed(8, Wiring::Mesh));
    let hears = (leader + 1) % 3;
    world.listen();
    world.run(1_000_000).expect("nothing goes wrong");
    let heard = world.heard();
    let mut rng = fastrand::Rng::with_seed(8);
    for board in [hears, leader] {
        let now = Instant::from_micros(world.now());
        let station = world.station(board).expect("it has power");
        let state = |station: &Simulated| {
            let node = station.node().expect("a member");
            (node.term(), node.role(), node.last(), node.commit(), node.applied())
        };
        let before = state(station);
        let dropped = |station: &Simulated| station.refusals().iter().map(|(_, count)| count).sum::<u64>();
        let (mut said, counted) = (0, dropped(station));
        for (_, to, bytes) in &heard {
            let (mut receiver, mut rest) = (Receiver::<FRAME>::new(), &bytes[..]);
            while let Some(taken) = receiver.take(&mut rest) {
                let Ok((header, frame)) = taken else { continue };
                for is_changed in [false, true] {
                    if is_changed && !frame.is_empty() {
                        let bit = rng.usize(..8 * frame.len());
                        frame[bit / 8] ^= 1 << (bit % 8);
                    }
                    let mut line = Transmitter::<FRAME>::new();
                    line.push(&Header { to: Seat(board as u8).into(), ..header }, frame).expect("it fits");
                    station.feed(now, 0, line.pending()).expect("it runs");
                    said += usize::from(*to == board);
                }
                assert_eq!(state(station), before, "{frame:02x?}");
            }
        }
        assert!(said > 100 && dropped(station) > counted, "{said} frames");
    }
    // They go on as if nothing had been.
    let before = world.answered();
    world.run(1_000_000).expect("nothing goes wrong");
    assert_eq!(world.leader(), Some(leader));
    assert!(world.answered() > before + 50, "{} presses in a second", world.answered() - before);
}
