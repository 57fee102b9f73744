//! An exhaustive search of small clusters: the real core, in every order in which a few events can happen.
//!
//! A [`Setting`] says how many nodes there are and how often what may happen: elections, heartbeats, commands, wishes
//! in sessions, snapshots, reads, changes of members, crashes, lost disks and snapshots. The search goes through all
//! interleavings of these, breadth first, so that the first broken promise is also the shortest story of it. What is not
//! limited is the network: unless told otherwise, a letter that was ever sent stays on its way for good, and may arrive
//! at any time, any number of times or never. That is loss, repetition, delay and reordering at once.
//!
//! Each node has an app, whose state is what it has applied, with room for one session. Two clients open sessions, give
//! the same sequence to two commands, and ask again whatever they asked before, in sessions that are over as well. The
//! app may take a snapshot at any time, is sent one in pieces, restores it, and keeps what
//! [`Node::snapshots`](quorate::Node::snapshots) names, and no more. A model that has applied all that was committed
//! says what each state has to be, and what each client has to hear.
//!
//! If it is asked to, the search looks for a way on from every state as well: the faults end, each majority in turn is
//! alone with an empty network and timers that run out when they are due, and must soon have a leader that commits all
//! it holds and settles who takes part; and if nobody is down, all get in line. So logs may be as small as they can be,
//! and the network may lose all messages of a kind.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Time.** After each event a node's clock starts anew (`Node::forget_time`), and each timer may run out at any
//!   moment: an election, a heartbeat, a leader's count of its followers, a transfer. Whether a voter still hears its
//!   leader is chosen when a candidate asks it, which is the only time that it matters. Every run under real clocks and
//!   seeds is among these; some of these are under none, so a broken promise might need a clock that does not exist,
//!   but none is missed.
//! - **Being down.** A node that crashes or loses its disk starts again at once. Being down looks to others like being
//!   slow to answer.
//! - **Names.** Two states that differ only in who sits where are one (`Node::rename`). That the seats do not matter is
//!   not believed but checked: each event of a node is played under every naming.
//! - **Spent letters.** A letter that no rule will ever look at again, whatever the receiver becomes, is taken off its
//!   way (`Node::is_done_with`). Not where members change or a disk may be lost: whoever speaks is there, in the life that
//!   he names, and that may be news once more.
//! - **Terms that are over.** A request or entries of a term that is over for the receiver's disk are answered with its
//!   own term, whatever they say: one letter stands for all of them, and that is the one a story shows. Not while a disk
//!   may still be lost: then all that the receiver has forgotten may come again.
//! - **Stamps.** Without reads, and while members stay, a stamp is only held against the last time that the leader took a
//!   follower's `next` back. All that was sent since then has one stamp (`Node::fold_stamps`).
//! - **Other roles.** What no rule looks at in a node's role is forgotten (`Node::forget_other_roles`); so is, without
//!   reads, how often it was started.
//!
//! The tests of the last four hold each of them against everything that small searches meet.
//!
//! # What is not covered
//!
//! Most spaces have no end: a leader that is told of a gap sends anew under a new stamp, as often as the network loses
//! it. So the depth is the bound, and only the smallest budgets are searched to their end.
//!
//! That reads and transfers come to an end; windows of more than a few messages, and without reads any that close by
//! their number; effects that are drawn in part (all or none are); lost disks of a majority, or under a life that was
//! there before (but as a [`Flaw`]); another store in a seat whose member was heard just now; snapshots that take long
//! to write; addresses, and more than three stores at a change of members; witnesses. A state is known by 64 bits: of a
//! hundred million states about one in three thousand searches loses one, of a billion one in forty.
//!
//! # What it takes
//!
//! Six bytes of memory a state, all of which are taken once there are some million states; and temporary files of some
//! twenty bytes a state, where the states of a depth wait to be followed and each says where it came from.

use quorate::{Members, Seats};

mod app;
mod breadth;
mod calm;
mod chronicle;
mod configuration;
mod deed;
mod disk;
mod event;
mod face;
#[cfg(test)]
mod folds;
mod known;
mod law;
mod letter;
mod library;
mod member;
mod mix;
mod names;
mod node;
mod prelude;
mod report;
mod seen;
mod story;
mod table;
mod tape;
mod tour;
mod world;

pub use breadth::{search, search_telling};
pub use letter::Kind;
#[cfg(feature = "all")]
pub(crate) use mix::{Mix, spread};
pub use report::{End, Progress, Report};
#[cfg(feature = "all")]
pub(crate) use seen::Seen;
#[cfg(feature = "all")]
pub(crate) use tape::{Reading, Tape};
pub use tour::tour;

/// The most nodes of a search.
pub const SEATS: usize = 3;

/// The most bytes of a log: room for more records than any budget that a search can exhaust asks for.
pub const LOG_BYTES: usize = 512;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many nodes, at most [`SEATS`].
    pub nodes: usize,
    /// How many of them, behind those that vote, only learn.
    pub learners: usize,
    /// How many of them, the last ones, are none of the members at first: stores that have joined, and say so.
    pub joiners: usize,
    /// How often what may happen.
    pub budget: Budget,
    /// Where it starts.
    pub start: Start,
    /// How many events deep to go; the search is over earlier when there is nothing new.
    pub depth: usize,
    /// For how long to go on.
    pub seconds: f64,
    /// How many bytes of memory to take at most. What is only written once and read once goes to temporary files.
    pub memory: usize,
    /// What is wrong with the world, to see that the search finds it.
    pub flaw: Flaw,
    /// Whether a node's words are held against its own disk. Without, a flaw shows only when the cluster comes to harm.
    pub words: bool,
    /// How many bytes each node's log has, at most [`LOG_BYTES`].
    pub log_bytes: usize,
    /// What the network loses, all of it.
    pub lost: Vec<Kind>,
    /// Whether each state is asked if its majorities go on once the faults end.
    pub calms: bool,
}

