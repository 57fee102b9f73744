mod company;
mod contact;
mod founder;
mod machine;
mod members;
mod request;
mod snapshot;
mod start;
mod store;
mod word;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use quorate::{Index, Instant, Refusal, Role, Seat, Term};
use quorate_driver::{Driver, Preference};
use quorate_wire::seal::Form;
use quorate_wire::{Class, DecodeError};
use smol::future::{or, pending, poll_once, yield_now};

use self::machine::Machine;
use self::members::Unwritten;
use self::snapshot::Thawed;
pub(crate) use self::snapshot::read as thawed;
use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::link::Asker;
use crate::replica::CLIENTS;
use crate::snapshotter::Taken;
use crate::socket::Batch;
use crate::watch::{Sight, Watch};
use crate::writer::{Done, News};
use crate::{App, Event, ServeError, ServerConfig};

/// The most members. A seat's number is below it.
pub(crate) const SEATS: usize = 32;

/// The most datagrams that are taken in before anything is carried out: what one turn takes in goes out in common.
const DATAGRAMS_MAX: usize = 64;

/// Runs a node until `stop` is ready, a write fails, or its socket does.
///
/// When it is asked to stop, the node hands leadership over, for at most one election time-out, and waits for the write
/// under way. To drop the future is to crash: nothing that was acknowledged is lost.
///
/// # Errors
/// Why the node could not start, or had to stop. It has said nothing since.
pub async fn serve<A: App>(
    config: ServerConfig,
    app: A,
    stop: impl Future<Output = ()>,
    on_event: impl FnMut(&Event),
) -> Result<(), ServeError> {
    let mut stop = pin!(stop);
    let Some(mut server) = Server::start(config, app, stop.as_mut(), on_event).await? else { return Ok(()) };
    loop {
        match server.wait(stop.as_mut(), None).await {
            Wake::Stop => return server.retire().await,
            wake => server.turn(wake).map_err(|error| server.end(error))?,
        }
    }
}

/// What drives a node.
type NodeDriver<A> = Driver<Machine<A>, Box<[u8]>, SEATS, CLIENTS>;

/// A node, and all that it needs to act.
struct Server<A: App, F> {
    driver: Box<NodeDriver<A>>,
    machine: Machine<A>,
    /// Who waits for a snapshot, and what was applied when they asked: it is to hold all of that.
    wants_snapshot: Vec<(Asker, Index)>,
    clock: Clock,
    alarm: Alarm,
    incoming: Batch,
    on_event: F,
    /// What was last told to `on_event`.
    told: (Role, Term, Option<Seat>),
    watch: Watch,
    /// When the node was last looked at.
    looked: Instant,
    unwritten: Unwritten,
    /// The configuration that was last looked at for the word for a key.
    heeded: Option<Index>,
    preference: Preference<SEATS>,
}

