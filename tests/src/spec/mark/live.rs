use super::act::WHOLE;
use super::rules::{Flaw, Setting, Writes};
use super::state::State;
use crate::spec::breadth::Verdict;

impl State {
    /// Every majority of rested nodes must be able, without any further fault, to elect one of its nodes in a new term
    /// and to commit all that this one holds without writing an entry.
    pub(crate) fn check_way_on(&self, setting: &Setting) -> Verdict {
        let setting = Setting { writes: Writes::AtOnce, ..setting.clone() };
        let majorities = (1_u8..1 << setting.nodes).filter(|up| up.count_ones() == setting.majority());
        for up in majorities {
            let mut recovers = false;
            for seat in (0..setting.nodes).filter(|seat| up >> seat & 1 == 1) {
                recovers |= self.recovers(seat, up, &setting)?;
            }
            if !recovers {
                return Err("every majority can commit what it holds");
            }
        }
        Ok(())
    }

    /// After a crash of all. What they do does not depend on terms that are over.
    pub(crate) fn rested(&self, setting: &Setting) -> State {
        let mut state = State { committed: self.committed, root: self.root, ..State::default() };
        for (rested, node) in state.nodes[..setting.nodes].iter_mut().zip(&self.nodes) {
            (rested.memory, rested.disk) = (node.disk, node.disk);
        }
        state
    }

    fn recovers(&self, seat: usize, up: u8, setting: &Setting) -> Result<bool, &'static str> {
        let mut state = *self;
        let term = state.latest(setting) + 1;
        state.stand(seat, term, setting);
        let others = || (0..setting.nodes).filter(|other| up >> other & 1 == 1 && *other != seat);
        let all_vote = others().filter(|voter| state.vote(*voter, seat, setting)).count() == others().count();
        if !all_vote {
            return Ok(false);
        }
        state.win(seat, setting)?;
        state.keep_as_leader(seat, WHOLE, setting).unwrap_or(Ok(()))?;
        let found = state.nodes[seat].memory.log.len();
        if setting.flaw == Flaw::NoMark && state.append(seat, setting) {
            state.keep_as_leader(seat, WHOLE, setting).unwrap_or(Ok(()))?;
        }
        for other in others() {
            state.bring_in_line(other, seat, term, setting)?;
        }
        Ok(found == 0 || state.is_committed_by(seat, found, setting))
    }

    /// The leader sends what the other lacks, of what it has: entries behind its snapshot, or the snapshot.
    fn bring_in_line(&mut self, seat: usize, leader: usize, term: u8, setting: &Setting) -> Verdict {
        let (base, last) = (self.nodes[leader].memory.base, self.reigns[usize::from(term)].log.len());
        if self.agreement(seat, term) < base {
            self.install(seat, term, base, setting);
            self.write(seat, WHOLE, setting);
        }
        for _ in 0..=last {
            let before = self.agreement(seat, term);
            self.compact(seat, base.min(before));
            let matched = self.follow_reign(seat, term, before, last.min(before + 1), setting);
            self.write(seat, WHOLE, setting);
            self.acknowledge(seat, term, matched, setting)?;
        }
        Ok(())
    }
}
