use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::options::Options;

/// Ends the program, with a verdict, when a run does not come to an end: a node that goes round in circles looks like a
/// slow one otherwise.
pub(crate) struct Watch(Arc<AtomicU64>);

impl Watch {
    /// Begins to watch.
    pub(crate) fn start(options: &Options) -> Watch {
        let present = Arc::new(AtomicU64::new(options.seeds.start));
        let (watched, options) = (Arc::clone(&present), options.clone());
        thread::spawn(move || watch(&watched, &options));
        Watch(present)
    }

    /// The run of this seed begins.
    pub(crate) fn turn_to(&self, seed: u64) {
        self.0.store(seed, Ordering::Relaxed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.turn_to(NOBODY);
    }
}

/// No seed runs any more.
const NOBODY: u64 = u64::MAX;

fn watch(present: &AtomicU64, options: &Options) {
    let patience = Duration::from_secs(options.patience);
    let (mut seed, mut since) = (present.load(Ordering::Relaxed), Instant::now());
    loop {
        thread::sleep(Duration::from_millis(200));
        let now = present.load(Ordering::Relaxed);
        if now == NOBODY {
            return;
        }
        if now != seed {
            (seed, since) = (now, Instant::now());
        }
        if since.elapsed() > patience {
            println!("broken: a run comes to an end: it has taken {} s", options.patience);
            println!("replay: {}", options.setting(seed));
            exit(1);
        }
    }
}
