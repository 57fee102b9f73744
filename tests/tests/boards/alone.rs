//! One board that is a cluster by itself: its sessions, its flash, its end.

use std::cell::RefCell;
use std::rc::Rc;

use quorate::{Index, Instant, Members, Seat, Seats};
use quorate_flash::Layout;
use quorate_flash::double::Tear;
use quorate_serial::{App, Memory, ProposeError, Routes, Settings, StartError, Station, Stop, Wiring};
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
        identity: Seat(0).into(),
        members: Members::of(Seats::first(1)),
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
fn each_boot_has_a_session_of_its_own() {
    let mut bench = Bench::new();
    let mut clients = Vec::new();
    for boot in 0..10 {
        let mut station = bench.boot(boot).expect("it starts");
        bench.press(&mut station, boot as u32).expect("it runs");
        let sessions = station.node().log().filter_map(|entry| entry.session());
        clients.push(sessions.last().expect("the press is in the log").client);
    }
    clients.sort_unstable();
    clients.dedup();
    assert_eq!((clients.len(), bench.record.borrow().len()), (10, 10));
    assert!(clients.iter().all(|client| *client < 1 << 35), "a short number");
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
        assert_eq!(station.app().hash(), bench.record.borrow().hash());
        assert!(station.node().snapshots().count() > 0, "the log has filled up");
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

/// An app whose state outgrows the memory for its snapshot.
struct Bulky;

impl App for Bulky {
    type Command = u8;
    type Answer = [u8; 0];

    fn apply(&mut self, _index: Index, _command: u8) -> [u8; 0] {
        []
    }

    fn query(&self, _query: &[u8], _answer: &mut [u8]) -> Option<usize> {
        None
    }

    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize> {
        (buffer.len() >= 2000).then_some(2000)
    }

    fn restore(&mut self, _snapshot: &[u8]) -> bool {
        true
    }

    fn digest(&self) -> u64 {
        0
    }
}

#[test]
fn a_snapshot_that_does_not_fit_is_the_end() {
    let (settings, layout, memory) = settings(1);
    let station =
        Station::<_, _, _, 1, 0, 256, 4>::start(settings, Bulky, Chip::new(1024), layout, memory, Instant::START);
    let mut station = station.expect("it starts");
    let stop = (0..10_000).find_map(|_| {
        let _ = station.answer();
        let _ = station.propose(&1);
        station.turn(station.deadline().expect("it runs")).err()
    });
    assert_eq!(stop, Some(Stop::SnapshotTooLong { room: 1024 }));
}

#[test]
fn one_command_is_asked_at_a_time_and_its_size_is_bounded() {
    let mut bench = Bench::new();
    let mut station = bench.boot(1).expect("it starts");
    assert!(station.is_free());
    station.propose(&Press { board: 0, number: 0 }).expect("it is free");
    assert_eq!(station.propose(&Press { board: 0, number: 1 }), Err(ProposeError::Busy));
    assert!(!station.is_free());
    assert_eq!(station.app().query(b"count", &mut [0; 4]), Some(4));
}
