use quorate::founding::{Input, Message, Record};
use quorate::{Instant, Prospect, Seat, Seats};

use super::world::{Broken, Store, World};
use super::{Flaw, Setting};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The letter at this place arrives, and stays on its way.
    Deliver(usize),
    /// A write becomes durable.
    Sync(Seat),
    /// A store stops and starts again; a write under way is there or not.
    Crash { seat: Seat, is_written: bool },
    /// A store loses its disk, and starts with an empty one.
    Wipe(Seat),
    /// A store has heard nothing of the cluster for long.
    Forget(Seat),
    /// A complete store wins an election.
    Elect(Seat),
    /// A complete store acknowledges all of its leader's log.
    Mark { leader: Seat, follower: Seat },
    /// A leader takes the first command, which is committed and acknowledged.
    Command(Seat),
}

impl<const N: usize> World<N> {
    /// All that can happen.
    pub(super) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        acts.clear();
        for (place, (_, letter)) in self.letters.iter().enumerate() {
            let is_idle = matches!(letter.message, Message::Where { .. }) && self.open(letter.to).is_some();
            if !is_idle {
                acts.push(Act::Deliver(place));
            }
        }
        for seat in Seats::first(N).iter() {
            match &self.stores[usize::from(seat.0)] {
                Store::Open(prospect) => {
                    let is_writing = prospect.write_under_way().is_some();
                    if is_writing {
                        acts.push(Act::Sync(seat));
                    }
                    let may_restart = seat != Seat(0) || self.restarts < setting.restarts;
                    if may_restart {
                        acts.push(Act::Crash { seat, is_written: false });
                    }
                    if is_writing {
                        acts.push(Act::Crash { seat, is_written: true });
                    }
                    if prospect.knows_cluster() && may_restart {
                        acts.push(Act::Forget(seat));
                    }
                    if self.wipes < setting.wipes && (prospect.prepared().is_some() || is_writing) {
                        acts.push(Act::Wipe(seat));
                    }
                }
                Store::Complete(complete) => {
                    let founding = complete.charter.founding;
                    if self.wipes < setting.wipes {
                        acts.push(Act::Wipe(seat));
                    }
                    if self.acknowledged[founding.0 as usize] || !complete.is_founder {
                        continue;
                    }
                    if !complete.leads {
                        acts.push(Act::Elect(seat));
                        continue;
                    }
                    acts.push(Act::Crash { seat, is_written: false });
                    acts.push(Act::Command(seat));
                    let others = Seats(self.followers(founding, setting.flaw).0 & !complete.marked.0);
                    acts.extend(others.iter().map(|follower| Act::Mark { leader: seat, follower }));
                }
            }
        }
    }

    /// Who votes for a leader of this founding, and acknowledges its log.
    fn followers(&self, founding: quorate::Founding, flaw: Flaw) -> Seats {
        let complete = self.complete_in(founding);
        if flaw == Flaw::PreparedVotes { complete.union(self.prepared_for(founding)) } else { complete }
    }

    /// Lets it happen.
    pub(super) fn follow(&mut self, act: Act, flaw: Flaw) -> Result<(), Broken> {
        match act {
            Act::Deliver(place) => self.deliver(self.letters[place].1, flaw),
            Act::Sync(seat) => match self.open(seat).and_then(Prospect::write_under_way) {
                Some((_, ticket)) => self.step(seat, Input::Persisted(ticket), flaw),
                None => Ok(()),
            },
            Act::Crash { seat, is_written } => self.crash(seat, is_written, flaw),
            Act::Wipe(seat) => {
                self.wipes += 1;
                self.wiped = self.wiped.with(seat);
                self.start(seat, None, flaw)
            }
            Act::Forget(seat) => {
                self.restarts += u8::from(seat == Seat(0));
                let long = Instant::from_millis(3_600_000);
                let Some(prospect) = self.open_mut(seat) else { return Ok(()) };
                let effects = prospect.step(long, Input::Tick).collect();
                self.settle(seat, effects, flaw)
            }
            Act::Elect(seat) => {
                self.elect(seat, flaw);
                Ok(())
            }
            Act::Mark { leader, follower } => {
                if let Some(leader) = self.complete_mut(leader) {
                    leader.marked = leader.marked.with(follower);
                }
                Ok(())
            }
            Act::Command(seat) => self.command(seat, flaw),
        }
    }

    fn crash(&mut self, seat: Seat, is_written: bool, flaw: Flaw) -> Result<(), Broken> {
        if let Some(complete) = self.complete_mut(seat) {
            (complete.leads, complete.marked) = (false, Seats::NONE);
            return Ok(());
        }
        let Some(prospect) = self.open(seat) else { return Ok(()) };
        let written = prospect.write_under_way().map(|(record, _)| record).filter(|_| is_written);
        let record = written.or(prospect.prepared().map(Record::Prepared));
        let is_complete = matches!(record, Some(Record::Complete(_) | Record::Joined(..)));
        self.restarts += u8::from(seat == Seat(0) && !is_complete);
        self.start(seat, record, flaw)
    }

    fn elect(&mut self, seat: Seat, flaw: Flaw) {
        let Some(complete) = self.complete(seat) else { return };
        let charter = complete.charter;
        if !charter.members.is_quorum(self.followers(charter.founding, flaw)) {
            return;
        }
        for other in self.complete_in(charter.founding).iter() {
            if let Some(other) = self.complete_mut(other) {
                (other.leads, other.marked) = (false, Seats::NONE);
            }
        }
        if let Some(leader) = self.complete_mut(seat) {
            (leader.leads, leader.marked) = (true, Seats::NONE.with(seat));
        }
    }

    /// The first command of all is taken only once every seat holds the leader's log; a majority commits it.
    fn command(&mut self, seat: Seat, flaw: Flaw) -> Result<(), Broken> {
        let Some(leader) = self.complete(seat) else { return Ok(()) };
        let (charter, marked) = (leader.charter, leader.marked);
        let is_open = charter.members.all() == marked || flaw == Flaw::CommandsEarly;
        if !is_open || !charter.members.is_quorum(self.followers(charter.founding, flaw)) {
            return Ok(());
        }
        let number = charter.founding.0 as usize;
        self.acknowledged[number] = true;
        for other in self.complete_in(charter.founding).iter() {
            if let Some(other) = self.complete_mut(other) {
                (other.leads, other.marked) = (false, Seats::NONE);
            }
        }
        if self.acknowledged.iter().filter(|acknowledged| **acknowledged).count() > 1 {
            return Err("one founding acknowledges commands");
        }
        Ok(())
    }
}
