use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use quorate::founding::{Config, Effect, Input, Intent, Message, Obstacle, Prepared, Prospect};
use quorate::{Charter, Features, Incarnation, Instant, Members, Seat, Seats, Snapshot};
use quorate_disk::Disk;
use quorate_wire::client::{Reason, ReplyBody};
use quorate_wire::seal::Form;
use quorate_wire::{Class, DecodeError};
use smol::Timer;
use smol::future::{or, pending};

use super::{DATAGRAMS_MAX, SEATS};
use crate::clock::Clock;
use crate::link::{Asker, Link};
use crate::socket::Batch;
use crate::watch::{AGAIN, Watch};
use crate::{Event, ServeError, ServerConfig, random};

/// A store that is no member yet: it takes part in a founding, or waits for its cluster.
pub(super) struct Founder<'a, F> {
    prospect: Prospect<SEATS>,
    link: &'a mut Link,
    disk: &'a mut Disk,
    clock: Clock,
    on_event: F,
    /// The one place where it asks for its cluster, if it was told of one.
    join: Option<SocketAddr>,
    /// Whether a store has answered there.
    is_heard: bool,
    /// What it was last told to wait for, and when.
    told: Option<(Obstacle, bool, Instant)>,
    incoming: Batch,
    watch: Watch,
}

impl<'a, F: FnMut(&Event)> Founder<'a, F> {
    pub(super) fn new(
        config: &ServerConfig,
        features: Features,
        found: (Option<Prepared>, Option<Snapshot>),
        link: &'a mut Link,
        disk: &'a mut Disk,
        on_event: F,
    ) -> Result<Self, ServeError> {
        let (prepared, snapshot) = found;
        let settings = Config {
            seat: config.seat,
            members: Members::of(match config.join {
                Some(_) => Seats::NONE.with(whoever(config.seat)),
                None => config.listed(),
            }),
            snapshot: snapshot.unwrap_or_default(),
            log_bytes: u32::try_from(config.log_bytes).unwrap_or(u32::MAX),
            entry_bytes_max: config.entry_bytes_max(),
            election_timeout: config.election_timeout,
            features,
            intent: if config.existing || config.join.is_some() { Intent::Join } else { Intent::Found },
            ask_interval: config.heartbeat_interval,
            seed: random::number(),
        };
        let prospect = Prospect::new(&settings, prepared, Instant::START)?;
        let (clock, incoming, watch) =
            (Clock::start(), Batch::new(), Watch::new(config.election_timeout, config.keys.clone()));
        let (join, is_heard) = (config.join, false);
        Ok(Founder { prospect, link, disk, clock, on_event, join, is_heard, told: None, incoming, watch })
    }

