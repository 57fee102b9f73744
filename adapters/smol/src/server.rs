mod effect;
mod founder;
mod request;
mod snapshot;
mod start;
mod store;

use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::pin::{Pin, pin};
use std::sync::Arc;

use quorate::{Answer, Charter, Input, Instant, Message, Node, Role, Seat, Term, Transfer};
use quorate_disk::Snapshots;
use quorate_wire::client::{Reason, ReplyBody};
use quorate_wire::{Class, DecodeError, decode, decode_founding};
use smol::Timer;
use smol::future::{or, pending, poll_once, yield_now};

use self::snapshot::Thawed;
use crate::aside::Aside;
use crate::clock::Clock;
use crate::intake::Intake;
use crate::link::Link;
use crate::replica::{Replica, View};
use crate::snapshotter::{Snapshotter, Taken};
use crate::socket::Batch;
use crate::trace::Trace;
use crate::waiting::{Asker, Commands, Reads};
use crate::watch::{Sight, Watch};
use crate::writer::{Done, News, Writer};
use crate::{App, Event, ServeError, ServerConfig};

/// The most members. A seat's number is below it.
const SEATS: usize = 32;

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
            wake => server.turn(wake)?,
        }
    }
}

/// A node, and all that it needs to act.
struct Server<A: App, F> {
    node: Node<A::Command, Box<[u8]>, SEATS>,
    replica: Replica<A>,
    link: Link,
    writer: Writer,
    snapshots: Snapshots,
    intake: Intake,
    snapshotter: Snapshotter,
    /// Makes a snapshot of the leader into a state. Until it is done, the node goes on without the app.
    restoring: Aside<Thawed<A>>,
    /// Who waits for the snapshot under way.
    wants_snapshot: Vec<Asker>,
    /// What makes this node a member.
    charter: Charter,
    snapshot_every: Option<NonZeroU64>,
    /// Room for a piece of a snapshot.
    piece: Box<[u8]>,
    clock: Clock,
    trace: Trace,
    commands: Commands,
    reads: Reads,
    incoming: Batch,
    on_event: F,
    /// What was last told to `on_event`.
    told: (Role, Term, Option<Seat>),
    watch: Watch,
    /// When the node was last looked at.
    looked: Instant,
    /// Whether more effects were waiting than one turn carries out.
    is_behind: bool,
    is_stopping: bool,
    /// Whether somebody else may soon take leadership over from this node.
    hands_over: bool,
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
    async fn wait(&self, stop: Pin<&mut impl Future<Output = ()>>, limit: Option<Instant>) -> Wake<A> {
        let due = self.node.deadline().into_iter().chain(limit).chain(self.watch.due()).min();
        let timer = async {
            match due.and_then(|due| self.clock.at(due)) {
                Some(due) => Timer::at(due).await,
                None => pending().await,
            };
            Wake::Due
        };
        let stop = async {
            stop.await;
            Wake::Stop
        };
        let done = async { Wake::Done(self.writer.done().await) };
        let taken = async { Wake::Taken(self.snapshotter.taken().await) };
        let thawed = async { Wake::Thawed(self.restoring.done().await) };
        let readable = async {
            self.link.readable().await;
            Wake::Due
        };
        let wake = or(stop, or(done, or(taken, or(thawed, or(timer, readable)))));
        if !self.is_behind {
            return wake.await;
        }
        // Others on this executor get their turn.
        yield_now().await;
        poll_once(wake).await.unwrap_or(Wake::Due)
    }

    /// Takes in what has come, then carries out what follows from all of it.
    fn turn(&mut self, wake: Wake<A>) -> Result<(), ServeError> {
        match wake {
            Wake::Done(done) => match self.writer.finish(done)? {
                Some(News::Persisted(ticket)) => self.feed(Input::Persisted(ticket)),
                Some(News::Snapshotted(snapshot)) => self.take_note(snapshot),
                None => {}
            },
            Wake::Taken(taken) => self.mark(taken),
            Wake::Thawed(thawed) => self.replace(thawed)?,
            Wake::Stop | Wake::Due => {}
        }
        self.receive()?;
        self.carry_out(Input::Tick)?;
        self.report();
        self.trace.flush();
        Ok(())
    }

    /// Gives the node an input; what follows is carried out later.
    fn feed(&mut self, input: Input<'_, View<'_, A>>) {
        let now = self.clock.now();
        self.trace.begin(&self.node, now, &input);
        let _ = self.node.step(now, input);
        self.trace.end(&self.node, false);
    }

