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
mod breadth;
mod commit;
mod face;
mod live;
mod log;
mod rules;
mod state;
mod step;
mod story;
mod tidy;
mod write;

pub use breadth::{End, Report, search};
pub use rules::{Flaw, Room, Setting, Writes};
