use super::{Oracle, Verdict, broken};
use crate::simulator::machine::Machine;

impl Oracle {
    /// What a node has marked it never forgets: in elections its log counts as no older than its disk says.
    pub(super) fn check_mark(&self, of: &Machine) -> Verdict {
        let Some(node) = of.node() else { return Ok(()) };
        let (disk, story) = (&of.disk.durable, || format!("node {} of {:?}", of.seat.0, of.disk.durable.last_mark()));
        if node.recency().term < disk.mark {
            return broken("a mark is never forgotten", story);
        }
        // In a later term a leader may bring what an earlier one had not.
        let inherited = self.leaders.get(&disk.mark).filter(|_| disk.mark == disk.hard_state.term);
        let last = disk.last_mark().last;
        if inherited.is_some_and(|leader| last.index > leader.inherited) && last.term != disk.mark {
            return broken("behind what a leader inherited, who has marked its term holds what is the leader's", story);
        }
        Ok(())
    }
}
