//! How boards become a cluster, and what a board is that has nothing of it.

use quorate::founding::{Message, Obstacle, Prepared, Record as Written, Standing};
use quorate::{
    BootError, Charter, ConfigError, Entries, Founding, Incarnation, Index, Instant, Members, Owner, Position,
    Recovered, Seat, Seats, Term,
};
use quorate_flash::double::Tear;
use quorate_flash::{Flash, FlashError};
use quorate_serial::{
    Header, Memory, Mislisted, Pace, Receiver, Routes, Settings, StartError, Stop, Transmitter, Wiring,
};
use quorate_tests::boards::{
    CLUSTER, Chip, FOUNDING, FRAME, Press, Presses, Record, SEATS, Setting, Simulated, World, charter,
};
use quorate_wire::client::{Reply, ReplyBody, RequestBody, decode_request, encode_reply};
use quorate_wire::{Envelope, FoundingEnvelope, decode_founding, encode, encode_founding};

pub(crate) const LOG: usize = 1024;

fn setting(seed: u64) -> Setting {
    Setting { log_bytes: LOG, ..Setting::new(seed, 3, Wiring::Mesh, 115_200) }
}

fn pace() -> Pace {
    setting(0).pace()
}

/// As long as it takes boards that hear each other to ask once more.
fn ask() -> u64 {
    2 * pace().election.as_micros() as u64
}

/// Three boards that are off.
fn off(seed: u64) -> World {
    let mut world = World::new(setting(seed));
    (0..3).for_each(|board| world.stop(board));
    world
}

/// Three boards of one cluster, with something done.
fn founded(seed: u64) -> World {
    let mut world = World::new(setting(seed));
    world.run(10 * ask()).expect("nothing is wrong");
    assert!(world.answered() > 0 && world.leader().is_some());
    world
}

pub(crate) fn all() -> Seats {
    Seats::first(3)
}

fn seats(numbers: &[u8]) -> Seats {
    numbers.iter().copied().map(Seat).collect()
}

fn obstacle(world: &mut World, board: usize) -> Option<Obstacle> {
    world.station(board).expect("it has power").obstacle()
}

fn charter_of(world: &mut World, board: usize) -> Option<Charter> {
    world.station(board).expect("it has power").charter()
}

#[test]
fn boards_that_start_one_after_the_other_found_a_cluster_and_say_whom_they_wait_for() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut world = off(1);
        let mut missing = all();
        for board in order {
            world.start(board, all(), false);
            missing = missing.without(Seat(board as u8));
            world.run(5 * ask()).expect("nothing is wrong");
            if !missing.is_empty() {
                assert_eq!(obstacle(&mut world, board), Some(Obstacle::Silent(missing)), "{order:?}");
                assert_eq!((charter_of(&mut world, board), world.answered()), (None, 0));
            }
        }
        let charters: Vec<_> = (0..3).map(|board| charter_of(&mut world, board).expect("a member")).collect();
        assert!(charters.iter().all(|charter| *charter == charters[0] && charter.members == Members::of(all())));
        assert_eq!(charters[0].least.log_bytes, LOG as u32);
        assert!((0..3).all(|board| obstacle(&mut world, board).is_none()));
        assert!(world.answered() > 0, "the first command waits for nobody any more");
        // Who has it once keeps it.
        (0..3).for_each(|board| world.stop(board));
        (0..3).for_each(|board| world.start(board, all(), board == 1));
        world.run(5 * ask()).expect("nothing is wrong");
        assert!((0..3).all(|board| charter_of(&mut world, board) == Some(charters[0])));
    }
}

#[test]
fn a_flash_that_ought_to_hold_data_founds_nothing() {
    let mut world = off(3);
    (0..3).for_each(|board| world.start(board, all(), board == 2));
    world.run(20 * ask()).expect("nothing is wrong");
    assert!((0..3).all(|board| charter_of(&mut world, board).is_none()));
    assert_eq!(obstacle(&mut world, 0), Some(Obstacle::Abstains(seats(&[2]))));
    assert_eq!(obstacle(&mut world, 2), Some(Obstacle::Waits));
}

#[test]
fn lists_that_differ_found_nothing_and_both_are_told() {
    for differing in 0..3 {
        let mut world = off(4);
        let listed = |board| if board == differing { Seats::first(4) } else { all() };
        (0..3).for_each(|board| world.start(board, listed(board), false));
        world.run(20 * ask()).expect("nothing is wrong");
        for board in 0..3 {
            assert_eq!(charter_of(&mut world, board), None);
            let said = obstacle(&mut world, board);
            let Some(Obstacle::Differs { seat, terms }) = said else { panic!("board {board}: {said:?}") };
            assert_eq!(terms.members.all(), listed(usize::from(seat.0)));
            assert_ne!(terms.members.all(), listed(board), "both can be named");
        }
    }
}

