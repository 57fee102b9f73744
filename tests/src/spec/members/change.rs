use super::configuration::{LIVES_MAX, Members, is_majority};
use super::log::{Entry, Kind};
use super::rules::{Flaw, Setting};
use super::state::State;
use crate::spec::node::Role;

impl State {
    /// Whether a leader may begin a change (rule 5).
    pub(crate) fn may_change(&self, leader: usize, setting: &Setting) -> bool {
        let (members, index) = self.members(leader, setting);
        let (node, flaw) = (&self.nodes[leader], setting.flaw);
        let reign = self.reign(node.term);
        let is_voter = members.has_voter(leader, node.life) || flaw == Flaw::OutsiderChanges;
        let is_established = reign.is_established || flaw == Flaw::ChangeUnestablished;
        let is_committed = reign.commit >= index || matches!(flaw, Flaw::ChangeEarly | Flaw::ChangeUnestablished);
        node.role == Role::Leader && is_voter && !members.is_joint() && is_established && is_committed
    }

    /// Whether a store has an answer for a leader's challenge that it has not given: the leader may change members, and
    /// names another life of the seat, or none and the store is empty (rule 7).
    pub(crate) fn may_answer(&self, seat: usize, leader: usize, setting: &Setting) -> bool {
        let node = &self.nodes[seat];
        let members = self.members(leader, setting).0;
        let listed = members.lives.of(seat);
        let is_asking = !node.is_formatted || (listed != 0 && setting.flaw != Flaw::FormattedDoesNotAsk);
        let is_wanted = listed != 0 || setting.changes > 0;
        let is_other = node.life != listed && self.nodes[leader].answers[seat] >> node.life & 1 == 0;
        is_wanted && is_asking && is_other && self.may_change(leader, setting)
    }

    /// All that a leader may append.
    pub(crate) fn appendable(&self, leader: usize, setting: &Setting, entries: &mut Vec<Entry>) {
        let node = &self.nodes[leader];
        if node.role != Role::Leader || node.log.len() >= setting.entries {
            return;
        }
        let (members, _) = self.members(leader, setting);
        let is_member = members.is_joint() || members.has_voter(leader, node.life);
        let commands = node.log.entries().iter().filter(|entry| entry.kind() == Kind::Command).count();
        if (is_member || setting.flaw == Flaw::OutsiderChanges) && commands < usize::from(setting.commands) {
            entries.push(Entry::command(node.term));
        }
        entries.extend(self.end_of_joint(leader, setting));
        entries.extend(self.taken_back(leader, setting));
        if self.may_change(leader, setting) {
            self.returns(leader, setting, entries);
            if self.changes_of(leader) < setting.changes {
                self.resizes(leader, setting, entries);
            }
        }
    }

    /// How many entries of a log add, promote or remove.
    fn changes_of(&self, leader: usize) -> u8 {
        let (mut members, mut count) = (self.root, 0);
        for entry in self.nodes[leader].log.entries().iter().filter(|entry| entry.kind() != Kind::Command) {
            let after = members.then(*entry);
            let is_final = members.is_joint();
            count += u8::from(!is_final && (after.voters, after.learners) != (members.voters, members.learners));
            members = after;
        }
        count
    }

    /// What ends the joint phase (rule 6).
    pub(crate) fn end_of_joint(&self, leader: usize, setting: &Setting) -> Option<Entry> {
        let (members, index) = self.members(leader, setting);
        let node = &self.nodes[leader];
        let is_committed = match setting.flaw {
            Flaw::FinalEarly => true,
            Flaw::FinalUnestablished => self.known_in(node.term) >= index,
            Flaw::FinalByMembers => self.reign(node.term).commit >= index && members.has_voter(leader, node.life),
            _ => self.reign(node.term).commit >= index,
        };
        (members.is_joint() && is_committed).then(|| Entry::of(Kind::Plain, node.term, &members.plain()))
    }

