#![no_std]
#![doc = include_str!("../README.md")]
//!
//! # A cluster in one loop
//!
//! The state to replicate here is a sum. A command is any type that serde knows:
//!
//! ```
//! use std::collections::VecDeque;
//! use quorate::{
//!     Boot, Charter, ClientCommand, Config, Effect, Features, Founding, Input, Instant, Least, Members, Node, Role, Seat,
//!     Seats,
//! };
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Add(u32);
//!
//! // A node with room for three members and a log of 1 KiB. It is a value: keep it in a static, on the stack, in a box.
//! struct Machine { node: Node<Add, [u8; 1024], 3>, sum: u32 }
//!
//! let members = Members::of(Seats::first(3));
//! // What all of them start from. Between machines, a `Prospect` on each makes sure of that.
//! let least = Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN };
//! let charter = Charter { founding: Founding(0x1a3b), members, least };
//! let mut machines = Vec::new();
//! for seat in members.all().iter() {
//!     // The seed must differ from member to member and from boot to boot.
//!     let config = Config::new(seat, u64::from(seat.0));
//!     // Not so at the next start: then `Boot::recover`, and what the disk holds.
//!     let boot = Boot::found(config, &charter, [0; 1024])?;
//!     machines.push(Machine { node: boot.start(Instant::START)?, sum: 0 });
//! }
//!
//! // Gives a node an input and carries the effects out, in their order. The link is a queue: it hands each message over.
//! fn act(machine: &mut Machine, now: Instant, input: Input<'_, Add>, link: &mut VecDeque<(Seat, Seat, Vec<u8>)>) {
//!     let me = machine.node.seat();
//!     let mut written = None;
//!     for effect in machine.node.step(now, input) {
//!         match effect {
//!             // Who takes part, and where they are reached: here the link knows.
//!             Effect::Members { .. } => {}
//!             // Make it durable, in one write. Until the ticket is back the node promises nothing that depends on it.
//!             Effect::Persist(write) => written = Some(write.ticket),
//!             // Send it, or lose it: links may. `quorate-wire` makes frames of messages; here postcard alone will do.
//!             Effect::Send { to, message } => {
//!                 let mut frame = [0; 1200];
//!                 let bytes = postcard::to_slice(&message, &mut frame).expect("every message fits");
//!                 link.push_back((me, to, bytes.to_vec()));
//!             }
//!             // It is on the disks of a majority, and on ours: do it. Entries without a command open a client's session, or
//!             // say who takes part.
//!             Effect::Apply(entry) => {
//!                 if let Some(Add(number)) = entry.command().expect("a command of this program") {
//!                     machine.sum += number;
//!                 }
//!             }
//!             // Entries that a snapshot covers are forgotten when the log fills up: see below. This one never does.
//!             Effect::TakeSnapshot { .. } | Effect::SendPiece { .. } | Effect::Store { .. } | Effect::Restore { .. } => {}
//!             Effect::LeadershipEnded => println!("nobody here knows what becomes of what was taken and not done yet"),
//!             Effect::ReadReady { .. } | Effect::ReadFailed { .. } | Effect::TransferFailed { .. } => {}
//!             Effect::ChangeFailed { .. } => {}
//!             Effect::Dismissed(why) => println!("this node is none of the members any longer: {why:?}"),
//!         }
//!     }
//!     if let Some(ticket) = written {
//!         act(machine, now, Input::Persisted(ticket), link);
//!     }
//! }
//!
//! let mut link = VecDeque::new();
//! let mut now = Instant::START;
//! let mut wish = Some(Add(42));
//! while machines.iter().any(|machine| machine.sum != 42) {
//!     // Nothing moves: sleep until the first deadline.
//!     now = machines.iter().filter_map(|machine| machine.node.deadline()).min().ok_or("nobody has a deadline")?;
//!     for machine in &mut machines {
//!         act(machine, now, Input::Tick, &mut link);
//!     }
//!     while let Some((from, to, bytes)) = link.pop_front() {
//!         let message = postcard::from_bytes(&bytes)?;
//!         act(&mut machines[usize::from(to.0)], now, Input::Receive { from: from.into(), message }, &mut link);
//!     }
//!     if let Some(leader) = machines.iter_mut().find(|machine| machine.node.role() == Role::Leader) {
//!         // The first command of all waits until every member is known to be part of the cluster.
//!         if leader.node.waits_for().is_empty() && let Some(command) = wish.take() {
//!             // Where it stands, or why nothing was done. What follows is drawn by the next step.
//!             let position = leader.node.step(now, ClientCommand { session: None, command: Some(command) }).answer;
//!             println!("the leader took it: {position:?}");
//!             act(leader, now, Input::Tick, &mut link);
//!         }
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a driver has to keep
//!
//! - **Order.** Effects of one kind are carried out in the order in which they are drawn. Sends, writes and applies may
//!   overtake each other.
//! - **The ticket.** [`Input::Persisted`] says "these bytes are durable". It is the one statement that the node has to
//!   believe; it cannot be made without the [`Ticket`], and the ticket cannot be copied.
//! - **A failed write is final.** Stop the node; never return the ticket. What was written is not known any more.
//! - **One life at a time.** A node that lost what it once made durable must not come back as if nothing had happened: it
//!   starts with nothing, in another life of its seat, by an [`Incarnation`] that was drawn for it. Its leader has it
//!   take the place of the life that is lost, by a change of members.
//!
//! A driver need not draw all effects: what is left is offered again by the next step. So a full link is back-pressure,
//! feeding many inputs before drawing is how to batch, and an app that is busy holds nothing else up
//! ([`Effects::without_app`]). What a client, an operator or an app wants is answered at once, by a type of its own:
//! [`ClientCommand`], [`Read`], [`Transfer`], [`Change`], [`Snapshotted`].
//!
//! # Exactly once
//!
//! A client that gets no answer asks again, perhaps another node, and must not be served twice. Give its commands a
//! [`Session`], and ask a table of [`Sessions`] about each entry before it is done: it knows the answer to the first
//! try. A client opens its session first, by an entry of sequence zero, whose index is the session's epoch; so no late
//! copy of a command is ever taken for one of a later session. Openings are cheap to ask for: a driver lets only a few
//! of them into the log that are not applied yet.
//!
//! # A log that never ends
//!
//! When the log fills up, the node asks for a snapshot ([`Effect::TakeSnapshot`]). The app freezes its state, sessions
//! included, writes it aside, and says when it is durable ([`Snapshotted`]): the entries before it are forgotten
//! (section 7). A follower that needs them is offered the snapshot, and pulls it piece by piece ([`Effect::SendPiece`]
//! at the leader, [`Effect::Store`] at the follower), from where it is, whatever was lost and whoever leads by then; in
//! any order if its driver can keep pieces so ([`Config::pieces_in_order`]). It makes it durable with one write
//! ([`Persist::snapshot`]), and then takes it over ([`Effect::Restore`]). Those that are in line come first: while
//! commands are being committed, whoever lacks more than a window is served in a third of the time. At the next start
//! the driver gives what it has to [`Boot::take`], or word that its snapshot is damaged.
//!
//! # Reigns
//!
//! A leader has to know what was committed before it (section 5.4.2). Raft lets it append a no-op; here each node keeps
//! a [`Mark`]: the latest term whose leader's log, as it was at its election, the node held as a whole. Marks take no
//! room, so that no history of faults can fill a bounded log with reigns. What one member holds above its own snapshot
//! has to fit into the others' logs: if these differ in size, [`Charter::least`] names the smallest.
//!
//! # Founding
//!
//! Who takes part is written once, in the [`Charter`], when a [`Prospect`] founds the cluster with the others, or by
//! whatever else makes sure that all members start from the same one and each from an empty store. [`Boot`] makes its
//! user choose: a founder's first start, a store that ran before, or a new store in a cluster that is there. The first
//! command of all waits until every member has acknowledged the leader's mark ([`Rejection::Founding`]).
//!
//! # Members
//!
//! Who takes part is a [`Roster`]: an entry of the log, in force from the moment on at which it is appended, and undone
//! when it is cut off (section 6). An operator's wish is a [`Change`]. A change of voters goes through a joint phase, in
//! which a majority of both the old and the new voters is needed. [`Effect::Members`] tells a driver whom to reach, and
//! where; [`Persist::settled`] keeps the last configuration that is committed, in the place of the log that forgets it.
//!
//! # Bounds
//!
//! A node takes no more memory than its type says: the log's memory, and about 200 bytes for each seat. A step does an
//! amount of work that is bounded by its input and by the number of seats; finding an entry takes constant time. Only
//! to forget entries moves those that stay, once in a snapshot or two.

