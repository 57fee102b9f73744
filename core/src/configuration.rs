use crate::log::Log;
use crate::roster::Occupant;
use crate::step::Step;
use crate::{ConfigError, Dismissal, Features, Index, Least, Members, Refusal, Roster, Seat, Seats, Settled};

/// The members in force, and what follows from who they are (section 6).
///
/// In force is the last configuration in the log, from the moment on at which it is appended; what removes it from the
/// log undoes it. Below it stands the last one that is known to be committed: the memory for it is the node's own, since
/// the log forgets the entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Configuration {
    /// Whether a command was taken, or so many changes were made that a snapshot covers some: see
    /// [`waits_for`](crate::state::State::waits_for).
    pub(crate) is_open: bool,
    /// Whether the driver is to be told who takes part.
    pub(crate) is_news: bool,
    /// Whether the configuration in force names this node, or did when it began.
    pub(crate) was_named: bool,
    /// How often a leader has said that another store holds this node's seat, since one last served it.
    pub(crate) held: u8,
    pub(crate) members: Members,
    /// Everyone who takes part but this node.
    pub(crate) others: Seats,
    /// Members of which another life than the one in force is there: they get the log, and do not count.
    pub(crate) reborn: Seats,
    /// No member's election time-out is shorter than this: see [`Least`].
    pub(crate) election_micros: u32,
    /// What is on: see [`Features`].
    pub(crate) features: Features,
    /// The log of no member has less room than this, in bytes.
    pub(crate) log_bytes: usize,
    /// The index of the entry that made the configuration in force; zero for that of the founding.
    pub(crate) since: Index,
    /// The same of the last one that is known to be committed.
    pub(crate) settled: Index,
    /// How long its roster is.
    settled_bytes: usize,
    /// No entry between that and this one makes a configuration.
    looked_through: Index,
}

impl Configuration {
    /// Of a store that is no member of a cluster yet.
    pub(crate) fn before_any() -> Configuration {
        Configuration {
            is_open: false,
            is_news: false,
            was_named: false,
            held: 0,
            members: Members::of(Seats::NONE),
            others: Seats::NONE,
            reborn: Seats::NONE,
            election_micros: 0,
            features: Features::NONE,
            log_bytes: 0,
            since: Index(0),
            settled: Index(0),
            settled_bytes: Roster::NOBODY_BYTES,
            looked_through: Index(0),
        }
    }

    /// Whether the configuration in force is not known to be committed.
    pub(crate) fn is_pending(&self) -> bool {
        self.since > self.settled
    }

    /// Whether a member counts in elections and commits.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn counts(&self, seat: Seat) -> bool {
        self.members.is_voter(seat) && !self.reborn.contains(seat)
    }

    /// Whether a seat's present life takes part.
    pub(crate) fn names(&self, seat: Seat) -> bool {
        self.members.all().contains(seat) && !self.reborn.contains(seat)
    }

    /// Whether those who count among these seats are a majority of all voters, in both halves.
    pub(crate) fn is_quorum(&self, present: Seats) -> bool {
        self.members.is_quorum(Seats(present.0 & !self.reborn.0))
    }

    /// Everyone whose vote is asked for.
    pub(crate) fn voters(&self) -> Seats {
        self.members.voters.union(self.members.outgoing)
    }

    /// This one is known to be committed.
    fn settle(&mut self, since: Index, roster: Roster<'_>, memory: &mut [u8]) {
        memory.iter_mut().zip(roster.bytes()).for_each(|(room, byte)| *room = *byte);
        (self.settled, self.settled_bytes, self.features) = (since, roster.bytes().len(), roster.least().features);
    }

    /// The sets of seats that a checker renames.
    #[cfg(feature = "checker")]
    #[rustfmt::skip]
    pub(crate) fn seats_mut(&mut self) -> (&mut Members, [&mut Seats; 2]) {
        let Configuration {
            is_open: _, is_news: _, was_named: _, held: _, members, others, reborn, election_micros: _, features: _,
            log_bytes: _, since: _, settled: _, settled_bytes: _, looked_through: _,
        } = self;
        (members, [others, reborn])
    }

    /// The last configuration that is known to be committed.
    pub(crate) fn settled<'a>(&self, memory: &'a [u8]) -> Settled<'a> {
        Settled { since: self.settled, roster: Roster::trusted(memory.get(..self.settled_bytes).unwrap_or_default()) }
    }

    /// The configuration in force.
    pub(crate) fn roster<'a>(&self, log: Log<'a>, memory: &'a [u8]) -> Roster<'a> {
        let entry = if self.is_pending() { log.entry(self.since) } else { None };
        entry.and_then(|entry| entry.roster()).unwrap_or_else(|| self.settled(memory).roster)
    }
}

