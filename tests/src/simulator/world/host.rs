use heapless::Deque;
use quorate::{
    Dismissal, Effect, Index, Members, Message, Persist, Piece, Position, Roster, Round, Seat, Snapshot, Ticket,
};
use quorate_driver::{Host, Outcome, WaitingCommand, WaitingRead};
use quorate_wire::Dropped;
use quorate_wire::client::ReplyBody;

use super::drive::End;
use super::{Order, World};
use crate::simulator::Fault;
use crate::simulator::client::Answer;
use crate::simulator::disk::Change;
use crate::simulator::machine::Waiting;
use crate::simulator::oracle::Violation;
use crate::simulator::records::Batch;
use crate::simulator::registers::{self, CLIENTS_MAX, Registers, Replica};

/// A step has far fewer effects: what its windows let go, and what was committed.
const EFFECTS_MAX: usize = 100_000;

/// So few commands and reads wait that there is not always room.
const COMMANDS_MAX: usize = 16;
const READS_MAX: usize = 8;

/// Turns a driver's wishes into orders, which are carried out when it has done with them.
impl Host<CLIENTS_MAX> for World {
    type App = Registers;
    type Asker = Waiting;
    type Query = [u8; 1];
    type Commands = Deque<WaitingCommand<Waiting>, COMMANDS_MAX>;
    type Reads = Deque<WaitingRead<Waiting, [u8; 1]>, READS_MAX>;
    type Error = Violation;

    const WRITES_LAST: bool = false;

    fn has_room(&mut self, drawn: usize) -> bool {
        if drawn > EFFECTS_MAX {
            let story = format!("node {}", self.acting.machine);
            self.acting.hold(Err(Violation { law: "a step comes to an end", story }));
        }
        if self.acting.end.is_none() && drawn > 0 && self.faults.happens(&mut self.rng, Fault::Crash) {
            self.acting.end = Some(End::Crash);
        }
        if self.acting.end.is_none() && self.faults.happens(&mut self.rng, Fault::Leave) {
            self.tally.count(Fault::Leave);
            self.acting.end = Some(End::Left);
        }
        self.acting.end.is_none() && self.acting.broken.is_none()
    }

    fn is_app_busy(&self) -> bool {
        self.acting.is_app_busy
    }

    fn meet(&mut self, since: Index, roster: Roster<'_>) {
        self.machines[self.acting.machine].roster = Some((since, roster.bytes().into()));
    }

    fn dismiss(&mut self, why: Dismissal) -> Violation {
        self.acting.dismissal = Some(why);
        Violation { law: "a node that is dismissed stops", story: format!("{why:?}") }
    }

    fn send(&mut self, to: Seat, message: &Message<'_>) {
        let verdict = self.say(self.acting.machine, to, message);
        self.acting.hold(verdict);
    }

    fn send_piece(&mut self, to: Seat, piece: &Piece) {
        let verdict = self.read_piece(self.acting.machine, to, piece);
        self.acting.hold(verdict);
    }

    fn persist(&mut self, write: Persist<'_>) -> Result<Option<Ticket>, Violation> {
        let is_under_way = self.acting.orders.iter().any(|order| matches!(order, Order::Write(..)));
        if is_under_way || self.machines[self.acting.machine].write.is_some() {
            let story = format!("node {} {write:?}", self.acting.machine);
            return Err(Violation { law: "one write is under way at a time", story });
        }
        let change = Change::Write(Batch::of(&write));
        self.acting.orders.push(Order::Write(write.ticket, change));
        Ok(None)
    }

    fn store(&mut self, _: Members, snapshot: Snapshot, offset: u64, bytes: &[u8]) -> Result<(), Violation> {
        self.acting.orders.push(Order::Store(snapshot, offset, bytes.to_vec()));
        Ok(())
    }

    fn take_snapshot(&mut self, replica: &Replica, position: Position, _: Members) -> Result<(), Violation> {
        let order = self.take_snapshot(self.acting.machine, replica, position)?;
        self.acting.orders.extend(order);
        Ok(())
    }

