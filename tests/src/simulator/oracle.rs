mod answer;
mod election;
mod feature;
mod founding;
mod leader;
mod mark;
mod quorum;
mod read;
mod seal;
mod session;
mod snapshot;
mod window;
mod word;

use std::collections::{HashMap, HashSet};
use std::fmt;

use quorate::{
    Ballot, CommandError, Entry, Founding, HardState, Identity, Index, Kind, Message, Outcome, Position, Role, Roster,
    Round, Seat, Seats, Term,
};

pub(crate) use self::answer::Due;
use self::election::Elections;
use self::feature::Enabled;
use self::leader::Leader;
pub(crate) use self::leader::refused;
use self::read::{Questions, check_leases};
use self::seal::Seals;
use self::session::Sessions;
use self::snapshot::{Paces, Wishes};
use self::window::Window;
use self::word::Words;
use super::Node;
use super::machine::Machine;
use super::registers::{Answer, Model};
use super::shape::Shape;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub law: &'static str,
    /// By whom, and how.
    pub story: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.story)
    }
}

/// Knows what was promised, and compares. It looks at disks and messages, never at a node's own books alone.
pub(crate) struct Oracle {
    /// What was applied by anyone, in order.
    applied: Vec<Applied>,
    /// What comes of that.
    model: Model,
    /// The values that were written, each once.
    done: HashSet<u32>,
    sessions: Sessions,
    leaders: HashMap<Term, Leader>,
    /// The stores that were complete: on which of its machine's disks.
    complete: HashMap<(Founding, Identity), u32>,
    seen: HashMap<Seat, Seen>,
    windows: HashMap<(Seat, Seat), Window>,
    questions: Questions,
    /// The latest question for which a lease would do: to whom, of which round and when by his clock.
    leased: Option<(Seat, Round, u64)>,
    elections: Elections,
    enabled: Enabled,
    seals: Seals,
    words: Words,
    paces: Paces,
    wishes: Wishes,
    /// How many seats found the cluster.
    founders: usize,
    /// Whether a command was ever applied.
    pub(crate) is_open: bool,
    /// Who has voted for whom, durably.
    ballots: HashMap<(Term, Identity), HashSet<Identity>>,
    /// The highest index that a client was told of.
    pub(crate) answered: Index,
}

struct Applied {
    position: Position,
    record: Box<[u8]>,
    /// What the model made of it.
    verdict: Option<SessionVerdict>,
    /// The term that the first node to apply it was in: it was committed then or before.
    by_term: Option<Term>,
    /// Of the state then.
    digest: u64,
}

/// What a node has shown in this life, and its disk ever.
#[derive(Clone, Copy, Default)]
struct Seen {
    life: u64,
    term: Term,
    leads: bool,
    commit: Index,
    applied: Index,
    /// The last index that a snapshot covers to which its log gave way.
    installed: Index,
    durable: HardState,
}

type Verdict = Result<(), Violation>;

type SessionVerdict = quorate::Verdict<Answer>;

fn broken(law: &'static str, story: impl FnOnce() -> String) -> Verdict {
    Err(Violation { law, story: story() })
}

/// Whether this store takes part: its seat, in its own life.
pub(crate) fn names(roster: &Roster<'_>, store: Identity) -> bool {
    roster.occupant(store.seat).is_some_and(|occupant| occupant.incarnation == store.incarnation)
}

impl From<CommandError> for Violation {
    fn from(error: CommandError) -> Self {
        Violation { law: "a committed command can be read", story: error.to_string() }
    }
}

impl Oracle {
    /// Nothing was promised yet. So many seats found the cluster, and so many clients have room for a session.
    pub(crate) fn new(founders: usize, clients: usize) -> Oracle {
        Oracle {
            applied: Vec::new(),
            model: Model::new(clients),
            done: HashSet::new(),
            sessions: Sessions::new(clients),
            leaders: HashMap::new(),
            complete: HashMap::new(),
            seen: HashMap::new(),
            windows: HashMap::new(),
            questions: Questions::new(),
            leased: None,
            elections: Elections::new(),
            enabled: Enabled::default(),
            seals: Seals::default(),
            words: Words::default(),
            paces: Paces::default(),
            wishes: Wishes::default(),
            founders,
            is_open: false,
            ballots: HashMap::new(),
            answered: Index(0),
        }
    }

