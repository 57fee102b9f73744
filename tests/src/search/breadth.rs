use std::io;
use std::time::Instant;

use super::event::{Act, Event};
use super::report::{End, Progress, Report};
use super::seen::Seen;
use super::table::Table;
use super::tape::{Reading, Tape};
use super::world::{Draft, World};
use super::{Setting, prelude, story};
use crate::simulator::Violation;

/// What part of the memory is for what was seen; the rest is for nodes, letters and what they do.
const PART_SEEN: (usize, usize) = (3, 4);

struct Search {
    table: Table,
    first: World,
    seen: Seen,
    /// How many states each depth has added.
    levels: Vec<usize>,
    /// The states of the next depth.
    next: Tape,
    /// Where each state but the first was reached from: how much later its parent is than the one before had, and the
    /// act's place among those of the parent.
    origins: Tape,
    /// The parent of the latest state.
    latest: usize,
    written: u64,
    happened: [u64; Event::KINDS.len()],
    start: Instant,
    acts: Vec<Act>,
}

/// A state that an act leads to, before it is known whether it is new.
struct Ahead {
    act: Act,
    /// The act's place among those of the parent.
    place: u32,
    fingerprint: u64,
    draft: Draft,
}

/// Why a search does not go on.
enum Stop {
    End(End),
    Broken { parent: usize, act: u32, violation: Violation },
    Disk(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Disk(error)
    }
}

/// Goes through every state, those that the fewest acts lead to first.
///
/// # Panics
/// A cluster cannot even be started, there are more nodes than a search can have, or no temporary file can be made.
pub fn search(setting: Setting) -> Report {
    search_telling(setting, |_| ())
}

/// Searches, and tells many times a second how far it is.
///
/// # Panics
/// As [`search`].
pub fn search_telling(setting: Setting, mut tell: impl FnMut(&Progress)) -> Report {
    assert!((1..=super::SEATS).contains(&setting.nodes), "a search has 1 to 3 nodes");
    let mut search = Search::new(setting).expect("a temporary file can be made");
    let stop = loop {
        if let Err(stop) = search.deepen(&mut tell) {
            break stop;
        }
    };
    search.report(stop).expect("what was written can be read")
}

impl Search {
    fn new(setting: Setting) -> io::Result<Search> {
        let (part, whole) = PART_SEEN;
        let mut seen = Seen::new(setting.memory / whole * part);
        let mut table = Table::new(setting);
        let first = prelude::start(&mut table).expect("a first election without faults breaks nothing");
        let draft = Draft::of(&first, &table);
        seen.insert(draft.fingerprint(&table));
        let mut next = Tape::new()?;
        draft.write(&mut next, &table.setting)?;
        Ok(Search {
            table,
            first,
            seen,
            levels: vec![1],
            next,
            origins: Tape::new()?,
            latest: 0,
            written: 0,
            happened: [0; Event::KINDS.len()],
            start: Instant::now(),
            acts: Vec::new(),
        })
    }

    /// Follows every act of every state of the latest depth.
    fn deepen(&mut self, tell: &mut impl FnMut(&Progress)) -> Result<(), Stop> {
        let level = *self.levels.last().expect("there is a first level");
        if level == 0 {
            self.levels.pop();
            return Err(Stop::End(End::Complete));
        }
        if self.levels.len() > self.table.setting.depth {
            return Err(Stop::End(End::Depth));
        }
        let mut tape = std::mem::replace(&mut self.next, Tape::new()?);
        self.written += tape.bytes();
        let (mut worlds, first) = (tape.read()?, self.seen.len() - level);
        self.levels.push(0);
        let (mut world, mut drafts) = (self.first.clone(), Vec::new());
        for place in 0..level {
            if place % 256 == 0 {
                tell(&self.progress(place as f64 / level as f64));
                self.check_bounds()?;
            }
            world.read(&mut worlds, &self.table.setting)?;
            self.expand(first + place, &world, &mut drafts)?;
        }
        Ok(())
    }

    fn check_bounds(&self) -> Result<(), Stop> {
        let setting = &self.table.setting;
        if self.start.elapsed().as_secs_f64() >= setting.seconds {
            return Err(Stop::End(End::Time));
        }
        let (part, whole) = PART_SEEN;
        let is_table_full = self.table.bytes() > setting.memory / whole * (whole - part);
        if is_table_full || self.seen.is_full() { Err(Stop::End(End::Memory)) } else { Ok(()) }
    }

