//! The same board on embassy's executor: lines are read and written by tasks, and the station has its turn in between.

#![no_std]
#![no_main]

use bsp::{Buttons, Console, Identity, Port, Watch, clock, uart};
use embassy_executor::Spawner;
use embassy_futures::select::select;
use quorate_serial::run;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    bsp::init();
    let identity = Identity::ask();
    uart::LINES.iter().for_each(|line| line.start(identity.baud));
    let station = bsp::start(&identity);

    let (mut console, mut buttons, mut watch) = (Console::default(), Buttons::default(), Watch::default());
    let ports = [0, 1].map(|line| (Port(&uart::LINES[line]), Port(&uart::LINES[line])));
    let wait = async |deadline| {
        select(clock::reach(deadline), uart::CONSOLE.readable()).await;
    };
    let stop = run(station, ports, clock::now, wait, |station| {
        watch.look(station);
        let mut has_proposed = buttons.hear(station);
        while let Some((tag, order)) = console.order() {
            has_proposed |= buttons.obey(station, tag, order);
        }
        has_proposed
    });
    panic!("{}", stop.await)
}
