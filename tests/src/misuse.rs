//! What the types of the core forbid: each example is a mistake that does not compile, beside what does.
//!
//! A node hands out one ticket for each write, and takes it back when the write is durable.
//!
//! ```
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn write(persist: Persist<'_>) -> Ticket { persist.ticket }
//!
//! fn durable(node: &mut Node<u32, Vec<u8>, 3>, ticket: Ticket) {
//!     let _ = node.step(Instant::START, Input::Persisted(ticket));
//! }
//! ```
//!
//! A ticket is given back once: it moves.
//!
//! ```compile_fail,E0382
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn durable(node: &mut Node<u32, Vec<u8>, 3>, ticket: Ticket) {
//!     let _ = node.step(Instant::START, Input::Persisted(ticket));
//!     let _ = node.step(Instant::START, Input::Persisted(ticket));
//! }
//! ```
//!
//! It cannot be copied beforehand.
//!
//! ```compile_fail,E0599
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn write(persist: Persist<'_>) -> (Ticket, Ticket) { (persist.ticket.clone(), persist.ticket) }
//! ```
//!
//! Nobody but a node makes one.
//!
//! ```compile_fail,E0451
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn write() -> Ticket { Ticket { write: 1 } }
//! ```
//!
//! ```compile_fail,E0277
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn write() -> Ticket { Default::default() }
//! ```
//!
//! Effects lend the node's memory: whoever keeps one cannot give the next input.
//!
//! ```
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn first(node: &mut Node<u32, Vec<u8>, 3>) {
//!     let effect = node.step(Instant::START, Input::Tick).next();
//!     drop(effect);
//!     let _ = node.step(Instant::START, Input::Tick);
//! }
//! ```
//!
//! ```compile_fail,E0499
//! # use quorate::{Effect, Effects, Input, Instant, Node, Persist, Ticket};
//! fn first(node: &mut Node<u32, Vec<u8>, 3>) {
//!     let effect = node.step(Instant::START, Input::Tick).next();
//!     let _ = node.step(Instant::START, Input::Tick);
//!     drop(effect);
//! }
//! ```