mod boot;
mod brief;
mod change;
#[cfg(feature = "checker")]
mod checker;
mod compaction;
mod config;
mod configuration;
#[cfg(not(target_os = "none"))]
mod crc32c_shift;
mod disk;
mod draw;
#[cfg_attr(target_os = "none", path = "never_early.rs")]
mod early;
mod effect;
mod election;
mod entry;
mod features;
mod fetch;
mod follow;
pub mod founding;
mod input;
mod instant;
mod invariant;
mod joint;
mod key_id;
mod lead;
mod lease;
mod least;
mod log;
mod mark;
mod member;
mod message;
mod node;
mod peer;
mod persist;
mod pieces;
mod plan;
mod position;
mod progress;
mod random;
mod read;
mod recovered;
mod refusal;
mod replication;
mod role;
mod roster;
mod sends;
mod session;
mod snapshot;
mod snapshots;
mod state;
mod step;
mod stranger;
mod timers;
mod transfer;

pub use boot::{Boot, BootError};
pub use brief::Brief;
pub use change::{Change, Unchanged};
pub use config::{Config, ConfigError};
pub use draw::Effects;
pub use effect::{Apply, CommandError, Effect, Rejection, Round};
pub use entry::{Entries, Entry, Kind, RECORD_OVERHEAD, RecordError, crc32c, crc32c_append};
pub use features::Features;
pub use founding::{Charter, Founding, Prospect};
pub use input::{Answer, ClientCommand, Input, Persisted, Read, Receive, Snapshotted, Tick, Told, Transfer};
pub use instant::{Instant, Widened};
pub use invariant::Broken;
pub use key_id::KeyId;
pub use least::Least;
pub use mark::Mark;
pub use member::{Identity, Incarnation, Members, Seat, Seats};
pub use message::{Ballot, Message, Outcome};
pub use node::{Command, Node};
pub use persist::{HardState, Persist, Ticket};
pub use position::{Index, Position, Session, Term};
pub use progress::{Progress, Standing};
pub use recovered::{Owner, Recovered};
pub use refusal::{Refusal, Refusals};
pub use role::Role;
pub use roster::{Occupant, Occupants, Roster, Settled};
pub use session::{Sessions, Verdict};
pub use snapshot::{Piece, Snapshot, Stored};
pub use stranger::Dismissal;
