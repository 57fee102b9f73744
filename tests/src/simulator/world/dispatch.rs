use quorate::{Identity, Message, Refusal, Session, founding};
use quorate_wire::client::{AsOf, RequestBody};

use super::World;
use super::links::is_hello;
use crate::simulator::Node;
use crate::simulator::client::Wish;
use crate::simulator::disk::Change;
use crate::simulator::event::{Event, What};
use crate::simulator::machine::{Machine, Waiting};
use crate::simulator::oracle::{Violation, refused};

/// The most that waits for a busy node; further frames are lost.
const INBOX_MAX: usize = 64;
/// So much can never happen within a microsecond, but if somebody goes round in circles.
const AT_ONCE_MAX: u64 = 10_000;
/// Logs are compared each time that so many events are over.
const CLOSE_LOOK_EVENTS: u64 = 256;

impl World {
    pub(super) fn turn(&mut self) -> Result<(), Violation> {
        let Event { time, number, what } = self.queue.pop().expect("there is always weather");
        self.at_once = if time > self.now { 0 } else { self.at_once + 1 };
        self.now = self.now.max(time);
        self.events += 1;
        if self.at_once > AT_ONCE_MAX {
            return Err(Violation { law: "time goes on", story: format!("it stands at {} us", self.now) });
        }
        if matches!(what, What::Frame { .. }) && number <= self.lost_up_to {
            self.tally.cut += 1;
            return Ok(());
        }
        match what.machine() {
            Some(machine) if self.machines[machine].is_busy(self.now) => self.defer(machine, what),
            _ => self.dispatch(what)?,
        }
        if self.events.is_multiple_of(CLOSE_LOOK_EVENTS) {
            self.look_closely()?;
        }
        Ok(())
    }

    fn defer(&mut self, machine: usize, what: What) {
        let computer = &mut self.machines[machine];
        if computer.inbox.len() >= INBOX_MAX && matches!(what, What::Frame { .. }) {
            self.tally.overrun += 1;
            return;
        }
        computer.inbox.push_back(what);
        if computer.inbox.len() == 1 {
            let delay = computer.paused_until.saturating_sub(self.now);
            self.push(delay, What::Wake { machine });
        }
    }

    /// A machine takes the first of what has waited for it.
    fn wake(&mut self, machine: usize) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        if computer.paused_until <= self.now
            && let Some(what) = computer.inbox.pop_front()
        {
            self.dispatch(what)?;
        }
        let computer = &self.machines[machine];
        if !computer.inbox.is_empty() {
            let delay = computer.paused_until.saturating_sub(self.now);
            self.push(delay, What::Wake { machine });
        }
        Ok(())
    }

    fn dispatch(&mut self, what: What) -> Result<(), Violation> {
        match what {
            What::Frame { to, bytes } => {
                if !is_hello(&bytes) {
                    self.end_of_message();
                }
                self.take_frame(to, bytes)
            }
            What::Alarm { machine, life } => {
                if self.machines[machine].life != life {
                    return Ok(());
                }
                self.machines[machine].alarm = u64::MAX;
                self.tick(machine)
            }
            What::Synced { machine, life } => {
                self.end_of_message();
                self.synced(machine, life)
            }
            What::Snapshot { machine, life } => self.go_on_with_snapshot(machine, life),
            What::Request { machine, .. } if self.machines[machine].prospect.is_some() => self.tick(machine),
            What::Request { machine, waiting, session, wish } => self.take_request(machine, waiting, session, wish),
            What::Answer { waiting, answer } => self.take_answer(waiting, answer),
            What::Retry { waiting } => {
                self.retry(waiting);
                Ok(())
            }
            What::Start { machine } => self.start(machine),
            What::Wake { machine } => self.wake(machine),
            What::Keys => self.change_keys(),
            What::Weather { spell } if spell == self.spell => self.change_weather(),
            What::Weather { .. } => Ok(()),
        }
    }

    pub(super) fn take_message(
        &mut self,
        machine: usize,
        from: Identity,
        message: Message<'_>,
    ) -> Result<(), Violation> {
        self.machines[machine].clock.read(self.now);
        self.oracle.on_receive(&self.machines[machine], from, &message);
        let count = |machine: &Machine| machine.node().map(|node| refused(node.refusals()));
        let before = count(&self.machines[machine]);
        self.drive(machine, |driver, world, now| {
            let twins = driver.node().refusals().count(Refusal::Incarnation);
            driver.receive(world, now, from, message)?;
            if driver.node().refusals().count(Refusal::Incarnation) == twins {
                world.accept(machine, from, now);
            }
            Ok(())
        })?;
        let computer = &self.machines[machine];
        match count(computer) > before {
            true => self.oracle.on_refused(computer, from.seat),
            false => self.oracle.on_received(computer, from.seat, &message),
        }
    }

    fn take_request(
        &mut self,
        machine: usize,
        waiting: Waiting,
        session: Session,
        wish: Wish,
    ) -> Result<(), Violation> {
        let (command, query);
        let body = match wish {
            Wish::Open => RequestBody::Open { client: session.client, epoch: session.epoch },
            Wish::Write(write) => {
                command = postcard::to_allocvec(&write).expect("a word can be written");
                RequestBody::Command { session, command: &command }
            }
            Wish::Read(key) => {
                query = [key];
                let as_of = if self.shape.leases { AsOf::Lease } else { AsOf::Now };
                RequestBody::Read { query: &query, as_of }
            }
        };
        self.drive(machine, |driver, world, now| {
            world.acting.asker = Some(waiting);
            let asked = driver.request(world, now, waiting, body);
            assert_eq!(asked, None, "no client of the simulator asks for snapshots");
            Ok(())
        })
    }

    fn synced(&mut self, machine: usize, life: u64) -> Result<(), Violation> {
        if self.machines[machine].life != life {
            return Ok(());
        }
        if self.crashes_in_a_write() {
            return self.crash(machine);
        }
        let Some((ticket, change)) = self.machines[machine].write.take() else {
            return Ok(());
        };
        let trouble = self.trouble_of_write();
        let installs = matches!(&change, Change::Write(batch) if batch.snapshot.is_some());
        let is_durable = self.machines[machine].disk.write(change, trouble.map(|(_, trouble)| trouble))?;
        if is_durable {
            self.tally.snapshots.installed += u64::from(installs);
            self.note(|| format!("{machine}: the write is durable"));
            return match self.machines[machine].prospect {
                Some(_) => self.consult(machine, founding::Input::Persisted(ticket)),
                None => self.drive(machine, |driver, world, now| {
                    driver.persisted(world, now, ticket);
                    Ok(())
                }),
            };
        }
        if let Some((fault, _)) = trouble {
            self.fail_write(machine, fault);
        }
        Ok(())
    }

    pub(super) fn look_closely(&self) -> Result<(), Violation> {
        for machine in &self.machines {
            if let Some(Err(broken)) = machine.node().map(Node::check_invariants) {
                return Err(Violation { law: broken.0, story: format!("node {}", machine.seat.0) });
            }
            self.oracle.check_room(&self.shape, machine)?;
        }
        let place = (self.events / CLOSE_LOOK_EVENTS) as usize;
        let nodes = self.machines.len();
        let (one, other) = (place % nodes, (place / nodes) % nodes);
        self.oracle.check_held(&self.machines, place)?;
        self.oracle.check_matching(&self.machines[one], &self.machines[other])
    }
}
