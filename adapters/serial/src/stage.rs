use quorate::founding::{Config as FoundingConfig, Intent, Message, Obstacle, Prepared, Standing};
use quorate::{
    Boot, BootError, Charter, Config, ConfigError, HardState, Incarnation, Instant, Members, Prospect, Recovered, Seat,
    Snapshot,
};
use quorate_driver::{App, Driver, Host, Replica};

use crate::Pace;

/// What a station is: nothing yet, a store that is to become a member, with the application that it will replicate, or a
/// member.
#[allow(clippy::large_enum_variant, reason = "a station has room for a node in any case")]
pub(crate) enum Stage<H: Host<CLIENTS>, B, const SEATS: usize, const CLIENTS: usize> {
    /// Its flash is being read.
    Opening,
    /// The application is gone once a driver has it.
    Candidate(Candidate<B, SEATS>, Option<H::App>),
    Member(Driver<H, B, SEATS, CLIENTS>),
}

/// A store that is not complete, and what its node will be made of.
pub(crate) struct Candidate<B, const SEATS: usize> {
    pub(crate) prospect: Prospect<SEATS>,
    empty: Empty,
    /// The cluster that it must not join, and who told.
    barred: Option<(Seat, Charter)>,
    config: Config,
    /// What it was restored from.
    restored: Option<Snapshot>,
    /// It is gone once a node has it.
    log: Option<B>,
}

/// What a store may do whose flash holds no cluster's data.
#[derive(Clone, Copy)]
pub(crate) struct Empty {
    pub(crate) founds: bool,
    pub(crate) joins: bool,
}

impl<B: AsRef<[u8]>, const SEATS: usize> Candidate<B, SEATS> {
    pub(crate) fn new(
        config: Config,
        pace: &Pace,
        (members, empty): (Members, Empty),
        (prepared, restored, log): (Option<Prepared>, Option<Snapshot>, B),
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let founding = FoundingConfig {
            seat: config.seat,
            members,
            snapshot: restored.unwrap_or_default(),
            log_bytes: u32::try_from(log.as_ref().len()).unwrap_or(u32::MAX),
            entry_bytes_max: config.entry_bytes_max,
            election_timeout: config.election_timeout,
            features: config.features,
            intent: if empty.founds { Intent::Found } else { Intent::Join },
            // So seldom that a line which carries a cluster carries the questions of all its members.
            ask_interval: pace.election,
            seed: config.seed,
        };
        let prospect = Prospect::new(&founding, prepared, now)?;
        Ok(Candidate { prospect, empty, barred: None, config, restored, log: Some(log) })
    }

    /// Whether the store is to hear this. One that must not join a cluster hears of none but that which it has promised to
    /// be part of: the number that it would draw for its life may be that of an earlier one.
    pub(crate) fn may_hear(&mut self, from: Seat, message: &Message) -> bool {
        let Message::Answer { standing: Standing::Complete(charter), .. } = *message else { return true };
        let Charter { founding, members, .. } = charter;
        let has_promised = self.prospect.prepared() == Some(Prepared { founding, members });
        let may_hear = self.empty.joins || has_promised;
        if !may_hear {
            self.barred = Some((from, charter));
        }
        may_hear
    }

    /// Why it is no member yet.
    pub(crate) fn obstacle(&self) -> Obstacle {
        let barred = self.barred.map(|(from, charter)| Obstacle::Cluster { from, charter });
        barred.unwrap_or_else(|| self.prospect.obstacle())
    }
}

impl<H, B, const SEATS: usize, const CLIENTS: usize> Stage<H, B, SEATS, CLIENTS>
where
    H: Host<CLIENTS>,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// The store is complete: from now on it is a member. The snapshot that it was restored from, if it was: the
    /// application has yet to be given it.
    #[inline(never)]
    pub(crate) fn complete(
        &mut self,
        charter: &Charter,
        incarnation: Incarnation,
        now: Instant,
    ) -> Result<Option<Snapshot>, BootError> {
        let Stage::Candidate(Candidate { config, restored, log, .. }, app) = self else { return Ok(None) };
        let restored = *restored;
        let (Some(log), Some(app)) = (log.take(), app.take()) else { return Ok(None) };
        // What the flash holds now.
        let mut boot = Boot::recover(config.clone(), log).map_err(BootError::Charter)?;
        boot.take(match incarnation {
            Incarnation::FOUNDER => Recovered::Charter(*charter),
            drawn => Recovered::Joined(*charter, drawn),
        })?;
        if let Some(snapshot) = restored {
            boot.take(Recovered::Snapshot(snapshot))?;
            boot.take(Recovered::HardState(HardState { term: snapshot.position.term, vote: None }))?;
        }
        self.enter(boot, app, now)?;
        Ok(restored)
    }

    /// Becomes a member, whose application has applied nothing yet. What it was makes way first: so the node is moved once,
    /// to where it stays.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn enter(
        &mut self,
        boot: Boot<<H::App as App>::Command, B, SEATS>,
        app: H::App,
        now: Instant,
    ) -> Result<(), BootError> {
        let node = boot.start(now)?;
        *self = Stage::Opening;
        *self = Stage::Member(Driver::new(node, Replica::of(app)));
        Ok(())
    }

    /// The state of a member.
    pub(crate) fn replica_mut(&mut self) -> Option<&mut Replica<H::App, CLIENTS>> {
        match self {
            Stage::Member(driver) => Some(driver.replica_mut()),
            Stage::Candidate(..) | Stage::Opening => None,
        }
    }

    pub(crate) fn driver(&self) -> Option<&Driver<H, B, SEATS, CLIENTS>> {
        match self {
            Stage::Member(driver) => Some(driver),
            Stage::Candidate(..) | Stage::Opening => None,
        }
    }
}
