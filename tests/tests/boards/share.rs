//! What an idle cluster costs its lines, against what the calculator says.

use std::time::Duration;

use quorate::{
    Features, Incarnation, Index, Least, Members, Message, Occupant, Outcome, Position, Roster, Seat, Seats, Term,
};
use quorate_serial::{Header, Misfit, Plan, Receiver, Transmitter, Wiring};
use quorate_tests::boards::{FOUNDING, FRAME, Setting, World};
use quorate_wire::{Envelope, decode, encode};

const SECONDS: u64 = 60;

/// The bytes of a message that goes over an idle line.
fn line_bytes(from: Seat, to: Seat, incarnation: Incarnation, message: &Message<'_>) -> u64 {
    let envelope = Envelope { founding: FOUNDING, from, to, incarnation };
    let mut buffer = [0; FRAME];
    let frame = encode(&mut buffer, &envelope, message).expect("it fits");
    let header = Header { hops: 3, turned: false, hears: true, to: to.into(), from: from.into() };
    let mut line = Transmitter::<FRAME>::new();
    line.push(&header, frame).expect("it fits");
    line.pending().len() as u64
}

/// Hundredths of a percent of a line's time.
fn share(plan: &Plan, bytes: u64, micros: u64) -> u64 {
    bytes * u64::from(plan.bits_per_byte) * 1_000_000 / u64::from(plan.baud) * 10_000 / micros
}

/// What an idle world says on its wires: all of it heartbeats, acks and greetings, each as long as it has to be.
#[track_caller]
fn listen(setting: Setting) {
    let (plan, pace) = (setting.plan(), setting.pace());
    let mut world = World::new(Setting { presses: false, ..setting });
    world.run(10 * pace.election.as_micros() as u64).expect("they elect a leader");
    let leader = world.leader().expect("they have elected a leader");
    let charter = world.station(leader).and_then(|station| station.charter()).expect("a member");
    world.listen();
    world.run(SECONDS * 1_000_000).expect("nothing is wrong");
    assert_eq!(world.leader(), Some(leader));
    let intervals = SECONDS * 1_000_000 / pace.heartbeat.as_micros() as u64;
    let mut heartbeats = 0;
    for (from, to, bytes) in world.heard() {
        let found = share(&plan, bytes.len() as u64, SECONDS * 1_000_000);
        assert!(found < 200, "{from} to {to}: {found} hundredths of a percent");
        assert!(found <= u64::from(pace.idle_share), "{from} to {to}: {found} of {}", pace.idle_share);
        let (mut receiver, mut rest, mut expected) = (Receiver::<FRAME>::new(), &bytes[..], 0);
        // The last frame may not have gone over the wire as a whole.
        let (mut whole, mut shared_max) = (0, 0);
        while let Some(taken) = receiver.take(&mut rest) {
            let (header, frame) = taken.expect("no wire is noisy");
            shared_max += 1;
            whole = (bytes.len() - rest.len()) as u64;
            if frame.is_empty() {
                expected += Header::BYTES as u64 + 3;
                continue;
            }
            let (to, from) = (header.to.seat().expect("a member"), header.from.seat().expect("a member"));
            let (_, message) = decode(frame, charter.founding, to).expect("a member's message");
            let length = line_bytes(from, to, Incarnation::FOUNDER, &message);
            expected += length;
            match message {
                Message::AppendEntries { entries, .. } => {
                    assert!(entries.is_empty() && length <= plan.heartbeat_bytes());
                    heartbeats += u64::from(usize::from(from.0) == leader && header.hops == first_hops(&plan));
                }
                Message::Ack { .. } => assert!(length <= plan.ack_bytes()),
                other => panic!("an idle board says {other:?}"),
            }
        }
        // Where one frame follows another at once, the delimiter between them serves both.
        assert!((expected - shared_max..=expected).contains(&whole), "{whole} of {expected}");
        assert!(setting.boards > 3 || whole == expected, "no frame follows another at once");
    }
    let followers = u64::from(setting.boards) - 1;
    assert!(
        heartbeats.abs_diff(intervals * followers) <= followers,
        "{heartbeats} heartbeats in {intervals} intervals"
    );
}

/// The hops of a frame on its first line.
fn first_hops(plan: &Plan) -> u8 {
    match plan.wiring {
        Wiring::Mesh => 7,
        Wiring::Ring => 2 * plan.stations as u8 - 1,
    }
}

#[test]
fn idle_boards_spend_less_than_two_percent_of_each_line_on_heartbeats() {
    for baud in [9_600, 57_600, 115_200, 1_000_000] {
        listen(Setting::new(3, 3, Wiring::Mesh, baud));
        listen(Setting::new(4, 3, Wiring::Ring, baud));
        listen(Setting::new(5, 5, Wiring::Ring, baud));
    }
}

