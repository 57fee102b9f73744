//! Every order of events in which a few stores can found a cluster: the real [`Prospect`](quorate::Prospect), with
//! crashes, lost disks, and letters that stay on their way for good once they are sent, and so may arrive at any time,
//! any number of times or never.
//!
//! What complete stores do is cut down to what a founding has to do with: they elect, a leader hears who holds its log,
//! it takes the first command when it may, and disks are lost. That elections among them are sound is Raft's part, as
//! long as nobody lives twice: a law of its own.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Time.** Each timer may run out at any moment. A question is sent again as soon as anything has happened: a
//!   letter that is sent early may still arrive late.
//! - **Names of numbers.** Foundings are counted, and so named. A store's present token has one name, and all its
//!   earlier ones another one: none of them is ever good again.
//! - **Dead letters.** What no rule will look at is taken off its way, unless a flaw looks at it.
//! - **Hearsay.** Answers that only tell a store what to say to its operator.
//!
//! Each state is also followed along the way without any further fault, under a real clock, to see whether the cluster
//! comes to be.

mod act;
mod flaw;
mod letter;
mod live;
mod search;
mod world;

use std::hash::{Hash, Hasher};

use crate::search::Mix;

pub use flaw::Flaw;
pub use search::{Report, search};

/// What is searched.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How many stores: one to five.
    pub nodes: usize,
    /// How many disks are lost.
    pub wipes: u8,
    /// How often the founder starts anew before it is complete. The others do so as often as they like.
    pub restarts: u8,
    /// How many states to look at.
    pub states_max: usize,
    /// Whether each state is followed along the way without faults.
    pub is_followed: bool,
    /// What is wrong with the stores, to see that the search finds it.
    pub flaw: Flaw,
}

impl Setting {
    /// This many sound stores, and faults.
    pub const fn new(nodes: usize, wipes: u8, restarts: u8) -> Setting {
        Setting { nodes, wipes, restarts, states_max: usize::MAX, is_followed: true, flaw: Flaw::None }
    }
}

/// The same 64 bits for the same value in every run: of a hundred million states about one in three thousand searches
/// takes two for one.
fn digest(value: &impl Hash) -> u64 {
    let mut hasher = Mix::default();
    value.hash(&mut hasher);
    hasher.finish()
}