impl Setting {
    /// This many nodes in a sound world, without bounds but the budget.
    pub fn new(nodes: usize, budget: Budget) -> Setting {
        Setting {
            nodes,
            learners: 0,
            joiners: 0,
            budget,
            start: Start::New,
            depth: usize::MAX,
            seconds: f64::INFINITY,
            memory: 1 << 30,
            flaw: Flaw::None,
            words: true,
            log_bytes: LOG_BYTES,
            lost: Vec::new(),
            calms: false,
        }
    }

    /// How many nodes vote at first: the first ones.
    fn voters(&self) -> usize {
        self.nodes - self.learners - self.joiners
    }

    /// Who takes part at first.
    fn founders(&self) -> Members {
        let (voters, all) = (Seats::first(self.voters()), Seats::first(self.nodes - self.joiners));
        Members { learners: Seats(all.0 & !voters.0), ..Members::of(voters) }
    }

    /// Whether it may be another one at some time who takes part, or another life of its store.
    fn members_change(&self) -> bool {
        self.joiners > 0 || self.budget.changes > 0 || self.budget.losses > 0
    }

    /// Whether stamps matter only by whether they are from before or after a setback. A read holds them against more, and
    /// so do changes: whoever answers the latest one is there, in the place of another life, and who answers a new one is
    /// there still.
    fn folds_stamps(&self) -> bool {
        self.budget.reads == 0 && !self.members_change()
    }
}

/// Where a search starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing has happened.
    New,
    /// Behind a first election, and a first command, or a first session if clients ask for such.
    Led,
    /// Behind that and a second command, which one node lacks and a snapshot covers: the leader's log, if it is small,
    /// has forgotten it, and its offer is on its way. Takes three nodes.
    Behind,
}

/// How often what may happen, in all of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Budget {
    /// Election time-outs that run out.
    #[arg(long, default_value_t = 2)]
    pub elections: u8,
    /// Heartbeats of leaders, and questions that are asked once more.
    #[arg(long, default_value_t = 1)]
    pub beats: u8,
    /// Commands of clients at leaders.
    #[arg(long, default_value_t = 2)]
    pub commands: u8,
    /// Wishes of two clients in sessions at leaders, copies of earlier ones included; there is room for one session.
    #[arg(long, default_value_t = 0)]
    pub asks: u8,
    /// Snapshots that apps take.
    #[arg(long, default_value_t = 0)]
    pub snapshots: u8,
    /// Snapshots that are lost, of one node at a time, while it is down.
    #[arg(long, default_value_t = 0)]
    pub rots: u8,
    /// Reads of clients at any node that knows a leader.
    #[arg(long, default_value_t = 0)]
    pub reads: u8,
    /// Wishes to hand leadership over.
    #[arg(long, default_value_t = 0)]
    pub transfers: u8,
    /// Changes of members that an operator asks of a leader, and that are not refused: a store that is there is added as
    /// a learner, a learner is promoted, a member is removed.
    #[arg(long, default_value_t = 0)]
    pub changes: u8,
    /// Leaders that step down because they heard nobody.
    #[arg(long, default_value_t = 0)]
    pub resignations: u8,
    /// Crashes, each of which keeps any front of the write under way.
    #[arg(long, default_value_t = 1)]
    pub crashes: u8,
    /// Disks that are lost, while others are a majority of the members: each joins with an empty one, in another life.
    #[arg(long, default_value_t = 0)]
    pub losses: u8,
    /// Steps whose effects are left undrawn, and so join those of a later one.
    #[arg(long, default_value_t = 0)]
    pub leaves: u8,
    /// Letters that arrive and stay on their way; if this is not given, all of them, for good.
    #[arg(long)]
    pub repeats: Option<u8>,
}

impl Budget {
    fn counts(self) -> [u8; 14] {
        let Budget { elections, beats, commands, asks, snapshots, rots, reads, transfers, changes, .. } = self;
        let Budget { resignations, crashes, losses, leaves, repeats, .. } = self;
        let repeats = repeats.unwrap_or(0);
        [
            elections,
            beats,
            commands,
            asks,
            snapshots,
            rots,
            reads,
            transfers,
            changes,
            resignations,
            crashes,
            losses,
            leaves,
            repeats,
        ]
    }

    /// A number for what is left of the whole.
    fn number(self, whole: Budget) -> u32 {
        let counts = self.counts().into_iter().zip(whole.counts());
        counts.fold(0, |number, (count, whole)| number * (u32::from(whole) + 1) + u32::from(count))
    }

    /// What is left of the whole, by that number.
    fn of_number(mut number: u32, whole: Budget) -> Budget {
        let mut counts = whole.counts();
        for count in counts.iter_mut().rev() {
            let base = u32::from(*count) + 1;
            *count = (number % base) as u8;
            number /= base;
        }
        let [elections, beats, commands, asks, snapshots, rots, reads, transfers, changes, rest @ ..] = counts;
        let [resignations, crashes, losses, leaves, repeats] = rest;
        Budget {
            elections,
            beats,
            commands,
            asks,
            snapshots,
            rots,
            reads,
            transfers,
            changes,
            resignations,
            crashes,
            losses,
            leaves,
            repeats: whole.repeats.map(|_| repeats),
        }
    }
}

/// What may be wrong with a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// Disks give the ticket back and never make a write durable: a crash loses it.
    LyingDisk,
    /// A crash leaves an empty disk.
    WipedDisk,
    /// What the network loses it loses for good, also once calm has come.
    LossesStay,
}
