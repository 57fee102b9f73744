//! Whether a history could have come from one store that does one operation at a time.

use std::{collections::BTreeMap, fmt};

use crate::history::{Event, History};
use model::State;
use search::Finding;
use task::{Span, Task};

mod model;
mod search;
mod task;
mod window;

/// A checker of histories, by the algorithm of Wing and Gong with Lowe's memory of what was tried.
///
/// Each key is checked by itself, which is enough: a history is linearizable if and only if each object's part is
/// (Herlihy and Wing, theorem 1). Every key is missing at the start.
///
/// The answer is exact, or it is [`Verdict::GaveUp`]. A key's search remembers no more than `states_max` states, each
/// of a few hundred bytes plus four bytes for every operation in flight; it does not recurse.
#[derive(Debug, Clone, Copy)]
pub struct Checker {
    /// How many states may be explored for one key at once. Explaining a violation takes a few hundred searches of
    /// 20,000 states at most.
    pub states_max: usize,
}

impl Default for Checker {
    /// Two million states a key.
    fn default() -> Self {
        Self { states_max: 2_000_000 }
    }
}

impl Checker {
    /// Checks every key of a history.
    ///
    /// A violation of any key goes before a key that was given up; among equals the first key in order of its name is
    /// reported.
    pub fn check(&self, history: &History) -> Verdict {
        let mut keys: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in history.events() {
            keys.entry(&event.key).or_default().push(event);
        }
        let mut verdict = Verdict::Linearizable;
        for (key, events) in keys {
            match self.check_key(key, &events) {
                violation @ Verdict::Violation { .. } => return violation,
                gave_up @ Verdict::GaveUp { .. } if verdict == Verdict::Linearizable => verdict = gave_up,
                _ => {}
            }
        }
        verdict
    }

    fn check_key(&self, key: &str, events: &[&Event]) -> Verdict {
        let task = Task::new(events, Span::ALL);
        let violation = |explanation| Verdict::Violation { key: key.to_owned(), explanation };
        for states_max in [self.states_max.min(LOCAL_STATES_MAX), self.states_max] {
            match search::search(&task, &[State::Absent], states_max) {
                Finding::Order => return Verdict::Linearizable,
                Finding::NoOrder { stuck, held } => {
                    return violation(window::explain(events, stuck, &held, LOCAL_STATES_MAX));
                }
                Finding::GaveUp { stuck } if states_max <= LOCAL_STATES_MAX => {
                    let Some(held) = model::conceivable(&task) else {
                        continue;
                    };
                    if let Some(explanation) = window::prove(events, stuck, &held, states_max) {
                        return violation(explanation);
                    }
                }
                Finding::GaveUp { .. } => {}
            }
        }
        Verdict::GaveUp { key: key.to_owned(), states: self.states_max }
    }
}

/// The states to explore before looking for a violation just where the search is stuck.
///
/// Long before a bad answer there are many ways to use operations of unknown outcome, and a search has to refute each.
/// A short window often has no order whatever the key held before, which is soon shown.
const LOCAL_STATES_MAX: usize = 20_000;

/// What a [`Checker`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a history that is not linearizable is a bug found"]
pub enum Verdict {
    /// An order exists for every key.
    Linearizable,
    /// No order exists for this key.
    Violation {
        /// The key.
        key: String,
        /// Events that have no order.
        explanation: Explanation,
    },
    /// No violation was found, and this key's search reached its bound. It says nothing for the history, nor against
    /// it.
    GaveUp {
        /// The key.
        key: String,
        /// The bound.
        states: usize,
    },
}

impl Verdict {
    /// Passes if an order exists.
    ///
    /// # Panics
    /// With the explanation of the violation, or because the checker gave up: a larger [`Checker::states_max`] or a
    /// history with fewer unknown outcomes is the cure.
    #[track_caller]
    pub fn expect_linearizable(self) {
        assert!(self == Self::Linearizable, "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linearizable => write!(f, "linearizable"),
            Self::Violation { key, explanation } => write!(f, "key {key:?} is not linearizable: {explanation}"),
            Self::GaveUp { key, states } => write!(f, "gave up on key {key:?} after {states} states"),
        }
    }
}

/// The smallest window of one key's events that a bounded search shows to have no order.
///
/// The window ends with the first return that no order reaches. It starts as late as it can with still no order,
/// whichever value the key held before; reads that the contradiction does not need are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The answered events of the window, by invocation. They contradict each other, or every value the key can have
    /// held before.
    pub events: Vec<Event>,
    /// Events that may or may not take effect within the window: those of unknown outcome, and those that reach over an
    /// edge of it. No choice of them resolves the contradiction.
    pub optional: Vec<Event>,
    /// How many different values the key can have held before, with a missing value as one of them, and all those that
    /// no answer can tell apart as one.
    pub held_before: usize,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const OPTIONAL_MAX: usize = 10;
        writeln!(f, "no order explains these answers, from any of {} value(s) held before", self.held_before)?;
        for event in &self.events {
            writeln!(f, "  {event}")?;
        }
        if !self.optional.is_empty() {
            writeln!(f, "and {} that may take effect or not do not help", self.optional.len())?;
        }
        let hidden = self.optional.len().saturating_sub(OPTIONAL_MAX);
        if hidden > 0 {
            writeln!(f, "  .. {hidden} earlier")?;
        }
        self.optional.iter().skip(hidden).try_for_each(|event| writeln!(f, "  {event}"))
    }
}
