use std::thread;
use std::time::{Duration, Instant};

use crate::house::{CLIENTS, House, Load, median};

/// How often each is measured.
const ROUNDS: usize = 6;

/// What seals cost where nobody attacks: commands a second, and the processor's time for one, of all nodes and clients together.
pub(crate) fn compare(time: Duration) {
    println!("{CLIENTS} clients, three nodes, {time:?} each, {ROUNDS} times in turn: the median");
    println!("{:<8}{:>12}{:>18}{:>20}", "links", "commands/s", "user us/command", "user+system");
    let (mut rates, mut users, mut alls) =
        ([const { Vec::new() }; 2], [const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    let houses = [false, true].map(House::new);
    for round in 0..2 * ROUNDS {
        let at = round % 2;
        let load = Load::begin(&houses[at]);
        thread::sleep(time / 4);
        let (before, began, [user, system]) = (load.done(), Instant::now(), processor());
        thread::sleep(time);
        let commands = (load.done() - before) as f64;
        let [user, system] = [processor()[0] - user, processor()[1] - system];
        rates[at].push(commands / began.elapsed().as_secs_f64());
        users[at].push(10_000.0 * user as f64 / commands);
        alls[at].push(10_000.0 * (user + system) as f64 / commands);
    }
    let [rates, users, alls] = [rates, users, alls].map(|each| each.map(median));
    for (at, name) in ["plain", "sealed"].into_iter().enumerate() {
        println!("{name:<8}{:>12.0}{:>18.1}{:>20.1}", rates[at], users[at], alls[at]);
    }
    let share = |of: [f64; 2], over: usize| 100.0 * of[over] / of[1 - over];
    println!(
        "sealed: {:.0} % of plain throughput; plain: {:.0} % of sealed processor time",
        share(rates, 1),
        share(alls, 0)
    );
}

/// How long this process has run by itself, and in the system for it, in hundredths of a second; zeros where the system does not say it so.
fn processor() -> [u64; 2] {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    [(); 2].map(|()| fields.next().and_then(|field| field.parse().ok()).unwrap_or(0))
}
