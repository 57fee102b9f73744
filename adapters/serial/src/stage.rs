use quorate::founding::{Config as FoundingConfig, Intent, Prepared};
use quorate::{Boot, BootError, Charter, Config, ConfigError, Incarnation, Instant, Members, Prospect, Snapshot};
use quorate_driver::{Driver, Host, Replica};

use crate::Pace;

/// What a station is: a store that is to become a member, with the application that it will replicate, or a member.
#[allow(clippy::large_enum_variant, reason = "a station has room for a node in any case")]
pub(crate) enum Stage<H: Host<CLIENTS>, B, const SEATS: usize, const CLIENTS: usize> {
    /// The application is gone once a driver has it.
    Candidate(Candidate<B, SEATS>, Option<H::App>),
    Member(Driver<H, B, SEATS, CLIENTS>),
}

/// A store that is not complete, and what its node will be made of.
pub(crate) struct Candidate<B, const SEATS: usize> {
    pub(crate) prospect: Prospect<SEATS>,
    config: Config,
    /// It is gone once a node has it.
    log: Option<B>,
}

impl<B: AsRef<[u8]>, const SEATS: usize> Candidate<B, SEATS> {
    /// What to do is said by the incarnation, and by whether the flash ought to hold data.
    pub(crate) fn new(
        config: Config,
        pace: &Pace,
        (members, existing): (Members, bool),
        (prepared, log): (Option<Prepared>, B),
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let founding = FoundingConfig {
            seat: config.identity.seat,
            members,
            snapshot: Snapshot::default(),
            log_bytes: u32::try_from(log.as_ref().len()).unwrap_or(u32::MAX),
            intent: Intent::of(config.identity.incarnation, existing),
            // So seldom that a line which carries a cluster carries the questions of all its members.
            ask_interval: pace.election,
            seed: config.seed,
        };
        let prospect = Prospect::new(&founding, prepared, now)?;
        Ok(Candidate { prospect, config, log: Some(log) })
    }
}

impl<H, B, const SEATS: usize, const CLIENTS: usize> Stage<H, B, SEATS, CLIENTS>
where
    H: Host<CLIENTS>,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// The store is complete: from now on it is a member.
    #[inline(never)]
    pub(crate) fn complete(&mut self, charter: &Charter, now: Instant) -> Result<(), BootError> {
        let Stage::Candidate(Candidate { config, log, .. }, app) = self else { return Ok(()) };
        let (Some(log), Some(app)) = (log.take(), app.take()) else { return Ok(()) };
        let is_first = config.identity.incarnation == Incarnation(0);
        let boot = if is_first { Boot::found } else { Boot::return_without_disk };
        let boot = boot(config.clone(), charter, log).map_err(BootError::Charter)?;
        *self = Stage::Member(Driver::new(boot.start(now)?, Replica::of(app)));
        Ok(())
    }

    /// The state of a member.
    pub(crate) fn replica_mut(&mut self) -> Option<&mut Replica<H::App, CLIENTS>> {
        match self {
            Stage::Member(driver) => Some(driver.replica_mut()),
            Stage::Candidate(..) => None,
        }
    }

    pub(crate) fn driver(&self) -> Option<&Driver<H, B, SEATS, CLIENTS>> {
        match self {
            Stage::Member(driver) => Some(driver),
            Stage::Candidate(..) => None,
        }
    }
}
