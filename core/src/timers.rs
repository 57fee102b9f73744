use crate::config::{ELECTION_SECONDS_MAX, micros};
use crate::random::splitmix;
use crate::{Config, ConfigError, Instant};

/// The time as the node counts it, and when it has something to do though nothing comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Timers {
    election_micros: u32,
    heartbeat_micros: u32,
    /// The latest time that the node was told.
    pub(crate) now: Instant,
    /// By so many microseconds the driver's clock is behind that: it has jumped back.
    pub(crate) behind: u64,
    /// When the election time-out runs out: a node that does not lead campaigns then, one that leads counts who has
    /// answered it within the time-out.
    pub(crate) timeout_due: Instant,
    /// When the heartbeat interval runs out: what may have got lost is said once more then, by a leader that it is
    /// there, by a candidate or a reading follower what it asks.
    pub(crate) beat_due: Instant,
    random: u64,
}

impl Timers {
    /// Those of a configuration, or the first thing that is wrong with its times.
    pub(crate) fn of(config: &Config) -> Result<Timers, ConfigError> {
        let (heartbeat, election) = (micros(config.heartbeat_interval), micros(config.election_timeout));
        if heartbeat == 0 {
            return Err(ConfigError::HeartbeatTooShort);
        }
        if election / 2 < heartbeat {
            return Err(ConfigError::ElectionTooShort);
        }
        if election > ELECTION_SECONDS_MAX * 1_000_000 {
            return Err(ConfigError::ElectionTooLong);
        }
        Ok(Timers {
            election_micros: election,
            heartbeat_micros: heartbeat,
            now: Instant::START,
            behind: 0,
            timeout_due: Instant::START,
            beat_due: Instant::START,
            random: config.seed ^ (u64::from(config.seat.0) << 56),
        })
    }

    pub(crate) fn election_micros(&self) -> u64 {
        u64::from(self.election_micros)
    }

    pub(crate) fn heartbeat_micros(&self) -> u64 {
        u64::from(self.heartbeat_micros)
    }

    /// Time goes on, by the driver's clock. What that goes back by within a heartbeat interval is jitter.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn go_on(&mut self, told: Instant) {
        let jitter = self.heartbeat_micros();
        self.now.go_on(told, &mut self.behind, jitter);
    }

    /// Whether less than an election time-out has passed since then.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn is_recent(&self, then: Instant) -> bool {
        self.now.micros_since(then) < self.election_micros()
    }

    /// An election time-out from now.
    #[inline(always)]
    pub(crate) fn after_timeout(&self) -> Instant {
        self.now.after(self.election_micros())
    }

    /// The next heartbeat is due an interval from now.
    pub(crate) fn await_beat(&mut self) {
        self.beat_due = self.now.after(self.heartbeat_micros());
    }

    /// Draws the next moment to campaign: one to two election time-outs from now (section 5.2).
    pub(crate) fn rest(&mut self) {
        // A 32-bit fraction of the time-out, which has at most 32 bits itself: no division.
        let timeout = self.election_micros();
        let jitter = ((splitmix(&mut self.random) >> 32) * timeout) >> 32;
        self.timeout_due = self.now.after(timeout + jitter);
    }

    /// Draws all that is random from now on from this seed.
    #[cfg(feature = "checker")]
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.random = seed;
    }

    /// Time starts anew, and nothing is due yet.
    #[cfg(feature = "checker")]
    pub(crate) fn start_anew(&mut self) {
        let Timers { election_micros, heartbeat_micros: _, now, behind, timeout_due, beat_due: _, random } = self;
        (*now, *behind, *random) = (Instant::START, 0, 0);
        *timeout_due = Instant::START.after(2 * u64::from(*election_micros));
        self.await_beat();
    }
}
