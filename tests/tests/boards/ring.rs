//! What a ring does with frames for others, and without one of its wires.

use quorate::{Incarnation, Instant, Members, Message, Role, Seat, Seats, Term};
use quorate_serial::{Address, Fault, Header, Memory, Receiver, Routes, Settings, Transmitter, Wiring};
use quorate_tests::boards::{CLUSTER, Chip, FOUNDING, FRAME, Presses, Record, Setting, Simulated, World, charter};
use quorate_wire::client::{ReplyBody, Request, RequestBody, decode_reply, encode_request};
use quorate_wire::{Envelope, encode};

/// Board 0 of a ring of five, with a third line to guests.
fn station() -> Simulated {
    let setting = Setting::new(0, 5, Wiring::Ring, 115_200);
    let seat = Seat(0);
    let settings = Settings {
        cluster: CLUSTER,
        seat,
        members: Members::of(Seats::first(5)),
        existing: false,
        may_join: true,
        routes: Routes::ring(seat, &[0, 1, 2, 3, 4].map(Seat)).expect("a ring"),
        pace: setting.pace(),
        seed: 1,
    };
    let memory = Memory { log: vec![0; 2048].into(), snapshot: vec![0; 1024].into() };
    let layout = Chip::layout(2048);
    let app = Presses::new(Record::new());
    let chip = Chip::founded(seat, &charter(settings.members, 2048), 2048);
    Simulated::start(settings, app, chip, layout, memory, Instant::START).expect("all is well")
}

fn header(from: u8, to: u8) -> Header {
    Header { hops: 6, turned: false, hears: true, to: Seat(to).into(), from: Seat(from).into() }
}

fn frame(from: u8, to: u8) -> Vec<u8> {
    let envelope = Envelope { founding: FOUNDING, from: Seat(from), to: Seat(to), incarnation: Incarnation(0) };
    let mut buffer = [0; FRAME];
    encode(&mut buffer, &envelope, &Message::CampaignNow { term: Term(1) }).expect("it fits").to_vec()
}

fn line(header: Header, frame: &[u8]) -> Vec<u8> {
    let mut line = Transmitter::<FRAME>::new();
    line.push(&header, frame).expect("it fits");
    line.pending().to_vec()
}

/// All frames that wait on a line.
fn waiting(station: &mut Simulated, line: usize) -> Vec<(Header, Vec<u8>)> {
    let bytes = station.drain(line).to_vec();
    station.drained(line, bytes.len());
    let (mut receiver, mut rest) = (Receiver::<FRAME>::new(), &bytes[..]);
    let mut frames = Vec::new();
    while let Some(taken) = receiver.take(&mut rest) {
        let (header, frame) = taken.expect("a station sends sound frames");
        frames.push((header, frame.to_vec()));
    }
    frames
}

#[test]
fn a_frame_for_another_goes_on_once_with_a_hop_less() {
    let mut station = station();
    let frame = frame(4, 2);
    station.feed(Instant::START, 1, &line(header(4, 2), &frame)).expect("it runs");
    assert_eq!(waiting(&mut station, 0), [(Header { hops: 5, ..header(4, 2) }, frame)]);
    assert_eq!(waiting(&mut station, 1), []);
}

#[test]
fn a_damaged_frame_goes_nowhere() {
    let frame = frame(4, 2);
    for bit in 0..8 * frame.len() {
        let mut station = station();
        let mut damaged = frame.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        station.feed(Instant::START, 1, &line(header(4, 2), &damaged)).expect("it runs");
        assert_eq!((waiting(&mut station, 0), waiting(&mut station, 1)), (vec![], vec![]), "bit {bit}");
        assert_eq!(station.faults(1).count(Fault::Checksum), 1);
    }
}

