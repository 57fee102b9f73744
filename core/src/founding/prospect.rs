use super::{Charter, Config, Founding, Intent, Message, Prepared, Record, Standing, Terms};
use crate::config::{members_fault, micros};
use crate::{ConfigError, Features, Incarnation, Instant, Least, Roster, Seat, Seats, Ticket};

/// Whoever has not answered for so many intervals is silent.
const SILENT_AFTER: u64 = 3;
/// A cluster that was heard of, but not for so many intervals, is taken for gone.
const GONE_AFTER: u64 = 32;

/// A store that is not complete: empty, or prepared for a founding. It does no I/O, has no clock and takes no more
/// memory than it is itself. A list of one founds at once, by itself.
///
/// It is driven as a [`Node`](crate::Node) is. `SEATS` is the most members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prospect<const SEATS: usize> {
    pub(super) seat: Seat,
    pub(super) intent: Intent,
    pub(super) others: Seats,
    pub(super) terms: Terms,
    /// What it has.
    pub(super) least: Least,
    pub(super) interval: u64,
    pub(super) now: Instant,
    /// By so many microseconds the driver's clock is behind that: it has jumped back.
    pub(super) behind: u64,
    /// When to ask again.
    pub(super) due: Instant,
    pub(super) random: u64,
    /// What is durable.
    pub(super) prepared: Option<Prepared>,
    /// The record on its way to the disk.
    pub(super) write: Option<(Stage, Record)>,
    pub(super) writes: u64,
    /// Its own founding, if it founds.
    pub(super) founding: Founding,
    /// Its present token, and the founding that asked last.
    pub(super) token: u64,
    pub(super) asker: Option<Founding>,
    /// Word of a cluster: until it is gone, this store takes part in no founding.
    pub(super) cluster: Option<Word>,
    pub(super) heard: [Option<Heard>; SEATS],
    /// Whom a question is owed.
    pub(super) asks: Seats,
    /// Who was told to prepare since it answered last.
    pub(super) told: Seats,
    pub(super) refused: u32,
}

/// How far a record is on its way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Due,
    UnderWay,
    /// The store is complete.
    Done,
}

/// What a complete store said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Word {
    pub(super) from: Seat,
    pub(super) charter: Charter,
    pub(super) at: Instant,
}

/// What another seat answered last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Heard {
    /// When.
    pub at: Instant,
    /// How it stands.
    pub standing: Standing,
}

/// A fact that a prospect is told.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Input {
    /// A message came from another seat.
    Receive {
        /// Who sent it.
        from: Seat,
        /// What was sent.
        message: Message,
    },
    /// Time has passed: due at [`Prospect::deadline`], harmless at any other time.
    Tick,
    /// The write of this ticket is durable.
    Persisted(Ticket),
}

/// An order that a prospect gives its driver.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Effect {
    /// Make this durable in one step, then return the ticket. Until then nothing that arrives is looked at.
    Persist {
        /// To give back when the record is durable.
        ticket: Ticket,
        /// What.
        record: Record,
    },
    /// Send this. A message that the link refuses counts as lost.
    Send {
        /// To whom.
        to: Seat,
        /// What.
        message: Message,
    },
    /// The store is complete, durably: start its node under this charter, by [`Boot::found`](crate::Boot::found) in a
    /// founder's life, else by [`Boot::join`](crate::Boot::join). Every later step says so again.
    Complete(Charter, Incarnation),
}

/// What a prospect has to do now, in the order in which to do it. What is not drawn is offered again by the next step,
/// but for an answer, which is asked for again.
#[must_use = "a prospect acts only through its effects"]
pub struct Effects<'p, const SEATS: usize> {
    prospect: &'p mut Prospect<SEATS>,
    reply: Option<Effect>,
    is_told: bool,
}

/// Why a store is not complete yet, for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Obstacle {
    /// A cluster is there that its seat does not belong to, or it holds a snapshot that a cluster is to be founded with.
    Cluster {
        /// Who said so first.
        from: Seat,
        /// Its charter.
        charter: Charter,
    },
    /// The cluster that it is to be part of has these features on, and its build does not know them.
    Outdated {
        /// Which.
        features: Features,
    },
    /// This seat has other terms.
    Differs {
        /// Which.
        seat: Seat,
        /// Its terms.
        terms: Terms,
    },
    /// This store was told to wait for a cluster, and none has answered.
    Waits,
    /// These seats have not answered for some time.
    Silent(Seats),
    /// These seats were told to wait for a cluster, or have heard of one.
    Abstains(Seats),
    /// Nothing but time: all seats are there.
    Nothing,
}

