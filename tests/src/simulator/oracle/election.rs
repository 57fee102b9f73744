use std::collections::{HashMap, HashSet};

use quorate::{Ballot, HardState, Identity, Message, Role, Seat, Seats, Term};

use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;
use crate::simulator::shape::ELECTION_MICROS;

/// What each machine was told of elections.
pub(super) type Elections = HashMap<Seat, Election>;

/// In its present life, and by its own clock.
#[derive(Default)]
pub(super) struct Election {
    life: u64,
    /// What was durable when this life began: to whom a vote was given then, it may be given again.
    given: HardState,
    /// The latest leader that was heard: of which term, who, and when.
    leader: Option<(Term, Seat, u64)>,
    /// Who would vote for it in which term.
    favours: HashSet<(Seat, Term)>,
    /// The terms in which the leader told it to campaign.
    called: HashSet<Term>,
    /// Who asked it for a vote while it heard no other leader: in which term, and on which ballot.
    asked: HashSet<(Seat, Term, Ballot)>,
}

impl Election {
    /// The leader of this term, if it hears one.
    fn hears(&self, term: Term, now: u64) -> Option<Seat> {
        let is_heard = |(heard, _, at): &(Term, Seat, u64)| *heard == term && now < at + ELECTION_MICROS;
        self.leader.filter(is_heard).map(|(_, leader, _)| leader)
    }
}

impl Oracle {
    fn election(&mut self, of: &Machine) -> &mut Election {
        let election = self.elections.entry(of.seat).or_default();
        if election.life != of.life {
            *election = Election { life: of.life, given: of.disk.durable.hard_state, ..Election::default() };
        }
        election
    }

    /// A message is about to reach a node that runs.
    pub(super) fn on_word_of_election(&mut self, to: &Machine, from: Seat, message: &Message<'_>) {
        let Some(node) = to.node() else { return };
        let (now, election) = (to.clock.shown(), self.election(to));
        match *message {
            Message::RequestVote { term, ballot, .. }
                if node.role() != Role::Leader
                    && election.hears(node.term(), now).is_none_or(|leader| leader == from) =>
            {
                election.asked.insert((from, term, ballot));
            }
            Message::Vote { term, ballot: Ballot::Pre, granted: true, .. } => {
                election.favours.insert((from, term));
            }
            Message::CampaignNow { term } => {
                election.called.insert(term);
            }
            _ => {}
        }
    }

    /// A node has taken a message in.
    pub(crate) fn on_received(&mut self, by: &Machine, from: Seat, message: &Message<'_>) -> Verdict {
        let Some(node) = by.node() else { return Ok(()) };
        let is_of_leader = matches!(message, Message::AppendEntries { .. } | Message::Offer { .. });
        if !is_of_leader || node.leader() != Some(from) || node.term() != message.term() {
            return Ok(());
        }
        self.election(by).leader = Some((node.term(), from, by.clock.shown()));
        let Message::AppendEntries { previous, commit, entries, .. } = *message else { return Ok(()) };
        let through = entries.last().map_or(previous, |last| last.position());
        if node.last() != through || node.commit() >= commit.min(through.index) {
            return Ok(());
        }
        broken("a follower knows what is committed of what it holds", || {
            format!("node {} holds {through:?}, and takes {} for committed", by.seat.0, node.commit().0)
        })
    }

    /// A node asks for votes, or gives one.
    pub(super) fn check_ballot(&mut self, from: &Machine, to: Seat, message: &Message<'_>) -> Verdict {
        let me = from.seat;
        let members = from.roster().map(|(_, roster)| roster.members()).unwrap_or_default();
        let election = self.election(from);
        let (is_kept, law) = match *message {
            Message::RequestVote { term, ballot: Ballot::Real, .. } => {
                let favours = election.favours.iter().filter(|(_, favoured)| *favoured == term);
                let favours: Seats = favours.map(|(seat, _)| *seat).chain([me]).collect();
                (members.is_quorum(favours), "a term is entered once a majority would vote")
            }
            Message::RequestVote { term, ballot: Ballot::Transfer, .. } => {
                (election.called.contains(&Term(term.0 - 1)), "who asks nobody first was told to by its leader")
            }
            Message::Vote { term, ballot: ballot @ (Ballot::Pre | Ballot::Real), granted: true, incarnation } => {
                let candidate = Identity { seat: to, incarnation };
                let is_again = ballot == Ballot::Real && election.given == HardState { term, vote: Some(candidate) };
                (is_again || election.asked.contains(&(to, term, ballot)), "who hears a leader votes for nobody else")
            }
            _ => return Ok(()),
        };
        if is_kept { Ok(()) } else { broken(law, || format!("node {} sends {message:?} to {}", from.seat.0, to.0)) }
    }

    /// A node that hears a leader leaves its term alone.
    pub(super) fn check_candidate(&mut self, of: &Machine) -> Verdict {
        let Some(node) = of.node() else { return Ok(()) };
        let is_standing = node.role() == Role::PreCandidate;
        if !is_standing || self.election(of).hears(node.term(), of.clock.shown()).is_none() {
            return Ok(());
        }
        broken("who hears a leader does not stand", || format!("node {} in {:?}", of.seat.0, node.term()))
    }
}
