use super::configuration::{Members, SEATS};
use super::log::Entry;
use super::rules::{Flaw, Setting};
use super::state::{Node, Reign, State};
use crate::spec::breadth::Verdict;
use crate::spec::node::Role;

impl State {
    /// Whether a store stands at all (rule 4).
    pub(crate) fn may_stand(&self, seat: usize, setting: &Setting) -> bool {
        let members = self.members(seat, setting).0;
        let is_learner = (members.learners & !members.voters & !members.outgoing) >> seat & 1 == 1;
        let is_removed = members.all() >> seat & 1 == 0;
        let is_barred = match setting.flaw {
            Flaw::LearnersDoNotStand => is_learner,
            Flaw::RemovedNeverStands => is_removed,
            _ => false,
        };
        self.nodes[seat].is_formatted && !is_barred
    }

    /// A candidate in a term of its own. It votes for itself, whether that counts or not.
    pub(crate) fn stand(&mut self, seat: usize, term: u8, setting: &Setting) {
        let is_counted = self.is_counted(seat, seat, setting);
        let node = &mut self.nodes[seat];
        node.follow(term, setting);
        (node.role, node.voted, node.votes) = (Role::Candidate, true, u8::from(is_counted) << seat);
    }

    /// A vote, if the voter has it to give and the candidate is as recent (rule 3). Says if it was given.
    pub(crate) fn vote(&mut self, voter: usize, candidate: usize, setting: &Setting) -> bool {
        let (node, term) = (&self.nodes[voter], self.nodes[candidate].term);
        let may_vote = node.term < term || (node.term == term && node.role == Role::Follower && !node.voted);
        let is_recent = self.nodes[candidate].recency() >= node.recency();
        if !node.is_formatted || !may_vote || !is_recent || self.refuses(voter, candidate, setting) {
            return false;
        }
        let is_counted = self.is_counted(voter, candidate, setting);
        let node = &mut self.nodes[voter];
        node.follow(term, setting);
        node.voted = true;
        self.nodes[candidate].votes |= u8::from(is_counted) << voter;
        true
    }

    fn refuses(&self, voter: usize, candidate: usize, setting: &Setting) -> bool {
        let members = self.members(voter, setting).0;
        match setting.flaw {
            Flaw::OutsidersAreRefused => members.all() >> candidate & 1 == 0,
            Flaw::OutsidersRefuse => (members.voters | members.outgoing) >> voter & 1 == 0,
            _ => false,
        }
    }

    pub(crate) fn has_won(&self, seat: usize, setting: &Setting) -> bool {
        let node = &self.nodes[seat];
        node.role == Role::Candidate && self.is_carried(seat, node.votes, setting)
    }

    /// The reign begins with what the leader holds, and with its mark.
    pub(crate) fn win(&mut self, seat: usize, setting: &Setting) -> Verdict {
        let (term, log) = (self.nodes[seat].term, self.nodes[seat].log);
        if self.reign(term).is_on {
            return Err("one leader a term");
        }
        if !log.has_front(&self.committed.front(self.known_in(term - 1))) {
            return Err("a leader has all that was committed before");
        }
        let node = &mut self.nodes[seat];
        (node.role, node.votes) = (Role::Leader, 0);
        let inherited = log.len();
        self.reigns[usize::from(term)] = Reign { is_on: true, inherited, log, ..Reign::default() };
        if setting.torn { Ok(()) } else { self.write(seat, setting) }
    }

    /// A leader's log and mark are durable, and it counts itself.
    pub(crate) fn write(&mut self, leader: usize, setting: &Setting) -> Verdict {
        let node = &mut self.nodes[leader];
        (node.written, node.mark) = (node.log.len() + 1, node.term);
        self.count_itself(leader, setting)
    }

    /// Entries of a reign that begin behind `previous`, where the logs agree, and end at `through`: so many parts of
    /// what a follower writes then. If that is all of it, what matches is acknowledged.
    pub(crate) fn hear(
        &mut self,
        seat: usize,
        term: u8,
        (previous, through): (u8, u8),
        parts: u8,
        setting: &Setting,
    ) -> Verdict {
        self.nodes[seat].follow(term, setting);
        for _ in 0..parts {
            if !self.write_part(seat, term, previous, through, setting) {
                return self.acknowledge(seat, term, through, setting);
            }
        }
        Ok(())
    }

    /// One part: a cut, an entry, or the mark behind all of it. Says if there was any.
    fn write_part(&mut self, seat: usize, term: u8, previous: u8, through: u8, setting: &Setting) -> bool {
        let reign = *self.reign(term);
        let node = &mut self.nodes[seat];
        let length = node.log.len();
        if let Some(index) = (previous + 1..=through).find(|index| node.log.at(*index) != reign.log.at(*index)) {
            if index <= length {
                self.cut(seat, index - 1, setting);
                return true;
            }
            node.log.push(reign.log.at(index));
            node.cached = node.cached.filter(|_| reign.log.at(index).voters() == 0);
            return true;
        }
        if through < reign.inherited {
            return false;
        }
        let foreign = (through.max(node.base) + 1..=length).find(|index| node.log.at(*index).term() != term);
        if let Some(index) = foreign {
            self.cut(seat, index - 1, setting);
            return true;
        }
        let is_later = node.mark < term;
        node.mark = node.mark.max(term);
        is_later
    }

