use quorate::{Index, Message, Progress, Refusal, Seat, Standing, Term};

use super::{Oracle, Verdict, broken, quorum};
use crate::simulator::Node;
use crate::simulator::machine::Machine;
use crate::simulator::shape::{ELECTION_MICROS, HEARTBEAT_MICROS, SLOT, Shape};

/// Who leads a term, and where its log ended at its election.
pub(super) struct Leader {
    pub(super) seat: Seat,
    pub(super) inherited: Index,
}

impl Oracle {
    /// A term has one leader, and that one has all that was committed before.
    pub(super) fn on_leader(&mut self, node: &Node) -> Verdict {
        if let Some(other) = self.leaders.get(&node.term()) {
            return if other.seat == node.seat() {
                Ok(())
            } else {
                broken("one leader a term", || format!("{} and {} in {:?}", other.seat.0, node.seat().0, node.term()))
            };
        }
        self.leaders.insert(node.term(), Leader { seat: node.seat(), inherited: node.inherited() });
        // A late majority may still elect the leader of a term that is over: that one need not have what came after.
        let owed = self.applied.iter().take_while(|applied| applied.by_term.is_some_and(|term| term < node.term()));
        let (base, mut log) = (node.base().index, node.log());
        let mut behind = owed.skip(base.0 as usize);
        let lacks = behind.any(|applied| log.next().is_none_or(|mine| mine.position() != applied.position));
        if lacks {
            return broken("a leader has all that was committed", || format!("{:?}", node.seat()));
        }
        Ok(())
    }

    /// What a leader says of its followers.
    pub(super) fn check_followers(&mut self, leader: &Machine) -> Verdict {
        let Some(node) = leader.node() else { return Ok(()) };
        let reign = (leader.life, node.term());
        for progress in node.progress() {
            let Progress { seat, matched, next, probing, standing, .. } = progress;
            let window = self.windows.entry((leader.seat, seat)).or_default();
            window.enter(reign, leader.clock.shown());
            let story = || format!("node {} leads, and says {progress:?}", leader.seat.0);
            // Of a store that was lost nothing has matched. A late word of another life may take its place meanwhile.
            if matched < window.known && matched > Index(0) && !window.heard_others() {
                return broken("what a follower has only rises in a term", story);
            }
            if matched > window.matched {
                return broken(
                    "a leader takes a follower to have what that one acknowledged, in its present life",
                    story,
                );
            }
            window.known = matched;
            let follows = window.is_in_line && !probing && next > node.base().index;
            if standing == Standing::Follows && !follows {
                return broken(
                    "who is said to follow has acknowledged what it has, and lacks nothing that is gone",
                    story,
                );
            }
        }
        Ok(())
    }

    /// A message was refused: whoever asks why a member does not follow has to find that.
    pub(crate) fn on_refused(&self, by: &Machine, from: Seat) -> Verdict {
        let Some(node) = by.node() else { return Ok(()) };
        let progress = node.progress().find(|progress| progress.seat == from);
        match progress.map(|progress| progress.standing) {
            Some(Standing::Follows | Standing::Seeks | Standing::Fetches) => {
                broken("a member whose message is refused is shown as refused", || {
                    format!("node {} says {progress:?}", by.seat.0)
                })
            }
            _ => Ok(()),
        }
    }

    /// A leader has committed more: with what it inherited, a majority has marked its term.
    pub(super) fn check_marks(&self, leader: &Machine, term: Term, all: &[Machine]) -> Verdict {
        let has_marked = |roster| quorum::of(roster, all, |records| records.mark >= term);
        // What it has committed lets it begin the next change in the same step.
        let node = leader.node();
        let begins = node.is_some_and(|node| node.roster().0 == node.last().index && !node.is_settled());
        let before = node.filter(|_| begins).map(|node| node.settled());
        if has_marked(leader.roster()) || has_marked(before.map(|settled| (settled.since, settled.roster))) {
            return Ok(());
        }
        broken("what a leader commits stands on the marks of a majority", || {
            format!("node {} in {term:?}", leader.seat.0)
        })
    }

    /// A leader tells another to take over: it has heard it, and that one has lost nothing.
    pub(super) fn check_call(&mut self, from: &Machine, to: Seat, message: &Message<'_>) -> Verdict {
        let Message::CampaignNow { term } = *message else { return Ok(()) };
        let window = self.windows.entry((from.seat, to)).or_default();
        window.enter((from.life, term), from.clock.shown());
        let named = from.roster().and_then(|(_, roster)| roster.occupant(to));
        let silent = named.map(|occupant| from.clock.shown() - window.heard(occupant.incarnation));
        if silent.is_some_and(|silent| silent <= 2 * ELECTION_MICROS + HEARTBEAT_MICROS) {
            return Ok(());
        }
        broken("leadership goes to a member that counts and is there", || {
            format!("node {} calls {}, silent for {silent:?} us", from.seat.0, to.0)
        })
    }

    /// No store holds more above its own snapshot than the smallest log has room for: else there could be a leader whose
    /// log no majority can take over.
    pub(crate) fn check_room(&self, shape: &Shape, of: &Machine) -> Verdict {
        let Some(node) = of.node() else { return Ok(()) };
        let covered = node.snapshots().next().map_or(Index(0), |snapshot| snapshot.position.index);
        let above = node.log().filter(|entry| entry.position().index > covered);
        let bytes: usize = above.map(|entry| entry.record().len() + SLOT).sum();
        if bytes <= shape.log_bytes_least() as usize || of.is_hurt() {
            return Ok(());
        }
        broken("no log holds more than the smallest has room for", || format!("node {}: {bytes} bytes", of.seat.0))
    }

    /// An operator hears within an election time-out that a transfer came to nothing.
    pub(crate) fn check_transfer(&self, at: &Machine) -> Verdict {
        let is_over = |since: u64| at.clock.shown() > since + ELECTION_MICROS;
        if !at.hands_over_since.is_some_and(is_over) {
            return Ok(());
        }
        broken("a transfer that came to nothing is told", || format!("node {}", at.seat.0))
    }
}

/// All messages that a node has refused. A snapshot that turns out to be damaged is no message.
pub(crate) fn refused(refusals: quorate::Refusals) -> u64 {
    let reasons = Refusal::ALL.iter().filter(|reason| **reason != Refusal::Snapshot);
    reasons.map(|reason| u64::from(refusals.count(*reason))).sum()
}