    fn restore(&mut self, replica: &mut Replica, snapshot: Snapshot) -> Result<(), Violation> {
        let computer = &mut self.machines[self.acting.machine];
        // Of what a snapshot covers nobody waits any longer.
        self.oracle.check_nobody_waits(computer)?;
        self.oracle.on_restore(computer, snapshot)?;
        computer.restore(replica, snapshot)?;
        self.oracle.check_state(computer.seat, replica)?;
        self.tally.snapshots.restored += 1;
        Ok(())
    }

    fn applied(&mut self, replica: &Replica, outcome: &Outcome<registers::Answer>) -> Result<(), Violation> {
        let position = replica.applied();
        self.oracle.on_outcome(position, outcome)?;
        let computer = &mut self.machines[self.acting.machine];
        computer.applied = position.index;
        computer.accepted.retain(|accepted| accepted.index > position.index);
        match self.shape.snapshot_every {
            Some(every) if position.index.0.is_multiple_of(every) => {
                Host::take_snapshot(self, replica, position, self.shape.members())
            }
            _ => Ok(()),
        }
    }

    fn reply(&mut self, asker: Waiting, body: ReplyBody<'_>) {
        self.acting.orders.push(Order::Answer(asker, Answer::of(&body)));
    }

    fn query(&mut self, replica: &Replica, asker: Waiting, query: &[u8]) {
        let (index, client) = (replica.applied().index, &self.clients[asker.client]);
        // An answer to a wish of before is thrown away; this one was asked when it was asked.
        if asker.attempt >= client.first_attempt {
            let seat = self.machines[self.acting.machine].seat;
            self.acting.hold(self.oracle.on_read(seat, index, client.floor));
        }
        let value = query.first().and_then(|key| replica.app().values[usize::from(*key)]);
        self.acting.orders.push(Order::Answer(asker, Answer::Value { index, value }));
    }

    fn query_bytes_max(&self) -> usize {
        1
    }

    fn dropped(&self) -> Dropped {
        Dropped::default()
    }
}

impl World {
    /// Holds an effect against what was promised.
    pub(super) fn judge<V>(&mut self, effect: &Effect<'_, V>) -> Result<(), Violation> {
        let machine = self.acting.machine;
        match effect {
            Effect::Persist(write) => {
                write.snapshot.map_or(Ok(()), |snapshot| self.oracle.on_install(&self.machines[machine], snapshot))
            }
            Effect::Send { to, message } => {
                self.oracle.on_send(&self.shape, &self.machines[machine], *to, message, &self.machines)
            }
            Effect::Apply(apply) => {
                let (entry, by) = (apply.entry(), &self.machines[machine]);
                let verdict = self.oracle.on_apply(by, entry, &self.machines)?;
                verdict.into_iter().for_each(|verdict| self.tally.count_verdict(entry.session(), verdict));
                Ok(())
            }
            Effect::TransferFailed { .. } => {
                self.machines[machine].hands_over_since = None;
                Ok(())
            }
            Effect::LeadershipEnded => {
                self.oracle.on_end_of_reign(&self.machines[machine])?;
                let computer = &mut self.machines[machine];
                computer.hands_over_since = None;
                self.tally.ended += computer.accepted.len() as u64;
                computer.accepted.clear();
                Ok(())
            }
            Effect::ReadReady { through } => {
                self.answer_through(*through)?;
                self.tally.leased += u64::from(self.oracle.is_by_lease(&self.machines[machine], *through));
                self.oracle.on_ready(&self.machines[machine], *through)
            }
            Effect::ReadFailed { through } => self.answer_through(*through),
            Effect::Members { since, roster } => {
                self.entered.insert((*since, roster.bytes().into()));
                Ok(())
            }
            Effect::TakeSnapshot { .. }
            | Effect::SendPiece { .. }
            | Effect::Store { .. }
            | Effect::Restore { .. }
            | Effect::ChangeFailed { .. }
            | Effect::Dismissed(_) => Ok(()),
        }
    }

    /// Rounds are answered in order, each once.
    fn answer_through(&mut self, through: Round) -> Result<(), Violation> {
        let computer = &mut self.machines[self.acting.machine];
        if through <= computer.answered {
            let story = format!("node {}: {through:?} after {:?}", computer.seat.0, computer.answered);
            return Err(Violation { law: "a read is answered once", story });
        }
        computer.answered = through;
        Ok(())
    }
}
