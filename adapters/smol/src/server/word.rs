use quorate::Settled;

use super::Server;
use crate::{App, Event};

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// Uses the key that the members have said to use, once that is known to be committed here. What the data say holds from the
    /// start on, before this node has said anything.
    pub(super) fn follow_word(&mut self) {
        let Settled { since, roster } = self.driver.node().settled();
        if self.heeded == Some(since) {
            return;
        }
        self.heeded = Some(since);
        if let (Some(key), Some(keys)) = (roster.key(), &self.machine.link.config().keys) {
            keys.follow(since, key);
        }
    }
}
