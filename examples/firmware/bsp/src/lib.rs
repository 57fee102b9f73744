//! What the super-loop and the example on embassy share: the emulated machine's UARTs, clock, flash and log, and
//! buttons on its console.
#![no_std]

mod buttons;
pub mod clock;
mod console;
mod flash;
mod identity;
mod log;
mod panic;
mod stack;
mod station;
pub mod uart;
mod watch;

pub use buttons::Buttons;
pub use console::{Console, Order, Tag};
pub use identity::{Identity, Wiring};
pub use station::{Station, start, stop};
pub use uart::Port;
pub use watch::Watch;

/// Starts the clock, the console and the log.
pub fn init() {
    let peripherals = cortex_m::Peripherals::take().expect("the board is started once");
    clock::start(peripherals.SYST);
    uart::CONSOLE.start(CONSOLE_BAUD);
    uart::LOG.start(CONSOLE_BAUD);
}

const CONSOLE_BAUD: u32 = 115_200;
