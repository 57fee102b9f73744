use fastrand::Rng;

use super::keyring::{Keyring, Serial};
use super::sealing::{Numbers, Sealing};

/// An operator who changes the keys: the new one is installed at all machines, used at all, and the old one removed at all.
pub(crate) struct Locksmith {
    pub(crate) rng: Rng,
    /// How many numbers keys take in turn: with two of them, each comes again at once.
    numbers: u8,
    /// Whether machines count what they may not draw again.
    counts: bool,
    /// About so many microseconds are between two visits.
    pace: u64,
    /// Goes on though some machines are not as far.
    pub(crate) is_hasty: bool,
    /// The newest key. That before it is the old one, while it is still somewhere.
    pub(crate) latest: Serial,
    pub(crate) stage: Stage,
}

/// How far all machines are to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Install,
    Use,
    Remove,
}

impl Locksmith {
    pub(crate) fn new(mut rng: Rng) -> Locksmith {
        let numbers = if rng.bool() { 2 } else { rng.u8(2..=16) };
        let (counts, is_hasty) = (rng.u8(..4) == 0, rng.u8(..3) == 0);
        let pace = 10_000 << rng.u32(0..10);
        Locksmith { rng, numbers, counts, pace, is_hasty, latest: 0, stage: Stage::Remove }
    }

    /// What a new machine is given.
    pub(crate) fn equip(&mut self) -> Sealing {
        let numbers = if self.counts { Numbers::Counted(0) } else { Numbers::Random(self.rng.fork()) };
        Sealing::new(Keyring::new(self.numbers), numbers)
    }

    /// When to come again.
    pub(crate) fn pause(&mut self) -> u64 {
        self.rng.u64(1..=2 * self.pace)
    }

    /// Whether a machine is as far as all are to come.
    pub(crate) fn is_done(&self, machine: &Sealing) -> bool {
        match self.stage {
            Stage::Install => machine.keys.has(self.latest),
            Stage::Use => machine.keys.uses(self.latest),
            Stage::Remove => self.is_through(machine),
        }
    }

    /// Whether a machine has come from the old key to the newest.
    pub(crate) fn is_through(&self, machine: &Sealing) -> bool {
        machine.keys.uses(self.latest) && !self.has_old(machine)
    }

    /// Whether a machine understands others, whichever of the two keys they use.
    pub(crate) fn has_both(&self, machine: &Sealing) -> bool {
        machine.keys.has(self.latest) && self.has_old(machine)
    }

    fn has_old(&self, machine: &Sealing) -> bool {
        self.latest.checked_sub(1).is_some_and(|old| machine.keys.has(old))
    }

    /// Brings a machine a step on. What was done, if anything was left to do.
    pub(crate) fn visit(&self, machine: &mut Sealing) -> Option<Stage> {
        let (keys, sound) = (&mut machine.keys, "its number is free, or it is there");
        if !keys.has(self.latest) {
            keys.install(self.latest).expect(sound);
            return Some(Stage::Install);
        }
        if self.stage >= Stage::Use && !keys.uses(self.latest) {
            keys.use_key(self.latest).expect(sound);
            return Some(Stage::Use);
        }
        if self.stage == Stage::Remove && self.has_old(machine) {
            machine.remove(self.latest - 1);
            return Some(Stage::Remove);
        }
        None
    }

    /// A machine goes back to the old key, if it still has it: it is not removed anywhere yet.
    pub(crate) fn change_mind(&self, machine: &mut Sealing) -> bool {
        let goes_back = self.stage == Stage::Use && machine.keys.uses(self.latest) && self.has_old(machine);
        goes_back && machine.keys.use_key(self.latest - 1).is_ok()
    }

    /// All machines are to come further; behind the last stage, to another key.
    pub(crate) fn go_on(&mut self) {
        self.stage = match self.stage {
            Stage::Install => Stage::Use,
            Stage::Use => Stage::Remove,
            Stage::Remove => return self.begin(),
        };
    }

    /// There is another key, which is to take the place of the newest.
    pub(crate) fn begin(&mut self) {
        (self.latest, self.stage) = (self.latest + 1, Stage::Install);
    }
}
