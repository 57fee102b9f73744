use std::collections::VecDeque;

use quorate::founding::Intent;
use quorate::{
    Boot, BootError, Charter, Features, Identity, Incarnation, Index, Instant, Position, Prospect, Recovered, Roster,
    Round, Seat, Snapshot, Ticket,
};

use super::clock::Clock;
use super::disk::{Change, Disk, Opening, Taking};
use super::event::What;
use super::oracle::Violation;
use super::records::Records;
use super::registers::{self, CLIENTS_MAX, Registers, Replica};
use super::sealing::Sealing;
use super::shape::Shape;
use super::{Node, SEATS, World, Write};
use crate::memory::Trouble;

/// What drives a simulated node.
pub(crate) type Driver = quorate_driver::Driver<World, Box<[u8]>, SEATS, CLIENTS_MAX>;

/// One member's computer: the node while it runs, and the disk that outlives it.
pub(crate) struct Machine {
    pub(crate) seat: Seat,
    /// How many disks it had before this one.
    pub(crate) lost: u32,
    /// What the disks held that it lost, and in which life: others count on that.
    graves: Vec<(Incarnation, Records)>,
    /// An operator has told it to found nothing.
    joins: bool,
    /// It is none of the members, and nobody has plugged it in; or it was told that it is none any longer.
    pub(crate) is_out: bool,
    /// Who takes part as its node sees it, while it runs.
    pub(crate) roster: Option<(Index, Box<[u8]>)>,
    /// What runs while the store is not complete; then a driver does, with a node.
    pub(crate) prospect: Option<Prospect<SEATS>>,
    pub(crate) driver: Option<Box<Driver>>,
    pub(crate) disk: Disk,
    /// The last index that its state has taken in.
    pub(crate) applied: Index,
    /// How often it was started; events of an earlier life are void.
    pub(crate) life: u64,
    /// The write under way. The disk takes it up when it is done, or cut off.
    pub(crate) write: Option<(Ticket, Change)>,
    /// The snapshot under way: one at a time.
    pub(crate) snapshot: Underway,
    /// Where the commands stand that this node has accepted and not answered.
    pub(crate) accepted: VecDeque<Position>,
    /// Since when, by its own clock, an operator waits for the end of a transfer.
    pub(crate) hands_over_since: Option<u64>,
    /// Every read up to this round has its answer.
    pub(crate) answered: Round,
    /// When its timer is set for.
    pub(crate) alarm: u64,
    /// It is not started before this time.
    pub(crate) away_until: u64,
    /// It does nothing before this time.
    pub(crate) paused_until: u64,
    /// It takes up to so many microseconds over each event.
    pub(crate) slow: u64,
    /// What came while it was busy.
    pub(crate) inbox: VecDeque<What>,
    pub(crate) clock: Clock,
    /// Its disk cannot be read any more: it never comes back.
    pub(crate) is_rotten: bool,
    /// What its build knows.
    pub(crate) knows: Features,
    /// Its keys and sealed links, if frames are sealed.
    pub(crate) sealing: Option<Sealing>,
}

/// Which attempt of which client waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub(crate) client: usize,
    pub(crate) attempt: u64,
    /// When it asked.
    pub(crate) since: u64,
}

/// How far a snapshot of the app's own is.
#[derive(Debug, Default)]
pub(crate) enum Underway {
    #[default]
    Nothing,
    /// It is being written aside.
    Taking(Taking),
    /// It is durable, and the log is to be told.
    Marking(Snapshot),
}

impl Machine {
    pub(crate) fn new(seat: Seat, clock: Clock, disk: Disk) -> Machine {
        Machine {
            seat,
            lost: 0,
            graves: Vec::new(),
            joins: false,
            is_out: false,
            roster: None,
            prospect: None,
            driver: None,
            disk,
            applied: Index(0),
            life: 0,
            write: None,
            snapshot: Underway::Nothing,
            accepted: VecDeque::new(),
            hands_over_since: None,
            answered: Round(0),
            alarm: u64::MAX,
            away_until: 0,
            paused_until: 0,
            slow: 0,
            inbox: VecDeque::new(),
            clock,
            is_rotten: false,
            knows: Features::OWN,
            sealing: None,
        }
    }

