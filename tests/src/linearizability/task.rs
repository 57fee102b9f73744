//! The operations of one key that a search has to put in order.

use super::model::{Lens, Step};
use crate::history::{Event, Outcome};

/// A part of the history's time, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) until: u64,
}

impl Span {
    pub(super) const ALL: Self = Self { from: 0, until: u64::MAX };

    /// What a search within this span must make of an event.
    pub(super) fn role(self, event: &Event) -> Role {
        let returned = match (&event.outcome, event.returned) {
            (Outcome::Ok(_), Some(returned)) => returned,
            (Outcome::Fail, _) => return Role::Outside,
            (Outcome::Unknown | Outcome::Ok(_), _) => u64::MAX,
        };
        let unknown = event.outcome == Outcome::Unknown;
        if event.invoked > self.until || returned < self.from {
            Role::Outside
        } else if unknown || event.invoked < self.from || returned > self.until {
            Role::May
        } else {
            Role::Must { returned }
        }
    }
}

/// Whether an event has to be in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It happens before or after, or never.
    Outside,
    /// It happens within, or does not.
    May,
    /// It happens within, before this time.
    Must { returned: u64 },
}

/// An operation that has to be in the order.
#[derive(Debug)]
pub(super) struct Must {
    pub(super) invoked: u64,
    pub(super) returned: u64,
    pub(super) step: Step,
}

/// Operations that need not be in the order and have the same effect.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) step: Step,
    /// Ascending. They are used in this order: the earliest is free wherever a later one is.
    pub(super) invoked: Vec<u64>,
}

/// What one search has to solve.
#[derive(Debug)]
pub(super) struct Task {
    /// By invocation.
    pub(super) must: Vec<Must>,
    pub(super) may: Vec<Class>,
    /// For each place in `must`, the smallest return from there on; one more place than `must`.
    pub(super) returns_min: Vec<u64>,
    pub(super) lens: Lens,
}

impl Task {
    pub(super) fn new(events: &[&Event], span: Span) -> Self {
        let mut events: Vec<_> =
            events.iter().map(|event| (*event, span.role(event))).filter(|(_, role)| *role != Role::Outside).collect();
        events.sort_by_key(|(event, _)| event.invoked);
        let lens = Lens::new(events.iter().map(|(event, _)| *event));

        let (mut must, mut may) = (Vec::new(), Vec::<Class>::new());
        let mut classes = std::collections::HashMap::new();
        for (event, role) in events {
            let step = lens.step(event);
            match role {
                Role::Must { returned } => must.push(Must { invoked: event.invoked, returned, step }),
                _ if step.is_pure() => {}
                _ => {
                    let class = *classes.entry(step.clone()).or_insert_with(|| {
                        may.push(Class { step, invoked: Vec::new() });
                        may.len() - 1
                    });
                    may[class].invoked.push(event.invoked);
                }
            }
        }
        let mut returns_min = vec![u64::MAX; must.len() + 1];
        for index in (0..must.len()).rev() {
            returns_min[index] = returns_min[index + 1].min(must[index].returned);
        }
        Self { must, may, returns_min, lens }
    }
}