    /// What a node says must be backed by its own disk, and be within its windows.
    pub(crate) fn on_send(
        &mut self,
        shape: &Shape,
        from: &Machine,
        to: Seat,
        message: &Message<'_>,
        all: &[Machine],
    ) -> Verdict {
        if let Message::AppendEntries { term, stamp, entries, .. } = *message {
            let window = self.windows.entry((from.seat, to)).or_default();
            let reign = ((from.life, term), from.clock.shown());
            window.on_append(reign, stamp, entries, from.disk.covered(), shape)?;
        }
        self.on_sent(from, to, message);
        if let Message::Ack { term, features, .. } = *message {
            self.on_said(from, to, term, features)?;
        }
        self.check_ballot(from, to, message)?;
        self.check_call(from, to, message)?;
        self.check_answer(from, to, message)?;
        let disk = &from.disk.durable;
        let voted = (disk.hard_state.term, disk.hard_state.vote);
        let say = || format!("node {} sends {message:?} to {}, its disk has {:?}", from.seat.0, to.0, disk.hard_state);
        match *message {
            Message::RequestVote { ballot: Ballot::Pre, .. } | Message::Vote { ballot: Ballot::Pre, .. } => Ok(()),
            Message::RequestVote { term, .. } if voted != (term, Some(from.identity())) => {
                broken("a candidate's own vote is durable before it asks", say)
            }
            Message::Vote { term, granted: true, incarnation, .. }
                if voted != (term, Some(Identity { seat: to, incarnation })) =>
            {
                broken("a vote is durable before it is sent", say)
            }
            Message::Ack { term, outcome: Outcome::Matched(index) | Outcome::Full(index), .. } => {
                self.check_ack(from, to, term, index, all)
            }
            ref message if message.term() > voted.0 => broken("a term is durable before it is spoken of", say),
            _ => Ok(()),
        }
    }

    /// A frame is about to reach a node that runs.
    pub(crate) fn on_receive(&mut self, to: &Machine, from: Identity, message: &Message<'_>) {
        if let Message::Ack { outcome: Outcome::Wants { index, check, .. }, .. } = *message {
            self.on_wish(to, from.seat, index, check);
        }
        if let Message::Ack { term, stamp, outcome, .. } = *message
            && let Some(window) = self.windows.get_mut(&(to.seat, from.seat))
        {
            let counts = to.roster().is_some_and(|(_, roster)| names(&roster, from));
            window.on_ack(((to.life, term), to.clock.shown()), (from.incarnation, counts), stamp, outcome);
        }
        self.on_question(to, from.seat, message);
        self.on_word_of_election(to, from.seat, message);
    }

    /// An acknowledged entry is on the follower's disk, in its log or covered by a snapshot, and the same as the
    /// leader's.
    fn check_ack(&self, from: &Machine, to: Seat, term: Term, index: Index, all: &[Machine]) -> Verdict {
        let leader = all.iter().find(|machine| machine.seat == to).and_then(|machine| machine.node());
        let leader = leader.filter(|node| node.role() == Role::Leader && node.term() == term);
        let (disk, place) = (&from.disk.durable, (index.0 as usize).checked_sub(1));
        if disk.mark < term && leader.is_some_and(|leader| index >= leader.inherited()) {
            return broken("who acknowledges all that a leader inherited has marked its term", || {
                format!("node {} acks {} to {} in term {}", from.seat.0, index.0, to.0, term.0)
            });
        }
        let Some(place) = place else { return Ok(()) };
        let committed = self.applied.get(place).map(|applied| &*applied.record);
        let mine = if index <= disk.base.index { committed } else { disk.record(index) };
        let story = || format!("node {} acks {} to {} in term {}", from.seat.0, index.0, to.0, term.0);
        if mine.is_none() {
            return broken("what is acknowledged is durable", story);
        }
        let Some(leader) = leader else { return Ok(()) };
        let theirs = if index <= leader.base().index {
            committed
        } else {
            leader.log().find(|entry| entry.position().index == index).map(|entry| entry.record())
        };
        if theirs != mine {
            return broken("what is acknowledged equals the leader's log", story);
        }
        Ok(())
    }

    /// An entry that a node applies is the one that all apply, and a majority of disks has it. What comes of it, if
    /// nobody applied it before and it is of a session.
    pub(crate) fn on_apply(
        &mut self,
        by: &Machine,
        entry: Entry<'_>,
        all: &[Machine],
    ) -> Result<Option<SessionVerdict>, Violation> {
        let position = entry.position();
        let place = position.index.0 as usize - 1;
        let story = || format!("node {} applies {entry:?}", by.seat.0);
        if position.index.0 != by.applied.0 + 1 {
            broken("every index is applied once a boot, in order", story)?;
        }
        if let Some(known) = self.applied.get(place) {
            if known.record[..] != *entry.record() {
                broken("all apply the same", || format!("{}, but {:?} was applied", story(), known.position))?;
            }
            return Ok(None);
        }
        if place != self.applied.len() {
            broken("entries are applied in order", story)?;
        }
        if entry.kind() != Kind::Members && !std::mem::replace(&mut self.is_open, true) {
            self.check_first(by, all)?;
        }
        if !quorum::of_any(Seats::first(self.founders), all, |records| records.holds(position)) {
            broken("what is applied is on a majority of disks", story)?;
        }
        let verdict = self.model.apply(entry);
        let (record, digest) = (entry.record().into(), self.model.digest());
        self.applied.push(Applied { position, record, verdict, by_term: None, digest });
        if let Some(verdict) = verdict {
            self.on_verdict(entry, verdict)?;
        }
        Ok(verdict)
    }

