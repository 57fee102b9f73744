//! The same board on embassy's executor: lines are read and written by tasks, and the station has its turn in between.

#![no_std]
#![no_main]

use bsp::{Buttons, Console, Identity, Port, Station, Watch, clock, uart};
use cortex_m_rt::entry;
use embassy_executor::Executor;
use embassy_futures::select::select;
use static_cell::StaticCell;

static EXECUTOR: StaticCell<Executor> = StaticCell::new();

#[entry]
fn main() -> ! {
    bsp::init();
    let identity = Identity::ask();
    uart::LINES.iter().for_each(|line| line.start(identity.baud));
    // Before any task runs: it takes most of the stack.
    let station = bsp::start(&identity);
    EXECUTOR.init_with(Executor::new).run(|spawner| spawner.spawn(run(station).expect("it is the only task")))
}

#[embassy_executor::task]
async fn run(station: &'static mut Station) {
    let (mut console, mut buttons, mut watch) = (Console::default(), Buttons::default(), Watch::default());
    let ports = [0, 1].map(|line| (Port(&uart::LINES[line]), Port(&uart::LINES[line])));
    let wait = async |deadline| {
        select(clock::reach(deadline), uart::CONSOLE.readable()).await;
    };
    let stop = quorate_serial::run(station, ports, clock::now, wait, |station| {
        watch.look(station);
        let mut has_proposed = buttons.hear(station);
        while let Some((tag, order)) = console.order() {
            has_proposed |= buttons.obey(station, tag, order);
        }
        has_proposed
    });
    bsp::stop(stop.await)
}
