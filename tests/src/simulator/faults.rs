use fastrand::Rng;

/// How often what goes wrong. Rates are in millionths of the occasions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// Frames lost.
    pub lose: u32,
    /// Frames that arrive twice.
    pub repeat: u32,
    /// Frames late by up to three seconds.
    pub delay: u32,
    /// Frames with a flipped bit or a lost end.
    pub garble: u32,
    /// Frames of any time in the past that arrive once more.
    pub replay: u32,
    /// Crashes, for each effect that is carried out.
    pub crash: u32,
    /// Drawing left off, for each effect.
    pub leave: u32,
    /// Changes of the network, each about so many milliseconds; 0 for never.
    pub network_every_ms: u32,
    /// Pauses of a node, for each of its events.
    pub pause: u32,
    /// Whether frames between two nodes arrive in the order in which they were sent.
    pub in_order: bool,
    /// A frame takes up to this many microseconds.
    pub latency_max: u64,
    /// A sync takes up to this many microseconds.
    pub sync_max: u64,
    /// Clocks run fast or slow by up to this many millionths.
    pub drift: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults = Faults {
        lose: 0,
        repeat: 0,
        delay: 0,
        garble: 0,
        replay: 0,
        crash: 0,
        leave: 0,
        network_every_ms: 0,
        pause: 0,
        in_order: false,
        latency_max: 500,
        sync_max: 2_000,
        drift: 0,
    };

    /// A mix that the seed chooses: some runs are mild, some are wild, and each kind is now and then absent.
    pub fn random(rng: &mut Rng) -> Faults {
        let mut rate = |max: u32| if rng.u8(..4) == 0 { 0 } else { rng.u32(0..=max) };
        Faults {
            lose: rate(300_000),
            repeat: rate(300_000),
            delay: rate(50_000),
            garble: rate(20_000),
            replay: rate(100_000),
            crash: rate(3_000),
            leave: rate(100_000),
            network_every_ms: rate(2_000),
            pause: rate(500),
            latency_max: u64::from(rate(40_000)).max(200),
            sync_max: u64::from(rate(60_000)).max(100),
            drift: rate(100_000),
            in_order: rng.bool(),
        }
    }

    pub(crate) fn happens(&self, rng: &mut Rng, rate: u32) -> bool {
        rate > 0 && rng.u32(..1_000_000) < rate
    }
}

/// How often what went wrong in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each field is named for its fault")]
pub struct Tally {
    pub lost: u64,
    pub repeated: u64,
    pub delayed: u64,
    pub garbled: u64,
    pub replayed: u64,
    pub cut: u64,
    pub crashes: u64,
    pub torn: u64,
    pub left: u64,
    pub pauses: u64,
    pub network_changes: u64,
}

impl Tally {
    /// Each kind by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("lost", self.lost),
            ("repeated", self.repeated),
            ("delayed", self.delayed),
            ("garbled", self.garbled),
            ("replayed", self.replayed),
            ("cut", self.cut),
            ("crashes", self.crashes),
            ("torn writes", self.torn),
            ("left undrawn", self.left),
            ("pauses", self.pauses),
            ("network changes", self.network_changes),
        ]
        .into_iter()
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Tally) {
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.delayed += other.delayed;
        self.garbled += other.garbled;
        self.replayed += other.replayed;
        self.cut += other.cut;
        self.crashes += other.crashes;
        self.torn += other.torn;
        self.left += other.left;
        self.pauses += other.pauses;
        self.network_changes += other.network_changes;
    }
}
