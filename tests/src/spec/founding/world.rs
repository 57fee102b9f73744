use std::time::Duration;

use quorate::founding::{Config, Effect, Input, Intent, Message, Prepared, Record, Standing};
use quorate::{Charter, Features, Founding, Incarnation, Instant, Least, Members, Prospect, Seat, Seats, Snapshot};

use super::letter::Letter;
use super::{Flaw, Setting, digest};

/// The most foundings of a search.
pub(super) const FOUNDINGS: usize = 8;
/// A store's present token is named by its seat, and its earlier ones so.
pub(super) const DEAD: u64 = 99;
const TOKEN: u64 = 100;
/// Numbers that were given no name yet are larger.
const NAMED: u64 = 1000;

/// What every store has.
pub(super) const LEAST: Least = Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN };

/// What broke.
pub(super) type Broken = &'static str;

/// All stores, and all letters on their way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World<const N: usize> {
    pub(super) stores: [Store<N>; N],
    /// Each behind its digest, in the order of these.
    pub(super) letters: Vec<(u64, Letter)>,
    /// How many foundings were named.
    pub(super) foundings: u8,
    pub(super) wipes: u8,
    pub(super) wiped: Seats,
    pub(super) restarts: u8,
    /// By founding: whose stores were ever complete, and whether a command was acknowledged.
    pub(super) lived: [Seats; FOUNDINGS],
    pub(super) acknowledged: [bool; FOUNDINGS],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::large_enum_variant, reason = "a world has a few, and most of them are open")]
pub(super) enum Store<const N: usize> {
    Open(Prospect<N>),
    Complete(Complete),
}

/// A store that is complete, as far as a founding has to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Complete {
    pub(super) charter: Charter,
    /// Whether it was part of the founding: otherwise it lives another life, and counts for nothing yet.
    pub(super) is_founder: bool,
    pub(super) leads: bool,
    /// Who has acknowledged this leader's log in its term.
    pub(super) marked: Seats,
}

impl<const N: usize> World<N> {
    /// Empty stores that have just started.
    pub(super) fn new(flaw: Flaw) -> Result<World<N>, Broken> {
        let mut world = World {
            stores: std::array::from_fn(|seat| Store::Open(prospect(Seat(seat as u8), None))),
            letters: Vec::new(),
            foundings: 0,
            wipes: 0,
            wiped: Seats::NONE,
            restarts: 0,
            lived: [Seats::NONE; FOUNDINGS],
            acknowledged: [false; FOUNDINGS],
        };
        for seat in Seats::first(N).iter() {
            world.settle(seat, Vec::new(), flaw)?;
        }
        Ok(world)
    }

    pub(super) fn open(&self, seat: Seat) -> Option<&Prospect<N>> {
        match &self.stores[usize::from(seat.0)] {
            Store::Open(prospect) => Some(prospect),
            Store::Complete(_) => None,
        }
    }

    pub(super) fn open_mut(&mut self, seat: Seat) -> Option<&mut Prospect<N>> {
        match &mut self.stores[usize::from(seat.0)] {
            Store::Open(prospect) => Some(prospect),
            Store::Complete(_) => None,
        }
    }

    pub(super) fn complete(&self, seat: Seat) -> Option<&Complete> {
        match &self.stores[usize::from(seat.0)] {
            Store::Open(_) => None,
            Store::Complete(complete) => Some(complete),
        }
    }

    pub(super) fn complete_mut(&mut self, seat: Seat) -> Option<&mut Complete> {
        match &mut self.stores[usize::from(seat.0)] {
            Store::Open(_) => None,
            Store::Complete(complete) => Some(complete),
        }
    }

    /// Those whose stores are so.
    pub(super) fn seats(&self, is_so: impl Fn(&Store<N>) -> bool) -> Seats {
        Seats::first(N).iter().filter(|seat| is_so(&self.stores[usize::from(seat.0)])).collect()
    }

    /// Whose stores are complete founders of this founding.
    pub(super) fn complete_in(&self, founding: Founding) -> Seats {
        let is_so = |complete: &Complete| complete.is_founder && complete.charter.founding == founding;
        self.seats(|store| matches!(store, Store::Complete(complete) if is_so(complete)))
    }

    /// Whose stores are prepared for this founding.
    pub(super) fn prepared_for(&self, founding: Founding) -> Seats {
        let is_so = |prospect: &Prospect<N>| prospect.prepared().is_some_and(|prepared| prepared.founding == founding);
        self.seats(|store| matches!(store, Store::Open(prospect) if is_so(prospect)))
    }

    /// Lets a store that is not complete take an input, and all follow from it.
    pub(super) fn step(&mut self, seat: Seat, input: Input, flaw: Flaw) -> Result<(), Broken> {
        let Some(prospect) = self.open_mut(seat) else { return Ok(()) };
        let effects: Vec<_> = prospect.step(Instant::START, input).collect();
        self.settle(seat, effects, flaw)
    }

    /// Carries effects out, and everything that is due at once; then names what has no name yet.
    pub(super) fn settle(&mut self, seat: Seat, mut effects: Vec<Effect>, flaw: Flaw) -> Result<(), Broken> {
        if let Some(prospect) = self.open_mut(seat) {
            effects.extend(prospect.step(Instant::START, Input::Tick));
        }
        let mut sent = Vec::new();
        for effect in effects {
            match effect {
                Effect::Persist { .. } => {}
                Effect::Send { to, message } => sent.push(Letter { from: seat, to, message }),
                Effect::Complete(charter, Incarnation::FOUNDER) => self.completes(seat, charter)?,
                Effect::Complete(charter, _) => self.joins(seat, charter),
            }
        }
        self.name(seat, &mut sent, flaw);
        sent.into_iter().for_each(|letter| self.post(letter));
        let letters = std::mem::take(&mut self.letters);
        self.letters = letters.into_iter().filter(|(_, letter)| !self.is_dead(letter, flaw)).collect();
        Ok(())
    }

