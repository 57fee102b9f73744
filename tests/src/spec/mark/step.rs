use super::rules::{Flaw, Setting};
use super::state::{Reign, State};
use crate::spec::breadth::Verdict;
use crate::spec::log::Log;
use crate::spec::node::Role;

impl State {
    /// A candidate in a term of its own (section 5.2). Its vote for itself is durable.
    pub(crate) fn stand(&mut self, seat: usize, term: u8, setting: &Setting) {
        let node = &mut self.nodes[seat];
        node.follow(term);
        (node.role, node.voted, node.votes) = (Role::Candidate, true, 1 << seat);
        if setting.flaw == Flaw::MarkAtCandidacy {
            (node.memory.mark, node.disk.mark) = (term, term);
        }
    }

    /// A vote, if the voter has it to give and the candidate is as recent (rule 2). Says if it was given.
    pub(crate) fn vote(&mut self, voter: usize, candidate: usize, setting: &Setting) -> bool {
        let term = self.nodes[candidate].term;
        let has_marks = setting.flaw != Flaw::MarkIgnored;
        let recency = |seat: usize| self.recency(&self.nodes[seat].memory, has_marks);
        let node = &self.nodes[voter];
        let may_vote = node.term < term || (node.term == term && node.role == Role::Follower && !node.voted);
        if !may_vote || recency(candidate) < recency(voter) {
            return false;
        }
        let node = &mut self.nodes[voter];
        node.follow(term);
        node.voted = true;
        self.nodes[candidate].votes |= 1 << voter;
        true
    }

    pub(crate) fn has_won(&self, seat: usize, setting: &Setting) -> bool {
        let node = &self.nodes[seat];
        node.role == Role::Candidate && node.votes.count_ones() >= setting.majority()
    }

    /// The reign begins with what the leader holds, and with its mark (rule 3).
    pub(crate) fn win(&mut self, seat: usize, setting: &Setting) -> Verdict {
        let (term, log) = (self.nodes[seat].term, self.nodes[seat].memory.log);
        if self.reigns[usize::from(term)].is_on {
            return Err("one leader a term");
        }
        let known = self.known_in(term - 1);
        if !log.has_front(self.committed.front(known)) {
            return Err("a leader has all that was committed before");
        }
        let node = &mut self.nodes[seat];
        (node.role, node.votes) = (Role::Leader, 0);
        if setting.flaw != Flaw::NoMark {
            node.memory.mark = term;
        }
        self.reigns[usize::from(term)] = Reign { is_on: true, inherited: log.len(), log };
        Ok(())
    }

    /// A leader takes a command, if its log has room.
    pub(crate) fn append(&mut self, seat: usize, setting: &Setting) -> bool {
        let commit = self.known_in(self.nodes[seat].term);
        let node = &mut self.nodes[seat];
        let room = setting.leader_room(seat, node.memory.base, commit).min(setting.entries);
        if node.role != Role::Leader || node.memory.log.len() >= room {
            return false;
        }
        node.memory.log.push(node.term);
        self.reigns[usize::from(node.term)].log = node.memory.log;
        true
    }

    /// How far a node takes itself to agree with a reign: what its snapshot covers is committed and is not compared.
    pub(crate) fn agreement(&self, seat: usize, term: u8) -> u8 {
        let store = &self.nodes[seat].memory;
        let (meeting, reign) = (store.log.meeting(self.reigns[usize::from(term)].log), self.reigns[usize::from(term)]);
        if store.base <= reign.log.len() { meeting.max(store.base) } else { meeting }
    }

    /// Entries of a reign that begin behind `previous`, where the logs agree, and end at `through` (rule 4). Returns
    /// through where the follower matches.
    pub(crate) fn follow_reign(&mut self, seat: usize, term: u8, previous: u8, through: u8, setting: &Setting) -> u8 {
        let reign = self.reigns[usize::from(term)];
        let room = self.nodes[seat].memory.base.saturating_add(setting.follower_room(seat));
        self.nodes[seat].follow(term);
        if setting.flaw == Flaw::CutAtPrevious {
            self.cut(seat, previous, setting);
        }
        let mut matched = previous;
        for index in previous + 1..=through {
            let store = &self.nodes[seat].memory;
            if index > store.base && store.log.term_at(index) != reign.log.term_at(index) {
                if self.cut(seat, index - 1, setting) && setting.cuts_apart() {
                    return 0;
                }
                if index > room {
                    break;
                }
                let store = &mut self.nodes[seat].memory;
                store.log.push(reign.log.term_at(index));
                if setting.flaw == Flaw::OlderEntryForgetsMark && reign.log.term_at(index) < store.mark {
                    store.mark = 0;
                }
            }
            matched = index;
        }
        if matched >= reign.inherited {
            self.mark(seat, term, matched, setting);
        } else if setting.flaw == Flaw::MarkBeforeMatch {
            self.nodes[seat].memory.mark = term;
        }
        matched
    }

