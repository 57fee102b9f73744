use std::io;
use std::time::Instant;

use super::act::Act;
use super::commit::Verdict;
use super::rules::Setting;
use super::state::State;
use super::story;
use super::tidy::Packed;
use crate::search::{Reading, Seen, Tape};

/// What part of the memory is for states; the rest is for what was asked of their disks.
const PART_SEEN: (usize, usize) = (7, 8);

/// What a search found.
#[derive(Debug)]
pub struct Report {
    /// How many different states there are.
    pub states: usize,
    /// How many steps led to states, known ones included.
    pub steps: u64,
    /// How many different contents of all disks were asked for a way on.
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
    /// Steps, seconds or memory were up.
    Bound,
    /// This promise is broken.
    Broken(&'static str),
}

struct Search {
    setting: Setting,
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
}

enum Stop {
    Bound,
    Broken { parent: usize, last: Option<Act>, promise: &'static str },
    Disk(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Disk(error)
    }
}

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    assert!((2..=5).contains(&setting.nodes) && setting.terms <= 12 && setting.entries <= 4, "the model is smaller");
    let mut search = Search::new(setting).expect("a temporary file can be made");
    let (mut depth, mut first) = (0, 0);
    let end = loop {
        let level = std::mem::take(&mut search.waiting);
        if level == 0 {
            break Ok(End::Complete);
        }
        let is_up = depth >= setting.depth;
        if is_up {
            break Ok(End::Bound);
        }
        match search.deepen(first, level) {
            Ok(()) => (depth, first) = (depth + 1, first + level),
            Err(stop) => break Err(stop),
        }
    };
    search.report(end, depth)
}

impl Search {
    fn new(setting: &Setting) -> io::Result<Search> {
        let (part, whole) = PART_SEEN;
        let for_states = setting.memory / whole * part;
        let mut search = Search {
            setting: setting.clone(),
            seen: Seen::new(for_states),
            rests: Seen::new(setting.memory - for_states),
            next: Tape::new()?,
            waiting: 1,
            origins: Tape::new()?,
            latest: 0,
            steps: 0,
            start: Instant::now(),
        };
        let first = State::default().pack(setting);
        search.seen.insert(first.fingerprint());
        put(&mut search.next, &first)?;
        Ok(search)
    }

    fn deepen(&mut self, first: usize, level: usize) -> Result<(), Stop> {
        let mut tape = std::mem::replace(&mut self.next, Tape::new()?);
        let mut states = tape.read()?;
        let (mut acts, setting) = (Vec::new(), self.setting.clone());
        for parent in first..first + level {
            let state = get(&mut states)?.state(&setting);
            if parent % 256 == 0 && (self.start.elapsed().as_secs_f64() > setting.seconds || self.is_full()) {
                return Err(Stop::Bound);
            }
            if let Err(promise) = self.check_way_on(&state) {
                return Err(Stop::Broken { parent, last: None, promise });
            }
            state.acts(&setting, &mut acts);
            for (act, place) in acts.iter().zip(0..) {
                self.follow(parent, &state, (*act, place), &setting)?;
            }
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.seen.is_full() || self.rests.is_full()
    }

    fn check_way_on(&mut self, state: &State) -> Verdict {
        let rested = state.rested(&self.setting);
        let asks = self.setting.live && self.rests.insert(rested.pack(&self.setting).fingerprint());
        if asks { rested.check_way_on(&self.setting) } else { Ok(()) }
    }

    fn follow(
        &mut self,
        parent: usize,
        state: &State,
        (act, place): (Act, u32),
        setting: &Setting,
    ) -> Result<(), Stop> {
        let Some((mut after, verdict)) = state.after(act, setting) else { return Ok(()) };
        self.steps += 1;
        if let Err(promise) = verdict.and_then(|()| after.check(setting)) {
            return Err(Stop::Broken { parent, last: Some(act), promise });
        }
        if after.tidy(setting) > setting.terms {
            return Ok(());
        }
        let packed = after.pack(setting);
        if self.seen.insert(packed.fingerprint()) {
            put(&mut self.next, &packed)?;
            self.origins.put((parent - self.latest) as u32)?;
            self.origins.put(place)?;
            self.latest = parent;
            self.waiting += 1;
        }
        Ok(())
    }

    fn report(mut self, end: Result<End, Stop>, depth: usize) -> Report {
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
    fn story(&mut self, parent: usize, last: Option<Act>) -> io::Result<Vec<String>> {
        let (mut places, mut at) = (Vec::new(), parent);
        while at != 0 {
            let (before, place) = origin(at, self.origins.read()?)?;
            places.push(place);
            at = before;
        }
        Ok(story::tell(places.into_iter().rev(), last, &self.setting))
    }
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

fn put(tape: &mut Tape, packed: &Packed) -> io::Result<()> {
    tape.put(packed.length as u32)?;
    packed.words[..packed.length].iter().try_for_each(|word| tape.put(*word))
}

fn get(tape: &mut Reading) -> io::Result<Packed> {
    let mut packed = Packed::empty();
    packed.length = tape.get()? as usize;
    for word in &mut packed.words[..packed.length] {
        *word = tape.get()?;
    }
    Ok(packed)
}