    /// Starts a node from what its disk gives back, if the disk can be opened, or what comes before a node.
    pub(crate) fn start(
        &mut self,
        now: u64,
        shape: &Shape,
        seed: u64,
        trouble: Option<Trouble>,
    ) -> Result<Opening, Violation> {
        let memory = vec![0; shape.log_bytes(self.seat)].into_boxed_slice();
        let config = shape.config(self.seat, self.knows, seed);
        let mut boot = Boot::recover(config, memory).expect("the simulator's configuration is sound");
        let (has_flipped, mut refused, mut prepared) = (self.disk.has_flipped, Ok(()), None);
        let opening = self.disk.open(trouble, |item| match item {
            Recovered::Prepared(found) => prepared = Some(found),
            _ => refused = refused.and(boot.take(item)),
        })?;
        if !matches!(opening, Opening::Done { .. }) {
            return Ok(opening);
        }
        match refused {
            Ok(()) => {}
            // Behind the snapshot before the one that has rotted there may be more than the memory ever held.
            Err(BootError::Full { .. }) if has_flipped => {
                self.disk.close();
                return Ok(Opening::Refused);
            }
            Err(BootError::Outdated { features }) => {
                self.disk.close();
                return Ok(Opening::Outdated(features));
            }
            Err(error) => {
                let story = format!("node {}: {error}", self.seat.0);
                return Err(Violation { law: "a node takes back what its disk holds", story });
            }
        }
        let clock = self.clock.read_anew(now);
        if self.disk.charter().is_some() {
            if let Some(features) = self.run(boot, clock, shape)? {
                self.disk.close();
                return Ok(Opening::Outdated(features));
            }
        } else {
            self.begin_life();
            // Who founded alone asks nobody: its operator has to say that there are others by now.
            let founds = !self.joins && (shape.nodes > 1 || !self.has_lost_a_store());
            let intent = if founds { Intent::Found } else { Intent::Join };
            let config = shape.prospect(self.seat, self.knows, intent, seed);
            let prospect = Prospect::new(&config, prepared, clock);
            self.prospect = Some(prospect.expect("the simulator's members are sound"));
        }
        Ok(opening)
    }

    /// The store has become complete: a node takes the prospect's place.
    pub(crate) fn found(
        &mut self,
        now: u64,
        shape: &Shape,
        seed: u64,
        (charter, incarnation): (&Charter, Incarnation),
    ) -> Result<(), Violation> {
        self.prospect = None;
        let memory = vec![0; shape.log_bytes(self.seat)].into_boxed_slice();
        let config = shape.config(self.seat, self.knows, seed);
        let boot = match incarnation {
            Incarnation::FOUNDER => Boot::found(config, charter, memory),
            drawn => Boot::join(config, charter, drawn, memory),
        };
        let refused = |error| Violation { law: "a store that is complete becomes a node", story: format!("{error}") };
        let clock = self.clock.read_anew(now);
        match self.run(boot.map_err(refused)?, clock, shape)? {
            None => Ok(()),
            Some(features) => Err(Violation {
                law: "a store is complete under a charter that its build knows",
                story: features.to_string(),
            }),
        }
    }

    /// What the store names and the build does not know, if there is such a thing: then nothing runs.
    fn run(
        &mut self,
        boot: Boot<Write, Box<[u8]>, SEATS>,
        clock: Instant,
        shape: &Shape,
    ) -> Result<Option<Features>, Violation> {
        let node = match boot.start(clock) {
            Err(BootError::Outdated { features }) => return Ok(Some(features)),
            node => node.expect("no disk of the simulator holds such numbers"),
        };
        self.begin_life();
        // A founder's store is new: what another one held in its place was part of no cluster that is still there.
        if node.identity().incarnation == Incarnation::FOUNDER {
            self.graves.clear();
        }
        self.see_members(&node);
        let mut replica = Registers::begin(shape.clients_max);
        self.applied = Index(0);
        if let Some(snapshot) = self.disk.latest {
            self.restore(&mut replica, snapshot)?;
        }
        self.driver = Some(Box::new(Driver::new(node, replica)));
        self.answered = Round(0);
        Ok(None)
    }

    fn begin_life(&mut self) {
        self.life += 1;
        self.alarm = u64::MAX;
    }

    /// Puts a snapshot that is durable here in the place of the state.
    pub(crate) fn restore(&mut self, replica: &mut Replica, snapshot: Snapshot) -> Result<(), Violation> {
        let bytes = self.disk.read_snapshot(snapshot)?;
        self.applied = snapshot.position.index;
        if registers::restore(replica, &bytes, snapshot.position) {
            return Ok(());
        }
        Err(Violation { law: "a snapshot is one of its index", story: format!("{snapshot:?}") })
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { seat: self.seat, incarnation: self.disk.incarnation() }
    }

    /// Its node has told who takes part.
    pub(crate) fn see_members<C, B: AsRef<[u8]>, const SEATS: usize>(&mut self, node: &quorate::Node<C, B, SEATS>) {
        let (since, roster) = node.roster();
        self.roster = Some((since, roster.bytes().into()));
    }

