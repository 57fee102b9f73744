use super::rules::{Flaw, Setting};
use super::state::{State, TERMS};
use crate::spec::breadth::Verdict;
use crate::spec::node::Role;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A vote for a candidate, which stands in its next term if it does not stand yet, as a successor or not. The last
    /// vote that it needs makes it the leader.
    Vote {
        voter: u8,
        candidate: u8,
        as_successor: Option<bool>,
    },
    /// Entries of a term's leader.
    Hear {
        seat: u8,
        term: u8,
        previous: u8,
        through: u8,
    },
    /// A leader draws a round.
    Draw {
        leader: u8,
    },
    /// A follower gets a leader's round, and the leader its answer.
    Confirm {
        seat: u8,
        leader: u8,
    },
    /// The last answer to a round arrives.
    Answer {
        leader: u8,
    },
    /// Time goes by, and the clocks of these seats run fast.
    Pass {
        fast: u8,
    },
    Append {
        leader: u8,
    },
    /// A leader appends the roster by which leases are on.
    Enable {
        leader: u8,
    },
    /// What a leader appended is durable.
    Write {
        leader: u8,
    },
    HandOver {
        leader: u8,
        successor: u8,
    },
    /// A leader looks at its clock.
    Look {
        leader: u8,
    },
    /// A node starts again, maybe as another build.
    Crash {
        seat: u8,
        as_older: bool,
    },
}

impl State {
    /// Lets an act happen. Nothing if it cannot, or changes nothing.
    pub(crate) fn after(&self, act: Act, setting: &Setting) -> Option<(State, Verdict)> {
        let mut state = *self;
        let mut verdict = Ok(());
        match act {
            Act::Vote { voter, candidate, as_successor } => {
                let candidate = usize::from(candidate);
                if let Some(as_successor) = as_successor {
                    state.stand(candidate, as_successor);
                }
                state.vote(voter.into(), candidate, setting).then_some(())?;
                if state.has_won(candidate, setting) {
                    verdict = state.win(candidate, setting);
                }
            }
            Act::Hear { seat, term, previous, through } => {
                verdict = state.hear(seat.into(), term, previous, through, setting);
            }
            Act::Draw { leader } => state.draw(leader.into(), setting),
            Act::Confirm { seat, leader } => state.confirm(seat.into(), leader.into(), setting),
            Act::Answer { leader } => state.take_lease(leader.into(), setting),
            Act::Pass { fast } => state.pass(fast, setting),
            Act::Append { leader } => state.append(leader.into()),
            Act::Enable { leader } => state.enable(leader.into()),
            Act::Write { leader } => verdict = state.write(leader.into(), setting),
            Act::HandOver { leader, successor } => state.hand_over(leader.into(), successor.into(), setting),
            Act::Look { leader } => state.nodes[usize::from(leader)].has_looked = true,
            Act::Crash { seat, as_older } => state.crash(seat.into(), as_older, setting),
        }
        (state != *self).then_some((state, verdict))
    }

    /// All that can happen.
    pub(crate) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        for seat in 0..setting.nodes {
            self.elections(seat, setting, acts);
            self.messages(seat, acts);
            if self.nodes[seat].role == Role::Leader {
                self.rule(seat, setting, acts);
            }
            self.starts(seat, setting, acts);
        }
        acts.extend((0..1 << setting.nodes).map(|fast| Act::Pass { fast }));
    }

    /// No older build takes up a store that holds the roster (rule 5).
    fn starts(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        let is_outdated = self.roster_in(node.log.front(node.durable)) > 0 && setting.flaw != Flaw::OlderTakesStore;
        acts.push(Act::Crash { seat: seat as u8, as_older: false });
        if setting.builds && !is_outdated {
            acts.push(Act::Crash { seat: seat as u8, as_older: true });
        }
    }

    fn elections(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let is_standing = self.nodes[seat].role == Role::Candidate;
        let fresh = [false, true].into_iter().filter(|successor| self.may_stand(seat, *successor, setting));
        let ways: Vec<_> = fresh.map(Some).chain(is_standing.then_some(None)).collect();
        for voter in (0..setting.nodes).filter(|voter| *voter != seat) {
            let (voter, candidate) = (voter as u8, seat as u8);
            acts.extend(ways.iter().map(|as_successor| Act::Vote { voter, candidate, as_successor: *as_successor }));
        }
    }

    fn messages(&self, seat: usize, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        for term in node.term..TERMS as u8 {
            let reign = self.reign(term);
            if !reign.is_on || (node.role == Role::Leader && node.term == term) {
                continue;
            }
            let previous = node.log.meeting(reign.log);
            for through in previous..=reign.log.len().min(previous + 1) {
                acts.push(Act::Hear { seat: seat as u8, term, previous, through });
            }
            if let Some(leader) = self.leader_of(term).filter(|leader| self.nodes[*leader].round.is_some()) {
                acts.push(Act::Confirm { seat: seat as u8, leader: leader as u8 });
            }
        }
    }

    fn rule(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        let leader = seat as u8;
        let may_draw = !node.has_handed_over || setting.flaw == Flaw::LeaseAfterTransfer;
        if may_draw && (!setting.builds || self.roster_in(node.log) > 0) {
            acts.push(Act::Draw { leader });
        }
        if node.log.len() < setting.entries {
            acts.push(Act::Append { leader });
            if setting.builds && !node.is_older && self.roster_in(node.log) == 0 {
                acts.push(Act::Enable { leader });
            }
        }
        if node.durable < node.log.len() {
            acts.push(Act::Write { leader });
        }
        let others = (0..setting.nodes as u8).filter(|other| *other != leader && setting.transfers);
        for successor in others {
            acts.push(Act::HandOver { leader, successor });
        }
        if setting.flaw == Flaw::FromAnswer {
            acts.push(Act::Answer { leader });
        }
        if setting.flaw == Flaw::EarlyLook && self.serves(node, setting) {
            acts.push(Act::Look { leader });
        }
    }
}