    /// The follower matches through what the leader found: what stands behind and is of another term goes.
    fn mark(&mut self, seat: usize, term: u8, matched: u8, setting: &Setting) {
        if matches!(setting.flaw, Flaw::NoMark | Flaw::FollowersDoNotMark) {
            return;
        }
        let log = self.nodes[seat].memory.log;
        let foreign = (matched + 1..=log.len()).find(|index| log.term_at(*index) != term);
        if let Some(index) = foreign.filter(|_| setting.flaw != Flaw::TailStays)
            && self.cut(seat, index - 1, setting)
            && setting.cuts_apart()
        {
            return;
        }
        let store = &mut self.nodes[seat].memory;
        store.mark = store.mark.max(term);
    }

    /// Removes what stands behind, but nothing that a snapshot covers, and says if anything did. The mark stays (rule
    /// 1).
    fn cut(&mut self, seat: usize, length: u8, setting: &Setting) -> bool {
        let store = &mut self.nodes[seat].memory;
        let length = if setting.flaw == Flaw::CutBelowSnapshot { length } else { length.max(store.base) };
        if length >= store.log.len() {
            return false;
        }
        let marker = self.reigns[usize::from(store.mark)];
        let is_deep = !marker.is_on || length < marker.inherited;
        if setting.flaw == Flaw::CutForgetsMark || (setting.flaw == Flaw::DeepCutForgetsMark && is_deep) {
            store.mark = 0;
        }
        store.log = store.log.front(length);
        true
    }

    /// A follower acknowledges how far it matches: at or above what the leader found once the mark is durable, else
    /// nothing that counts (rule 4).
    pub(crate) fn acknowledge(&mut self, seat: usize, term: u8, matched: u8, setting: &Setting) -> Verdict {
        let (node, reign) = (&self.nodes[seat], self.reigns[usize::from(term)]);
        let flaw = setting.flaw;
        let is_written =
            node.disk.log.front(matched) == node.memory.log.front(matched) && node.disk.base >= node.memory.base;
        let is_unmarked = matches!(flaw, Flaw::NoMark | Flaw::FollowersDoNotMark | Flaw::AckBeforeMark);
        let is_marked = node.disk.mark >= term || is_unmarked;
        let may_ack = (is_written && is_marked) || flaw == Flaw::AckBeforeLog;
        let Some(leader) = self.leader_of(term).filter(|_| may_ack && matched >= reign.inherited) else {
            return Ok(());
        };
        let acked = &mut self.nodes[leader].acked[seat];
        *acked = matched.max(*acked);
        self.advance(leader, setting)
    }

    /// A snapshot through `through` in place of a log that lacks its last entry (rule 7). Says if it was of use.
    pub(crate) fn install(&mut self, seat: usize, term: u8, through: u8, setting: &Setting) -> bool {
        let reign = self.reigns[usize::from(term)];
        let store = &mut self.nodes[seat].memory;
        let holds = store.log.term_at(through) == reign.log.term_at(through);
        if through <= store.base || (holds && setting.flaw != Flaw::SnapshotClearsMark) {
            return false;
        }
        let tail = store.log.len() > through && setting.flaw == Flaw::InstallKeepsTail;
        store.log = if holds || tail { graft(reign.log.front(through), store.log) } else { reign.log.front(through) };
        store.base = through;
        let is_marked = through >= reign.inherited || setting.flaw == Flaw::SnapshotMarksEarly;
        if setting.flaw == Flaw::SnapshotClearsMark {
            store.mark = 0;
        } else if is_marked {
            store.mark = store.mark.max(term);
        }
        self.nodes[seat].follow(term);
        true
    }

    /// A snapshot of its own, once it is durable.
    pub(crate) fn compact(&mut self, seat: usize, through: u8) {
        let node = &mut self.nodes[seat];
        (node.memory.base, node.disk.base) = (node.memory.base.max(through), node.disk.base.max(through));
    }
}

/// A front in the place of a log's own.
fn graft(front: Log, log: Log) -> Log {
    Log(front.0 | log.behind(front.len()).0 << (4 * front.len()))
}