    /// A read sees all that was answered before it was asked.
    pub(crate) fn on_read(&self, by: Seat, applied: Index, floor: Index) -> Verdict {
        if applied >= floor {
            return Ok(());
        }
        broken("a read is not older than the answers before it", || {
            format!("node {} reads at {}, {} was answered", by.0, applied.0, floor.0)
        })
    }

    /// A node has lost its disk: nothing that it showed before holds of it.
    pub(crate) fn on_lost_disk(&mut self, seat: Seat) {
        self.seen.remove(&seat);
    }

    /// What must hold of a node after every event.
    pub(crate) fn on_event(&mut self, machine: &Machine, all: &[Machine], now: u64) -> Verdict {
        let seen = self.seen.entry(machine.seat).or_default();
        let durable = machine.disk.durable.hard_state;
        if durable.term < seen.durable.term {
            broken("a durable term never goes back", || format!("node {}", machine.seat.0))?;
        }
        if durable.term == seen.durable.term && seen.durable.vote.is_some() && durable.vote != seen.durable.vote {
            broken("a vote never changes within its term", || {
                format!("node {}: {:?}, then {durable:?}", machine.seat.0, seen.durable)
            })?;
        }
        seen.durable = durable;
        if let Some(candidate) = durable.vote {
            self.ballots.entry((durable.term, candidate)).or_default().insert(machine.identity());
        }
        self.check_features(machine)?;
        self.check_word(machine)?;
        let seen = self.seen.entry(machine.seat).or_default();
        let Some(node) = machine.node() else { return Ok(()) };
        if seen.life != machine.life {
            *seen = Seen { life: machine.life, durable, ..Seen::default() };
        }
        let is_back = node.commit() < seen.commit || node.applied() < seen.applied;
        if node.term() < seen.term.max(seen.durable.term) || is_back {
            broken("term, commit and what is applied never go back", || format!("node {}", machine.seat.0))?;
        }
        if node.applied() != machine.applied {
            let story = || format!("node {}: {:?}, not {:?}", machine.seat.0, node.applied(), machine.applied);
            broken("a node knows what its app has applied", story)?;
        }
        let commits = node.term() == seen.term && node.commit() > seen.commit;
        (seen.term, seen.commit, seen.applied) = (node.term(), node.commit(), node.applied());
        seen.leads = node.role() == Role::Leader;
        let fresh = self.applied.iter_mut().rev().take_while(|applied| applied.by_term.is_none());
        fresh.for_each(|applied| applied.by_term = Some(node.term()));
        if node.role() != Role::Leader && node.leader() == Some(node.seat()) {
            broken("who does not lead names no leader but another", || format!("node {}", machine.seat.0))?;
        }
        self.check_mark(machine)?;
        self.check_write(machine)?;
        self.check_fetch(machine)?;
        self.check_candidate(machine)?;
        if node.role() != Role::Leader {
            return Ok(());
        }
        if commits {
            self.check_marks(machine, node.term(), all)?;
        }
        self.check_followers(machine)?;
        self.check_election(machine, node)?;
        if !self.leaders.contains_key(&node.term()) {
            check_leases(machine, all, now)?;
        }
        self.on_leader(node)
    }

    /// Who begins to lead was voted for by a majority of each half of its members, in the lives that these name, durably.
    fn check_election(&self, machine: &Machine, node: &Node) -> Verdict {
        let Some((_, roster)) = machine.roster().filter(|_| !self.leaders.contains_key(&node.term())) else {
            return Ok(());
        };
        let ballots = self.ballots.get(&(node.term(), node.identity()));
        let is_named = |voter: &&Identity| names(&roster, **voter);
        let voters: Seats = ballots.into_iter().flatten().filter(is_named).map(|voter| voter.seat).collect();
        if roster.members().is_quorum(voters) {
            return Ok(());
        }
        broken("who leads was elected by a majority of each half of its members", || {
            format!("node {} in {:?}, by {voters} of {roster:?}", machine.seat.0, node.term())
        })
    }

    /// Two logs that share a position are equal up to it, as far as both have it. What a log has forgotten was
    /// committed.
    pub(crate) fn check_matching(&self, one: &Machine, other: &Machine) -> Verdict {
        let (Some(a), Some(b)) = (one.node(), other.node()) else {
            return Ok(());
        };
        if a.base().index > Index(0) && !self.knows(a.base()) {
            return broken("what is forgotten was committed", || format!("node {} up to {:?}", one.seat.0, a.base()));
        }
        let base = a.base().index.max(b.base().index);
        let behind = |node: &Node| (base.0 - node.base().index.0) as usize;
        let pairs: Vec<_> = a.log().skip(behind(a)).zip(b.log().skip(behind(b))).collect();
        let met = pairs.iter().rposition(|(mine, theirs)| mine.position() == theirs.position());
        let equal = pairs[..met.map_or(0, |place| place + 1)].iter().all(|(mine, theirs)| mine == theirs);
        if equal {
            return Ok(());
        }
        broken("logs match up to a common position", || format!("nodes {} and {}", one.seat.0, other.seat.0))
    }

    pub(crate) fn applied(&self) -> usize {
        self.applied.len()
    }
}
