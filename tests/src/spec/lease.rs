//! Leases: how a leader serves reads without asking for each. The rules have the numbers of `tests/spec/LEASE.md`.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Messages.** Whatever a leader of a term ever had in its log may arrive at any time, any number of times or never;
//!   so may the round that it drew last, and the word that it hands over. An answer counts when it is sent: one that
//!   arrives late confirms a lease that has less left.
//! - **Earlier rounds.** A leader counts answers to the round that it drew last. Answers to one before would confirm a
//!   lease that is over earlier.
//! - **What only restrains.** A candidate stands when the first vote arrives, and a follower that hears entries takes
//!   that for no round.
//! - **Who knows leases.** A leader appends the roster by which they are on whatever builds the others run. It draws no
//!   round before: who draws first might have appended first, and sent it later.
//! - **Names.** Nodes are interchangeable.

mod act;
mod face;
mod rules;
mod state;
mod step;
mod tidy;

use act::Act;
use state::{SEATS, State, TERMS};

use super::breadth::{self, Bounds, Model, Report};

pub use rules::{Flaw, Setting};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    let is_small = setting.nodes <= SEATS && usize::from(setting.terms) < TERMS && setting.entries <= 4;
    assert!(is_small && setting.period <= 24 && setting.period.is_multiple_of(3), "the model is smaller");
    breadth::search::<State>(setting, &Bounds { live: false, ..setting.bounds.clone() })
}

impl Model for State {
    type Setting = Setting;
    type Act = Act;

    fn first(_: &Setting) -> State {
        State::default()
    }

    fn possible(&self, setting: &Setting, acts: &mut Vec<Act>) {
        self.acts(setting, acts);
    }

    fn next(&self, act: Act, setting: &Setting) -> Option<Result<State, &'static str>> {
        let (mut state, verdict) = self.after(act, setting)?;
        if let Err(promise) = verdict.and_then(|()| state.check(setting)) {
            return Some(Err(promise));
        }
        state.tidy(setting);
        (state != *self).then_some(Ok(state))
    }

    fn form(&self, setting: &Setting, words: &mut Vec<u32>) {
        self.pack(setting, words);
    }

    fn of_form(words: &[u32], setting: &Setting) -> State {
        State::unpack(words, setting)
    }

    fn line(&self, setting: &Setting) -> String {
        self.told(setting)
    }
}
