//! The mark: how a leader commits what it found in its log without writing an entry. The rules have the numbers of
//! `tests/spec/MARK.md`.
//!
//! A [`Setting`] bounds the search by how many terms are alive at a time and how many entries stand behind what all
//! have and nobody can lose, not by how long a history is: terms are renumbered in their order and a common committed
//! front is left out in each state. So a complete search covers histories of any length that stay within these bounds.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Messages.** Whatever a leader of a term ever had in its log may arrive at any time, any number of times or
//!   never, so a reign's log stands for all of its messages. Votes and acks count when they are sent: one that arrives
//!   late is a leader that acts late.
//! - **What only restrains.** A term that is seen without a vote or an entry, a vote for somebody who does not win, a
//!   leader that steps down: the node could as well not have done it, and do all that it does later.
//! - **Names.** Nodes with logs of the same size are interchangeable.
//! - **Knowledge of commits.** A node may snapshot whatever it holds and a leader of its own term or before committed:
//!   more than any node can know, and so all that it can.
//! - **Marks that an uncommittable past outlived.** One that is not above the term of an entry that can never be cut
//!   decides nothing any more.

mod act;
mod commit;
mod face;
mod live;
mod rules;
mod state;
mod step;
mod tidy;
mod write;

use act::Act;
use state::State;
use tidy::Packed;

use super::breadth::{self, Model, Report, Verdict};

pub use rules::{Flaw, Room, Setting, Writes};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    assert!((2..=5).contains(&setting.nodes) && setting.terms <= 12 && setting.entries <= 4, "the model is smaller");
    breadth::search::<State>(setting, &setting.bounds)
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
        Some(Ok(state))
    }

    fn is_within(&self, setting: &Setting) -> bool {
        self.latest(setting) <= setting.terms
    }

    fn rest(&self, setting: &Setting) -> State {
        self.rested(setting)
    }

    fn way_on(&self, setting: &Setting) -> Verdict {
        self.check_way_on(setting)
    }

    fn form(&self, setting: &Setting, words: &mut Vec<u32>) {
        let packed = self.pack(setting);
        words.extend_from_slice(&packed.words[..packed.length]);
    }

    fn of_form(words: &[u32], setting: &Setting) -> State {
        let mut packed = Packed { length: words.len(), ..Packed::empty() };
        packed.words[..words.len()].copy_from_slice(words);
        packed.state(setting)
    }

    fn line(&self, setting: &Setting) -> String {
        self.told(setting)
    }
}
