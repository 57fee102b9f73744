use std::collections::HashSet;
use std::time::Instant;

use super::event::{Act, Event};
use super::mix::Mixing;
use super::table::Table;
use super::world::{Draft, World};
use super::{Setting, prelude, story};
use crate::simulator::Violation;

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many different states were reached and checked.
    pub states: usize,
    /// Every state that so many acts lead to was reached.
    pub depth: usize,
    /// Whether that is all that the budget allows.
    pub is_complete: bool,
    /// How many states each depth added.
    pub levels: Vec<usize>,
    /// How often each kind of event happened.
    pub acts: Vec<(&'static str, u64)>,
    /// How many different events of different members the core was asked to play.
    pub played: usize,
    /// How many different nodes with their disks there were.
    pub members: usize,
    /// How many different letters.
    pub letters: usize,
    /// How long it took.
    pub seconds: f64,
    /// The broken promise, and the shortest story of it.
    pub violation: Option<(Violation, Vec<String>)>,
}

/// Where a state was first reached from.
struct Origin {
    parent: u32,
    /// The act's place among those of the parent.
    act: u16,
}

struct Search {
    table: Table,
    first: World,
    seen: HashSet<u64, Mixing>,
    origins: Vec<Origin>,
    /// The states of the present depth, and their numbers.
    level: Vec<(u32, World)>,
    next: Vec<(u32, World)>,
    happened: [u64; Event::KINDS.len()],
    start: Instant,
    acts: Vec<Act>,
}

/// Why a search is over.
enum End {
    /// Time or memory.
    Bound,
    Broken {
        parent: u32,
        act: u16,
        violation: Violation,
    },
}

/// Goes through every state, those that the fewest acts lead to first.
///
/// # Panics
/// A cluster cannot even be started, or there are more nodes than a search can have.
pub fn search(setting: Setting) -> Report {
    assert!((1..=super::SEATS).contains(&setting.nodes), "a search has 1 to 3 nodes");
    let mut search = Search::new(setting);
    let mut levels = vec![search.next.len()];
    let end = loop {
        search.level = std::mem::take(&mut search.next);
        let is_over = search.level.is_empty() || levels.len() > search.table.setting.depth;
        match if is_over { Err(End::Bound) } else { search.deepen() } {
            Ok(()) if search.next.is_empty() => search.level.clear(),
            Ok(()) => levels.push(search.next.len()),
            Err(end) => break end,
        }
    };
    search.report(levels, end)
}

impl Search {
    fn new(setting: Setting) -> Search {
        let mut table = Table::new(setting);
        let first = if table.setting.led {
            prelude::led(&mut table).expect("a first election without faults breaks nothing")
        } else {
            World::new(&mut table)
        };
        let seen = HashSet::from_iter([Draft::of(&first, &table).fingerprint(&table)]);
        let next = vec![(0, first.clone())];
        let origins = vec![Origin { parent: 0, act: 0 }];
        let happened = [0; Event::KINDS.len()];
        let (start, acts) = (Instant::now(), Vec::new());
        Search { table, first, seen, origins, level: Vec::new(), next, happened, start, acts }
    }

    /// Follows every act of every state of this depth.
    fn deepen(&mut self) -> Result<(), End> {
        let mut draft = Draft::of(&self.first, &self.table);
        for (number, world) in std::mem::take(&mut self.level) {
            if number % 256 == 0 && self.is_out_of_bounds() {
                self.level.push((number, world));
                return Err(End::Bound);
            }
            self.expand(number, &world, &mut draft)?;
        }
        Ok(())
    }

    fn is_out_of_bounds(&self) -> bool {
        let setting = &self.table.setting;
        self.start.elapsed().as_secs_f64() >= setting.seconds || self.origins.len() >= setting.states
    }

    fn expand(&mut self, parent: u32, world: &World, draft: &mut Draft) -> Result<(), End> {
        let mut acts = std::mem::take(&mut self.acts);
        world.acts(&self.table, &mut acts);
        let sums = world.sums(&self.table);
        for (act, place) in acts.iter().zip(0..) {
            let end = |violation| End::Broken { parent, act: place, violation };
            if !world.follow(&sums, *act, &mut self.table, draft).map_err(end)? {
                continue;
            }
            self.happened[act.event.kind()] += 1;
            if self.seen.insert(draft.fingerprint(&self.table)) {
                draft.check(act.seat, &self.table).map_err(end)?;
                self.next.push((self.origins.len() as u32, draft.world()));
                self.origins.push(Origin { parent, act: place });
            }
        }
        self.acts = acts;
        Ok(())
    }

    fn report(mut self, levels: Vec<usize>, end: End) -> Report {
        let seconds = self.start.elapsed().as_secs_f64();
        let violation = match end {
            End::Bound => None,
            End::Broken { parent, act, violation } => Some((violation, self.story(parent, act))),
        };
        Report {
            states: self.origins.len(),
            depth: levels.len() - 1,
            is_complete: self.level.is_empty() && violation.is_none(),
            levels,
            acts: Event::KINDS.into_iter().zip(self.happened).collect(),
            played: self.table.played(),
            members: self.table.members.len(),
            letters: self.table.letters.len(),
            seconds,
            violation,
        }
    }

    /// The way to a state, and one act more.
    fn story(&mut self, parent: u32, last: u16) -> Vec<String> {
        let mut places = vec![last];
        let mut at = parent;
        while at != 0 {
            let origin = &self.origins[at as usize];
            places.push(origin.act);
            at = origin.parent;
        }
        let mut world = self.first.clone();
        let mut way = Vec::new();
        for place in places.into_iter().rev() {
            world.acts(&self.table, &mut self.acts);
            let act = self.acts[usize::from(place)];
            way.push(act);
            let mut draft = Draft::of(&world, &self.table);
            if world.follow(&world.sums(&self.table), act, &mut self.table, &mut draft).is_ok() {
                world = draft.world();
            }
        }
        story::tell(&self.first, &way, &mut self.table)
    }
}
