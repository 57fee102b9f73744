use quorate::Instant;

use super::shape::HEARTBEAT_MICROS;

/// What one machine takes for the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// It gains so many millionths.
    drift: i64,
    /// It is ahead by so many microseconds, beside its drift.
    ahead: i64,
    /// What the node that runs takes for the time, which never goes back.
    shown: u64,
    /// By so much the clock is behind that, because it has jumped back.
    behind: u64,
}

impl Clock {
    pub(crate) fn new(drift: i64) -> Clock {
        Clock { drift, ahead: START_MICROS, shown: 0, behind: 0 }
    }

    pub(crate) fn read(&mut self, now: u64) -> Instant {
        let time = self.time(now);
        let back = self.shown.saturating_sub(time + self.behind);
        if back > HEARTBEAT_MICROS {
            self.behind += back;
        }
        self.shown = self.shown.max(time + self.behind);
        Instant::from_micros(time)
    }

    /// As a node reads it that starts: what it showed to an earlier one is nothing to that.
    pub(crate) fn read_anew(&mut self, now: u64) -> Instant {
        (self.shown, self.behind) = (0, 0);
        self.read(now)
    }

    /// What the node that runs takes for the time.
    pub(crate) fn shown(&self) -> u64 {
        self.shown
    }

    fn time(&self, now: u64) -> u64 {
        let now = now as i64;
        (now + now * self.drift / 1_000_000 + self.ahead).max(0) as u64
    }

    /// When it will show that.
    pub(crate) fn when(&self, clock: Instant) -> u64 {
        let time = (clock.as_micros() as i64 - self.ahead).max(0);
        (time * 1_000_000 / (1_000_000 + self.drift)) as u64 + 1
    }

    pub(crate) fn jump(&mut self, micros: i64) {
        self.ahead += micros;
    }

    /// Goes ahead until it shows that, unless it has.
    pub(crate) fn jump_to(&mut self, now: u64, clock: Instant) {
        self.ahead += clock.as_micros().saturating_sub(self.time(now)) as i64;
    }

    /// From now on it runs as it should.
    pub(crate) fn mend(&mut self, now: u64) {
        let time = self.time(now);
        self.drift = 0;
        self.ahead = time as i64 - now as i64;
    }
}

/// Clocks show so much at the beginning, so that they have room to jump back. They never stand still.
const START_MICROS: i64 = 1_000_000_000_000;