    /// Runs until the store is complete. `None` if `stop` is ready before.
    pub(super) async fn run(
        mut self,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<(Charter, Incarnation)>, ServeError> {
        loop {
            self.receive()?;
            if let Some(complete) = self.step(Input::Tick)? {
                // Others may wait for the answer to what came last.
                self.link.flush();
                self.link.restart_clock(self.clock.now());
                return Ok(Some(complete));
            }
            self.link.flush();
            self.report();
            if self.is_stopped(stop.as_mut()).await {
                return Ok(None);
            }
        }
    }

    /// Waits until there is something to do, or `stop` is ready.
    async fn is_stopped(&self, stop: Pin<&mut impl Future<Output = ()>>) -> bool {
        let now = self.clock.now();
        let again = self.told.map(|(.., at)| at + AGAIN);
        let due = self.prospect.deadline().into_iter().chain(again).chain(self.link.due(now)).min();
        let timer = async {
            match due.and_then(|due| self.clock.at(due)) {
                Some(due) => Timer::at(due).await,
                None => pending().await,
            };
            false
        };
        let stop = async {
            stop.await;
            true
        };
        let readable = async {
            self.link.readable(now).await;
            false
        };
        or(stop, or(timer, readable)).await
    }

    /// Takes an input, and carries out all that follows.
    fn step(&mut self, input: Input) -> Result<Option<(Charter, Incarnation)>, ServeError> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            for effect in self.prospect.step(self.clock.now(), input) {
                match effect {
                    Effect::Persist { ticket, record } => {
                        self.disk.record(record)?;
                        next = Some(Input::Persisted(ticket));
                    }
                    Effect::Send { to, message } => match self.join {
                        Some(address) => self.link.ask_at(address, &message),
                        None => self.link.ask(to, &message),
                    },
                    Effect::Complete(charter, incarnation) => return Ok(Some((charter, incarnation))),
                }
            }
        }
        Ok(None)
    }

    fn receive(&mut self) -> Result<(), ServeError> {
        let mut batch = std::mem::take(&mut self.incoming);
        let mut datagrams = 0;
        while datagrams < DATAGRAMS_MAX && self.link.receive(&mut batch, self.clock.now())? {
            for (frame, from) in batch.iter_mut() {
                datagrams += 1;
                let taken = match self.link.form(frame) {
                    Ok(Form::Plain(class) | Form::Sealed(class)) => match class {
                        Class::Founding => self.take_message(frame)?,
                        Class::Request => self.take_request(frame, from),
                        // They speak to the member that this store may become.
                        Class::Member => Ok(()),
                        Class::Reply => Err(DecodeError::Class(class as u8)),
                    },
                    Ok(Form::Hello) => Ok(()),
                    Ok(Form::ClientHello) => self.link.hear_client(frame, from, self.clock.now()),
                    Ok(Form::Refusal) => Err(DecodeError::Class(frame[1])),
                    Err(error) => Err(error),
                };
                if let Err(error) = taken {
                    let now = self.clock.now();
                    self.link.drop_frame(frame, from, error, now);
                    self.watch.dropped_frame((frame, from), error, true, now).iter().for_each(&mut self.on_event);
                }
            }
        }
        self.incoming = batch;
        Ok(())
    }

    fn take_message(&mut self, frame: &mut [u8]) -> Result<Result<(), DecodeError>, ServeError> {
        let (from, message) = match self.link.open_founding(frame, self.clock.now()) {
            Ok(taken) => taken,
            Err(error) => return Ok(Err(error)),
        };
        let from = match (self.join, &message) {
            (None, _) => from,
            (Some(_), Message::Answer { .. }) => {
                self.is_heard = true;
                whoever(self.prospect.seat())
            }
            // Who has only one to ask takes part in no founding.
            (Some(_), _) => return Ok(Ok(())),
        };
        // What completes the store is said again by the next step.
        self.step(Input::Receive { from, message }).map(|_| Ok(()))
    }

    fn take_request(&mut self, frame: &mut [u8], from: SocketAddr) -> Result<(), DecodeError> {
        if let Some((asker, _)) = self.link.open_request(frame, from, self.clock.now())? {
            self.refuse(asker);
        }
        Ok(())
    }

    /// Clients hear whom the founding waits for.
    fn refuse(&mut self, asker: Asker) {
        let reason = match self.prospect.obstacle() {
            Obstacle::Silent(waits_for) | Obstacle::Abstains(waits_for) => Reason::Founding { waits_for },
            Obstacle::Nothing => Reason::Founding { waits_for: Default::default() },
            Obstacle::Cluster { .. } | Obstacle::Outdated { .. } | Obstacle::Differs { .. } | Obstacle::Waits => {
                Reason::NoMember
            }
        };
        self.link.reply(asker, ReplyBody::Refused(reason));
    }

    fn report(&mut self) {
        let (obstacle, now) = (self.prospect.obstacle(), self.clock.now());
        if let Some(plain) = self.link.end_plain(now) {
            (self.on_event)(&Event::TakesSealedOnly { plain });
        }
        let is_heard = self.is_heard;
        let is_told = self.told.is_some_and(|(told, was, at)| (told, was) == (obstacle, is_heard) && now < at + AGAIN);
        if obstacle == Obstacle::Nothing || is_told {
            return;
        }
        self.told = Some((obstacle, is_heard, now));
        (self.on_event)(&match (self.join, obstacle) {
            (Some(address), Obstacle::Waits | Obstacle::Differs { .. }) => Event::Joining { address, is_heard },
            (_, obstacle) => Event::Founding { obstacle },
        });
    }
}

/// In the place of the seat of a store of which only the address is known.
fn whoever(me: Seat) -> Seat {
    Seat((me.0 == 0).into())
}
