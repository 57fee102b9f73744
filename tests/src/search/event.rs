use quorate::{Index, Members, Role, Seat, Seats, Session};

use super::Budget;
use super::letter::Letter;
use super::names::Names;
use crate::stage::show;

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// A letter arrives.
    Deliver { letter: u32 },
    /// A letter arrives when the leader has not been heard for an election time-out.
    DeliverLate { letter: u32 },
    /// The write under way is durable.
    Sync,
    /// Time for an election.
    Campaign,
    /// Time for a heartbeat, or to ask once more.
    Beat,
    /// Time for a leader to count its followers; it has heard nobody.
    Resign,
    /// A transfer has taken too long.
    EndTransfer,
    /// A client's command, by its number.
    Command { number: u8 },
    /// What a client wants in a session.
    Ask(Ask),
    /// A client's read.
    Read,
    /// A wish to hand over to this seat.
    Transfer { to: u8 },
    /// A letter arrives of a store that is none of the members, and an operator adds it.
    Add { letter: u32 },
    /// An operator wants this learner to be a voter.
    Promote { seat: u8 },
    /// An operator wants this seat to be no member's.
    Remove { seat: u8 },
    /// The power goes, and comes back. So many parts of the write under way are durable.
    Crash { parts: u8 },
    /// The disk is lost. The node starts at once with an empty one, as another life, and joins the cluster.
    LoseDisk,
    /// The app takes a snapshot of its state, which is durable at once.
    Snapshot,
    /// The power goes, and the snapshot that the log stands on cannot be read any more.
    Rot,
    /// Effects that were left are drawn.
    Draw,
}

/// A session and a command in it, or the wish for a session. It may be a copy of one that was asked long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ask {
    pub(crate) client: u8,
    pub(crate) epoch: u8,
    /// Zero to open a session in the place of that one.
    pub(crate) sequence: u8,
    /// Which of the commands that were given this sequence.
    pub(crate) number: u8,
}

impl Ask {
    pub(crate) fn session(self) -> Session {
        let Ask { client, epoch, sequence, .. } = self;
        Session { client: client.into(), epoch: Index(epoch.into()), sequence: sequence.into() }
    }

    /// No two commands of clients are the same.
    pub(crate) fn command(self) -> Option<String> {
        let Ask { client, epoch, sequence, number } = self;
        (sequence > 0).then(|| format!("{client}.{epoch}.{sequence}.{number}"))
    }
}

/// An event of one node, and what becomes of its letter and its effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) seat: u8,
    pub(crate) event: Event,
    /// The letter stays on its way.
    pub(crate) keep: bool,
    /// The effects are left for a later step.
    pub(crate) leave: bool,
}

impl Event {
    pub(crate) const KINDS: [&'static str; 19] = [
        "deliver",
        "deliver late",
        "sync",
        "campaign",
        "beat",
        "resign",
        "end of transfer",
        "command",
        "read",
        "transfer",
        "crash",
        "lost disk",
        "draw",
        "ask",
        "snapshot",
        "rot",
        "add",
        "promote",
        "remove",
    ];

    /// Its place among the kinds.
    pub(crate) fn kind(self) -> usize {
        match self {
            Event::Deliver { .. } => 0,
            Event::DeliverLate { .. } => 1,
            Event::Sync => 2,
            Event::Campaign => 3,
            Event::Beat => 4,
            Event::Resign => 5,
            Event::EndTransfer => 6,
            Event::Command { .. } => 7,
            Event::Read => 8,
            Event::Transfer { .. } => 9,
            Event::Crash { .. } => 10,
            Event::LoseDisk => 11,
            Event::Draw => 12,
            Event::Ask(_) => 13,
            Event::Snapshot => 14,
            Event::Rot => 15,
            Event::Add { .. } => 16,
            Event::Promote { .. } => 17,
            Event::Remove { .. } => 18,
        }
    }

    pub(crate) fn letter(self) -> Option<u32> {
        match self {
            Event::Deliver { letter } | Event::DeliverLate { letter } | Event::Add { letter } => Some(letter),
            _ => None,
        }
    }

    /// The same event of members who have other names.
    pub(crate) fn renamed(self, names: &Names) -> Event {
        match self {
            Event::Transfer { to } => Event::Transfer { to: names.of(to) },
            Event::Promote { seat } => Event::Promote { seat: names.of(seat) },
            Event::Remove { seat } => Event::Remove { seat: names.of(seat) },
            event => event,
        }
    }

