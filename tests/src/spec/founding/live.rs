use std::collections::VecDeque;

use quorate::founding::{Effect, Input};
use quorate::{Incarnation, Instant, Prospect, Seat, Seats};

use super::Setting;
use super::flaw::{Flaw, Reading};
use super::letter::Letter;
use super::world::{Store, World};

/// How often the clock goes on before a state without a way out is taken for one.
const ROUNDS: usize = 200;

/// What becomes of a state without any further fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The cluster comes to be: all seats are complete, but for those whose disks were lost, which know of it.
    Founded,
    /// So many disks were lost that a founding which was complete somewhere has no majority any longer.
    Void,
    /// Nobody goes on.
    Stuck,
}

impl<const N: usize> World<N> {
    /// Lets time go by, and every letter arrive that is sent from now on, once and at once.
    pub(super) fn fate(&self, setting: &Setting) -> Fate {
        let mut run = Run { world: self.clone(), now: Instant::START, mail: VecDeque::new(), flaw: setting.flaw };
        let may_be_void = self.wipes >= setting.wipes_majority();
        if may_be_void && self.is_void() {
            return Fate::Void;
        }
        for _ in 0..ROUNDS {
            run.write();
            run.deliver();
            if run.world.is_founded() {
                return Fate::Founded;
            }
            run.tick();
        }
        if may_be_void && run.world.is_void() { Fate::Void } else { Fate::Stuck }
    }

    fn is_founded(&self) -> bool {
        self.stores.iter().any(|store| match store {
            Store::Open(_) => false,
            Store::Complete(complete) if !complete.is_founder => false,
            Store::Complete(complete) => {
                let members = complete.charter.members;
                let here = self.complete_in(complete.charter.founding);
                let mut others = Seats(members.all().0 & !here.0).iter();
                members.is_quorum(here) && others.all(|seat| self.is_outside(seat))
            }
        })
    }

    /// Whether a store has lost its disk, and has joined the cluster in another life.
    fn is_outside(&self, seat: Seat) -> bool {
        self.wiped.contains(seat) && self.complete(seat).is_some_and(|complete| !complete.is_founder)
    }

    fn is_void(&self) -> bool {
        self.stores.iter().any(|store| match store {
            Store::Open(_) => false,
            Store::Complete(complete) => {
                let founding = complete.charter.founding;
                let holders = self.complete_in(founding).union(self.prepared_for(founding));
                !complete.charter.members.is_quorum(holders)
            }
        })
    }
}

struct Run<const N: usize> {
    world: World<N>,
    now: Instant,
    mail: VecDeque<Letter>,
    flaw: Flaw,
}

impl<const N: usize> Run<N> {
    fn write(&mut self) {
        for seat in Seats::first(N).iter() {
            if let Some((_, ticket)) = self.world.open(seat).and_then(Prospect::write_under_way) {
                self.step(seat, Input::Persisted(ticket));
            }
        }
    }

    fn deliver(&mut self) {
        while let Some(letter) = self.mail.pop_front() {
            let Letter { from, to, .. } = letter;
            match self.world.read(&letter, self.flaw) {
                Reading::Nothing => {}
                Reading::Answer(message) => self.mail.push_back(Letter { from: to, to: from, message }),
                Reading::Charter(charter) => self.world.set_complete(to, charter),
                Reading::Message(message) => self.step(to, Input::Receive { from, message }),
            }
        }
    }

    /// Goes on to the next moment at which somebody has something to do.
    fn tick(&mut self) {
        let deadline = |seat| self.world.open(seat).and_then(Prospect::deadline);
        if let Some(next) = Seats::first(N).iter().filter_map(deadline).min() {
            self.now = self.now.max(next);
            Seats::first(N).iter().for_each(|seat| self.step(seat, Input::Tick));
        }
    }

    fn step(&mut self, seat: Seat, input: Input) {
        let now = self.now;
        let Some(prospect) = self.world.open_mut(seat) else { return };
        let effects: Vec<_> = prospect.step(now, input).collect();
        for effect in effects {
            match effect {
                Effect::Persist { ticket, .. } => self.step(seat, Input::Persisted(ticket)),
                Effect::Send { to, message } => self.mail.push_back(Letter { from: seat, to, message }),
                Effect::Complete(charter, Incarnation::FOUNDER) => self.world.set_complete(seat, charter),
                Effect::Complete(charter, _) => self.world.joins(seat, charter),
            }
        }
    }
}