/// Why a node wakes.
enum Wake<A> {
    Stop,
    Done(Option<Done>),
    Taken(Taken),
    Thawed(Thawed<A>),
    /// Time has passed, or a datagram is there.
    Due,
}

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// Waits until there is something to do, at the latest until `limit`.
    async fn wait(&mut self, stop: Pin<&mut impl Future<Output = ()>>, limit: Option<Instant>) -> Wake<A> {
        let now = self.clock.now();
        let due = self.driver.node().deadline().into_iter().chain(limit).chain(self.watch.due());
        let due = due.chain(self.machine.link.due(now)).min();
        let alarm = async {
            self.alarm.ring(due.and_then(|due| self.clock.at(due))).await;
            Wake::Due
        };
        let stop = async {
            stop.await;
            Wake::Stop
        };
        let done = async { Wake::Done(self.machine.writer.done().await) };
        let taken = async { Wake::Taken(self.machine.snapshotter.taken().await) };
        let thawed = async { Wake::Thawed(self.machine.restoring.done().await) };
        let readable = async {
            self.machine.link.readable(now).await;
            Wake::Due
        };
        let wake = or(stop, or(done, or(taken, or(thawed, or(alarm, readable)))));
        if !self.driver.is_behind() {
            return wake.await;
        }
        // Others on this executor get their turn.
        yield_now().await;
        poll_once(wake).await.unwrap_or(Wake::Due)
    }

    /// Takes in what has come, then carries out what follows from all of it.
    fn turn(&mut self, wake: Wake<A>) -> Result<(), ServeError> {
        match wake {
            Wake::Done(done) => match self.machine.writer.finish(done)? {
                Some(News::Persisted(ticket)) => self.driver.persisted(&mut self.machine, self.clock.now(), ticket),
                Some(News::Snapshotted(snapshot)) => self.take_note(snapshot)?,
                None => {}
            },
            Wake::Taken(taken) => self.mark(taken),
            Wake::Thawed(thawed) => self.replace(thawed)?,
            Wake::Stop | Wake::Due => {}
        }
        self.receive()?;
        self.driver.act(&mut self.machine, self.clock.now())?;
        if self.prefers_another() {
            self.driver.act(&mut self.machine, self.clock.now())?;
        }
        self.follow_word();
        let node = self.driver.node();
        self.machine.link.speak(self.clock.now(), node.members().all().without(node.seat()));
        self.report();
        self.machine.trace.flush();
        Ok(())
    }

    fn receive(&mut self) -> Result<(), ServeError> {
        let mut batch = std::mem::take(&mut self.incoming);
        let mut datagrams = 0;
        while datagrams < DATAGRAMS_MAX && self.machine.link.receive(&mut batch, self.clock.now())? {
            for (frame, from) in batch.iter_mut() {
                datagrams += 1;
                let taken = match self.machine.link.form(frame) {
                    Ok(Form::Hello) => self.machine.link.hear(frame, from, self.clock.now()),
                    Ok(Form::ClientHello) => self.machine.link.hear_client(frame, from, self.clock.now()),
                    Ok(Form::Plain(class) | Form::Sealed(class)) => match class {
                        Class::Member => self.take_message(frame, from)?,
                        Class::Request => self.take_request(frame, from)?,
                        Class::Founding => self.answer_prospect(frame, from),
                        Class::Reply => Err(DecodeError::Class(class as u8)),
                    },
                    Ok(Form::Refusal) => Err(DecodeError::Class(frame[1])),
                    Err(error) => Err(error),
                };
                if let Err(error) = taken {
                    let now = self.clock.now();
                    self.machine.link.drop_frame(frame, from, error, now);
                    let is_cut_off = self.driver.node().leader().is_none();
                    let event = self.watch.dropped_frame((frame, from), error, is_cut_off, now);
                    event.iter().for_each(&mut self.on_event);
                }
            }
        }
        self.incoming = batch;
        self.machine.intake.write()?;
        if let Some(snapshot) = self.machine.intake.unsynced() {
            self.machine.writer.sync(snapshot);
        }
        Ok(())
    }

    fn take_message(&mut self, frame: &mut [u8], address: SocketAddr) -> Result<Result<(), DecodeError>, ServeError> {
        let (now, machine) = (self.clock.now(), &mut self.machine);
        let (from, message) = match machine.link.open(frame, address, now) {
            Err(error) => return Ok(Err(error)),
            Ok(taken) => taken,
        };
        let before = self.driver.node().refusals().count(Refusal::Incarnation);
        self.driver.receive(machine, now, from, message)?;
        if self.driver.node().refusals().count(Refusal::Incarnation) > before {
            machine.link.directory.refuse(from.seat, from.incarnation, address);
        } else {
            machine.link.accept(from, now);
            self.see(from.seat, address);
        }
        Ok(Ok(()))
    }

    /// A store that is no member yet hears of this cluster; or this node, of others of it.
    fn answer_prospect(&mut self, frame: &mut [u8], address: SocketAddr) -> Result<(), DecodeError> {
        let machine = &mut self.machine;
        let (from, message) = machine.link.open_founding(frame, self.clock.now())?;
        if let Some(answer) = machine.charter.answer(&message) {
            machine.link.answer(address, from, &answer);
        } else if machine.contact.take(from, &message, &machine.charter) {
            machine.link.directory.see(from, address);
        }
        Ok(())
    }

    fn report(&mut self) {
        let node = self.driver.node();
        let (role, term, leader) = (node.role(), node.term(), node.leader());
        if self.told != (role, term, leader) {
            self.told = (role, term, leader);
            (self.on_event)(&Event::Role { role, term, leader });
        }
        if let Some(error) = self.machine.trace.failure()
            && let Some(path) = self.machine.link.config().trace.clone()
        {
            (self.on_event)(&Event::TraceEnded { path, error: Arc::new(error) });
        }
        std::mem::take(&mut self.machine.news).iter().for_each(&mut self.on_event);
        self.look();
    }

    /// Whether it is time to look around, as it is as often as a leader beats.
    fn is_to_look(&self, now: Instant) -> bool {
        now >= self.looked + self.machine.link.config().heartbeat_interval
    }

    /// Looks for what lasts too long.
    fn look(&mut self) {
        let (node, now) = (self.driver.node(), self.clock.now());
        if !self.is_to_look(now) {
            return;
        }
        self.looked = now;
        let progress: Vec<_> = node.progress().collect();
        let sight = Sight {
            leader: node.leader(),
            leads: node.role() == Role::Leader,
            others: node.members().all().without(node.seat()),
            commit: node.commit(),
            is_full: node.is_full(),
            snapshot: node.snapshots().next(),
            refusals: node.refusals(),
            progress: &progress,
        };
        self.machine.link.tend(sight.others, now);
        self.watch.look(now, &sight).iter().for_each(&mut self.on_event);
        if let Some(plain) = self.machine.link.end_plain(now) {
            (self.on_event)(&Event::TakesSealedOnly { plain });
        }
        self.write_addresses();
        self.ask_contact();
        self.tell_outside();
    }

    /// Leaves in good order: another leads, what was begun is durable, and nobody waits for an answer.
    async fn retire(mut self) -> Result<(), ServeError> {
        (self.on_event)(&Event::Stopping);
        self.driver.close();
        let until = self.clock.now() + self.machine.link.config().election_timeout;
        let _ = self.driver.transfer(&mut self.machine, self.clock.now(), None);
        self.driver.act(&mut self.machine, self.clock.now())?;
        while self.driver.hands_over() && !self.has_successor() && self.clock.now() < until {
            let wake = self.wait(pin!(pending()), Some(until)).await;
            self.turn(wake).map_err(|error| self.end(error))?;
        }
        while self.machine.writer.is_busy() {
            let done = self.machine.writer.done().await;
            self.turn(Wake::Done(done))?;
        }
        self.driver.dismiss(&mut self.machine);
        Ok(())
    }

    fn has_successor(&self) -> bool {
        self.driver.node().leader().is_some_and(|leader| leader != self.driver.node().seat())
    }
}