    /// In the words of a golden trace.
    pub(crate) fn words(self, seat: u8, letters: &[Letter]) -> String {
        match self {
            Event::Deliver { letter } | Event::DeliverLate { letter } | Event::Add { letter } => {
                let Letter { from, incarnation, to, .. } = letters[letter as usize];
                let life = if incarnation == 0 { String::new() } else { format!(" of incarnation {incarnation}") };
                let then = match self {
                    Event::DeliverLate { .. } => ", the leader unheard for long".into(),
                    Event::Add { .. } => format!(", and change {to} add {from}"),
                    _ => String::new(),
                };
                format!("deliver {from} {to}{life}: {}{then}", show::message(&letters[letter as usize].message()))
            }
            Event::Promote { seat: learner } => format!("change {seat} promote {learner}"),
            Event::Remove { seat: member } => format!("change {seat} remove {member}"),
            Event::Sync => format!("sync {seat}"),
            Event::Campaign => format!("tick {seat}: time for an election"),
            Event::Beat => format!("tick {seat}: time for a heartbeat"),
            Event::Resign => format!("tick {seat}: nobody was heard"),
            Event::EndTransfer => format!("tick {seat}: the transfer took too long"),
            Event::Command { number } => format!("client {seat} c{number}"),
            Event::Ask(ask) => {
                let Ask { client, epoch, sequence, .. } = ask;
                let command = ask.command().unwrap_or_else(|| "open".into());
                format!("client {seat} {command} of {client}:{epoch}#{sequence}")
            }
            Event::Read => format!("read {seat}"),
            Event::Transfer { to } => format!("transfer {seat} {to}"),
            Event::Crash { parts: 0 } => format!("crash {seat}, start {seat}"),
            Event::Crash { parts } => format!("crash {seat} with {parts} parts of its write, start {seat}"),
            Event::LoseDisk => format!("lose-disk {seat}"),
            Event::Snapshot => format!("snapshot {seat}"),
            Event::Rot => format!("crash {seat}, its snapshot is lost, start {seat}"),
            Event::Draw => format!("draw {seat}"),
        }
    }
}

impl Act {
    /// What is left of a budget. The acts offered are those that it allows.
    pub(crate) fn spend(&self, mut budget: Budget) -> Budget {
        match self.event {
            Event::Campaign => budget.elections -= 1,
            Event::Beat | Event::EndTransfer => budget.beats -= 1,
            Event::Resign => budget.resignations -= 1,
            Event::Command { .. } => budget.commands -= 1,
            Event::Ask(_) => budget.asks -= 1,
            Event::Snapshot => budget.snapshots -= 1,
            Event::Rot => budget.rots -= 1,
            Event::Read => budget.reads -= 1,
            Event::Transfer { .. } => budget.transfers -= 1,
            Event::Add { .. } | Event::Promote { .. } | Event::Remove { .. } => budget.changes -= 1,
            Event::Crash { .. } => budget.crashes -= 1,
            Event::LoseDisk => budget.losses -= 1,
            Event::Deliver { .. } | Event::DeliverLate { .. } if self.keep => {
                budget.repeats = budget.repeats.map(|left| left - 1);
            }
            Event::Deliver { .. } | Event::DeliverLate { .. } | Event::Sync | Event::Draw => {}
        }
        budget.leaves -= u8::from(self.leave);
        budget
    }
}

/// What the acts on offer depend on, of the node that they happen to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) role: Role,
    pub(crate) knows_leader: bool,
    /// How many parts the write under way has.
    pub(crate) writes: Option<u8>,
    /// Effects were left undrawn.
    pub(crate) left: bool,
    /// Something was applied since the latest snapshot.
    pub(crate) may_take: bool,
    /// The log stands on a snapshot that can be read.
    pub(crate) may_rot: bool,
    /// Who takes part, as it sees them.
    pub(crate) members: Members,
    /// It is none of them any longer, and has stopped.
    pub(crate) stopped: bool,
}

impl Offer {
    /// What may happen to the node beside letters.
    pub(crate) fn events(&self, seat: u8, nodes: u8, whole: Budget, left: Budget) -> impl Iterator<Item = Event> {
        let leads = self.role == Role::Leader;
        let is_writing = self.writes.is_some();
        let number = whole.commands - left.commands + 1;
        let simple = [
            (is_writing, Event::Sync),
            (self.left, Event::Draw),
            (!leads && !is_writing && left.elections > 0, Event::Campaign),
            (left.beats > 0, Event::Beat),
            (leads && left.resignations > 0, Event::Resign),
            (leads && left.beats > 0 && whole.transfers > 0, Event::EndTransfer),
            (leads && left.commands > 0, Event::Command { number }),
            (self.knows_leader && left.reads > 0, Event::Read),
            (left.losses > 0, Event::LoseDisk),
            (self.may_take && left.snapshots > 0, Event::Snapshot),
            (self.may_rot && left.rots > 0, Event::Rot),
        ];
        let parts = if left.crashes > 0 { 0..self.writes.unwrap_or(0) + 1 } else { 0..0 };
        let crashes = parts.map(|parts| Event::Crash { parts });
        let targets = if leads && left.transfers > 0 { 0..nodes } else { 0..0 };
        let transfers = targets.filter(move |to| *to != seat).map(|to| Event::Transfer { to });
        let (learners, all) =
            if leads && left.changes > 0 { (self.members.learners, self.members.all()) } else { Default::default() };
        let promoted = seats(learners).map(|seat| Event::Promote { seat });
        let removed = seats(all).map(|seat| Event::Remove { seat });
        let simple = simple.into_iter().filter(|(may, _)| *may).map(|(_, event)| event);
        simple.chain(crashes).chain(transfers).chain(promoted).chain(removed)
    }

    /// Whether an operator may add whoever has this seat.
    pub(crate) fn may_add(&self, seat: u8) -> bool {
        self.role == Role::Leader && !self.members.all().contains(Seat(seat))
    }
}

fn seats(seats: Seats) -> impl Iterator<Item = u8> {
    (0..Seat::COUNT_MAX as u8).filter(move |seat| seats.contains(Seat(*seat)))
}