#[test]
fn the_calculator_knows_how_long_heartbeats_and_acks_get() {
    let (term, index, stamp) = (Term((1 << 14) - 1), Index((1 << 28) - 1), (1 << 28) - 1);
    let heartbeat = Message::AppendEntries {
        term,
        stamp,
        previous: Position { term, index },
        commit: index,
        inherited: index,
        entries: Default::default(),
    };
    let ack = Message::Ack { term, stamp, outcome: Outcome::Matched(index), features: Features::OWN };
    let plan = Plan::new(115_200);
    let life = Incarnation::drawn(u64::MAX);
    assert_eq!(line_bytes(Seat(0), Seat(1), life, &heartbeat), plan.heartbeat_bytes());
    assert_eq!(line_bytes(Seat(1), Seat(0), life, &ack), plan.ack_bytes());
}

#[test]
fn what_a_line_cannot_carry_is_refused_with_what_it_can() {
    let plan = Plan { stations: 27, wiring: Wiring::Ring, frame_bytes: 448, ..Plan::new(115_200) };
    let misfit = plan.pace_at(Duration::from_millis(1)).expect_err("a line carries no such thing");
    let Misfit::Heartbeat { percent, heartbeat_min, baud_min, stations_max } = misfit else { panic!("{misfit}") };
    assert!(percent > 5_000, "{percent}");
    assert!(plan.pace_at(heartbeat_min).is_ok(), "{misfit}");
    assert!(plan.pace_at(heartbeat_min - Duration::from_millis(1)).is_err(), "{misfit}");
    let baud = baud_min.expect("there is such a rate");
    assert!(Plan { baud, ..plan }.pace_at(Duration::from_millis(1)).is_ok(), "{misfit}");
    assert_eq!(stations_max, None, "not even two");
    println!("{misfit}");

    let slower = plan.pace_at(Duration::from_millis(50)).expect_err("that is too much still");
    let Misfit::Heartbeat { stations_max: Some(stations), .. } = slower else { panic!("{slower}") };
    assert!(Plan { stations, ..plan }.pace_at(Duration::from_millis(50)).is_ok(), "{slower}");
    assert!(Plan { stations: stations + 1, ..plan }.pace_at(Duration::from_millis(50)).is_err(), "{slower}");
    println!("{slower}");
}

#[test]
fn frames_have_room_for_a_command_and_for_what_members_say() {
    let short = Plan { frame_bytes: 200, ..Plan::new(115_200) };
    let Err(Misfit::Frame { bytes_min }) = short.pace() else { panic!("a command does not fit") };
    let enough = Plan { frame_bytes: bytes_min, ..short };
    assert_eq!(enough.pace().expect("it fits now").command_bytes(), short.command_bytes);
    let tiny = Plan { command_bytes: 1, frame_bytes: 100, ..short };
    let Err(Misfit::Frame { bytes_min }) = tiny.pace() else { panic!("what members say does not fit") };
    assert!(bytes_min >= quorate_serial::FRAME_MIN);
}

#[test]
fn frames_have_room_for_a_roster_in_which_every_station_was_reborn() {
    for stations in 1..=32 {
        let plan = Plan { stations, frame_bytes: 64, ..Plan::new(115_200) };
        let Err(Misfit::Frame { bytes_min }) = plan.pace() else { panic!("{stations} stations do not fit") };
        let pace = Plan { frame_bytes: bytes_min, ..plan }.pace().expect("it fits now");
        let members = Members::of(Seats::first(stations as usize));
        let reborn = |_| Occupant { incarnation: Incarnation::drawn(u64::MAX), address: &[] };
        let mut room = [0; 512];
        let roster = Roster::write(
            &mut room,
            members,
            Least { log_bytes: u32::MAX, election_micros: 250_000, features: Features::OWN },
            None,
            reborn,
        )
        .expect("there is room");
        assert!(roster.bytes().len() <= pace.entry_bytes - Roster::MARGIN, "{stations} stations: {pace:?}");
    }
    let stations = |stations| Plan { stations, ..Plan::new(115_200) }.pace();
    assert!(stations(8).is_ok() && stations(9).is_err(), "as the README says of frames of 256 bytes");
}

#[test]
fn every_default_is_below_two_percent_and_no_slower_than_it_has_to_be() {
    for baud in [1_200, 9_600, 19_200, 115_200, 1_000_000, 12_000_000] {
        for (wiring, stations) in [(Wiring::Mesh, 3), (Wiring::Ring, 2), (Wiring::Ring, 5), (Wiring::Ring, 27)] {
            let plan = Plan { stations, wiring, frame_bytes: 448, ..Plan::new(baud) };
            let pace = plan.pace().expect("a slow pace always fits");
            assert!(pace.idle_share < 200);
            assert!(pace.idle_share >= 170 || pace.heartbeat == Duration::from_millis(50), "{pace:?}");
            assert!(pace.election >= pace.heartbeat * 5);
            assert_eq!(plan.pace_at(pace.heartbeat), Ok(pace));
        }
    }
}