    /// Removes what stands behind. The mark stays.
    fn cut(&mut self, seat: usize, length: u8, setting: &Setting) {
        let before = self.members(seat, setting);
        let node = &mut self.nodes[seat];
        node.log = node.log.front(length);
        if setting.flaw == Flaw::CutKeepsMembers && before.1 > length {
            node.cached = Some(before.0);
        }
    }

    /// A follower acknowledges how far it matches, at or above what the leader found.
    fn acknowledge(&mut self, seat: usize, term: u8, matched: u8, setting: &Setting) -> Verdict {
        let Some(leader) = self.leader_of(term).filter(|_| matched >= self.reign(term).inherited) else {
            return Ok(());
        };
        if !self.is_counted(seat, leader, setting) {
            return Ok(());
        }
        let acked = &mut self.nodes[leader].acked[seat];
        *acked = (matched + 1).max(*acked);
        self.advance(leader, setting)
    }

    /// A snapshot through `through` in place of a log that lacks its last entry. Says if it was of use.
    pub(crate) fn install(&mut self, seat: usize, term: u8, through: u8, setting: &Setting) -> bool {
        let reign = *self.reign(term);
        let node = &mut self.nodes[seat];
        if through <= node.base || node.log.at(through) == reign.log.at(through) {
            return false;
        }
        node.follow(term, setting);
        (node.log, node.base) = (reign.log.front(through), through);
        node.cached =
            (setting.flaw == Flaw::SnapshotOfLaterMembers).then(|| reign.log.members(reign.log.len(), &self.root).0);
        if through >= reign.inherited {
            node.mark = node.mark.max(term);
        }
        true
    }

    /// The index of the entry that names this empty store, in a reign's log.
    pub(crate) fn naming(&self, seat: usize, reign: &Reign, setting: &Setting) -> Option<u8> {
        let life = self.nodes[seat].life;
        let is_named = |members: &Members| match setting.flaw {
            Flaw::EntryWithoutLife => members.lives.of(seat) > 1,
            _ => members.names(seat, life),
        };
        (1..=reign.log.len()).find(|index| is_named(&reign.log.members(*index, &self.root).0))
    }

    /// An empty store keeps a reign's log through the entry that names it or beyond, and is formatted, all at once
    /// (rule 8).
    pub(crate) fn format(&mut self, seat: usize, term: u8, through: u8, setting: &Setting) {
        let reign = *self.reign(term);
        let named = self.naming(seat, &reign, setting).map(|index| reign.log.members(index, &self.root).0);
        let is_marked = match setting.flaw {
            Flaw::FormatMarksEarly => true,
            Flaw::FormatNeverMarks => false,
            _ => through >= reign.inherited,
        };
        let life = named.map_or(0, |members| members.lives.of(seat));
        let mark = if is_marked { term } else { 0 };
        let log = reign.log.front(through);
        self.nodes[seat] = Node { life, is_formatted: true, term, log, mark, ..Node::default() };
    }

    /// A seat starts with an empty disk.
    pub(crate) fn empty(&mut self, seat: usize, setting: &Setting) {
        let life = self.nodes[seat].life;
        self.nodes[seat] = match setting.flaw {
            Flaw::EmptyVotes => Node { life, is_formatted: true, ..Node::default() },
            _ => Node { life: life + 1, ..Node::default() },
        };
    }

    /// An answer that a leader has heard or will hear: this store is there under its life, which is not the one listed.
    pub(crate) fn answer(&mut self, seat: usize, leader: usize, setting: &Setting) {
        let is_kept = matches!(setting.flaw, Flaw::AnswersAccumulate | Flaw::AnswersStay);
        let life = self.nodes[seat].life;
        let answers = &mut self.nodes[leader].answers[seat];
        *answers = (*answers * u8::from(is_kept)) | (1 << life);
    }

    /// A leader appends. Who is named with another life from here on has acknowledged nothing, and answers are void
    /// under other members (rules 2 and 7).
    pub(crate) fn append(&mut self, leader: usize, entry: Entry, setting: &Setting) -> Verdict {
        let before = self.members(leader, setting).0;
        let node = &mut self.nodes[leader];
        node.log.push(entry);
        node.cached = node.cached.filter(|_| entry.voters() == 0);
        let log = node.log;
        self.reigns[usize::from(node.term)].log = log;
        if entry.voters() != 0 {
            let after = log.members(log.len(), &self.root).0;
            let node = &mut self.nodes[leader];
            for seat in (0..SEATS).filter(|seat| before.lives.of(*seat) != after.lives.of(*seat)) {
                node.acked[seat] *= u8::from(setting.flaw == Flaw::AnyLife);
            }
            if !matches!(setting.flaw, Flaw::AnswerOutlivesMembers | Flaw::AnswersStay) {
                node.answers = [0; SEATS];
            }
        }
        if setting.torn { self.advance(leader, setting) } else { self.write(leader, setting) }
    }
}