impl<const SEATS: usize> Prospect<SEATS> {
    /// A store with this record, or an empty one.
    ///
    /// # Errors
    /// What is wrong with the members, or with this store's seat among them; [`ConfigError::RosterTooLong`] if it could
    /// found a cluster in which no lost disk heals, since its log or its frames are too small for what that takes.
    pub fn new(config: &Config, prepared: Option<Prepared>, now: Instant) -> Result<Self, ConfigError> {
        const { assert!(SEATS > 0 && SEATS <= Seat::COUNT_MAX, "a store knows 1 to 32 seats") };
        if let Some(fault) = members_fault(config.members, config.seat, SEATS) {
            return Err(fault);
        }
        if config.intent == Intent::Found && !config.members.all().contains(config.seat) {
            return Err(ConfigError::NotAMember { seat: config.seat });
        }
        if !config.members.outgoing.is_empty() {
            return Err(ConfigError::OutgoingVoters);
        }
        if config.intent == Intent::Found {
            Roster::check_room(config.members, config.entry_bytes_max, config.log_bytes as usize)?;
        }
        let mut prospect = Prospect {
            seat: config.seat,
            intent: config.intent,
            others: config.members.all().without(config.seat),
            terms: Terms { members: config.members, snapshot: config.snapshot },
            least: Least {
                log_bytes: config.log_bytes,
                election_micros: micros(config.election_timeout),
                features: config.features,
            },
            interval: u64::from(micros(config.ask_interval)).max(1_000),
            now,
            behind: 0,
            due: now,
            random: config.seed,
            prepared,
            write: None,
            writes: config.seed,
            founding: Founding(0),
            token: 0,
            asker: None,
            cluster: None,
            heard: [None; SEATS],
            asks: Seats::NONE,
            told: Seats::NONE,
            refused: 0,
        };
        prospect.begin();
        Ok(prospect)
    }

    /// Takes an input at a time, and returns what is to be done about it. Does a bounded amount of work.
    pub fn step(&mut self, now: Instant, input: Input) -> Effects<'_, SEATS> {
        self.now.go_on(now, &mut self.behind, self.interval);
        let reply = match input {
            Input::Receive { from, message } => self.receive(from, &message),
            Input::Persisted(ticket) => self.persisted(&ticket),
            Input::Tick => None,
        };
        self.settle();
        Effects { prospect: self, reply, is_told: false }
    }

    /// When the next [`Input::Tick`] is due, if nothing else comes before. `None` if only another input can change
    /// anything.
    pub fn deadline(&self) -> Option<Instant> {
        let due = match self.write {
            Some((Stage::UnderWay | Stage::Done, _)) => return None,
            Some((Stage::Due, _)) => self.now,
            None if self.owes() => self.now,
            None => self.due,
        };
        Some(due.before(self.behind))
    }

    /// Its seat.
    pub fn seat(&self) -> Seat {
        self.seat
    }

    /// What it was told to do.
    pub fn intent(&self) -> Intent {
        self.intent
    }

    /// Its own list, and what it stands on.
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// Who founds: the lowest seat of its list.
    pub fn founder(&self) -> Seat {
        self.terms.members.all().next_from(Seat(0)).unwrap_or(self.seat)
    }

    /// What it is prepared for, durably.
    pub fn prepared(&self) -> Option<Prepared> {
        self.prepared
    }

    /// What each other seat answered last, if it has answered.
    pub fn heard(&self) -> impl Iterator<Item = (Seat, Option<Heard>)> {
        self.others.iter().map(|seat| (seat, self.heard_of(seat).copied()))
    }

    /// Why the store is not complete yet: the first reason that somebody can do something about.
    pub fn obstacle(&self) -> Obstacle {
        if let Some(Word { from, charter, .. }) = self.cluster {
            let features = self.lacks(&charter);
            return if features.is_empty() || !self.is_meant(&charter) {
                Obstacle::Cluster { from, charter }
            } else {
                Obstacle::Outdated { features }
            };
        }
        let (mut silent, mut abstain) = (Seats::NONE, Seats::NONE);
        for seat in self.others.iter() {
            let heard = self.heard_of(seat);
            match heard.map(|heard| heard.standing) {
                Some(Standing::Differs(terms)) => return Obstacle::Differs { seat, terms },
                Some(Standing::Abstains) => abstain = abstain.and(seat),
                Some(_) | None => {}
            }
            if heard.is_none_or(|heard| self.is_older(heard.at, SILENT_AFTER)) {
                silent = silent.and(seat);
            }
        }
        match (self.intent, silent, abstain) {
            (Intent::Join, ..) => Obstacle::Waits,
            (Intent::Found, Seats::NONE, Seats::NONE) => Obstacle::Nothing,
            (Intent::Found, Seats::NONE, _) => Obstacle::Abstains(abstain),
            (Intent::Found, ..) => Obstacle::Silent(silent),
        }
    }

    /// How many messages were refused: from seats that are not in the list, or that no such store sends.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    pub(super) fn heard_of(&self, seat: Seat) -> Option<&Heard> {
        self.heard.get(usize::from(seat.0))?.as_ref()
    }

    pub(super) fn is_older(&self, at: Instant, intervals: u64) -> bool {
        self.now.micros_since(at) >= intervals * self.interval
    }

    /// Whether a cluster that was heard of is gone.
    pub(super) fn is_gone(&self, word: Word) -> bool {
        self.is_older(word.at, GONE_AFTER)
    }
}

impl<const SEATS: usize> Iterator for Effects<'_, SEATS> {
    type Item = Effect;

    fn next(&mut self) -> Option<Effect> {
        if let Some(reply) = self.reply.take() {
            return Some(reply);
        }
        match &self.prospect.write {
            Some((Stage::Done, record)) => {
                let is_told = core::mem::replace(&mut self.is_told, true);
                record.charter().filter(|_| !is_told).map(|(charter, life)| Effect::Complete(*charter, life))
            }
            _ => self.prospect.draw(),
        }
    }
}
