use quorate::{Apply, Verdict};

use super::{Oracle, broken};
use crate::simulator::Write;
use crate::simulator::registers::CLIENTS_MAX;
use crate::simulator::shape::Shape;

impl Oracle {
    /// What a node makes of an entry of a session. However late a copy comes, and whoever has lost its place: no
    /// command is done twice, and none is answered with what another came to.
    pub(crate) fn on_verdict(&self, apply: &Apply<'_, Write>, verdict: Verdict<u32>) -> super::Verdict {
        let write = apply.command().expect("the simulator reads its own commands");
        let first = self.applied.get(apply.index().0 as usize - 1).and_then(|applied| applied.verdict);
        if first != Some(verdict) {
            return broken("all make the same of an entry", || format!("{}, but {first:?}", told(apply, verdict)));
        }
        match (verdict, write) {
            (Verdict::Repeated(answer), Some(write)) if answer != write.value => {
                broken("a command is answered with its own answer", || told(apply, verdict))
            }
            (Verdict::Opened { epoch }, _) if epoch != apply.index() || write.is_some() => {
                broken("only who asked for it hears that a session is opened", || told(apply, verdict))
            }
            _ => Ok(()),
        }
    }

    /// The same of the first node that applies the entry.
    pub(crate) fn on_first_verdict(
        &mut self,
        shape: &Shape,
        apply: &Apply<'_, Write>,
        verdict: Verdict<u32>,
    ) -> super::Verdict {
        let Some(session) = apply.session() else { return Ok(()) };
        let write = apply.command().expect("the simulator reads its own commands");
        let latest = self.epochs.get(&session.client).copied();
        let law = match (verdict, write) {
            (Verdict::Fresh, Some(write)) if !self.done.insert(write.value) => "a command is done once",
            (Verdict::Mismatch, Some(write)) if self.done.contains(&write.value) => {
                "a command that was done is not called another's"
            }
            (Verdict::Held { epoch }, _) if latest != Some(epoch) => "a session that is held is its client's latest",
            (Verdict::Expired, _) if shape.clients_max == CLIENTS_MAX && latest == Some(session.epoch) => {
                "an open session does not expire while there is room"
            }
            (Verdict::Opened { epoch }, _) => {
                self.epochs.insert(session.client, epoch);
                return Ok(());
            }
            _ => return Ok(()),
        };
        broken(law, || told(apply, verdict))
    }
}

fn told(apply: &Apply<'_, Write>, verdict: Verdict<u32>) -> String {
    format!("{:?} at {:?}: {verdict:?}", apply.session(), apply.position())
}
