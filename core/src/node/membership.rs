use super::Node;
use crate::{Features, Index, KeyId, Members, Roster, Seat, Settled};

/// Who takes part, as the node has it, and what they have in common.
impl<C, B: AsRef<[u8]>, const SEATS: usize> Node<C, B, SEATS> {
    /// Who takes part, by the configuration in force: the last one in the log.
    pub fn members(&self) -> Members {
        self.state.configuration.members
    }

    /// The configuration in force, and the index of the entry that made it; zero for that of the founding.
    pub fn roster(&self) -> (Index, Roster<'_>) {
        let configuration = &self.state.configuration;
        (configuration.since, configuration.roster(self.log_view(), self.settled.as_flattened()))
    }

    /// The last configuration that is known to be committed.
    pub fn settled(&self) -> Settled<'_> {
        self.state.configuration.settled(self.settled.as_flattened())
    }

    /// What is on in the cluster, as far as it is known to be committed: it may be used, and is never off again.
    pub fn features(&self) -> Features {
        self.state.configuration.features
    }

    /// Under which key the members seal what they say, as far as it is known to be committed, and if somebody has said so.
    pub fn key(&self) -> Option<KeyId> {
        self.settled().roster.key()
    }

    /// What this node's build knows: see [`Config::features`](crate::Config::features). What others know, their leader
    /// [hears](crate::Progress::features).
    pub fn known_features(&self) -> Features {
        self.state.settings.features
    }

    /// The same, unless it is durable as such. A host that takes a snapshot without being asked makes it durable before its
    /// log forgets what the snapshot covers: see [`Snapshotted`](crate::Snapshotted).
    pub fn unsettled(&self) -> Option<Settled<'_>> {
        (!self.state.is_settled_durable()).then(|| self.settled())
    }

    /// Whether the configuration in force is known to be committed.
    pub fn is_settled(&self) -> bool {
        !self.state.configuration.is_pending()
    }

    /// Whether members change: in a joint phase, by an entry that is not known to be committed, or, at the leader, by a
    /// change that waits.
    pub fn is_changing(&self) -> bool {
        !self.is_settled() || self.members().is_joint() || self.pending_change().is_some()
    }

    /// At the leader that was asked: which learner is to become a voter once it has caught up, or which voter is to go once
    /// the others have answered.
    pub fn pending_change(&self) -> Option<Seat> {
        self.state.lead.plan.map(|plan| plan.seat)
    }

    /// Whether the configuration in force names this store: its seat, in its own life.
    pub fn is_member(&self) -> bool {
        self.state.configuration.names(self.seat())
    }
}
