use quorate::founding::{Message, Record, Standing};
use quorate::{Charter, Index, Least, Seats};

use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;
use crate::simulator::shape::Shape;

impl Oracle {
    /// A store says how it stands to a founding: that is as durable as what a node says.
    pub(crate) fn on_word(&self, from: &Machine, message: &Message) -> Verdict {
        let Message::Answer { standing, .. } = message else { return Ok(()) };
        let is_durable = match (*standing, from.disk.durable.founding) {
            (Standing::Ready { prepared, .. }, Some(Record::Prepared(durable))) => prepared == Some(durable.founding),
            (Standing::Ready { prepared, .. }, None) => prepared.is_none(),
            (Standing::Complete(charter), Some(Record::Complete(durable) | Record::Joined(durable, _))) => {
                durable == charter
            }
            (Standing::Complete(_), _) | (Standing::Ready { .. }, Some(Record::Complete(_) | Record::Joined(..))) => {
                false
            }
            (Standing::Abstains | Standing::Differs(_), _) => true,
        };
        if is_durable {
            return Ok(());
        }
        broken("what a store says of a founding is durable", || {
            format!("node {} says {message:?}, its disk has {:?}", from.seat.0, from.disk.durable.founding)
        })
    }

    /// A node starts on a store that is complete.
    pub(crate) fn on_member(&mut self, shape: &Shape, member: &Machine, all: &[Machine]) -> Verdict {
        let story = || format!("node {} of {:?}", member.seat.0, member.disk.charter());
        let Some(charter) = member.disk.charter() else { return broken("only a complete store has a node", story) };
        // What the builds knew that founded it.
        let least = Least { features: charter.least.features, ..shape.charter(charter.founding).least };
        if charter != (Charter { least, ..shape.charter(charter.founding) }) || !member.knows.contains(least.features) {
            return broken("a charter names all members, the smallest log and what its store's build knows", story);
        }
        let is_other = |other: &Charter| *other != charter;
        if all.iter().any(|other| !other.is_rotten && other.disk.charter().as_ref().is_some_and(is_other)) {
            return broken("all stores that are complete have one charter", story);
        }
        let disk = *self.complete.entry((charter.founding, member.identity())).or_insert(member.lost);
        if disk != member.lost {
            return broken("no store is complete in one founding twice", story);
        }
        Ok(())
    }

    /// The first command waits until all founders' stores are complete that are members yet. One that was lost since counts
    /// as such. Once a snapshot covers changes of members, nobody can tell any more whether it covers a command.
    pub(super) fn check_first(&self, by: &Machine, all: &[Machine]) -> Verdict {
        if all.iter().any(|machine| machine.disk.covered() > Index(0)) {
            return Ok(());
        }
        let founders = &all[..all.len().min(self.founders)];
        let members = by.roster().map_or(Seats::NONE, |(_, roster)| roster.members().all());
        let is_open = |machine: &&Machine| !(machine.is_member() || machine.has_lost() || machine.has_lost_a_store());
        match founders.iter().filter(|machine| members.contains(machine.seat)).find(is_open) {
            Some(machine) => broken("nothing is applied before all stores are complete", || {
                format!("node {} is not", machine.seat.0)
            }),
            None => Ok(()),
        }
    }

    /// A founder's store joins the cluster in another life: it must have lost its disk.
    pub(crate) fn on_joined(&self, store: &Machine) -> Verdict {
        if store.has_lost_a_store() || usize::from(store.seat.0) >= self.founders {
            return Ok(());
        }
        broken("a store that has lost nothing is part of the cluster", || format!("node {}", store.seat.0))
    }
}
