use heapless::Vec;
use lamps::{CLIENTS, FRAME, LAYOUT, LOG_MEMORY, Lamps, SEATS};
use quorate::{Members, Seats};
use quorate_serial::{Memory, Plan, Routes, Settings, Stop};
use quorate_wire::seal::Profile;
use semihosting::process;
use static_cell::{ConstStaticCell, StaticCell};

use crate::console::tell;
use crate::flash::FileFlash;
use crate::identity::{Identity, Wiring};
use crate::uart::CONSOLE;
use crate::{clock, stack};

/// How many serial lines a board has.
pub(crate) const LINES: usize = 2;

/// The bytes of a snapshot's memory. Opening the flash needs room for a record as well, and some more.
const SNAPSHOT_MEMORY: usize = 1024;
const _: () = assert!(SNAPSHOT_MEMORY >= Station::SNAPSHOT_BYTES_MAX, "the longest snapshot has to fit");

/// A member that replicates lamps.
pub type Station = quorate_serial::Station<Lamps, FileFlash, &'static mut [u8], SEATS, LINES, FRAME, CLIENTS>;

static STATION: StaticCell<Station> = StaticCell::new();

/// Beside the station.
static LOG: ConstStaticCell<[u8; LOG_MEMORY]> = ConstStaticCell::new([0; LOG_MEMORY]);
static SNAPSHOT: ConstStaticCell<[u8; SNAPSHOT_MEMORY]> = ConstStaticCell::new([0; SNAPSHOT_MEMORY]);

/// Takes back what the flash holds. A board that cannot has nothing else to do: it panics. What this takes of the
/// stack, it gives back.
pub fn start(identity: &Identity) -> &'static mut Station {
    let station = recover(identity);
    if let Some(keys) = identity.keys() {
        // Hosts have long seals.
        let profile = if identity.wiring == Wiring::Gateway { Profile::Full } else { Profile::Bus };
        station.seal(keys, profile, identity.seed);
    }
    stack::repaint();
    tell(&format_args!("started as board {}", identity.seat.0 + 1));
    station
}

/// With this status the emulator ends when the board is no member any longer.
const DISMISSED: i32 = 4;

/// What is left to do for a board whose station has stopped: it panics, starts anew, and finds what its flash holds. One
/// that is no member any longer has nothing to do, and is switched off.
pub fn stop(why: Stop) -> ! {
    let Stop::Dismissed(_) = why else { panic!("{why}") };
    tell(&format_args!("stopped: {why}"));
    CONSOLE.flush();
    defmt::warn!("stopped: {}", why);
    defmt::flush();
    process::exit(DISMISSED)
}

#[inline(never)]
fn recover(identity: &Identity) -> &'static mut Station {
    let &Identity { cluster, seat, baud, wiring, seed, .. } = identity;
    let members = Members::of(Seats::first(SEATS));
    let pace = Plan::new(baud).pace().unwrap_or_else(|misfit| panic!("{misfit}"));
    let routes = match wiring {
        Wiring::Ring => Routes::ring(seat, &members.all().iter().collect::<Vec<_, SEATS>>()),
        Wiring::Gateway => Some(Routes::lines(&[members.all()])),
    };
    let routes = routes.expect("every seat is in the ring");
    let settings = Settings { cluster, seat, members, existing: false, may_join: true, routes, pace, seed };
    let flash = FileFlash::open(identity.flash()).unwrap_or_else(|fault| panic!("the flash: {fault}"));
    let memory: Memory<&mut [u8]> = Memory { log: LOG.take(), snapshot: SNAPSHOT.take() };
    Station::start_in(STATION.uninit(), settings, Lamps::default(), flash, LAYOUT, memory, clock::now())
        .unwrap_or_else(|error| panic!("{error}"))
}
