use super::configuration::SEATS;
use super::log::Log;
use super::rules::{Flaw, Setting};
use super::state::State;
use crate::spec::breadth::Verdict;

impl State {
    /// Whether these seats carry what a leader or candidate wants, under its own members (rules 1 and 2).
    pub(crate) fn is_carried(&self, seat: usize, seats: u8, setting: &Setting) -> bool {
        let (members, _) = self.members(seat, setting);
        let is_voter = members.has_voter(seat, self.nodes[seat].life);
        if setting.flaw == Flaw::SelfCounts && !is_voter {
            let new = (members.voters & seats).count_ones() + 1 > members.voters.count_ones() / 2;
            return new && (!members.is_joint() || members.is_quorum(seats | members.voters, Flaw::None));
        }
        members.is_quorum(seats, setting.flaw)
    }

    /// Whether what a store says counts for a leader or candidate, under its own members.
    pub(crate) fn is_counted(&self, seat: usize, by: usize, setting: &Setting) -> bool {
        let (members, _) = self.members(by, setting);
        let is_named = members.names(seat, self.nodes[seat].life);
        is_named || (setting.flaw == Flaw::AnyLife && members.all() >> seat & 1 == 1)
    }

    /// Who has acknowledged so much.
    pub(crate) fn holders(&self, leader: usize, index: u8) -> u8 {
        let acked = &self.nodes[leader].acked;
        (0..SEATS).filter(|seat| acked[*seat] > index).fold(0, |set, seat| set | 1 << seat)
    }

    /// What a leader holds itself.
    pub(crate) fn count_itself(&mut self, leader: usize, setting: &Setting) -> Verdict {
        if self.is_counted(leader, leader, setting) {
            self.nodes[leader].acked[leader] = self.nodes[leader].written;
        }
        self.advance(leader, setting)
    }

    /// Commits what is acknowledged by a majority of each half, at or above what the leader found.
    pub(crate) fn advance(&mut self, leader: usize, setting: &Setting) -> Verdict {
        let node = &self.nodes[leader];
        let (term, log) = (node.term, node.log);
        let found = self.reign(term).inherited;
        let carried = |index: &u8| self.is_carried(leader, self.holders(leader, *index), setting);
        let Some(commit) = (found..=log.len()).rev().find(carried) else { return Ok(()) };
        let reign = &mut self.reigns[usize::from(term)];
        reign.is_established = true;
        reign.commit = reign.commit.max(commit);
        if setting.flaw == Flaw::AtCommit {
            self.nodes[leader].known = reign.commit;
        }
        self.commit(term, &log.front(commit))
    }

    fn commit(&mut self, term: u8, front: &Log) -> Verdict {
        let agreed = front.len().min(self.committed.len());
        if self.committed.meeting(front) < agreed {
            return Err("no two entries are committed at an index");
        }
        for index in 1..=front.len() {
            let is_new = index > self.committed.len();
            let known = &mut self.committed_in[usize::from(index) - 1];
            *known = if is_new { term } else { (*known).min(term) };
            if is_new {
                self.committed.push(front.at(index));
            }
        }
        let later = self.reigns[usize::from(term) + 1..].iter().filter(|reign| reign.is_on);
        let is_complete = later.into_iter().all(|reign| reign.log.front(reign.inherited).has_front(front));
        if is_complete { Ok(()) } else { Err("a later leader has what is committed late") }
    }

    /// What holds in every state, whatever happened.
    pub(crate) fn check(&self) -> Verdict {
        for (place, node) in self.nodes.iter().enumerate() {
            if self.nodes[..place].iter().any(|other| !node.log.matches(&other.log)) {
                return Err("logs match up to every entry that they share");
            }
        }
        Ok(())
    }
}