    /// A store becomes complete.
    pub(super) fn completes(&mut self, seat: Seat, charter: Charter) -> Result<(), Broken> {
        if self.complete(seat).is_some() {
            return Ok(());
        }
        let number = charter.founding.0 as usize;
        self.set_complete(seat, charter);
        if self.lived[number].contains(seat) {
            return Err("no store is complete in one founding twice");
        }
        self.lived[number] = self.lived[number].with(seat);
        let is_other = |(other, acknowledged): (usize, &bool)| *acknowledged && other != number;
        if self.acknowledged.iter().enumerate().any(is_other) {
            return Err("no second founding comes to be once one has acknowledged a command");
        }
        Ok(())
    }

    /// A store starts with what its disk holds.
    pub(super) fn start(&mut self, seat: Seat, record: Option<Record>, flaw: Flaw) -> Result<(), Broken> {
        match record {
            Some(Record::Complete(charter)) => self.completes(seat, charter)?,
            Some(Record::Joined(charter, _)) => self.joins(seat, charter),
            Some(Record::Prepared(prepared)) => self.set_open(seat, Some(prepared)),
            None => self.set_open(seat, None),
        }
        self.settle(seat, Vec::new(), flaw)
    }

    pub(super) fn set_complete(&mut self, seat: Seat, charter: Charter) {
        let complete = Complete { charter, is_founder: true, leads: false, marked: Seats::NONE };
        self.stores[usize::from(seat.0)] = Store::Complete(complete);
    }

    /// A store that was lost is part of the cluster in another life.
    pub(super) fn joins(&mut self, seat: Seat, charter: Charter) {
        let joined = Complete { charter, is_founder: false, leads: false, marked: Seats::NONE };
        self.stores[usize::from(seat.0)] = Store::Complete(joined);
    }

    /// In place of what a store was.
    pub(super) fn set_open(&mut self, seat: Seat, prepared: Option<Prepared>) {
        self.stores[usize::from(seat.0)] = Store::Open(prospect(seat, prepared));
    }

    /// Posts a letter, unless it is on its way already.
    pub(super) fn post(&mut self, letter: Letter) {
        let key = digest(&letter);
        let place = self.letters.partition_point(|(other, _)| *other < key);
        if self.letters.get(place) != Some(&(key, letter)) {
            self.letters.insert(place, (key, letter));
        }
    }

    fn rename(&mut self, sent: &mut [Letter], from: u64, to: u64) {
        for store in &mut self.stores {
            if let Store::Open(prospect) = store {
                prospect.rename(from, to);
            }
        }
        sent.iter_mut().for_each(|letter| letter.rename(from, to));
        let mut renamed = Vec::new();
        self.letters.retain(|(_, letter)| {
            let mut after = *letter;
            after.rename(from, to);
            let is_same = after == *letter;
            renamed.extend((!is_same).then_some(after));
            is_same
        });
        renamed.into_iter().for_each(|letter| self.post(letter));
    }

    /// Gives names to the numbers that a store has drawn, and forgets what makes no difference.
    fn name(&mut self, seat: Seat, sent: &mut [Letter], flaw: Flaw) {
        let name = TOKEN + u64::from(seat.0);
        let Some(prospect) = self.open(seat) else { return self.rename(sent, name, DEAD) };
        let (token, founding) = (prospect.token(), prospect.founding().0);
        if token != name {
            if !self.keeps_token(seat, flaw) {
                self.rename(sent, name, DEAD);
            }
            self.rename(sent, token, name);
        }
        if founding > NAMED {
            let is_founder = seat == Seat(0);
            self.foundings += u8::from(is_founder);
            let number = if is_founder { u64::from(self.foundings) } else { 0 };
            assert!((number as usize) < FOUNDINGS, "a search has fewer foundings");
            self.rename(sent, founding, number);
        }
        if let Some(prospect) = self.open_mut(seat) {
            prospect.forget_time();
            prospect.forget_hearsay();
        }
    }

    /// Whether nothing comes of a letter, now or ever.
    fn is_dead(&self, letter: &Letter, flaw: Flaw) -> bool {
        if flaw.looks_at(letter) {
            return false;
        }
        match letter.message {
            Message::Who { .. } => false,
            Message::Where { token, .. } | Message::Prepare { token, .. } => token == DEAD,
            Message::Answer { echo, standing } => {
                let Some(receiver) = self.open(letter.to) else { return true };
                let founds = letter.to == Seat(0) && !receiver.knows_cluster();
                let is_hearsay = letter.to != Seat(0) && !matches!(standing, Standing::Complete(_));
                is_hearsay || echo != if founds { receiver.founding().0 } else { receiver.token() }
            }
        }
    }
}

/// A store that starts.
fn prospect<const N: usize>(seat: Seat, prepared: Option<Prepared>) -> Prospect<N> {
    let config = Config {
        seat,
        members: Members::of(Seats::first(N)),
        snapshot: Snapshot::default(),
        log_bytes: LEAST.log_bytes,
        entry_bytes_max: 1100,
        election_timeout: Duration::from_micros(LEAST.election_micros.into()),
        features: LEAST.features,
        intent: Intent::Found,
        ask_interval: Duration::from_secs(1),
        seed: u64::from(seat.0),
    };
    Prospect::new(&config, prepared, Instant::START).expect("the members are sound")
}

impl Setting {
    /// So many lost disks take a majority.
    pub(super) fn wipes_majority(&self) -> u8 {
        let majority = self.nodes / 2 + 1;
        (self.nodes - majority + 1) as u8
    }
}
