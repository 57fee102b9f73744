use std::sync::atomic::{AtomicBool, Ordering};

use quorate_tests::simulator::{Setting, Shrinker};

use crate::options::Options;

/// Looks for a smaller setting until nothing helps, or somebody has seen enough.
pub(crate) fn shrink(setting: Setting, options: &Options, interrupted: &AtomicBool) -> Setting {
    let Some(mut shrinker) = Shrinker::new(setting.clone(), options.tries) else {
        return setting;
    };
    while !interrupted.load(Ordering::Relaxed) && shrinker.shrink() {
        eprintln!("smaller: {}", shrinker.smallest());
    }
    shrinker.smallest().clone()
}
