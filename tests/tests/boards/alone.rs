//! One board that is a cluster by itself: its sessions, its flash, its end.

use std::cell::RefCell;
use std::rc::Rc;

use quorate::{Change, Index, Instant, Members, Rejection, Seat, Seats, Unchanged};
use quorate_flash::double::Tear;
use quorate_flash::{FlashError, Layout};
use quorate_serial::{App, Memory, ProposeError, Routes, Settings, StartError, Station, Stop, Undone, Wiring};
use quorate_tests::boards::{CLUSTER, Chip, Press, Presses, Record, Setting, Simulated};

/// What outlives a reset of the board.
struct Bench {
    chip: Chip,
    record: Rc<RefCell<Record>>,
    now: u64,
}

fn settings<const SEATS: usize>(seed: u64) -> (Settings<SEATS>, Layout, Memory<Box<[u8]>>) {
    let settings = Settings {
        cluster: CLUSTER,
        seat: Seat(0),
        members: Members::of(Seats::first(1)),
        existing: false,
        may_join: true,
        routes: Routes::lines(&[]),
        pace: Setting::new(0, 1, Wiring::Mesh, 115_200).pace(),
        seed,
    };
    let memory = Memory { log: vec![0; 1024].into(), snapshot: vec![0; 1024].into() };
    (settings, Chip::layout(1024), memory)
}

impl Bench {
    fn new() -> Bench {
        Bench { chip: Chip::new(1024), record: Record::new(), now: 0 }
    }

    fn boot(&mut self, seed: u64) -> Result<Simulated, StartError> {
        let (settings, layout, memory) = settings(seed);
        let app = Presses::new(Rc::clone(&self.record));
        Simulated::start(settings, app, self.chip.clone(), layout, memory, Instant::from_micros(self.now))
    }

    /// Presses, and waits for the answer.
    fn press(&mut self, station: &mut Simulated, number: u32) -> Result<[u8; 4], Stop> {
        station.propose(&Press { board: 0, number }).expect("nothing else was asked");
        for _ in 0..100 {
            let due = station.deadline().map_or(self.now, Instant::as_micros);
            self.now = self.now.max(due);
            station.turn(Instant::from_micros(self.now))?;
            if let Some(answer) = station.answer() {
                return Ok(answer.expect("the command is done").1);
            }
        }
        panic!("press {number} has no answer");
    }
}

#[test]
fn a_board_has_one_place_among_the_sessions_and_each_boot_begins_anew_in_it() {
    let mut bench = Bench::new();
    let mut epoch = Index(0);
    for boot in 0..40 {
        let mut station = bench.boot(boot).expect("it starts");
        let before = station.node().map_or(Index(0), |node| node.last().index);
        bench.press(&mut station, boot as u32).expect("it runs");
        let new = station.node().expect("a member").log().filter(|entry| entry.position().index > before);
        let sessions: Vec<_> = new.filter_map(|entry| entry.session()).collect();
        let [open, press] = sessions[..] else { panic!("boot {boot}: {sessions:?}") };
        assert_eq!((open.client, press.client), (0, 0), "a short number, and always the same");
        assert_eq!((open.epoch, open.sequence, press.sequence), (epoch, 0, 1), "in the place of the one before");
        assert!(press.epoch > epoch, "what an earlier boot asked for is nothing to this one");
        epoch = press.epoch;
    }
    assert_eq!(bench.record.borrow().len(), 40);
}

#[test]
fn a_boot_with_the_seed_of_the_last_one_goes_on_above_its_sequence() {
    let mut bench = Bench::new();
    for boot in 0..5 {
        let mut station = bench.boot(1).expect("it starts");
        for number in 3 * boot..3 * boot + 3 {
            let answer = bench.press(&mut station, number).expect("it runs");
            assert_eq!(u32::from_le_bytes(answer), number + 1, "the answer to an earlier press");
        }
    }
    assert_eq!(bench.record.borrow().len(), 15);
}

#[test]
fn a_state_comes_back_from_its_snapshot_and_the_log_behind_it() {
    let mut bench = Bench::new();
    let mut number = 0;
    for boot in 0..8 {
        let mut station = bench.boot(boot).expect("it starts");
        for _ in 0..37 {
            let answer = bench.press(&mut station, number).expect("it runs");
            number += 1;
            assert_eq!(u32::from_le_bytes(answer), number);
        }
        let app = station.app().expect("a member");
        assert_eq!(app.hash(), bench.record.borrow().hash());
        assert_eq!(app.query(b"count", &mut [0; 4]), Some(4));
        assert!(station.node().expect("a member").snapshots().count() > 0, "the log has filled up");
    }
}

#[test]
fn a_failed_write_is_the_end() {
    for steps in 0..40 {
        let mut bench = Bench::new();
        let mut station = bench.boot(1).expect("it starts");
        bench.press(&mut station, 0).expect("it runs");
        bench.chip.cut_power_after(steps, Tear::Bits);
        let stop = (1..100).find_map(|number| bench.press(&mut station, number).err());
        let stop = stop.expect("a write fails");
        assert!(matches!(stop, Stop::Flash(_)), "{stop}");
        // The flash is as good as new, and nobody believes it.
        bench.chip.restore_power();
        let later = Instant::from_micros(bench.now + 60_000_000);
        assert_eq!(station.turn(later), Err(stop));
        assert_eq!(station.feed(later, 0, &[0]), Err(stop));
        assert_eq!((station.deadline(), station.drain(0)), (None, &[][..]));
        let answered = bench.record.borrow().len();
        let mut again = bench.boot(2).expect("it starts again");
        let answer = bench.press(&mut again, 1_000).expect("it runs");
        assert!(u32::from_le_bytes(answer) as usize > answered, "what was answered is lost");
    }
}

