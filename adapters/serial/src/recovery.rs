use quorate::founding::Prepared;
use quorate::{Boot, Charter, Config, ConfigError, HardState, Incarnation, Instant, Members, Recovered, Snapshot};

use quorate_driver::{App, Driver, Host, Replica};

use crate::stage::{Candidate, Empty, Stage};
use crate::{Pace, StartError};

/// What the flash gives back: of a member its node, of any other store what it is prepared for.
pub(crate) struct Recovery<C, B, const SEATS: usize> {
    config: Config,
    boot: Boot<C, B, SEATS>,
    prepared: Option<Prepared>,
    pub(crate) charter: Option<Charter>,
    /// Which life of the seat's store this is.
    pub(crate) incarnation: Incarnation,
    /// The latest snapshot.
    pub(crate) latest: Option<Snapshot>,
}

impl<C, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize> Recovery<C, B, SEATS> {
    #[inline(never)]
    pub(crate) fn new(config: Config, log: B) -> Result<Self, ConfigError> {
        let boot = Boot::recover(config.clone(), log)?;
        Ok(Recovery { config, boot, prepared: None, charter: None, incarnation: Incarnation::FOUNDER, latest: None })
    }

    pub(crate) fn take(&mut self, recovered: Recovered<'_>) -> Result<(), StartError> {
        match recovered {
            Recovered::Prepared(prepared) => self.prepared = Some(prepared),
            Recovered::Charter(charter) => self.charter = Some(charter),
            Recovered::Joined(charter, incarnation) => (self.charter, self.incarnation) = (Some(charter), incarnation),
            Recovered::Snapshot(snapshot) => self.latest = Some(snapshot),
            _ => {}
        }
        match recovered {
            // A flash is restored to a snapshot, and a term in which nobody was voted for.
            Recovered::Prepared(_) | Recovered::Snapshot(_) if self.charter.is_none() => Ok(()),
            Recovered::HardState(HardState { vote: None, .. }) if self.charter.is_none() && self.latest.is_some() => {
                Ok(())
            }
            _ => Ok(self.boot.take(recovered)?),
        }
    }

    /// A member, whose application has applied nothing yet. The list of members changes nothing, and has to be about the
    /// same cluster.
    ///
    /// What this and [`candidate`](Recovery::candidate) take of the stack, they give back before the station is put
    /// together.
    #[inline(never)]
    pub(crate) fn member<H, const CLIENTS: usize>(
        self,
        members: Members,
        app: H::App,
        now: Instant,
    ) -> Result<Stage<H, B, SEATS, CLIENTS>, StartError>
    where
        H: Host<CLIENTS, App: App<Command = C>>,
    {
        let node = self.boot.start(now)?;
        if node.members().are_strangers_to(members.all(), node.seat()) {
            return Err(StartError::Strangers { listed: members.all(), members: node.members().all() });
        }
        Ok(Stage::Member(Driver::new(node, Replica::of(app))))
    }

    /// A store that is no member yet.
    #[inline(never)]
    pub(crate) fn candidate<H, const CLIENTS: usize>(
        self,
        pace: &Pace,
        (members, empty): (Members, Empty),
        app: H::App,
        now: Instant,
    ) -> Result<Stage<H, B, SEATS, CLIENTS>, StartError>
    where
        H: Host<CLIENTS, App: App<Command = C>>,
    {
        let held = (self.prepared, self.latest, self.boot.into_memory());
        let candidate = Candidate::new(self.config, pace, (members, empty), held, now)?;
        Ok(Stage::Candidate(candidate, Some(app)))
    }
}