impl Step<'_> {
    /// The last configuration that is known to be committed.
    pub(crate) fn settled(&self) -> Settled<'_> {
        self.state.configuration.settled(self.memory)
    }

    /// The configuration in force.
    pub(crate) fn roster(&self) -> Roster<'_> {
        self.state.configuration.roster(self.log.view(), self.memory)
    }

    /// Takes the configuration of the founding over, unless one is known here.
    pub(crate) fn adopt_founders(&mut self, members: Members, least: Least) -> Result<(), ConfigError> {
        if self.state.configuration.settled_bytes == Roster::NOBODY_BYTES {
            let roster = Roster::write(self.memory, members, least, None, |_| Occupant::default())?;
            (self.state.configuration.settled_bytes, self.state.configuration.features) =
                (roster.bytes().len(), least.features);
            self.enter();
        }
        Ok(())
    }

    /// Takes a configuration over that is committed, if it is a later one than is known here.
    pub(crate) fn adopt(&mut self, settled: &Settled<'_>) -> Result<(), Refusal> {
        let Settled { since, roster } = *settled;
        let configuration = &self.state.configuration;
        if since <= configuration.settled {
            return Ok(());
        }
        self.check_roster(&roster)?;
        let configuration = &mut self.state.configuration;
        configuration.settle(since, roster, self.memory);
        configuration.looked_through.raise(since);
        if since >= configuration.since {
            configuration.since = since;
            self.enter();
        }
        Ok(())
    }

    /// Whether there is room to remember this, and all that is on by it is known here. A build that lacks some of it keeps
    /// nothing of that, and ends: see [`Dismissal::Outdated`].
    pub(crate) fn check_roster(&mut self, roster: &Roster<'_>) -> Result<(), Refusal> {
        let lacks = roster.least().features.without(self.state.settings.features);
        if !lacks.is_empty() {
            self.state.endings.dismissal = Some(Dismissal::Outdated(lacks));
            return Err(Refusal::Outdated);
        }
        let has_seats = roster.members().all().0 & !Seats::first(self.peers.len()).0 == 0;
        if has_seats && roster.bytes().len() <= self.memory.len() { Ok(()) } else { Err(Refusal::Members) }
    }

    /// What is in the log says who takes part: the last entry of that kind, or the last that is committed.
    pub(crate) fn look_up_members(&mut self) {
        let settled = self.state.configuration.settled;
        let found = self.log.view().last_roster(settled, self.log.span.last.index);
        self.state.configuration.since = found.map_or(settled, |entry| entry.position().index);
        self.enter();
    }

    /// The log was cut, or gave way to a snapshot: a configuration that went with that is undone.
    pub(crate) fn undo_members(&mut self) {
        let configuration = &self.state.configuration;
        let is_gone = configuration.is_pending() && self.log.view().entry(configuration.since).is_none();
        if is_gone {
            self.look_up_members();
        }
    }

    /// An entry was appended.
    pub(crate) fn note(&mut self, index: Index, makes_members: bool) {
        let configuration = &mut self.state.configuration;
        if !makes_members {
            configuration.is_open = true;
        } else if index > configuration.settled {
            if !configuration.is_pending() {
                configuration.looked_through = index.previous();
            }
            configuration.since = index;
            self.enter();
        }
    }

    /// A configuration that is committed by now needs its entry no longer.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn settle_members(&mut self) {
        let configuration = &self.state.configuration;
        let through = self.state.commit.min(self.log.span.last.index);
        if configuration.is_pending() && through > configuration.looked_through {
            self.settle_through(through);
        }
    }

    #[inline(never)]
    fn settle_through(&mut self, through: Index) {
        let configuration = &mut self.state.configuration;
        let log = Log::new(self.log.memory, self.log.span);
        let found = log.last_roster(configuration.looked_through, through);
        configuration.looked_through = through;
        let Some((index, roster)) = found.and_then(|entry| Some((entry.position().index, entry.roster()?))) else {
            return;
        };
        configuration.settle(index, roster, self.memory);
    }

    /// The configuration in force is another one. Whoever holds a seat now is the one that it names: of another life of
    /// that seat's store nothing is known any longer.
    #[inline(never)]
    pub(crate) fn enter(&mut self) {
        let (me, now, next) = (self.state.settings.identity, self.state.timers.now, self.log.span.last.index.next());
        let is_leader = self.state.is_leader();
        let roster = self.state.configuration.roster(Log::new(self.log.memory, self.log.span), self.memory);
        let configuration = &mut self.state.configuration;
        let before = configuration.others;
        configuration.members = roster.members();
        configuration.others = configuration.members.all().without(me.seat);
        configuration.reborn = Seats::NONE;
        configuration.is_news = true;
        self.state.lead.lease.lapse();
        let configuration = &mut self.state.configuration;
        for (seat, Occupant { incarnation, .. }) in roster.occupants() {
            if seat == me.seat && incarnation != me.incarnation {
                configuration.reborn = Seats::NONE.and(seat);
            }
            let Some(peer) = self.peers.get_mut(usize::from(seat.0)).filter(|_| seat != me.seat) else { continue };
            let is_other = peer.incarnation != incarnation;
            if is_other {
                self.state.election.forget(seat);
            }
            if is_other || (is_leader && !before.contains(seat)) {
                peer.meet(incarnation, next, now);
            }
        }
        configuration.was_named |= configuration.names(me.seat);
        self.state.attend_all();
    }
}
