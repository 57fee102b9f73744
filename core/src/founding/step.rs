use super::prospect::{Effect, Heard, Prospect, Stage, Word};
use super::{Charter, Founding, Intent, Message, Prepared, Record, Standing, Terms};
use crate::random::splitmix;
use crate::{Features, Incarnation, Index, Least, Seat, Seats, Ticket};

impl<const SEATS: usize> Prospect<SEATS> {
    /// As at a boot: with new numbers, and nothing heard.
    pub(super) fn begin(&mut self) {
        self.founding = Founding(splitmix(&mut self.random));
        self.token = splitmix(&mut self.random);
        self.asker = None;
        self.cluster = None;
        self.heard = [None; SEATS];
        self.told = Seats::NONE;
        self.due = self.now;
    }

    pub(super) fn receive(&mut self, from: Seat, message: &Message) -> Option<Effect> {
        if !self.others.contains(from) {
            return self.refuse();
        }
        // A store between two records is neither, so what arrives then is as if it were lost.
        if self.write.is_some() {
            return None;
        }
        match *message {
            Message::Who { founding, ref terms } => self.who(from, founding, terms),
            Message::Where { token, ref terms } => self.answer(from, token, self.standing(terms)),
            Message::Prepare { founding, token } => self.prepare(from, founding, token),
            Message::Answer { echo, standing } => {
                self.hear(from, echo, standing);
                None
            }
        }
    }

    pub(super) fn persisted(&mut self, ticket: &Ticket) -> Option<Effect> {
        let Some((stage @ Stage::UnderWay, record)) = &mut self.write else { return None };
        if ticket.write != self.writes {
            return None;
        }
        let Record::Prepared(prepared) = *record else {
            *stage = Stage::Done;
            return None;
        };
        self.write = None;
        self.prepared = Some(prepared);
        self.answer(self.founder(), prepared.founding.0, self.standing(&self.terms))
    }

    /// What follows from what is known, and from the time.
    pub(super) fn settle(&mut self) {
        if self.write.is_some() {
            return;
        }
        if self.cluster.is_some_and(|word| self.is_gone(word)) {
            self.begin();
        }
        if self.founds() && self.unprepared().is_empty() {
            self.write = Some((Stage::Due, Record::Complete(self.charter())));
        } else if self.now >= self.due {
            self.asks = if self.founds() { self.unprepared() } else { self.others };
            self.due = self.now.after(self.interval);
        }
    }

    /// The next thing that is due.
    pub(super) fn draw(&mut self) -> Option<Effect> {
        if let Some((stage, record)) = &mut self.write {
            if *stage != Stage::Due {
                return None;
            }
            *stage = Stage::UnderWay;
            self.writes = self.writes.wrapping_add(1);
            return Some(Effect::Persist { ticket: Ticket { write: self.writes }, record: *record });
        }
        if let Some((to, token)) = self.next_to_prepare() {
            self.told = self.told.and(to);
            return Some(Effect::Send { to, message: Message::Prepare { founding: self.founding, token } });
        }
        let to = self.asks.next_from(Seat(0))?;
        self.asks = self.asks.without(to);
        Some(Effect::Send { to, message: self.question() })
    }

    /// Whether a message is due.
    pub(super) fn owes(&self) -> bool {
        !self.asks.is_empty() || self.next_to_prepare().is_some()
    }

    fn refuse(&mut self) -> Option<Effect> {
        self.refused = self.refused.saturating_add(1);
        None
    }

    fn answer(&self, to: Seat, echo: u64, standing: Standing) -> Option<Effect> {
        Some(Effect::Send { to, message: Message::Answer { echo, standing } })
    }

    /// Whether it would be part of a founding now.
    fn is_ready(&self) -> bool {
        self.intent == Intent::Found && self.cluster.is_none()
    }

    /// Whether it founds.
    fn founds(&self) -> bool {
        self.is_ready() && self.founder() == self.seat
    }

    fn standing(&self, terms: &Terms) -> Standing {
        if *terms != self.terms {
            return Standing::Differs(self.terms);
        }
        if !self.is_ready() {
            return Standing::Abstains;
        }
        let prepared = self.prepared.map(|prepared| prepared.founding);
        Standing::Ready { token: self.token, least: self.least, prepared }
    }

    /// A token is good for the founding that asked last: what was said before counts for nothing then.
    fn who(&mut self, from: Seat, founding: Founding, terms: &Terms) -> Option<Effect> {
        if *terms == self.terms && from != self.founder() {
            return self.refuse();
        }
        if *terms == self.terms && self.is_ready() && self.asker != Some(founding) {
            self.asker = Some(founding);
            self.token = splitmix(&mut self.random);
        }
        self.answer(from, founding.0, self.standing(terms))
    }

