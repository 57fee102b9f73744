//! The search for an order.
//!
//! A configuration says which operations are in the order so far and what the key then holds. From there any operation
//! may come next that was invoked no later than the first return still outstanding. Four reductions keep the search
//! small; each keeps an order if there is one.
//!
//! *Pure steps at once.* A step that changes nothing, may come next and has the right answer comes next, without
//! alternatives. In an order that has it later, move it here: the state it saw there was unchanged by it, so all others
//! see what they saw.
//!
//! *Optional steps for a reason.* Let no optional step leave the state as it is, come last, or be followed at once by a
//! blind step (one that fits any state and leaves the same one). If an order has such a step, drop it: what follows
//! sees the same. Dropping ends, as orders are finite, so some order has none. Moving a pure step forward may bring an
//! optional step in front of a blind one; dropping it and the optional steps right before it stops at the pure step at
//! the latest, so both rules hold of one order.
//!
//! *Equal optional steps are a count.* Of two with the same effect the one invoked first may stand wherever the other
//! may; exchange them, and only their number matters.
//!
//! *Fewer used is better.* Of two configurations that differ only in the optional steps used, the one that used no more
//! of each class can continue with all that the other can. The other is dropped. With Lowe's memory, this takes the
//! place of equality.

use std::collections::HashMap;

use super::{
    model::{State, States},
    task::Task,
};

/// How a search ended.
#[derive(Debug)]
pub(super) enum Finding {
    /// An order exists.
    Order,
    /// No order exists.
    NoOrder {
        /// The first return by which no order can have all that returned.
        stuck: u64,
        /// Every state that an order up to there may pass through.
        held: Vec<State>,
    },
    /// The bound was reached.
    GaveUp {
        /// The first return that is missing from every order tried.
        stuck: u64,
    },
}

/// Looks for an order from any of the states `initial`, remembering at most `states_max` configurations.
pub(super) fn search(task: &Task, initial: &[State], states_max: usize) -> Finding {
    let mut search =
        Search { task, states: States::default(), tried: HashMap::new(), stack: Vec::new(), explored: 0, stuck: 0 };
    for state in initial {
        let state = search.states.number(task.lens.refocus(state));
        if search.visit(Configuration { high: 0, holes: Vec::new(), state, used: Vec::new(), unproven: false }) {
            return Finding::Order;
        }
    }
    while let Some(configuration) = search.stack.pop() {
        if search.expand(&configuration) {
            return Finding::Order;
        }
        if search.explored > states_max {
            return Finding::GaveUp { stuck: search.stuck };
        }
    }
    Finding::NoOrder { stuck: search.stuck, held: search.states.into_states() }
}

/// An order's beginning, as far as its continuation depends on it.
#[derive(Debug, Clone)]
struct Configuration {
    /// One more than the last of `must` that is in the order.
    high: u32,
    /// Those of `must` below `high` that are not, ascending. All are in flight when the last is invoked, so they are
    /// few.
    holes: Vec<u32>,
    state: u32,
    /// Classes of `may` and how many of each are in the order, without zeros, by class.
    used: Vec<(u32, u32)>,
    /// Whether the last step is optional.
    unproven: bool,
}

impl Configuration {
    fn is_complete(&self, task: &Task) -> bool {
        self.holes.is_empty() && self.high as usize == task.must.len()
    }

    /// The first return that is still outstanding.
    fn limit(&self, task: &Task) -> u64 {
        let holes = self.holes.iter().map(|hole| task.must[*hole as usize].returned);
        holes.fold(task.returns_min[self.high as usize], u64::min)
    }

