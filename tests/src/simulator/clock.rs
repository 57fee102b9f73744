use quorate::Instant;

/// What one machine takes for the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// It gains so many millionths.
    drift: i64,
    /// It is ahead by so many microseconds, beside its drift.
    ahead: i64,
    /// The latest time that it showed to the node that runs.
    shown: u64,
}

impl Clock {
    pub(crate) fn new(drift: i64) -> Clock {
        Clock { drift, ahead: 0, shown: 0 }
    }

    pub(crate) fn read(&mut self, now: u64) -> Instant {
        let time = self.time(now);
        self.shown = self.shown.max(time);
        Instant::from_micros(time)
    }

    /// As a node reads it that starts: what it showed to an earlier one is nothing to that.
    pub(crate) fn read_anew(&mut self, now: u64) -> Instant {
        self.shown = 0;
        self.read(now)
    }

    /// The latest time that it showed to the node that runs: that one's time does not go back.
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

    /// From now on it runs as it should, and on from the latest time that it showed.
    pub(crate) fn mend(&mut self, now: u64) {
        let time = self.time(now).max(self.shown);
        self.drift = 0;
        self.ahead = time as i64 - now as i64;
    }
}