    fn prepare(&mut self, from: Seat, founding: Founding, token: u64) -> Option<Effect> {
        if from != self.founder() {
            return self.refuse();
        }
        if token != self.token || !self.is_ready() {
            return None;
        }
        let prepared = Prepared { founding, members: self.terms.members };
        if self.prepared == Some(prepared) {
            return self.answer(from, founding.0, self.standing(&self.terms));
        }
        self.write = Some((Stage::Due, Record::Prepared(prepared)));
        None
    }

    /// An answer counts only if it echoes the present question.
    fn hear(&mut self, from: Seat, echo: u64, standing: Standing) {
        if echo != self.number() {
            return;
        }
        let heard = Heard { at: self.now, standing };
        if let Some(place) = self.heard.get_mut(usize::from(from.0)) {
            *place = Some(heard);
        }
        self.told = self.told.without(from);
        if let Standing::Complete(charter) = standing {
            self.hear_of_cluster(from, charter);
        }
    }

    fn hear_of_cluster(&mut self, from: Seat, charter: Charter) {
        let promised = Prepared { founding: charter.founding, members: charter.members };
        let has_promised = self.prepared == Some(promised);
        let knows_all = self.lacks(&charter).is_empty();
        if has_promised && knows_all && !self.founds() {
            self.write = Some((Stage::Due, Record::Complete(charter)));
        } else if !has_promised && knows_all && self.may_join(&charter) {
            let incarnation = Incarnation::drawn(splitmix(&mut self.random));
            self.write = Some((Stage::Due, Record::Joined(charter, incarnation)));
        } else {
            // The founder's question is another one from now on.
            self.due = if self.founds() { self.now } else { self.due };
            let known = self.cluster.filter(|word| word.charter == charter);
            let from = known.map_or(from, |word| word.from);
            self.cluster = Some(Word { from, charter, at: self.now });
        }
    }

    /// Whether to become part of a cluster that is there: a store that has promised nothing to it has lost its disk, or
    /// is yet to be added.
    fn may_join(&self, charter: &Charter) -> bool {
        let is_meant = self.is_meant(charter);
        let has_room = crate::config::members_fault(charter.members, self.seat, SEATS).is_none();
        is_meant && has_room && self.terms.snapshot.position.index == Index(0)
    }

    /// Whether it is to be part of this cluster.
    pub(super) fn is_meant(&self, charter: &Charter) -> bool {
        self.intent == Intent::Join || charter.members.all().contains(self.seat)
    }

    /// What is on by this charter, and not known here.
    pub(super) fn lacks(&self, charter: &Charter) -> Features {
        charter.least.features.without(self.least.features)
    }

    /// What an answer to the present question echoes.
    fn number(&self) -> u64 {
        if self.founds() { self.founding.0 } else { self.token }
    }

    fn question(&self) -> Message {
        if self.founds() {
            Message::Who { founding: self.founding, terms: self.terms }
        } else {
            Message::Where { token: self.token, terms: self.terms }
        }
    }

    /// Those of the others that are not prepared for its own founding.
    fn unprepared(&self) -> Seats {
        let own = Some(self.founding);
        let is_prepared = |seat: &Seat| {
            let standing = self.heard_of(*seat).map(|heard| &heard.standing);
            matches!(standing, Some(Standing::Ready { prepared, .. }) if *prepared == own)
        };
        self.others.iter().filter(|seat| !is_prepared(seat)).fold(Seats::NONE, Seats::and)
    }

    /// Whom to tell next to prepare, and its token, once all have answered.
    fn next_to_prepare(&self) -> Option<(Seat, u64)> {
        let token = |seat| match self.heard_of(seat)?.standing {
            Standing::Ready { token, .. } => Some((seat, token)),
            _ => None,
        };
        let is_answered = self.founds() && self.others.iter().all(|seat| token(seat).is_some());
        let left = Seats(self.unprepared().0 & !self.told.0);
        left.next_from(Seat(0)).filter(|_| is_answered).and_then(token)
    }

    fn charter(&self) -> Charter {
        let others = self.others.iter().filter_map(|seat| match self.heard_of(seat)?.standing {
            Standing::Ready { least, .. } => Some(least),
            _ => None,
        });
        let least = others.fold(self.least, Least::of_both);
        Charter { founding: self.founding, members: self.terms.members, least }
    }
}