    /// Those of `must` that may come next.
    fn candidates<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = u32> + 'a {
        let limit = self.limit(task);
        let above = (self.high..).take_while(move |index| {
            task.must.get(*index as usize).is_some_and(|operation| operation.invoked <= limit)
        });
        self.holes.iter().copied().chain(above)
    }

    /// This with one of `must` put after it.
    fn with(&self, index: u32, state: u32) -> Self {
        let mut next = Self { state, unproven: false, ..self.clone() };
        next.put(index);
        next
    }

    fn put(&mut self, index: u32) {
        if index < self.high {
            self.holes.retain(|hole| *hole != index);
        } else {
            self.holes.extend(self.high..index);
            self.high = index + 1;
        }
    }

    fn used(&self, class: u32) -> u32 {
        self.used.iter().find(|(used, _)| *used == class).map_or(0, |(_, count)| *count)
    }

    /// This with one of a class of `may` put after it.
    fn with_optional(&self, class: u32, state: u32) -> Self {
        let mut next = Self { state, unproven: true, ..self.clone() };
        match next.used.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(place) => next.used[place].1 += 1,
            Err(place) => next.used.insert(place, (class, 1)),
        }
        next
    }
}

/// What was tried with the same operations of `must` in the order and the same state.
type Tried = Vec<(bool, Box<[(u32, u32)]>)>;

struct Search<'a> {
    task: &'a Task,
    states: States,
    tried: HashMap<(u32, Box<[u32]>, u32), Tried>,
    stack: Vec<Configuration>,
    explored: usize,
    stuck: u64,
}

impl Search<'_> {
    /// Visits everything that may come next, and returns whether that completes an order.
    fn expand(&mut self, configuration: &Configuration) -> bool {
        let task = self.task;
        let limit = configuration.limit(task);
        for (class, number) in task.may.iter().zip(0..) {
            let invoked = class.invoked.get(configuration.used(number) as usize);
            if invoked.is_none_or(|invoked| *invoked > limit) || (configuration.unproven && class.step.is_blind()) {
                continue;
            }
            let state = self.states.after(&task.lens, configuration.state, &class.step);
            let Some(state) = state.filter(|state| *state != configuration.state) else {
                continue;
            };
            if self.visit(configuration.with_optional(number, state)) {
                return true;
            }
        }
        let mut candidates: Vec<u32> = configuration.candidates(task).collect();
        // The stack gives back last what it was given first, and the first to return is the likeliest next.
        candidates.sort_unstable_by_key(|index| std::cmp::Reverse(task.must[*index as usize].returned));
        for index in candidates {
            let step = &task.must[index as usize].step;
            if configuration.unproven && step.is_blind() {
                continue;
            }
            let Some(state) = self.states.after(&task.lens, configuration.state, step) else {
                continue;
            };
            if self.visit(configuration.with(index, state)) {
                return true;
            }
        }
        false
    }

    /// Stacks a configuration unless a better one was stacked before, and returns whether its order is complete.
    fn visit(&mut self, mut configuration: Configuration) -> bool {
        self.settle(&mut configuration);
        if configuration.is_complete(self.task) {
            return true;
        }
        self.stuck = self.stuck.max(configuration.limit(self.task));
        let key = (configuration.high, configuration.holes.clone().into(), configuration.state);
        let tried = self.tried.entry(key).or_default();
        let unproven = configuration.unproven;
        if tried.iter().any(|(other, used)| (unproven || !other) && is_within(used, &configuration.used)) {
            return false;
        }
        tried.retain(|(other, used)| (unproven && !other) || !is_within(&configuration.used, used));
        tried.push((unproven, configuration.used.clone().into()));
        self.explored += 1;
        self.stack.push(configuration);
        false
    }

    /// Puts every pure step that fits after the configuration.
    fn settle(&mut self, configuration: &mut Configuration) {
        let task = self.task;
        loop {
            let state = configuration.state;
            let next = configuration.candidates(task).find(|index| {
                let step = &task.must[*index as usize].step;
                step.is_pure() && self.states.after(&task.lens, state, step).is_some()
            });
            let Some(index) = next else { return };
            configuration.put(index);
            configuration.unproven = false;
        }
    }
}

/// Whether `few` has no more of any class than `many`.
fn is_within(few: &[(u32, u32)], many: &[(u32, u32)]) -> bool {
    let mut many = many.iter();
    few.iter()
        .all(|(class, count)| many.find(|(other, _)| other >= class).is_some_and(|(c, n)| c == class && n >= count))
}
