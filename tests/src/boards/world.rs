mod console;
mod guests;
mod operator;
mod story;
mod trouble;

use std::cell::RefCell;
use std::rc::Rc;

use fastrand::Rng;
use quorate::{Node, Role, Seats};
use quorate_flash::double::Tear;
use quorate_serial::{Fault, Stop, Wiring};

use self::console::Console;
pub use self::story::Report;
use super::board::Board;
use super::keys::Step;
use super::wire::{FIFO, Wire};
use super::{LINES, Press, Presses, Record, SEATS, Setting, Simulated};

/// Boards, wires and a clock.
pub struct World {
    setting: Setting,
    rng: Rng,
    /// Nanoseconds since the start.
    now: u64,
    boards: Vec<Board>,
    wires: Vec<Wire>,
    record: Rc<RefCell<Record>>,
    next_trouble: u64,
    /// How many clients have come that are no boards.
    guests: u64,
    /// How many sessions such clients have yet to open.
    guests_due: u64,
    console: Console,
    /// The step of a change of keys that is under way, the number of the new key, and the board whose turn it is.
    rotation: (Step, u8, usize),
    is_calm: bool,
    /// Steps since time last went on: a world that goes round in circles is stopped.
    steps: u32,
}

const MICROS: u64 = 1000;

/// No board does more at one moment.
const STEPS_MAX: u32 = 10_000;

impl World {
    /// Boards that start at once.
    pub fn new(setting: Setting) -> World {
        let mut boards: Vec<_> = (0..setting.boards).map(|seat| Board::new(seat, &setting)).collect();
        boards[0].existing = setting.trouble.waits;
        let mut wires = Vec::new();
        let count = boards.len();
        for from in 0..count {
            for (line, (to, there)) in neighbours(setting.wiring, from, count).into_iter().enumerate() {
                wires.push(Wire::new((from, line), (to, there), setting.trouble.noise));
            }
        }
        let mut world = World {
            setting,
            rng: Rng::with_seed(setting.seed),
            now: 0,
            boards,
            wires,
            record: Record::new(),
            next_trouble: u64::MAX,
            guests: 0,
            guests_due: 0,
            console: Console::default(),
            rotation: (Step::Install, 2, 0),
            is_calm: false,
            steps: 0,
        };
        world.plan_trouble();
        world
    }

    /// Microseconds since the start.
    pub fn now(&self) -> u64 {
        self.now / MICROS
    }

    /// What was applied.
    pub fn record(&self) -> Rc<RefCell<Record>> {
        Rc::clone(&self.record)
    }

    /// How many presses were answered.
    pub fn answered(&self) -> usize {
        self.boards.iter().map(|board| board.acknowledged.len()).sum()
    }

    /// A board's station, while it has power.
    pub fn station(&mut self, board: usize) -> Option<&mut Simulated> {
        self.boards[board].station.as_mut()
    }

    /// Starts a board that is off; its list of members names these, and its cluster is there already or not.
    pub fn start(&mut self, board: usize, listed: Seats, existing: bool) {
        let board = &mut self.boards[board];
        (board.listed, board.existing, board.restart_at) = (listed, existing, Some(self.now));
    }

    /// Switches a board off.
    pub fn stop(&mut self, board: usize) {
        self.boards[board].fail(u64::MAX);
    }

    /// Cuts a board's power in the middle of a word of its flash or an erase, after so many others. It comes back by
    /// itself.
    pub fn cut_power_after(&mut self, board: usize, steps: u64, tear: Tear) {
        self.boards[board].chip.cut_power_after(steps, tear);
    }

    /// How often a board has started.
    pub fn boots(&self, board: usize) -> u64 {
        self.boards[board].boots
    }

    /// Gives a board an erased flash, and starts it.
    pub fn erase_flash(&mut self, board: usize) {
        self.boards[board].lose_flash(&self.setting, self.now);
    }

    /// Who leads.
    pub fn leader(&self) -> Option<usize> {
        let leads = |board: &&Board| node(board).is_some_and(|node| node.role() == Role::Leader);
        self.boards.iter().filter(leads).map(|board| usize::from(board.seat)).next()
    }

    /// Listens on all wires from now on.
    pub fn listen(&mut self) {
        self.wires.iter_mut().for_each(|wire| wire.heard = Some(Vec::new()));
    }

    /// What was heard on each wire, by the boards at its ends: from the first to the second.
    pub fn heard(&self) -> Vec<(usize, usize, Vec<u8>)> {
        let heard = |wire: &Wire| (wire.from.0, wire.to.0, wire.heard.clone().unwrap_or_default());
        self.wires.iter().map(heard).collect()
    }

    /// Cuts, or mends, the wires between two neighbours: what the first sends to the second, or both ways.
    pub fn cut(&mut self, from: usize, to: usize, both: bool, is_cut: bool) {
        let ends = |wire: &Wire| (wire.from.0, wire.to.0);
        let is_meant = |wire: &&mut Wire| ends(wire) == (from, to) || (both && ends(wire) == (to, from));
        self.wires.iter_mut().filter(is_meant).for_each(|wire| wire.cut(is_cut));
    }