    fn progress(&self, part: f64) -> Progress {
        let (states, depth, seconds) = (self.seen.len(), self.levels.len() - 2, self.start.elapsed().as_secs_f64());
        Progress { states, depth, part, seconds, memory: self.memory() }
    }

    fn memory(&self) -> usize {
        self.seen.bytes() + self.table.bytes()
    }

    fn expand(&mut self, parent: usize, world: &World, drafts: &mut Vec<Ahead>) -> Result<(), Stop> {
        let mut acts = std::mem::take(&mut self.acts);
        world.acts(&self.table, &mut acts);
        let sums = world.sums(&self.table);
        let mut used = 0;
        for (act, place) in acts.iter().zip(0..) {
            if used == drafts.len() {
                drafts.push(Ahead { act: *act, place, fingerprint: 0, draft: Draft::of(world, &self.table) });
            }
            let ahead = &mut drafts[used];
            let broken = |violation| Stop::Broken { parent, act: place, violation };
            if world.follow(&sums, *act, &mut self.table, &mut ahead.draft).map_err(broken)? {
                (ahead.act, ahead.place, ahead.fingerprint) = (*act, place, ahead.draft.fingerprint(&self.table));
                used += 1;
            }
        }
        self.acts = acts;
        self.seen.look_ahead(drafts[..used].iter().map(|ahead| ahead.fingerprint));
        drafts[..used].iter().try_for_each(|ahead| self.reach(parent, ahead))
    }

    /// Takes down a state if it is new.
    fn reach(&mut self, parent: usize, ahead: &Ahead) -> Result<(), Stop> {
        let Ahead { act, place, fingerprint, draft } = ahead;
        self.happened[act.event.kind()] += 1;
        if !self.seen.insert(*fingerprint) {
            return Ok(());
        }
        let broken = |violation| Stop::Broken { parent, act: *place, violation };
        draft.check(act.seat, &self.table).map_err(broken)?;
        draft.check_calm(&mut self.table).map_err(broken)?;
        draft.write(&mut self.next, &self.table.setting)?;
        self.origins.put((parent - self.latest) as u32)?;
        self.origins.put(*place)?;
        self.latest = parent;
        *self.levels.last_mut().expect("a level is under way") += 1;
        Ok(())
    }

    fn report(mut self, stop: Stop) -> io::Result<Report> {
        let seconds = self.start.elapsed().as_secs_f64();
        let cut = !matches!(stop, Stop::End(End::Complete | End::Depth));
        let (end, violation) = match stop {
            Stop::End(end) => (end, None),
            Stop::Broken { parent, act, violation } => (End::Broken, Some((violation, self.story(parent, act)?))),
            Stop::Disk(error) => (End::Disk(error.kind()), None),
        };
        Ok(Report {
            states: self.seen.len(),
            depth: self.levels.len() - 1 - usize::from(cut),
            end,
            acts: Event::KINDS.into_iter().zip(self.happened).collect(),
            played: self.table.played(),
            members: self.table.members.len(),
            letters: self.table.letters.len(),
            seconds,
            memory: self.memory(),
            written: self.written + self.next.bytes() + self.origins.bytes(),
            levels: self.levels,
            violation,
        })
    }

    /// The way to a state, and one act more.
    fn story(&mut self, parent: usize, last: u32) -> io::Result<Vec<String>> {
        let mut places = vec![last];
        let mut at = parent;
        while at != 0 {
            let (before, place) = find(at, self.origins.read()?)?;
            places.push(place);
            at = before;
        }
        let mut world = self.first.clone();
        let mut way = Vec::new();
        for place in places.into_iter().rev() {
            world.acts(&self.table, &mut self.acts);
            let act = self.acts[place as usize];
            way.push(act);
            let mut draft = Draft::of(&world, &self.table);
            if world.follow(&world.sums(&self.table), act, &mut self.table, &mut draft).is_ok() {
                world = draft.world();
            }
        }
        Ok(story::tell(&self.first, &way, &mut self.table))
    }
}

/// All that a search meets.
#[cfg(test)]
pub(crate) fn meet(setting: Setting) -> Table {
    let mut search = Search::new(setting).expect("a temporary file can be made");
    while search.deepen(&mut |_| ()).is_ok() {}
    search.table
}

/// The parent of a state, and the act's place among those of the parent.
fn find(state: usize, mut origins: Reading) -> io::Result<(usize, u32)> {
    let (mut parent, mut place) = (0, 0);
    for _ in 0..state {
        parent += origins.get()? as usize;
        place = origins.get()?;
    }
    Ok((parent, place))
}
