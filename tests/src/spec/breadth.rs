//! A search of a model, breadth first: the first broken promise is also the shortest story of it.

use std::fmt::Display;
use std::io;
use std::time::Instant;

use crate::search::{Reading, Seen, Tape, spread};

/// Whether a promise holds, or which one does not.
pub(crate) type Verdict = Result<(), &'static str>;

/// What part of the memory is for states; the rest is for what was asked of states at rest.
const PART_SEEN: (usize, usize) = (7, 8);

/// A protocol, as a state and what can happen to it.
pub(crate) trait Model: Copy {
    /// The bounds, and what is wrong.
    type Setting: Clone;
    /// One thing that happens.
    type Act: Copy + Display;

    /// Where it begins.
    fn first(setting: &Self::Setting) -> Self;
    /// All that may happen, in an order that depends on the state alone.
    fn possible(&self, setting: &Self::Setting, acts: &mut Vec<Self::Act>);
    /// What comes of an act, tidied up, or the promise that it breaks. Nothing if it cannot happen or changes nothing.
    fn next(&self, act: Self::Act, setting: &Self::Setting) -> Option<Result<Self, &'static str>>;
    /// Whether a state is to be searched.
    fn is_within(&self, _: &Self::Setting) -> bool {
        true
    }
    /// What is left when all that is not durable is lost.
    fn rest(&self, _: &Self::Setting) -> Self {
        *self
    }
    /// Whether there is a way on from such a state.
    fn way_on(&self, _: &Self::Setting) -> Verdict {
        Ok(())
    }
    /// The form of a state that is the same for all that differ in names alone.
    fn form(&self, setting: &Self::Setting, words: &mut Vec<u32>);
    /// The state of a form.
    fn of_form(words: &[u32], setting: &Self::Setting) -> Self;
    /// The state in a line.
    fn line(&self, setting: &Self::Setting) -> String;
}

