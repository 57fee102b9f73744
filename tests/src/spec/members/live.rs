use super::act::WHOLE;
use super::configuration::{Members, SEATS, is_majority};
use super::log::Entry;
use super::rules::{Flaw, Setting};
use super::state::State;
use crate::spec::breadth::Verdict;

/// What is promised to whoever is enough.
const WAY_ON: &str = "whoever is enough commits what it holds, and lost disks return";
/// How many elections one after the other a way on may take.
const ELECTIONS_MAX: u8 = 3;
/// More than a leader has to do until all are back.
const ROUNDS_MAX: u8 = 16;

impl State {
    /// After a crash of all. What they do does not depend on terms that are over.
    pub(crate) fn rested(&self, setting: &Setting) -> State {
        let mut state = State { committed: self.committed, root: self.root, ..State::default() };
        for (rested, node) in state.nodes.iter_mut().zip(&self.nodes) {
            *rested = *node;
            rested.crash(self.reign(node.term).inherited, setting);
            (rested.term, rested.voted, rested.answers) = (0, false, [0; SEATS]);
        }
        state.renumber();
        state
    }

    /// Everyone who is promised a way on has one: see `tests/spec/MEMBERS.md`.
    pub(crate) fn check_way_on(&self, setting: &Setting) -> Verdict {
        let calm = setting.calm();
        for up in (1..1 << setting.seats).filter(|up| self.is_promised(*up, setting)) {
            if !self.recovers(up, ELECTIONS_MAX, &calm)? {
                return Err(WAY_ON);
            }
        }
        Ok(())
    }

    /// Whether those that are up are a majority of each half of the last members that are committed, and of all later
    /// ones in a log among them.
    fn is_promised(&self, up: u8, setting: &Setting) -> bool {
        let (committed, index) = self.committed.members(self.committed.len(), &self.root);
        let alive = seats(setting, |seat| {
            let node = &self.nodes[seat];
            up >> seat & 1 == 1 && node.is_formatted && committed.names(seat, node.life)
        });
        let is_majority_of = |members: &Members, seats: u8| {
            is_majority(members.voters & seats, members.voters)
                && (!members.is_joint() || is_majority(members.remaining() & seats, members.outgoing))
        };
        let later = setting.each().filter(|seat| up >> seat & 1 == 1).all(|seat| {
            let log = &self.nodes[seat].log;
            (index + 1..=log.len()).all(|at| {
                let members = log.members(at, &self.root).0;
                let named = seats(setting, |seat| up >> seat & 1 == 1 && members.names(seat, self.nodes[seat].life));
                is_majority_of(&members, named | alive)
            })
        });
        is_majority_of(&committed, alive) && later
    }

    /// Whether a few elections among those that are up lead to a leader that settles everything.
    fn recovers(&self, up: u8, elections: u8, setting: &Setting) -> Result<bool, &'static str> {
        for seat in setting.each().filter(|seat| up >> seat & 1 == 1 && self.may_stand(*seat, setting)) {
            let mut state = self.rested(setting);
            if !state.elects(seat, up, setting)? {
                continue;
            }
            if state.settles(seat, up, setting)? || (elections > 1 && state.recovers(up, elections - 1, setting)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether all that are up make this one the leader of a new term.
    fn elects(&mut self, seat: usize, up: u8, setting: &Setting) -> Result<bool, &'static str> {
        let term = self.latest() + 1;
        self.stand(seat, term, setting);
        for voter in setting.each().filter(|voter| up >> voter & 1 == 1 && *voter != seat) {
            self.vote(voter, seat, setting);
        }
        let has_won = self.has_won(seat, setting);
        if has_won {
            self.win(seat, setting)?;
        }
        Ok(has_won)
    }

    /// A leader brings all in line that are up, ends the joint phase, and takes back in who has lost its disk. Says if
    /// it got so far.
    fn settles(&mut self, leader: usize, up: u8, setting: &Setting) -> Result<bool, &'static str> {
        for _ in 0..ROUNDS_MAX {
            for seat in setting.each().filter(|seat| up >> seat & 1 == 1 && *seat != leader) {
                self.bring_in_line(seat, leader, setting)?;
            }
            let node = &self.nodes[leader];
            let (members, _) = self.members(leader, setting);
            if self.reign(node.term).commit < node.log.len() || !self.reign(node.term).is_established {
                return Ok(false);
            }
            let next = match self.end_of_joint(leader, setting) {
                Some(entry) => Some(entry),
                None if members.is_joint() || !members.has_voter(leader, node.life) => return Ok(false),
                None => {
                    self.lost(up, &members, setting).map(|seat| self.taken_in(seat, leader, setting)).transpose()?
                }
            };
            let Some(entry) = next else { return Ok(true) };
            self.append(leader, entry, setting)?;
        }
        Ok(false)
    }

    /// A seat that is up and named, as another life.
    fn lost(&self, up: u8, members: &Members, setting: &Setting) -> Option<usize> {
        let is_other = |seat: &usize| !members.names(*seat, self.nodes[*seat].life);
        setting.each().filter(|seat| (up & members.all()) >> seat & 1 == 1).find(is_other)
    }

    /// What names the life of a store that is up, once it has answered the challenge.
    fn taken_in(&mut self, seat: usize, leader: usize, setting: &Setting) -> Result<Entry, &'static str> {
        if !self.may_answer(seat, leader, setting) {
            return Err(WAY_ON);
        }
        self.answer(seat, leader, setting);
        let mut entries = Vec::new();
        self.returns(leader, setting, &mut entries);
        let is_it = |entry: &Entry| entry.lives().of(seat) == self.nodes[seat].life;
        entries.into_iter().find(is_it).ok_or(WAY_ON)
    }

    /// The leader sends what the other lacks, of what it has: entries behind its snapshot, or the snapshot.
    fn bring_in_line(&mut self, seat: usize, leader: usize, setting: &Setting) -> Verdict {
        let (base, term) = (self.nodes[leader].base, self.nodes[leader].term);
        let reign = *self.reign(term);
        if !self.nodes[seat].is_formatted {
            if self.naming(seat, &reign, setting).is_none() {
                return Ok(());
            }
            let first = if setting.flaw == Flaw::FormatsEarly { 0 } else { reign.log.len() };
            self.format(seat, term, first, setting);
        }
        let meeting = self.nodes[seat].log.meeting(&reign.log);
        if meeting < base {
            self.install(seat, term, base, setting);
        }
        let previous = meeting.max(base).max(self.nodes[seat].base);
        self.hear(seat, term, (previous, reign.log.len()), WHOLE, setting)?;
        if setting.flaw == Flaw::AtCommit {
            self.nodes[seat].known = self.nodes[leader].known;
        }
        Ok(())
    }
}

fn seats(setting: &Setting, is_one: impl Fn(usize) -> bool) -> u8 {
    setting.each().filter(|seat| is_one(*seat)).fold(0, |set, seat| set | 1 << seat)
}
