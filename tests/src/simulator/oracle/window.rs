use std::collections::BTreeMap;

use quorate::{Entries, Incarnation, Index, Outcome, Term};

use super::{Verdict, broken};
use crate::simulator::shape::Shape;

/// What a leader has on the way to one follower, as the wire shows it.
#[derive(Default)]
pub(super) struct Window {
    reign: Reign,
    /// The follower's.
    incarnation: Incarnation,
    /// The latest stamp that was sent.
    sent: u64,
    /// The latest stamp that came back.
    echoed: u64,
    /// The same from a life that counted then.
    answered: u64,
    /// When each life of the follower's store was last heard in this reign, by the leader's own clock.
    lives: BTreeMap<Incarnation, u64>,
    /// The latest index that was acknowledged in this reign.
    pub(super) matched: Index,
    /// What the leader says that it knows the follower to have.
    pub(super) known: Index,
    /// Whether the follower has acknowledged anything in this reign.
    pub(super) is_in_line: bool,
    /// When this reign began, by the leader's own clock.
    began: u64,
    /// The lengths of the records that were sent and not acknowledged.
    sizes: BTreeMap<Index, usize>,
}

/// A life of the leader's machine, and its term.
pub(super) type Reign = (u64, Term);

impl Window {
    /// What was on the way in another reign counts no longer, and what another life knew is forgotten.
    pub(super) fn enter(&mut self, reign: Reign, now: u64) {
        if self.reign != reign {
            *self = Window { reign, incarnation: self.incarnation, began: now, ..Window::default() };
        }
    }

    /// When this life of the follower's store was last heard, or this reign began.
    pub(super) fn heard(&self, life: Incarnation) -> u64 {
        self.lives.get(&life).map_or(self.began, |heard| self.began.max(*heard))
    }

    /// Whether more than one life of the follower's store was heard in this reign.
    pub(super) fn heard_others(&self) -> bool {
        self.lives.len() > 1
    }

    /// The latest stamp of this reign that was sent.
    pub(super) fn sent_in(&self, reign: Reign) -> u64 {
        if self.reign == reign { self.sent } else { 0 }
    }

    /// Whether the follower has answered, while it counted, something that was sent in this reign after that stamp.
    pub(super) fn has_answered(&self, reign: Reign, sent: u64) -> bool {
        self.reign == reign && self.answered > sent
    }

    pub(super) fn on_sent(&mut self, (reign, now): (Reign, u64), stamp: u64) {
        self.enter(reign, now);
        self.sent = self.sent.max(stamp);
    }

    /// Rule 9 of those in `tests/mutants.txt`: neither messages nor bytes pile up. What the leader has forgotten, as a
    /// snapshot covers it, counts no longer for a follower that has acknowledged nothing to it yet.
    pub(super) fn on_append(
        &mut self,
        (reign, now): (Reign, u64),
        stamp: u64,
        entries: Entries<'_>,
        covered: Index,
        shape: &Shape,
    ) -> Verdict {
        self.enter(reign, now);
        if entries.is_empty() {
            return Ok(());
        }
        let messages = stamp - self.echoed;
        if self.matched == Index(0) {
            self.sizes.retain(|sent, _| *sent > covered);
        }
        for entry in entries {
            self.sizes.insert(entry.position().index, entry.record().len());
        }
        let (sent, bytes) = (entries.bytes().len(), self.sizes.values().sum::<usize>());
        let is_within = messages <= u64::from(shape.inflight_messages_max)
            && sent <= shape.entry_bytes_max
            && bytes < shape.inflight_bytes_max + shape.entry_bytes_max;
        if is_within {
            return Ok(());
        }
        broken("what is on the way stays within the window", || {
            format!("{messages} messages, {sent} bytes in this one, {bytes} bytes in all; {shape:?}")
        })
    }

    pub(super) fn on_ack(
        &mut self,
        (reign, now): (Reign, u64),
        (incarnation, counts): (Incarnation, bool),
        stamp: u64,
        outcome: Outcome,
    ) {
        if self.reign != reign || outcome == Outcome::Stale {
            return;
        }
        if incarnation != self.incarnation {
            // Nothing of what another life was sent is there; the leader may take the word of either.
            self.incarnation = incarnation;
            self.known = Index(0);
            self.sizes.clear();
        }
        self.lives.insert(incarnation, now);
        self.echoed = self.echoed.max(stamp);
        if counts {
            self.answered = self.echoed;
        }
        if let Outcome::Matched(index) | Outcome::Full(index) = outcome {
            self.is_in_line = true;
            self.matched = self.matched.max(index);
            self.sizes.retain(|sent, _| *sent > index);
        }
    }
}