/// An app whose state has so many bytes, and says that it has 900 at most.
struct Bulky(usize);

impl App for Bulky {
    type Command = u8;
    type Answer = [u8; 2];
    const ANSWER_BYTES_MAX: usize = 2;
    const STATE_BYTES_MAX: usize = 900;

    fn apply(&mut self, _index: Index, _command: u8) -> [u8; 2] {
        [1, 2]
    }

    fn query(&self, _query: &[u8], _answer: &mut [u8]) -> Option<usize> {
        None
    }

    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize> {
        (buffer.len() >= self.0).then_some(self.0)
    }

    fn restore(&mut self, _snapshot: &[u8]) -> bool {
        true
    }

    fn digest(&self) -> u64 {
        0
    }
}

type Large = Station<Bulky, Chip, Box<[u8]>, 1, 0, 256, 16>;

/// Starts such a board, with so much memory for a snapshot.
fn large(state: usize, memory: usize) -> Result<Large, StartError> {
    let (settings, layout, Memory { log, .. }) = settings(1);
    let memory = Memory { log, snapshot: vec![0; memory].into() };
    Station::start(settings, Bulky(state), Chip::new(1024), layout, memory, Instant::START)
}

#[test]
fn a_board_without_memory_for_the_longest_snapshot_does_not_start_and_says_how_much_it_takes() {
    let needed = Large::SNAPSHOT_BYTES_MAX;
    assert!((1024..2048).contains(&needed), "{needed}");
    let refused = large(900, 1024).err();
    assert_eq!(refused, Some(StartError::Snapshot { needed, room: 1024 }));
    let told = refused.expect("it is refused").to_string();
    assert!(told.contains(&needed.to_string()) && told.contains("1024"), "{told}");
    assert!(large(900, needed - 1).is_err() && large(900, needed).is_ok());

    // No more does the flash have a place for it.
    let (settings, layout, Memory { log, .. }) = settings(1);
    let memory = Memory { log, snapshot: vec![0; 4096].into() };
    type Huge = Station<Bulky, Chip, Box<[u8]>, 1, 0, 256, 64>;
    let refused = Huge::start(settings, Bulky(900), Chip::new(1024), layout, memory, Instant::START).err();
    let Some(StartError::Flash(error @ FlashError::SnapshotTooLarge { bytes, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(bytes, Huge::SNAPSHOT_BYTES_MAX as u64, "{error}");
}

#[test]
fn a_snapshot_that_cannot_be_taken_is_left_and_said_and_the_board_goes_on() {
    let mut station = large(2000, Large::SNAPSHOT_BYTES_MAX).expect("it starts");
    let (mut answers, mut now) = (0, Instant::START);
    for _ in 0..10_000 {
        if let Some(answer) = station.answer() {
            answer.expect("it is done");
            answers += 1;
        }
        let _ = station.propose(&1);
        now = station.deadline().expect("it runs").max(now);
        station.turn(now).expect("it goes on");
    }
    assert!(answers > 10, "there was room for {answers}");
    let room = Large::SNAPSHOT_BYTES_MAX;
    assert_eq!(station.undone(), Some(Undone::TooLong { room }));
    let told = station.undone().expect("it says so").to_string();
    assert!(told.contains("commands are refused") && told.contains(&room.to_string()), "{told}");
    // It still keeps what it promised, and takes messages of others.
    assert!(station.node().expect("a member").applied().0 > answers);
}

#[test]
fn who_stands_at_the_board_that_leads_may_change_who_takes_part() {
    let mut bench = Bench::new();
    let mut station = bench.boot(1).expect("it starts");
    let seat = Seat(0);
    assert_eq!(station.change(Change::Remove { seat }), Err(Rejection::NotLeader { leader: None }));
    bench.press(&mut station, 0).expect("it runs");
    assert_eq!(station.change(Change::Remove { seat }), Err(Unchanged::LastVoter.into()));
    station.change(Change::Move { seat, address: b"desk" }).expect("it leads");
    bench.press(&mut station, 1).expect("it runs");
    let again = bench.boot(2).expect("it starts again");
    let (_, roster) = again.node().expect("a member").roster();
    assert_eq!(roster.occupant(seat).map(|occupant| occupant.address), Some(&b"desk"[..]));
}

#[test]
fn one_command_is_asked_at_a_time_and_its_size_is_bounded() {
    let mut bench = Bench::new();
    let mut station = bench.boot(1).expect("it starts");
    assert!(station.is_free());
    station.propose(&Press { board: 0, number: 0 }).expect("it is free");
    assert_eq!(station.propose(&Press { board: 0, number: 1 }), Err(ProposeError::Busy));
    assert!(!station.is_free());
}