    fn receive(&mut self) -> Result<(), ServeError> {
        let mut batch = std::mem::take(&mut self.incoming);
        let mut datagrams = 0;
        while datagrams < DATAGRAMS_MAX && self.link.receive(&mut batch)? {
            for (frame, from) in batch.iter() {
                datagrams += 1;
                let taken = match Class::of(frame) {
                    Ok(Class::Member) => self.take_message(frame, from)?,
                    Ok(Class::Request) => self.take_request(frame, from)?,
                    Ok(Class::Founding) => self.answer_prospect(frame, from),
                    Ok(class @ Class::Reply) => Err(DecodeError::Class(class as u8)),
                    Err(error) => Err(error),
                };
                if let Err(error) = taken {
                    self.link.drop_frame(error);
                    self.watch.dropped_frame(from, error, self.clock.now()).iter().for_each(&mut self.on_event);
                }
            }
        }
        self.incoming = batch;
        self.intake.write()?;
        if let Some(snapshot) = self.intake.unsynced() {
            self.writer.sync(snapshot);
        }
        Ok(())
    }

    /// A piece of a snapshot is taken in at once: the node does not keep it.
    fn take_message(&mut self, frame: &[u8], address: SocketAddr) -> Result<Result<(), DecodeError>, ServeError> {
        let (from, message) = match decode(frame, self.charter.founding, self.node.seat()) {
            Err(error) => return Ok(Err(error)),
            Ok(taken) => taken,
        };
        self.link.learn(from.seat, address);
        let input = Input::Receive { from, message };
        match message {
            Message::Piece { .. } => self.carry_out(input)?,
            _ => self.feed(input),
        }
        self.watch.hear(from.seat, self.node.now());
        Ok(Ok(()))
    }

    /// A store that is no member yet hears of this cluster.
    fn answer_prospect(&mut self, frame: &[u8], address: SocketAddr) -> Result<(), DecodeError> {
        let (from, message) = decode_founding(frame, self.link.cluster(), self.node.seat())?;
        if let Some(answer) = self.charter.answer(&message) {
            self.link.answer(address, from, &answer);
        }
        Ok(())
    }

    fn report(&mut self) {
        let (role, term, leader) = (self.node.role(), self.node.term(), self.node.leader());
        if self.told != (role, term, leader) {
            self.told = (role, term, leader);
            (self.on_event)(&Event::Role { role, term, leader });
        }
        if let Some(error) = self.trace.failure()
            && let Some(path) = self.link.config().trace.clone()
        {
            (self.on_event)(&Event::TraceEnded { path, error: Arc::new(error) });
        }
        self.look();
    }

    /// Looks for what lasts too long, as often as a leader beats.
    fn look(&mut self) {
        let (node, now) = (&self.node, self.clock.now());
        if now < self.looked + self.link.config().heartbeat_interval {
            return;
        }
        self.looked = now;
        let progress: Vec<_> = node.progress().collect();
        let sight = Sight {
            leader: node.leader(),
            leads: node.role() == Role::Leader,
            others: self.charter.members.all().without(node.seat()),
            commit: node.commit(),
            is_full: node.is_full(),
            snapshot: node.snapshots().next(),
            refusals: node.refusals(),
            progress: &progress,
        };
        self.watch.look(now, &sight).iter().for_each(&mut self.on_event);
    }

    /// Leaves in good order: another leads, what was begun is durable, and nobody waits for an answer.
    async fn retire(mut self) -> Result<(), ServeError> {
        (self.on_event)(&Event::Stopping);
        self.is_stopping = true;
        let until = self.clock.now() + self.link.config().election_timeout;
        self.hands_over = self.hand_over();
        self.carry_out(Input::Tick)?;
        while self.hands_over && !self.has_successor() && self.clock.now() < until {
            let wake = self.wait(pin!(pending()), Some(until)).await;
            self.turn(wake)?;
        }
        while self.writer.is_busy() {
            let done = self.writer.done().await;
            self.turn(Wake::Done(done))?;
        }
        for asker in self.commands.drain() {
            self.link.reply(asker, ReplyBody::Unknown);
        }
        for asker in self.reads.drain() {
            self.link.reply(asker, ReplyBody::Refused(Reason::Stopping));
        }
        Ok(())
    }

    /// Asks for a successor. Whether there may be one soon.
    fn hand_over(&mut self) -> bool {
        let (now, to) = (self.clock.now(), None);
        let input: Input<'_, ()> = Input::Transfer { to };
        self.trace.begin(&self.node, now, &input);
        let answer = self.node.step(now, Transfer { to }).answer;
        self.trace.answer(&self.node, answer.err().map(Answer::Reject));
        answer.is_ok()
    }

    fn has_successor(&self) -> bool {
        self.node.leader().is_some_and(|leader| leader != self.node.seat())
    }
}
