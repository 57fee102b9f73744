//! Members that change, and stores that come back without a disk.

mod act;
mod change;
mod commit;
mod configuration;
mod face;
mod live;
mod log;
mod rules;
mod state;
mod step;
mod tidy;

use self::act::Act;
use self::state::State;
use super::breadth::{self, Model, Verdict};

pub use super::breadth::{Bounds, End, Report};
pub use rules::{Flaw, Setting};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    assert!(setting.seats <= 5 && setting.terms <= 6 && setting.entries <= 5, "the model is smaller");
    breadth::search::<State>(setting, &setting.bounds)
}

impl Model for State {
    type Setting = Setting;
    type Act = Act;

    fn first(setting: &Setting) -> State {
        State::new(setting)
    }

    fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        self.all_acts(setting, acts);
    }

    fn after(&self, act: Act, setting: &Setting) -> Option<Result<State, &'static str>> {
        let (mut state, verdict) = self.played(act, setting)?;
        if let Err(promise) = verdict.and_then(|()| state.check()) {
            return Some(Err(promise));
        }
        (state.tidy(setting) <= setting.terms && state != *self).then_some(Ok(state))
    }

    fn rested(&self, setting: &Setting) -> State {
        self.at_rest(setting)
    }

    fn check_way_on(&self, setting: &Setting) -> Verdict {
        self.check_all_ways_on(setting)
    }

    fn pack(&self, setting: &Setting, words: &mut Vec<u32>) {
        self.pack_words(setting, words);
    }

    fn unpack(words: &[u32], setting: &Setting) -> State {
        State::read(words, setting)
    }

    fn told(&self, setting: &Setting) -> String {
        self.line(setting)
    }
}
