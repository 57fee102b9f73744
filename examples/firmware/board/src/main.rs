//! One of three boards that replicate lamps: a super-loop, two serial lines, a flash, and no allocator.

#![no_std]
#![no_main]

mod buttons;
mod clock;
mod console;
mod flash;
mod identity;
mod log;
mod panic;
mod stack;
mod uart;

use cortex_m_rt::entry;
use lamps::{CLIENTS, CLUSTER, FRAME, Lamps, SEATS};
use quorate::{Members, Role, Seats, Term};
use quorate_flash::Layout;
use quorate_serial::{Memory, Plan, Routes, Settings, Station, pump};
use quorate_wire::Cluster;
use static_cell::StaticCell;

use crate::buttons::Buttons;
use crate::console::{Console, tell};
use crate::flash::{CAPACITY, FileFlash};
use crate::identity::{Identity, Wiring};
use crate::uart::{CONSOLE, LOG, Port};

/// How many serial lines a board has.
const LINES: usize = 2;

/// The bytes of the log's memory, and of a snapshot's.
const MEMORY: usize = 1024;

/// The flash: half of it for the log, half for snapshots.
const LAYOUT: Layout =
    Layout { log: 0..CAPACITY as u32 / 2, snapshots: CAPACITY as u32 / 2..CAPACITY as u32, log_memory: MEMORY };

type Board = Station<Lamps, FileFlash, [u8; MEMORY], SEATS, LINES, FRAME, CLIENTS>;

static BOARD: StaticCell<Board> = StaticCell::new();

#[entry]
fn main() -> ! {
    let peripherals = cortex_m::Peripherals::take().expect("main runs once");
    clock::start(peripherals.SYST);
    CONSOLE.start(115_200);
    LOG.start(115_200);
    let identity = Identity::ask();
    uart::LINES.iter().for_each(|line| line.start(identity.baud));
    let board = start(&identity);
    tell(&format_args!("started as board {}", identity.seat.0 + 1));
    stack::repaint();

    let (mut console, mut buttons, mut watch) = (Console::new(), Buttons::default(), Watch::default());
    loop {
        let now = clock::now();
        let mut has_moved = false;
        for (line, uart) in uart::LINES.iter().enumerate() {
            has_moved |= pump(board, line, &mut Port(uart), now).unwrap_or_else(|stop| panic!("{stop}"));
        }
        while let Some((tag, order)) = console.order() {
            buttons.obey(board, tag, order);
            has_moved = true;
        }
        if has_moved || board.deadline().is_some_and(|deadline| deadline <= now) {
            board.turn(now).unwrap_or_else(|stop| panic!("{stop}"));
            buttons.hear(board);
            watch.look(board);
        } else {
            clock::sleep_unless(|| CONSOLE.has_bytes() || uart::LINES.iter().any(uart::Uart::has_bytes));
        }
    }
}

/// Takes back what the flash holds. A board that cannot has nothing else to do. What this takes of the stack, it gives back.
#[inline(never)]
fn start(identity: &Identity) -> &'static mut Board {
    let &Identity { seat, baud, wiring, seed, .. } = identity;
    let flash = FileFlash::open(identity.flash()).unwrap_or_else(|fault| panic!("the flash: {fault}"));
    let cluster = Cluster(CLUSTER);
    let members = Members::of(Seats::first(SEATS));
    let pace = Plan::new(baud, cluster).pace().unwrap_or_else(|misfit| panic!("{misfit}"));
    let routes = match wiring {
        Wiring::Ring => Routes::ring(seat, &members.all().iter().collect::<heapless::Vec<_, SEATS>>()),
        Wiring::Gateway => Some(Routes::lines(&[members.all()])),
    };
    let routes = routes.expect("every seat is in the ring");
    let settings = Settings { cluster, identity: seat.into(), members, routes, pace, seed };
    let memory = Memory { log: [0; MEMORY], snapshot: [0; MEMORY] };
    let board = Station::start(settings, Lamps::default(), flash, LAYOUT, memory, clock::now());
    BOARD.init(board.unwrap_or_else(|error| panic!("{error}")))
}

/// Tells the log what the node becomes.
#[derive(Default)]
struct Watch {
    told: Option<(Role, Term)>,
}

impl Watch {
    fn look(&mut self, board: &Board) {
        let state = (board.node().role(), board.node().term());
        if self.told.replace(state) != Some(state) {
            defmt::info!("{} of {}", state.0, state.1);
        }
    }
}
