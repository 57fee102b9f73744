//! How long a follower takes that has nothing, behind a leader with many small entries: while nobody else wants anything, and
//! while clients go on putting; and what the latter costs them. Beside it, in the same run: how long the snapshot's bytes alone
//! take over the same kind of link, to a file that is synced.
//!
//! Five nodes of `quorate-smol` on threads of this process, over UDP on loopback, with real disks; two of them start late.
//!
//! They share the processors of this machine, so what a late node does itself slows the others down as well. `--apart` gives the
//! late nodes a processor of their own, and all the others and the clients one, as if they were different machines.
//!
//! `cargo bench -p quorate-tests --bench catch_up -- --entries 1000000 --apart`

mod copy;
mod house;
mod load;
mod pairs;
mod processor;

use std::time::{Duration, Instant};

use clap::Parser;

use house::House;
use load::Load;

#[derive(Parser)]
struct Options {
    /// How many entries a late node misses, each of a key of its own
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Let the late nodes have a processor that nobody else uses; Linux only
    #[arg(long)]
    apart: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// For how long puts are counted.
const WHILE: Duration = Duration::from_secs(8);
/// Until nothing is left to do of what was before, or until clients have found their pace.
const PAUSE: Duration = Duration::from_secs(1);
/// How many clients go on putting.
const CLIENTS: u64 = 64;

fn main() {
    let options = Options::parse();
    if options.apart {
        processor::keep_to(0);
    }
    let mut house = House::of(5);
    (1..=3).for_each(|seat| house.start(seat, || {}));
    println!("1. three of five nodes take {} puts of 8-byte keys and values", options.entries);
    let begun = Instant::now();
    load::fill(&house, options.entries);
    println!("   {:.1} s, {:.0} puts/s", begun.elapsed().as_secs_f64(), rate(options.entries, begun.elapsed()));

    std::thread::sleep(PAUSE);
    println!("2. the fourth node starts with nothing; nobody puts");
    let directory = house.directory().to_owned();
    let bytes = join(&mut house, 4, options.apart);
    println!("   the snapshot's {bytes} bytes alone: {:.3} s", copy::time(bytes, &directory).as_secs_f64());

    let load = Load::start(&house, CLIENTS);
    std::thread::sleep(PAUSE);
    let before = load.measure(WHILE);
    println!("3. the fifth node starts with nothing; {CLIENTS} clients put");
    println!("   four nodes: {before:.0} puts/s");
    let (begun, done) = (Instant::now(), load.done());
    let bytes = join(&mut house, 5, options.apart);
    let meanwhile = rate(load.done() - done, begun.elapsed());
    println!("   the snapshot's {bytes} bytes alone: {:.3} s", copy::time(bytes, &directory).as_secs_f64());
    let after = load.measure(WHILE);
    println!("   meanwhile: {meanwhile:.0} puts/s; five nodes afterwards: {after:.0} puts/s");
    load.stop();
}

/// Starts a node that has nothing, and waits until it is in line. How many bytes its snapshot has.
fn join(house: &mut House, seat: u8, apart: bool) -> u64 {
    let begun = Instant::now();
    house.start(seat, move || {
        if apart {
            processor::keep_to(1);
        }
    });
    let in_line = house.await_in_line(seat);
    let house::InLine { started, restored, bytes, index } = in_line;
    let since = |at: Instant| at.duration_since(begun).as_secs_f64();
    println!("   its disk is open after {:.3} s, the snapshot restored after {:.3} s", since(started), since(restored));
    println!("   in line at index {index} after {:.3} s", begun.elapsed().as_secs_f64());
    bytes
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
