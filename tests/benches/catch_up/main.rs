//! How long a follower takes that has nothing, behind a leader with many small entries: while nobody else wants
//! anything, and while clients go on putting; and what the latter costs them. Beside it, in the same run: how long the
//! snapshot's bytes alone take over the same kind of link, to a file that is synced. Each is done several times, and
//! the medians are stated.
//!
//! Five nodes of `quorate-smol` on threads of this process, over UDP on loopback, with real disks; two of them start
//! late, again and again with an empty disk.
//!
//! They share the processors of this machine, so what a late node does itself slows the others down as well. `--apart`
//! gives the late nodes a processor of their own, and all the others and the clients one, as if they were different
//! machines.
//!
//! `cargo bench -p quorate-tests --bench catch_up -- --entries 1000000 --rounds 5 --apart`

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
    /// How often a node starts late, of each kind
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Let the late nodes have a processor that nobody else uses; Linux only
    #[arg(long)]
    apart: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// For how long puts are counted.
const WHILE: Duration = Duration::from_secs(4);
/// Until nothing is left to do of what was before, or until clients have found their pace.
const PAUSE: Duration = Duration::from_secs(1);
/// How many clients go on putting.
const CLIENTS: u64 = 64;

fn main() {
    let options = Options::parse();
    if options.apart {
        processor::keep_to(0);
    }
    let house = House::of(5);
    let early = [1, 2, 3].map(|seat| house.start(seat, || {}));
    println!("1. three of five nodes take {} puts of 8-byte keys and values", options.entries);
    let begun = Instant::now();
    load::fill(&house, options.entries);
    println!("   {:.1} s, {:.0} puts/s", begun.elapsed().as_secs_f64(), rate(options.entries, begun.elapsed()));

    println!("2. the fourth node starts with nothing; nobody puts");
    let (mut took, mut copied) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        std::thread::sleep(PAUSE);
        let (node, late) = join(&house, 4, options.apart);
        took.push(late.in_line.as_secs_f64());
        copied.push(copy::time(late.bytes, house.directory()).as_secs_f64());
        node.remove();
    }
    let times: Vec<_> = took.iter().zip(&copied).map(|(took, copied)| took / copied).collect();
    println!("   in line after {:.3} s; the bytes alone: {:.3} s", median(took), median(copied));
    println!("   times as long as the bytes alone: {:.2}; of each round: {times:.2?}", median(times.clone()));

    println!("3. the fifth node starts with nothing; {CLIENTS} clients put");
    let fourth = join(&house, 4, options.apart).0;
    let load = Load::start(&house, CLIENTS);
    let (mut before, mut meanwhile, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        std::thread::sleep(PAUSE);
        before.push(load.measure(WHILE));
        let (begun, done) = (Instant::now(), load.done());
        let (node, _) = join(&house, 5, options.apart);
        meanwhile.push(rate(load.done() - done, begun.elapsed()));
        after.push(load.measure(WHILE));
        node.remove();
    }
    let kept: Vec<_> = meanwhile.iter().zip(&before).map(|(meanwhile, before)| meanwhile / before).collect();
    let (before, meanwhile, after) = (median(before), median(meanwhile), median(after));
    println!("   puts/s of four nodes: {before:.0}; meanwhile: {meanwhile:.0}; of five nodes afterwards: {after:.0}");
    println!("   meanwhile, as a part of what it was before: {:.2}; of each round: {kept:.2?}", median(kept.clone()));
    load.stop();
    fourth.remove();
    early.into_iter().for_each(house::Running::remove);
}

/// A node that was late.
struct Late {
    /// How long it took to come in line, from when its disk was open.
    in_line: Duration,
    /// Those of its snapshot.
    bytes: u64,
}

/// Starts a node that has nothing, and waits until it is in line.
fn join(house: &House, seat: u8, apart: bool) -> (house::Running, Late) {
    let node = house.start(seat, move || {
        if apart {
            processor::keep_to(1);
        }
    });
    let house::InLine { started, restored, bytes, index } = house.await_in_line(&node);
    let in_line = started.elapsed();
    println!(
        "   {bytes} bytes of a snapshot restored {:.3} s after its disk was open; in line at index {index} after {:.3} s",
        restored.duration_since(started).as_secs_f64(),
        in_line.as_secs_f64(),
    );
    (node, Late { in_line, bytes })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
