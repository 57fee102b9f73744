//! The store of one key, seen through what the history can tell apart.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::task::Task;
use crate::history::{Answer, Event, Operation, Outcome};

/// What a key holds.
///
/// A value matters only as far as some answer depends on it. The values that a history compares with are those its
/// reads return and those its `Cas` expect. A value that is no prefix of any of them is `Opaque`, and all such values
/// are one state: each is unequal to every compared value, stays so whatever is appended, and ends in the same way by
/// `Put`, `Delete` and `Cas`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum State {
    Absent,
    Opaque,
    Text(Rc<str>),
}

/// What tells opaque values from others.
#[derive(Debug)]
pub(super) struct Lens {
    /// The compared values that are no prefix of another, ascending. A prefix of any compared value is a prefix of one
    /// of these.
    compared: Vec<Rc<str>>,
}

impl Lens {
    pub(super) fn new<'a>(events: impl Iterator<Item = &'a Event>) -> Self {
        let mut compared: Vec<&str> = events
            .filter_map(|event| match (&event.operation, &event.outcome) {
                (Operation::Get, Outcome::Ok(Answer::Value(value))) => value.as_deref(),
                (Operation::Cas { from, .. }, _) => from.as_deref(),
                _ => None,
            })
            .collect();
        compared.sort_unstable();
        // In ascending order whatever starts with a text follows it at once.
        compared.reverse();
        compared.dedup_by(|shorter, longer| longer.starts_with(*shorter));
        compared.reverse();
        Self { compared: compared.into_iter().map(Rc::from).collect() }
    }

    pub(super) fn state(&self, value: &str) -> State {
        let next = self.compared.partition_point(|compared| &**compared < value);
        match self.compared.get(next) {
            Some(compared) if compared.starts_with(value) => State::Text(value.into()),
            _ => State::Opaque,
        }
    }

    /// The same state seen through this lens.
    pub(super) fn refocus(&self, state: &State) -> State {
        match state {
            State::Text(value) => self.state(value),
            other => other.clone(),
        }
    }

    pub(super) fn step(&self, event: &Event) -> Step {
        let effect = match &event.operation {
            Operation::Get => Effect::Get,
            Operation::Put(value) => Effect::Put(self.state(value)),
            Operation::Delete => Effect::Delete,
            // What no compared value contains makes any value opaque.
            Operation::Append(text) if !self.compared.iter().any(|value| value.contains(&**text)) => match &**text {
                "" => Effect::Append("".into()),
                _ => Effect::Put(State::Opaque),
            },
            Operation::Append(text) => Effect::Append(text.as_str().into()),
            Operation::Cas { from: None, to } => Effect::Cas(State::Absent, self.state(to)),
            Operation::Cas { from: Some(from), to } => Effect::Cas(self.state(from), self.state(to)),
        };
        let answer = match &event.outcome {
            Outcome::Ok(Answer::Value(None)) => Told::Value(State::Absent),
            Outcome::Ok(Answer::Value(Some(value))) => Told::Value(self.state(value)),
            Outcome::Ok(Answer::Existed(existed)) => Told::Flag(*existed),
            Outcome::Ok(Answer::Swapped(swapped)) => Told::Flag(*swapped),
            Outcome::Ok(Answer::Done) | Outcome::Fail | Outcome::Unknown => Told::Nothing,
        };
        Step { effect, answer }
    }
}

/// An operation and what was told of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Step {
    effect: Effect,
    answer: Told,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Effect {
    Get,
    Put(State),
    Delete,
    Append(Rc<str>),
    Cas(State, State),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Told {
    Nothing,
    Value(State),
    Flag(bool),
}

impl Step {
    /// Whether it changes nothing wherever its answer is right.
    pub(super) fn is_pure(&self) -> bool {
        match (&self.effect, &self.answer) {
            (Effect::Get, _) | (Effect::Delete | Effect::Cas(..), Told::Flag(false)) => true,
            (Effect::Cas(from, to), _) => from == to,
            _ => false,
        }
    }

    /// Whether it may follow any state, and leaves the same one after each.
    pub(super) fn is_blind(&self) -> bool {
        matches!((&self.effect, &self.answer), (Effect::Put(_), _) | (Effect::Delete, Told::Nothing))
    }
}

/// The states met in a search, by number.
#[derive(Debug, Default)]
pub(super) struct States {
    numbers: HashMap<State, u32>,
    states: Vec<State>,
}

impl States {
    pub(super) fn number(&mut self, state: State) -> u32 {
        let next = u32::try_from(self.states.len()).expect("a search ends before it meets four billion states");
        *self.numbers.entry(state).or_insert_with_key(|state| {
            self.states.push(state.clone());
            next
        })
    }

    pub(super) fn into_states(self) -> Vec<State> {
        self.states
    }

    /// The state after a step, or none if its answer is wrong here.
    pub(super) fn after(&mut self, lens: &Lens, number: u32, step: &Step) -> Option<u32> {
        let state = &self.states[number as usize];
        let next = match (&step.effect, &step.answer) {
            (Effect::Get, Told::Value(value)) => return (state == value).then_some(number),
            (Effect::Get, _) => return Some(number),
            (Effect::Put(value), _) => value.clone(),
            (Effect::Delete, Told::Flag(existed)) if *existed != (*state != State::Absent) => return None,
            (Effect::Delete, _) => State::Absent,
            (Effect::Append(text), _) => match state {
                State::Absent => lens.state(text),
                State::Opaque => State::Opaque,
                State::Text(value) => lens.state(&format!("{value}{text}")),
            },
            (Effect::Cas(from, _), Told::Flag(swapped)) if *swapped != (state == from) => return None,
            (Effect::Cas(from, to), _) if state == from => to.clone(),
            (Effect::Cas(..), _) => return Some(number),
        };
        Some(self.number(next))
    }
}

/// Every state that any order may pass through, and maybe others: those that steps lead to in any number and order.
/// None if there are too many to say.
pub(super) fn conceivable(task: &Task) -> Option<Vec<State>> {
    const TRIES_MAX: usize = 4_000_000;
    let may = task.may.iter().map(|class| &class.step);
    let steps: HashSet<&Step> = task.must.iter().map(|operation| &operation.step).chain(may).collect();
    let mut states = States::default();
    states.number(State::Absent);
    let mut number = 0;
    while number < states.states.len() {
        if states.states.len() * steps.len() > TRIES_MAX {
            return None;
        }
        for step in &steps {
            states.after(&task.lens, u32::try_from(number).ok()?, step);
        }
        number += 1;
    }
    Some(states.into_states())
}
