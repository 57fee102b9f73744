use quorate::founding::Prepared;
use quorate::{
    Boot, Charter, Config, ConfigError, HardState, Incarnation, Instant, Members, Recovered, Seat, Snapshot,
};

use quorate_driver::{App, Host};

use crate::stage::{Candidate, Empty, Stage};
use crate::{Pace, StartError};

/// What the flash gives back: of a member its node, of any other store what it is prepared for.
pub(crate) struct Recovery<C, B, const SEATS: usize> {
    config: Config,
    boot: Option<Boot<C, B, SEATS>>,
    prepared: Option<Prepared>,
    pub(crate) charter: Option<Charter>,
    /// Which life of the seat's store this is.
    pub(crate) incarnation: Incarnation,
    /// The latest snapshot.
    pub(crate) latest: Option<Snapshot>,
}

impl<C, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize> Recovery<C, B, SEATS> {
    /// Of a flash of which nothing was read yet.
    #[inline(always)]
    pub(crate) fn new(config: Config) -> Self {
        Recovery { config, boot: None, prepared: None, charter: None, incarnation: Incarnation::FOUNDER, latest: None }
    }

    /// With this memory for the log.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn begin(&mut self, log: B) -> Result<(), ConfigError> {
        self.boot = Some(Boot::recover(self.config.clone(), log)?);
        Ok(())
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
            _ => Ok(self.boot.as_mut().map_or(Ok(()), |boot| boot.take(recovered))?),
        }
    }

    /// A member, whose application has applied nothing yet. The list of members changes nothing, and has to be about the
    /// same cluster.
    ///
    /// Apart from all else, as [`candidate`](Recovery::candidate) is: what the one needs of the stack, the other does not.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn member<H, const CLIENTS: usize>(
        &mut self,
        stage: &mut Stage<H, B, SEATS, CLIENTS>,
        (seat, members): (Seat, Members),
        app: H::App,
        now: Instant,
    ) -> Result<(), StartError>
    where
        H: Host<CLIENTS, App: App<Command = C>>,
    {
        let Some(boot) = self.boot.take() else { return Ok(()) };
        stage.enter(boot, app, now)?;
        let Some(found) = stage.driver().map(|driver| driver.node().members()) else { return Ok(()) };
        if found.are_strangers_to(members.all(), seat) {
            return Err(StartError::Strangers { listed: members.all(), members: found.all() });
        }
        Ok(())
    }

    /// A store that is no member yet.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn candidate<H, const CLIENTS: usize>(
        &mut self,
        stage: &mut Stage<H, B, SEATS, CLIENTS>,
        pace: &Pace,
        (members, empty): (Members, Empty),
        app: H::App,
        now: Instant,
    ) -> Result<(), StartError>
    where
        H: Host<CLIENTS, App: App<Command = C>>,
    {
        let Some(boot) = self.boot.take() else { return Ok(()) };
        let held = (self.prepared, self.latest, boot.into_memory());
        let candidate = Candidate::new(self.config.clone(), pace, (members, empty), held, now)?;
        *stage = Stage::Candidate(candidate, Some(app));
        Ok(())
    }
}