/// How far to search.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Whether to look for states that there is no way on from.
    pub live: bool,
    /// For how many seconds to search.
    pub seconds: f64,
    /// How many bytes of memory the states take at most.
    pub memory: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { live: true, seconds: f64::INFINITY, memory: 1 << 30 }
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Report {
    /// How many different states there are.
    pub states: usize,
    /// How many steps led to states, known ones included.
    pub steps: u64,
    /// How many different states at rest were asked for a way on.
    pub rests: usize,
    /// How many steps the longest of the shortest ways takes.
    pub depth: usize,
    /// How long it took.
    pub seconds: f64,
    /// How the search ended.
    pub end: End,
    /// The shortest story of a broken promise, a step a line with the state that it leads to.
    pub story: Vec<String>,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// There is nothing else within the bounds.
    Complete,
    /// Seconds or memory were up.
    Bound,
    /// This promise is broken.
    Broken(&'static str),
}

struct Search<M: Model> {
    setting: M::Setting,
    bounds: Bounds,
    seen: Seen,
    rests: Seen,
    /// The states of the next depth.
    next: Tape,
    /// How many those are.
    waiting: usize,
    /// Where each state but the first was reached from: how much later its parent is than the one before had, and
    /// the act's place among those of the parent.
    origins: Tape,
    latest: usize,
    steps: u64,
    start: Instant,
    words: Vec<u32>,
}

enum Stop<A> {
    Bound,
    Broken { parent: usize, last: Option<A>, promise: &'static str },
    Disk(io::Error),
}

impl<A> From<io::Error> for Stop<A> {
    fn from(error: io::Error) -> Stop<A> {
        Stop::Disk(error)
    }
}

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// No temporary file can be made or read.
pub(crate) fn search<M: Model>(setting: &M::Setting, bounds: &Bounds) -> Report {
    let mut search = Search::<M>::new(setting, bounds).expect("a temporary file can be made");
    let (mut depth, mut first) = (0, 0);
    let end = loop {
        let level = std::mem::take(&mut search.waiting);
        if level == 0 {
            break Ok(End::Complete);
        }
        match search.deepen(first, level) {
            Ok(()) => (depth, first) = (depth + 1, first + level),
            Err(stop) => break Err(stop),
        }
    };
    search.report(end, depth)
}

impl<M: Model> Search<M> {
    fn new(setting: &M::Setting, bounds: &Bounds) -> io::Result<Search<M>> {
        let (part, whole) = PART_SEEN;
        let for_states = bounds.memory / whole * part;
        let mut search = Search {
            setting: setting.clone(),
            bounds: bounds.clone(),
            seen: Seen::new(for_states),
            rests: Seen::new(bounds.memory - for_states),
            next: Tape::new()?,
            waiting: 0,
            origins: Tape::new()?,
            latest: 0,
            steps: 0,
            start: Instant::now(),
            words: Vec::new(),
        };
        search.keep(&M::first(setting))?;
        Ok(search)
    }

    /// Puts a state with those of the next depth, and says if it is new.
    fn keep(&mut self, state: &M) -> io::Result<bool> {
        self.pack(state);
        if !self.seen.insert(fingerprint(&self.words)) {
            return Ok(false);
        }
        self.next.put(self.words.len() as u32)?;
        self.words.iter().try_for_each(|word| self.next.put(*word))?;
        self.waiting += 1;
        Ok(true)
    }

    fn pack(&mut self, state: &M) {
        self.words.clear();
        state.form(&self.setting, &mut self.words);
    }

    fn deepen(&mut self, first: usize, level: usize) -> Result<(), Stop<M::Act>> {
        let mut tape = std::mem::replace(&mut self.next, Tape::new()?);
        let mut states = tape.read()?;
        let (mut acts, mut words) = (Vec::new(), Vec::new());
        for parent in first..first + level {
            get(&mut states, &mut words)?;
            let state = M::of_form(&words, &self.setting);
            if parent % 256 == 0 && self.is_up() {
                return Err(Stop::Bound);
            }
            if let Err(promise) = self.check_way_on(&state) {
                return Err(Stop::Broken { parent, last: None, promise });
            }
            acts.clear();
            state.possible(&self.setting, &mut acts);
            for (act, place) in acts.iter().zip(0..) {
                self.follow(parent, &state, (*act, place))?;
            }
        }
        Ok(())
    }

    fn is_up(&self) -> bool {
        self.start.elapsed().as_secs_f64() > self.bounds.seconds || self.seen.is_full() || self.rests.is_full()
    }

    fn check_way_on(&mut self, state: &M) -> Verdict {
        if !self.bounds.live {
            return Ok(());
        }
        let rested = state.rest(&self.setting);
        self.pack(&rested);
        let is_new = self.rests.insert(fingerprint(&self.words));
        if is_new { rested.way_on(&self.setting) } else { Ok(()) }
    }

    fn follow(&mut self, parent: usize, state: &M, (act, place): (M::Act, u32)) -> Result<(), Stop<M::Act>> {
        let Some(after) = state.next(act, &self.setting) else { return Ok(()) };
        self.steps += 1;
        let after = after.map_err(|promise| Stop::Broken { parent, last: Some(act), promise })?;
        if after.is_within(&self.setting) && self.keep(&after)? {
            self.origins.put((parent - self.latest) as u32)?;
            self.origins.put(place)?;
            self.latest = parent;
        }
        Ok(())
    }

    fn report(mut self, end: Result<End, Stop<M::Act>>, depth: usize) -> Report {
        let (end, story) = match end {
            Ok(end) => (end, Vec::new()),
            Err(Stop::Bound) => (End::Bound, Vec::new()),
            Err(Stop::Broken { parent, last, promise }) => {
                (End::Broken(promise), self.story(parent, last).expect("what was written can be read"))
            }
            Err(Stop::Disk(error)) => panic!("a temporary file: {error}"),
        };
        let seconds = self.start.elapsed().as_secs_f64();
        let (states, rests) = (self.seen.len(), self.rests.len());
        Report { states, steps: self.steps, rests, depth, seconds, end, story }
    }

    /// The way to a state, and what breaks a promise there.
    fn story(&mut self, parent: usize, last: Option<M::Act>) -> io::Result<Vec<String>> {
        let (mut places, mut at) = (Vec::new(), parent);
        while at != 0 {
            let (before, place) = origin(at, self.origins.read()?)?;
            places.push(place);
            at = before;
        }
        Ok(tell::<M>(places.into_iter().rev(), last, &self.setting))
    }
}

fn fingerprint(words: &[u32]) -> u64 {
    let pairs = words.chunks(2).map(|pair| u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or(0)) << 32);
    pairs.fold(words.len() as u64, |all, pair| spread(all.rotate_left(23) ^ pair))
}

/// The parent of a state, and the act's place among those of the parent.
fn origin(state: usize, mut origins: Reading) -> io::Result<(usize, usize)> {
    let (mut parent, mut place) = (0, 0);
    for _ in 0..state {
        parent += origins.get()? as usize;
        place = origins.get()? as usize;
    }
    Ok((parent, place))
}

fn get(tape: &mut Reading, words: &mut Vec<u32>) -> io::Result<()> {
    words.clear();
    for _ in 0..tape.get()? {
        words.push(tape.get()?);
    }
    Ok(())
}

/// A way from the first state, a step a line with the state that it leads to. The search knows states by forms without
/// names; here each keeps its name.
fn tell<M: Model>(places: impl Iterator<Item = usize>, last: Option<M::Act>, setting: &M::Setting) -> Vec<String> {
    let packed = |state: &M| {
        let mut words = Vec::new();
        state.form(setting, &mut words);
        words
    };
    let acts_of = |state: &M| {
        let mut acts = Vec::new();
        state.possible(setting, &mut acts);
        acts
    };
    let mut state = M::first(setting);
    let mut form = M::of_form(&packed(&state), setting);
    let mut lines = vec![state.line(setting)];
    for place in places {
        let after = form.next(acts_of(&form)[place], setting);
        let words = packed(&after.and_then(Result::ok).expect("it was possible"));
        let follow = |act: M::Act| Some((act, state.next(act, setting)?.ok()?));
        let mut nexts = acts_of(&state).into_iter().filter_map(follow);
        let (act, next) = nexts.find(|(_, next)| packed(next) == words).expect("names decide nothing");
        form = M::of_form(&words, setting);
        state = next;
        lines.push(format!("{act}\n    {}", state.line(setting)));
    }
    let breaks = |act: &M::Act| state.next(*act, setting).is_some_and(|after| after.is_err());
    lines.extend(last.and_then(|_| acts_of(&state).into_iter().find(breaks)).map(|act| act.to_string()));
    lines
}
