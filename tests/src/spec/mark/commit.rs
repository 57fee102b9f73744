use super::rules::{Flaw, Setting};
use super::state::State;
use crate::spec::breadth::Verdict;
use crate::spec::log::Log;

impl State {
    /// What a leader counts of its own: it holds its whole log so far, and the mark behind it (rule 3).
    pub(crate) fn count_itself(&mut self, seat: usize, setting: &Setting) -> Verdict {
        let node = &self.nodes[seat];
        let reign = &self.reigns[usize::from(node.term)];
        let counts_all = setting.flaw == Flaw::LeaderCountsUnwritten || setting.flaw == Flaw::AckBeforeLog;
        let store = if counts_all { &node.memory } else { &node.disk };
        let is_marked = store.mark >= node.term || setting.flaw == Flaw::NoMark;
        let holds = store.log.meeting(reign.log);
        let acked = if is_marked && holds >= reign.inherited { holds } else { 0 };
        self.nodes[seat].acked[seat] = acked;
        self.advance(seat, setting)
    }

    /// Commits what a majority acknowledged, at or above what the leader found (rule 5).
    pub(crate) fn advance(&mut self, leader: usize, setting: &Setting) -> Verdict {
        let (acked, term) = (self.nodes[leader].acked, self.nodes[leader].term);
        let commit = acked.into_iter().filter(|index| self.is_committed_by(leader, *index, setting)).max().unwrap_or(0);
        self.commit(term, self.reigns[usize::from(term)].log.front(commit))
    }

    pub(crate) fn is_committed_by(&self, leader: usize, index: u8, setting: &Setting) -> bool {
        let node = &self.nodes[leader];
        let reign = &self.reigns[usize::from(node.term)];
        let on_majority = |index: u8| {
            node.acked[..setting.nodes].iter().filter(|acked| **acked >= index).count() as u32 >= setting.majority()
        };
        match setting.flaw {
            Flaw::NoMark => (index..=reign.log.len()).any(|at| reign.log.term_at(at) == node.term && on_majority(at)),
            Flaw::CommitAlone if index <= reign.inherited => node.acked[leader] >= index,
            _ => on_majority(index),
        }
    }

    fn commit(&mut self, term: u8, front: Log) -> Verdict {
        let agreed = front.len().min(self.committed.len());
        if self.committed.meeting(front) < agreed {
            return Err("no two entries are committed at an index");
        }
        for place in 0..front.len() {
            let is_new = place >= self.committed.len();
            let known = &mut self.committed_in[usize::from(place)];
            *known = if is_new { term } else { (*known).min(term) };
            if is_new {
                self.committed.push(front.term_at(place + 1));
            }
        }
        let later = self.reigns[usize::from(term) + 1..].iter().filter(|reign| reign.is_on);
        let is_complete = later.into_iter().all(|reign| reign.log.front(reign.inherited).has_front(front));
        if is_complete { Ok(()) } else { Err("a later leader has what is committed late") }
    }

    /// What holds in every state, whatever happened.
    pub(crate) fn check(&self, setting: &Setting) -> Verdict {
        let nodes = &self.nodes[..setting.nodes];
        for (place, node) in nodes.iter().enumerate() {
            for other in &nodes[..place] {
                if !node.memory.log.matches(other.memory.log) || !node.disk.log.matches(other.disk.log) {
                    return Err("logs match up to every entry that they share");
                }
            }
        }
        Ok(())
    }
}
