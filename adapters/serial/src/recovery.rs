use quorate::founding::Prepared;
use quorate::{Boot, Charter, Config, ConfigError, Instant, Members, Recovered, Snapshot};

use crate::stage::{Begun, Candidate};
use crate::{Pace, StartError};

/// What the flash gives back: of a member its node, of any other store what it is prepared for.
pub(crate) struct Recovery<C, B, const SEATS: usize> {
    config: Config,
    boot: Boot<C, B, SEATS>,
    prepared: Option<Prepared>,
    pub(crate) charter: Option<Charter>,
    /// The latest snapshot.
    pub(crate) latest: Option<Snapshot>,
}

impl<C, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize> Recovery<C, B, SEATS> {
    #[inline(never)]
    pub(crate) fn new(config: Config, log: B) -> Result<Self, ConfigError> {
        let boot = Boot::recover(config.clone(), log)?;
        Ok(Recovery { config, boot, prepared: None, charter: None, latest: None })
    }

    pub(crate) fn take(&mut self, recovered: Recovered<'_>) -> Result<(), StartError> {
        match recovered {
            Recovered::Prepared(prepared) => {
                self.prepared = Some(prepared);
                return Ok(());
            }
            Recovered::Charter(charter) => self.charter = Some(charter),
            Recovered::Snapshot(snapshot) => self.latest = Some(snapshot),
            _ => {}
        }
        Ok(self.boot.take(recovered)?)
    }

    /// A member's node. The list of members changes nothing, and has to be about the same cluster.
    ///
    /// What this and [`candidate`](Recovery::candidate) take of the stack, they give back before the station is put
    /// together.
    #[inline(never)]
    pub(crate) fn node(self, members: Members, now: Instant) -> Result<Begun<C, B, SEATS>, StartError> {
        let node = self.boot.start(now)?;
        if node.members().are_strangers_to(members.all(), node.seat()) {
            return Err(StartError::Strangers { listed: members.all(), members: node.members().all() });
        }
        Ok(Begun::Node(node))
    }

    /// A store that is no member yet.
    #[inline(never)]
    pub(crate) fn candidate(
        self,
        pace: &Pace,
        members: Members,
        existing: bool,
        now: Instant,
    ) -> Result<Begun<C, B, SEATS>, StartError> {
        let log = self.boot.into_memory();
        Ok(Begun::Candidate(Candidate::new(self.config, pace, (members, existing), (self.prepared, log), now)?))
    }
}