    /// Lets this time pass, in microseconds.
    ///
    /// # Errors
    /// What went wrong.
    pub fn run(&mut self, micros: u64) -> Result<(), String> {
        let end = self.now + micros * MICROS;
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.steps = if next > self.now { 0 } else { self.steps + 1 };
            if self.steps > STEPS_MAX {
                return Err(format!("nothing but busy at {} us", self.now()));
            }
            self.now = next.max(self.now);
            self.step();
            if let Some(violation) = self.record.borrow().violation() {
                return Err(format!("{violation}, at {} us", self.now / MICROS));
            }
        }
        self.now = end;
        Ok(())
    }

    /// How many presses are answered in a second, once somebody leads, while every board presses as soon as it has its
    /// answer.
    ///
    /// # Errors
    /// What went wrong.
    pub fn answers_per_second(&mut self) -> Result<usize, String> {
        const SECONDS: usize = 10;
        self.run(10 * self.setting.pace().election.as_micros() as u64)?;
        let before = self.answered();
        self.run(SECONDS as u64 * 1_000_000)?;
        Ok((self.answered() - before) / SECONDS)
    }

    /// The most pages that any board has erased in one turn.
    pub fn erased_at_once(&self) -> u64 {
        self.boards.iter().map(|board| board.erased_at_once).max().unwrap_or_default()
    }

    /// What the lines have lost, and why.
    pub fn faults(&self) -> Vec<(Fault, u32)> {
        let count = |fault| {
            let stations = self.boards.iter().filter_map(|board| board.station.as_ref());
            let counts = stations.flat_map(|station| (0..LINES).map(|line| station.faults(line).count(fault)));
            (fault, counts.sum::<u32>())
        };
        Fault::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn next(&self) -> Option<u64> {
        let wires = self.wires.iter().filter_map(Wire::due);
        let boards = self.boards.iter().filter_map(|board| self.due(board));
        wires.chain(boards).chain([self.next_trouble]).min().map(|next| next.max(self.now))
    }

    fn due(&self, board: &Board) -> Option<u64> {
        let pending = |wire: &&Wire| wire.from.0 == usize::from(board.seat) && wire.is_free();
        let waits = |wire: &Wire| board.station.as_ref().is_some_and(|station| !station.drain(wire.from.1).is_empty());
        let is_waiting = self.wires.iter().filter(pending).any(waits);
        let write = is_waiting.then_some(board.busy_until);
        board.deadline().into_iter().chain(write).min()
    }

    fn step(&mut self) {
        let now = self.now;
        for wire in &mut self.wires {
            if let Some(bytes) = wire.arrived(now) {
                self.boards[wire.to.0].receive(wire.to.1, bytes);
            }
        }
        if now >= self.next_trouble {
            self.cause_trouble();
            self.plan_trouble();
        }
        for board in 0..self.boards.len() {
            if self.boards[board].deadline().is_some_and(|due| due <= now) {
                self.turn(board);
            }
        }
        for wire in &mut self.wires {
            let board = &mut self.boards[wire.from.0];
            let Some(station) = board.station.as_mut().filter(|_| board.busy_until <= now && wire.is_free()) else {
                continue;
            };
            let bytes = station.drain(wire.from.1);
            let bytes = &bytes[..bytes.len().min(FIFO)];
            if !bytes.is_empty() {
                let length = bytes.len();
                wire.start(now, self.setting.byte_time(), bytes, &mut self.rng);
                station.drained(wire.from.1, length);
            }
        }
    }

    fn turn(&mut self, number: usize) {
        let now = self.now;
        let board = &mut self.boards[number];
        if board.restart_at.is_some_and(|at| at <= now) {
            board.boot(&self.setting, &self.record, now);
        }
        if !self.setting.presses || self.is_calm {
            board.press_at = u64::MAX;
        } else if board.press_at == u64::MAX {
            board.press_at = now;
        }
        let mut result = board.work(now);
        if result.is_ok() && board.press(now, &mut self.rng, &self.setting) {
            result = board.work(now);
        }
        let spent = board.chip.take_time();
        board.busy_until = now + if self.setting.slow_flash { spent * MICROS } else { 0 };
        board.look();
        let app = board.station.as_ref().and_then(Simulated::app);
        let is_told = board.station.as_ref().is_some_and(|station| station.undone().is_some());
        assert!(
            is_told || !app.is_some_and(Presses::was_too_large),
            "board {number} says nothing of a snapshot that it cannot take"
        );
        let is_dead = board.chip.is_dead();
        let stops = matches!(result, Err(ref error) if !matches!(error, Stop::Dismissed(_)));
        assert!(
            board.station.is_none() || stops == is_dead,
            "board {number} stops if its flash fails, and not without: {result:?}"
        );
        if is_dead {
            board.expect_end(result, now);
            board.fail(now + self.rng.u64(1..500_000) * MICROS);
            return;
        }
        if let Err(Stop::Dismissed(why)) = result {
            self.dismiss(number, why);
        }
        if self.setting.trouble.guests {
            self.hear_guests(number);
        }
        let waits = self.setting.trouble.waits && self.boards[0].existing;
        assert!(
            !waits || node(&self.boards[number]).is_none(),
            "board {number} founds a cluster while board 0 waits for one"
        );
    }
}

fn node(board: &Board) -> Option<&Node<Press, Box<[u8]>, SEATS>> {
    board.station.as_ref().and_then(Simulated::node)
}

/// Of each line of a board, the board and line at its other end.
fn neighbours(wiring: Wiring, board: usize, count: usize) -> Vec<(usize, usize)> {
    let lines: Vec<_> = match wiring {
        Wiring::Ring => vec![((board + 1) % count, 1), ((board + count - 1) % count, 0)],
        Wiring::Mesh => {
            let line = |other: usize| if other > board { (other, board) } else { (other, board - 1) };
            (0..count).filter(|other| *other != board).map(line).collect()
        }
    };
    assert!(lines.len() <= LINES, "a board has {LINES} lines");
    lines
}