#[test]
fn a_frame_whose_hops_are_used_up_or_that_comes_back_goes_nowhere() {
    for (came, fault) in [(Header { hops: 0, ..header(4, 2) }, Fault::Hops), (header(0, 2), Fault::Echo)] {
        let mut station = station();
        station.feed(Instant::START, 1, &line(came, &frame(4, 2))).expect("it runs");
        assert_eq!((waiting(&mut station, 0), waiting(&mut station, 1)), (vec![], vec![]));
        assert_eq!(station.faults(1).count(fault), 1);
    }
}

#[test]
fn whatever_comes_no_more_frames_go_out_than_came_in() {
    let mut rng = fastrand::Rng::with_seed(3);
    let mut station = station();
    for round in 0..20_000 {
        let (from, to) = (rng.u8(0..70), rng.u8(0..70));
        let seat_or_guest = |number: u8| Address::guest(number.wrapping_sub(64)).unwrap_or(Seat(number).into());
        let came = Header {
            hops: rng.u8(0..64),
            turned: rng.bool(),
            hears: rng.u8(..) > 0,
            to: seat_or_guest(to),
            from: seat_or_guest(from),
        };
        // To this board itself it is a message, and what a node answers is its own affair.
        if came.to == Seat(0).into() {
            continue;
        }
        station.feed(Instant::from_millis(round), rng.usize(0..3), &line(came, &frame(1, 2))).expect("it runs");
        let out: Vec<_> = (0..3).flat_map(|line| waiting(&mut station, line)).collect();
        assert!(out.len() <= 1, "{came:?} became {out:?}");
        assert!(out.iter().all(|(header, _)| header.hops < came.hops), "{came:?} became {out:?}");
    }
}

#[test]
fn a_guest_is_answered_over_the_line_that_it_asked_over() {
    let mut station = station();
    let guest = Address::guest(7).expect("there are more");
    let request = Request { cluster: CLUSTER, client: 5, number: 9, body: RequestBody::Status };
    let mut buffer = [0; FRAME];
    let asked = encode_request(&mut buffer, &request).expect("it fits");
    let header = Header { from: guest, ..header(1, 0) };
    station.feed(Instant::START, 2, &line(header, asked)).expect("it runs");
    let [(answered, frame)] = &waiting(&mut station, 2)[..] else { panic!("one answer") };
    assert_eq!((answered.to, answered.from), (guest, Seat(0).into()));
    let reply = decode_reply(frame, 5).expect("an answer to this client");
    let ReplyBody::Status(report) = reply.body else { panic!("{reply:?}") };
    assert_eq!((report.seat, report.role), (Seat(0), Role::Follower));
}

#[test]
fn a_ring_goes_on_when_one_wire_is_cut() {
    for both in [false, true] {
        for from in 0..5 {
            let setting = Setting { pause_max: 100_000, ..Setting::new(6, 5, Wiring::Ring, 460_800) };
            let election = setting.pace().election.as_micros() as u64;
            let mut world = World::new(setting);
            world.run(4 * election).expect("they elect a leader");
            let leader = world.leader().expect("they have elected one");
            world.cut(from, (from + 1) % 5, both, true);
            world.run(2 * election).expect("nothing is wrong");
            let before = world.answered();
            world.run(4 * election).expect("nothing is wrong");
            assert!(world.answered() > before + 50, "{} commands with {from} cut", world.answered() - before);
            let term =
                |world: &mut World, board| world.station(board).expect("it has power").node().expect("a member").term();
            assert_eq!(world.leader(), Some(leader), "nobody was missed for so long that another had to lead");
            assert!((0..5).all(|board| term(&mut world, board) == term(&mut world, leader)));
            let last = |world: &mut World, board| {
                world.station(board).expect("it has power").node().expect("a member").last().index.0
            };
            let spread = (0..5)
                .map(|board| last(&mut world, board))
                .fold((u64::MAX, 0), |(low, high), index| (low.min(index), high.max(index)));
            assert!(spread.1 - spread.0 < 50, "the wire's cut left somebody behind: {spread:?}");
            assert_eq!(world.station(leader).expect("it has power").node().expect("a member").role(), Role::Leader);
        }
    }
}