#[test]
fn a_list_that_differs_later_changes_nothing_and_is_said() {
    let mut world = founded(5);
    world.stop(1);
    world.start(1, seats(&[0, 1, 3]), false);
    let before = world.answered();
    world.run(5 * ask()).expect("nothing is wrong");
    assert!(world.answered() > before);
    let station = world.station(1).expect("it has power");
    assert_eq!(station.node().expect("a member").members(), Members::of(all()));
    let said = station.mislisted();
    assert_eq!(said, Some(Mislisted { strangers: seats(&[3]), unlisted: seats(&[2]) }));
    let said = said.expect("it is said").to_string();
    assert!(said.contains("n3") && said.contains("n2") && said.contains("changes nothing"), "{said}");
    assert_eq!(world.station(0).expect("it has power").mislisted(), None);
}

/// Board 1 of three, with this flash, list and log.
pub(crate) fn start(chip: &Chip, listed: Seats, log_bytes: usize) -> Result<Simulated, StartError> {
    start_if(true, chip, listed, log_bytes)
}

pub(crate) fn start_if(may_join: bool, chip: &Chip, listed: Seats, log_bytes: usize) -> Result<Simulated, StartError> {
    let others = listed.without(ME);
    let settings = Settings::<SEATS> {
        cluster: CLUSTER,
        seat: ME,
        members: Members::of(listed),
        existing: false,
        may_join,
        routes: Routes::lines(&[others]),
        pace: pace(),
        seed: 7,
    };
    let memory = Memory { log: vec![0; log_bytes].into(), snapshot: vec![0; 1024].into() };
    let app = Presses::new(Record::new());
    Simulated::start(settings, app, chip.clone(), Chip::layout(LOG), memory, Instant::START)
}

pub(crate) const ME: Seat = Seat(1);

#[test]
fn a_list_of_strangers_is_refused_and_both_are_named() {
    let chip = Chip::founded(ME, &charter(Members::of(all()), LOG), LOG);
    let start = |listed: Seats| start(&chip, listed, LOG);
    for listed in [seats(&[1]), seats(&[1, 3]), seats(&[1, 3, 4])] {
        let refused = start(listed).err();
        assert_eq!(refused, Some(StartError::Strangers { listed, members: all() }));
        let said = refused.expect("it is refused").to_string();
        assert!(listed.iter().chain(all().iter()).all(|seat| said.contains(&format!("n{}", seat.0))), "{said}");
    }
    for listed in [all(), seats(&[0, 1]), seats(&[1, 2, 4])] {
        assert!(start(listed).is_ok(), "{listed:?}");
    }
    // One that was alone has nobody to share.
    let chip = Chip::founded(ME, &charter(Members::of(seats(&[1])), LOG), LOG);
    assert!(self::start(&chip, all(), LOG).is_ok());
}

#[test]
fn a_board_with_less_memory_than_the_cluster_is_refused() {
    let too_small = |bytes| ConfigError::LogTooSmall { bytes, least: LOG };
    let chip = Chip::founded(ME, &charter(Members::of(all()), LOG), LOG);
    let refused = start(&chip, all(), LOG / 2).err();
    assert_eq!(refused, Some(StartError::Boot(BootError::Charter(too_small(LOG / 2)))));

    // So is one that comes back with an erased flash.
    let mut station = start(&Chip::new(LOG), all(), LOG / 2).expect("nobody has told it yet");
    station.turn(Instant::START).expect("it asks");
    let complete = Standing::Complete(charter(Members::of(all()), LOG));
    let answer = Message::Answer { echo: asked(&mut station), standing: complete };
    station.feed(Instant::START, 0, &said(&answer)).expect("it listens");
    assert_eq!(station.turn(Instant::START), Err(Stop::Boot(BootError::Charter(too_small(LOG / 2)))));
}

