//! The part of a history that shows why it has no order.

use std::collections::HashSet;

use super::{
    Explanation,
    model::State,
    search::{Finding, search},
    task::{Role, Span, Task},
};
use crate::history::Event;

/// Reads are left out one by one only from windows of up to this many events; larger ones nobody reads whole.
const THINNED_MAX: usize = 200;

/// Explains why no order of `events` reaches the return at `stuck`, if the key held one of `held` at all times before.
pub(super) fn explain(events: &[&Event], stuck: u64, held: &[State], states_max: usize) -> Explanation {
    let whole = || describe(events, Span { from: 0, until: stuck }, &[State::Absent], states_max);
    prove(events, stuck, held, states_max).unwrap_or_else(whole)
}

/// Looks for a window up to `stuck` that has no order from any state of `held`.
///
/// It proves that the whole has none if every order of the whole stays within `held`, as it is in some state at the
/// window's start. A longer window has all the answers of a shorter one to explain, so the latest start is found by
/// halving.
pub(super) fn prove(events: &[&Event], stuck: u64, held: &[State], states_max: usize) -> Option<Explanation> {
    let span = |from| Span { from, until: stuck };
    let from = latest(&starts(events, stuck), |from| has_no_order(events, span(from), held, states_max))?;
    Some(describe(events, span(from), held, states_max))
}

fn has_no_order(events: &[&Event], span: Span, held: &[State], states_max: usize) -> bool {
    matches!(search(&Task::new(events, span), held, states_max), Finding::NoOrder { .. })
}

fn describe(events: &[&Event], span: Span, held: &[State], states_max: usize) -> Explanation {
    let mut shown: Vec<&Event> = events.iter().copied().filter(|event| span.role(event) != Role::Outside).collect();
    shown.sort_by_key(|event| event.invoked);
    thin(&mut shown, span, |events| has_no_order(events, span, held, states_max));

    let (must, may): (Vec<_>, Vec<_>) = shown.into_iter().partition(|event| span.role(event) != Role::May);
    let lens = Task::new(&must, span).lens;
    let held: HashSet<State> = held.iter().map(|state| lens.refocus(state)).collect();
    Explanation {
        events: must.into_iter().cloned().collect(),
        optional: may.into_iter().filter(|event| !lens.step(event).is_pure()).cloned().collect(),
        held_before: held.len(),
    }
}

/// The last of `starts` that has no order, given that with each one those before it have none either.
fn latest(starts: &[u64], has_no_order: impl Fn(u64) -> bool) -> Option<u64> {
    let mut back = 1;
    while back < starts.len() && !has_no_order(starts[starts.len() - back]) {
        back *= 2;
    }
    let (mut low, mut high) = (starts.len().saturating_sub(back), starts.len() - back / 2);
    while low + 1 < high {
        let middle = low.midpoint(high);
        if has_no_order(starts[middle]) {
            low = middle;
        } else {
            high = middle;
        }
    }
    starts.get(low).copied().filter(|start| has_no_order(*start))
}

/// The times at which a window may start: the invocations of answered events up to its end, ascending.
fn starts(events: &[&Event], stuck: u64) -> Vec<u64> {
    let span = Span { from: 0, until: stuck };
    let answered = events.iter().filter(|event| matches!(span.role(event), Role::Must { .. }));
    let mut starts: Vec<u64> = answered.map(|event| event.invoked).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Leaves out the reads without which there is still no order. Leaving out a read cannot take an order away.
fn thin<'a>(shown: &mut Vec<&'a Event>, span: Span, has_no_order: impl Fn(&[&'a Event]) -> bool) {
    if shown.len() > THINNED_MAX {
        return;
    }
    let mut place = 0;
    while place < shown.len() {
        let event = shown[place];
        let lens = Task::new(shown, span).lens;
        let is_read = matches!(span.role(event), Role::Must { .. }) && lens.step(event).is_pure();
        shown.remove(place);
        if !is_read || !has_no_order(shown) {
            shown.insert(place, event);
            place += 1;
        }
    }
}