    /// The members before a joint phase that this reign began (rule 6).
    fn taken_back(&self, leader: usize, setting: &Setting) -> Option<Entry> {
        let (members, index) = self.members(leader, setting);
        let node = &self.nodes[leader];
        let is_own = node.log.at(index).term() == node.term;
        let is_open = self.reign(node.term).commit < index;
        let may = match setting.flaw {
            Flaw::TakesBackInherited => is_open,
            Flaw::TakesBackCommitted => is_own,
            _ => is_own && is_open,
        };
        let before = || node.log.members(index - 1, &self.root).0.plain();
        (setting.takes_back && members.is_joint() && may).then(|| Entry::of(Kind::Plain, node.term, &before()))
    }

    /// A store that lost its disk, in place of what it was: a voter by a joint phase, a learner at once (rule 7).
    pub(crate) fn returns(&self, leader: usize, setting: &Setting, entries: &mut Vec<Entry>) {
        let (members, _) = self.members(leader, setting);
        let node = &self.nodes[leader];
        for seat in setting.each().filter(|seat| *seat != leader && members.lives.of(*seat) != 0) {
            let is_usable = |life: &u8| match setting.flaw {
                Flaw::NoChallenge => *life > 1 && *life <= self.nodes[seat].life,
                _ => node.answers[seat] >> life & 1 == 1,
            };
            let is_voter = members.voters >> seat & 1 == 1 && setting.flaw != Flaw::OneStep;
            let kind = if is_voter { Kind::Joint } else { Kind::Plain };
            for life in (1..=LIVES_MAX).filter(is_usable).filter(|life| *life != members.lives.of(seat)) {
                let lives = members.lives.with(seat, life);
                entries.push(Entry::of(kind, node.term, &Members { lives, ..members }));
            }
        }
    }

    /// Learners that join at once, and other voters by a joint phase (rule 5).
    fn resizes(&self, leader: usize, setting: &Setting, entries: &mut Vec<Entry>) {
        let (members, _) = self.members(leader, setting);
        let node = &self.nodes[leader];
        for seat in setting.each().filter(|seat| node.answers[*seat] != 0 && members.all() >> seat & 1 == 0) {
            let (learners, lives) = (members.learners | 1 << seat, members.lives.with(seat, node.answer_of(seat)));
            entries.push(Entry::of(Kind::Plain, node.term, &Members { learners, lives, ..members }));
        }
        let kind = if setting.flaw == Flaw::OneStep { Kind::Plain } else { Kind::Joint };
        for voters in (1..1 << setting.seats).filter(|voters| *voters != members.voters) {
            if let Some(after) = self.with_voters(leader, voters, &members, setting) {
                entries.push(Entry::of(kind, node.term, &after));
            }
        }
    }

    fn with_voters(&self, leader: usize, voters: u8, members: &Members, setting: &Setting) -> Option<Members> {
        let heard = self.holders(leader, 0);
        let (new, old) = (voters & !members.voters, members.voters & heard);
        let straight = setting.flaw == Flaw::StraightByMajority && is_majority(old & voters, voters);
        let is_ready = |seat: usize| {
            let is_learner = members.learners >> seat & 1 == 1;
            let is_formatted = is_learner && (heard >> seat & 1 == 1 || setting.flaw == Flaw::EmptyVoter);
            is_formatted || (straight && !is_learner && self.nodes[leader].answers[seat] != 0)
        };
        let mut seats = setting.each().filter(|seat| new >> seat & 1 == 1);
        let is_heard =
            is_majority(voters & heard, voters) || matches!(setting.flaw, Flaw::ChangeUnheard | Flaw::EmptyVoter);
        if !is_heard || !seats.all(is_ready) {
            return None;
        }
        let joining = setting.each().filter(|seat| (new & !members.learners) >> seat & 1 == 1);
        let lives = joining.fold(members.lives, |lives, seat| lives.with(seat, self.nodes[leader].answer_of(seat)));
        let after = Members { voters, learners: members.learners & !voters, lives, ..*members };
        Some(if setting.flaw == Flaw::OneStep { after.plain() } else { after })
    }
}