#[test]
fn a_board_believes_neither_members_nor_replies_of_another_founding() {
    let chip = Chip::founded(ME, &charter(Members::of(all()), LOG), LOG);
    let mut station = start(&chip, all(), LOG).expect("a member");
    let mut buffer = [0; FRAME];
    let mut lead = |station: &mut Simulated, founding| {
        let envelope = Envelope { founding, from: Seat(0), to: ME, incarnation: Incarnation(0) };
        let (term, previous, entries) = (Term(1), Position::default(), Entries::default());
        let heartbeat = quorate::Message::AppendEntries {
            term,
            stamp: 1,
            previous,
            commit: Index(0),
            inherited: Index(0),
            entries,
        };
        let frame = encode(&mut buffer, &envelope, &heartbeat).expect("it fits");
        station.feed(Instant::START, 0, &line(frame)).expect("it listens");
        station.turn(Instant::START).expect("it runs");
        station.node().expect("a member").leader()
    };
    assert_eq!(lead(&mut station, Founding(1)), None);
    assert_eq!(lead(&mut station, FOUNDING), Some(Seat(0)));

    station.propose(&Press { board: 1, number: 1 }).expect("it is free");
    station.turn(Instant::START).expect("it asks");
    let requests = |station: &mut Simulated| -> Vec<(u64, u64, bool)> {
        let read = |frame: &Vec<u8>| {
            let request = decode_request(frame, CLUSTER).ok()?;
            Some((request.client, request.number, matches!(request.body, RequestBody::Command { .. })))
        };
        frames(station).iter().filter_map(read).collect()
    };
    let [(client, number, false)] = requests(&mut station)[..] else { panic!("it opens a session") };
    let opened = |station: &mut Simulated, founding| {
        let body = ReplyBody::Opened { epoch: Index(3) };
        let reply = Reply { client, number, from: Seat(0), founding, body };
        let mut buffer = [0; FRAME];
        let frame = encode_reply(&mut buffer, &reply).expect("it fits");
        station.feed(Instant::START, 0, &line(frame)).expect("it listens");
        station.turn(Instant::START).expect("it runs");
        requests(station).iter().any(|(.., is_command)| *is_command)
    };
    assert!(!opened(&mut station, Some(Founding(1))) && !opened(&mut station, None));
    assert!(opened(&mut station, Some(FOUNDING)));
}

/// What a board asks over its line: the number that an answer has to echo.
pub(crate) fn asked(station: &mut Simulated) -> u64 {
    let question = |frame: &Vec<u8>| match decode_founding(frame, CLUSTER, Seat(0)).ok()? {
        (_, Message::Where { token, .. }) => Some(token),
        _ => None,
    };
    frames(station).iter().find_map(question).expect("it asks board 0")
}

/// All frames that wait on a board's line.
pub(crate) fn frames(station: &mut Simulated) -> Vec<Vec<u8>> {
    let bytes = station.drain(0).to_vec();
    station.drained(0, bytes.len());
    let (mut receiver, mut rest) = (Receiver::<FRAME>::new(), &bytes[..]);
    let taken = std::iter::from_fn(|| receiver.take(&mut rest).map(|taken| taken.expect("a sound frame").1.to_vec()));
    taken.collect()
}

/// What board 0 says over the line.
pub(crate) fn said(message: &Message) -> Vec<u8> {
    let envelope = FoundingEnvelope { cluster: CLUSTER, from: Seat(0), to: ME };
    let mut buffer = [0; FRAME];
    line(encode_founding(&mut buffer, &envelope, message).expect("it fits"))
}

fn line(frame: &[u8]) -> Vec<u8> {
    let mut line = Transmitter::<FRAME>::new();
    let header = Header { hops: 0, turned: false, hears: true, to: ME.into(), from: Seat(0).into() };
    line.push(&header, frame).expect("it fits");
    line.pending().to_vec()
}

#[test]
fn power_that_goes_at_any_step_of_the_founding_neither_splits_nor_wedges_it() {
    let mut cuts = 0;
    for board in 0..3 {
        for (steps, tear) in (0..2_000).zip(Tear::ALL.into_iter().cycle()) {
            let mut world = World::new(Setting { presses: false, ..setting(steps) });
            world.cut_power_after(board, steps, tear);
            world.run(5 * ask()).expect("nothing is wrong");
            if world.boots(board) == 1 {
                break;
            }
            cuts += 1;
            world.run(10 * ask()).expect("nothing is wrong");
            let story = format!("board {board} after {steps} steps, {tear:?}");
            let charters: Vec<_> = (0..3).map(|board| charter_of(&mut world, board)).collect();
            let obstacles: Vec<_> = (0..3).map(|board| obstacle(&mut world, board)).collect();
            assert!(charters[0].is_some() && charters.iter().all(|it| *it == charters[0]), "{story}: {obstacles:?}");
            assert!(world.leader().is_some(), "{story}");
        }
    }
    assert!(cuts > 100, "only {cuts} cuts");
}

#[test]
fn a_flash_is_never_full_of_foundings_that_came_to_nothing() {
    let chip = Chip::new(LOG);
    let owner = Owner { cluster: CLUSTER.0, seat: ME };
    let open = |found: &mut Option<Prepared>| {
        let visit = |recovered: Recovered<'_>| {
            if let Recovered::Prepared(prepared) = recovered {
                *found = Some(prepared);
            }
            Ok::<_, FlashError>(())
        };
        Flash::open(chip.clone(), Chip::layout(LOG), owner, &mut [0; 1024], visit).expect("a sound flash").0
    };
    let mut flash = open(&mut None);
    let prepared = |number| Prepared { founding: Founding(number), members: Members::of(all()) };
    for number in 0..3_000 {
        flash.record(Written::Prepared(prepared(number))).expect("there is room");
    }
    drop(flash);
    let mut found = None;
    open(&mut found);
    assert_eq!(found, Some(prepared(2_999)));
}