    /// Who takes part as its node sees it.
    pub(crate) fn roster(&self) -> Option<(Index, Roster<'_>)> {
        let (since, bytes) = self.roster.as_ref()?;
        Some((*since, Roster::parse(bytes)?))
    }

    /// What a life of this seat's store has made durable, as far as others may count on that.
    pub(crate) fn records(&self, incarnation: Incarnation) -> Option<&Records> {
        let grave = self.graves.iter().find(|(life, _)| *life == incarnation).map(|(_, records)| records);
        let is_present = self.disk.charter().is_some() && self.disk.incarnation() == incarnation;
        grave.or(is_present.then_some(&self.disk.durable))
    }

    /// A machine that stands still gets an empty disk. Whoever starts it may say that it is to found nothing.
    pub(crate) fn lose_disk(&mut self, shape: &Shape, seed: u64, joins: bool) {
        if self.disk.charter().is_some() {
            self.graves.push((self.disk.incarnation(), self.disk.durable.clone()));
        }
        (self.lost, self.joins) = (self.lost + 1, joins);
        self.disk = Disk::new(self.seat, shape.segment_bytes, seed);
        (self.is_rotten, self.roster) = (false, None);
    }

    /// The node, while it runs and takes no step.
    pub(crate) fn node(&self) -> Option<&Node> {
        self.driver.as_deref().map(Driver::node)
    }

    /// Whether a process runs on it.
    pub(crate) fn is_up(&self) -> bool {
        self.node().is_some() || self.prospect.is_some()
    }

    /// Whether its store is complete.
    pub(crate) fn is_member(&self) -> bool {
        self.disk.charter().is_some()
    }

    /// Whether its store is this life of its seat.
    pub(crate) fn is_whole_or_hurt(&self, named: Incarnation) -> bool {
        self.is_member() && self.disk.incarnation() == named
    }

    /// Whether its store is this life of its seat, and has lost nothing.
    pub(crate) fn is_whole(&self, named: Incarnation) -> bool {
        self.is_there() && !self.has_lost() && self.is_whole_or_hurt(named)
    }

    /// Whether it is to take part: it is plugged in, and can be read.
    pub(crate) fn is_there(&self) -> bool {
        !self.is_out && !self.is_rotten
    }

    /// When it is to be woken, if nothing else comes before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.prospect {
            Some(prospect) => prospect.deadline(),
            None => {
                let hello = self.sealing.as_ref().and_then(Sealing::due);
                self.node().and_then(|node| node.deadline().into_iter().chain(hello).min())
            }
        }
    }

    /// Whether a store of its seat was lost.
    pub(crate) fn has_lost_a_store(&self) -> bool {
        self.lost > 0
    }

    /// Whether something that it made durable in its present life may be gone.
    pub(crate) fn has_lost(&self) -> bool {
        self.is_rotten || self.disk.has_flipped || self.disk.is_lost
    }

    /// Whether it is none of those that the cluster has to go on with: it has lost something, or holds more entries than
    /// the smallest log has room for, as the snapshot that covered some of them has rotted.
    pub(crate) fn is_hurt(&self) -> bool {
        self.has_lost() || self.disk.lacks_snapshot()
    }

    /// The node is gone, and with it all that it had in memory.
    pub(crate) fn stop(&mut self) {
        if let Underway::Taking(taking) = std::mem::take(&mut self.snapshot) {
            self.disk.abandon_snapshot(taking);
        }
        self.disk.close();
        self.life += 1;
        (self.driver, self.prospect, self.roster) = (None, None, None);
        self.write = None;
        self.accepted.clear();
        self.hands_over_since = None;
        self.inbox.clear();
        self.slow = 0;
        self.sealing.iter_mut().for_each(Sealing::forget);
    }

    /// Whether what comes now has to wait.
    pub(crate) fn is_busy(&self, now: u64) -> bool {
        self.paused_until > now || !self.inbox.is_empty()
    }

    /// Those who have waited since before this time. A command whose place no other has taken yet may wait for ever, if
    /// there is no further command.
    pub(crate) fn waiting_since(&self, time: u64, last: Index) -> usize {
        let Some(driver) = &self.driver else { return 0 };
        let commands = driver.commands().filter(|(accepted, _)| accepted.index <= last).map(|(_, waiting)| waiting);
        let reads = driver.reads().map(|(_, waiting)| waiting);
        commands.chain(reads).filter(|waiting| waiting.since < time).count()
    }
}
