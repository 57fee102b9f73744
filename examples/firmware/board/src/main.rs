//! One of three boards that replicate lamps: a super-loop, two serial lines, a flash, and no allocator.

#![no_std]
#![no_main]

use bsp::{Buttons, Console, Identity, Port, Station, Watch, clock, uart};
use cortex_m_rt::entry;
use quorate_serial::pump;

#[entry]
fn main() -> ! {
    bsp::init();
    let identity = Identity::ask();
    uart::LINES.iter().for_each(|line| line.start(identity.baud));
    run(bsp::start(&identity))
}

/// What this takes of the stack is not taken yet while the station is put together.
#[inline(never)]
fn run(station: &mut Station) -> ! {
    let (mut console, mut buttons, mut watch) = (Console::default(), Buttons::default(), Watch::default());
    loop {
        let now = clock::now();
        let mut has_moved = false;
        for (line, uart) in uart::LINES.iter().enumerate() {
            has_moved |= pump(station, line, &mut Port(uart), now).unwrap_or_else(|why| bsp::stop(why));
        }
        while let Some((tag, order)) = console.order() {
            has_moved |= buttons.obey(station, tag, order);
        }
        if has_moved || station.deadline().is_some_and(|deadline| deadline <= now) {
            station.turn(now).unwrap_or_else(|why| bsp::stop(why));
            buttons.hear(station);
            watch.look(station);
        } else {
            clock::sleep_unless(uart::have_bytes);
        }
    }
}
