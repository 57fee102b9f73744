use clap::ValueEnum;
use fastrand::Rng;

use super::Schedule;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Fault {
    /// Frames, requests and answers are lost.
    Loss,
    /// Frames arrive twice.
    Repeat,
    /// Frames are late by up to three seconds.
    Delay,
    /// Frames overtake each other.
    Reorder,
    /// Frames take long.
    Latency,
    /// Frames have a flipped bit or lost their end.
    Garble,
    /// Frames and requests of any time in the past, also of an earlier boot, arrive once more.
    Replay,
    /// Only some members reach each other.
    Subset,
    /// The members are split in two.
    Partition,
    /// Two sides see each other only through one member.
    Bridge,
    /// One direction of one link is cut.
    OneWay,
    /// A link comes and goes.
    Flap,
    /// All messages of one kind are lost.
    Deaf,
    /// A node stops between two effects, and loses what was not synced.
    Crash,
    /// A write or a sync fails: the node stops at once.
    FailedSync,
    /// The disk is full when a file has to grow: the node stops at once.
    FullDisk,
    /// A bit of a stopped node's disk flips: the node must not come back, or with nothing lost.
    Rot,
    /// A stopped node's disk is gone, or what has rotted is thrown away: the node comes back with an empty one, in another
    /// life.
    LostDisk,
    /// Syncs take long.
    SlowDisk,
    /// The logs have little memory, or those of a few members.
    SmallLog,
    /// A node does nothing for a while.
    Pause,
    /// A node takes long over each event for a while.
    SlowNode,
    /// A clock jumps, forward or back.
    Jump,
    /// A clock runs fast or slow.
    Drift,
    /// Writing a snapshot fails, or the disk is full: the log goes on, and the snapshot before stays in force.
    FailedSnapshot,
    /// Snapshots take long to write.
    SlowSnapshot,
    /// An app takes no snapshot when it is asked for one.
    NoSnapshot,
    /// A host removes each snapshot that its node does not name, as soon as it may.
    Prune,
    /// A node that stopped stays away while the others go on.
    Away,
    /// The stores are empty at first, and found their cluster.
    Founding,
    /// A new node joins when the others have long begun.
    Late,
    /// A driver does not draw all effects at once.
    Leave,
    /// An app is busy: a driver draws the other effects only.
    BusyApp,
    /// An operator hands leadership over.
    Transfer,
    /// There is room for the sessions of a few clients only.
    FewSessions,
    /// Two clients have the same number.
    Twins,
    /// A client has forgotten its session, or goes on with an old copy of it.
    Restart,
    /// Pieces of snapshots are late by up to three seconds: meanwhile another leader may have brought what they cover.
    LatePiece,
    /// An operator adds members, promotes, moves and removes them.
    Change,
    /// Machines start as older and newer builds, and an operator switches on what they know.
    Builds,
    /// What was sealed or said arrives again at any time: where it was meant to, back at its sender, or at another member.
    Attack,
    /// An operator changes the keys.
    Rekey,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Fault; 42] = [
        Fault::Loss,
        Fault::Repeat,
        Fault::Delay,
        Fault::Reorder,
        Fault::Latency,
        Fault::Garble,
        Fault::Replay,
        Fault::Subset,
        Fault::Partition,
        Fault::Bridge,
        Fault::OneWay,
        Fault::Flap,
        Fault::Deaf,
        Fault::Crash,
        Fault::FailedSync,
        Fault::FullDisk,
        Fault::Rot,
        Fault::LostDisk,
        Fault::SlowDisk,
        Fault::SmallLog,
        Fault::Pause,
        Fault::SlowNode,
        Fault::Jump,
        Fault::Drift,
        Fault::FailedSnapshot,
        Fault::SlowSnapshot,
        Fault::NoSnapshot,
        Fault::Prune,
        Fault::Away,
        Fault::Founding,
        Fault::Late,
        Fault::Leave,
        Fault::BusyApp,
        Fault::Transfer,
        Fault::FewSessions,
        Fault::Twins,
        Fault::Restart,
        Fault::LatePiece,
        Fault::Change,
        Fault::Builds,
        Fault::Attack,
        Fault::Rekey,
    ];

    /// Those that disturb the order in which a phase lets things happen.
    const DISORDER: [Fault; 12] = [
        Fault::Loss,
        Fault::Repeat,
        Fault::Delay,
        Fault::Reorder,
        Fault::Latency,
        Fault::Garble,
        Fault::SlowDisk,
        Fault::Pause,
        Fault::SlowNode,
        Fault::Jump,
        Fault::Leave,
        Fault::BusyApp,
    ];

    /// The name that the command line knows.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The highest rate: millionths of the occasions, unless said otherwise.
    fn rate_max(self) -> u32 {
        match self {
            Fault::Loss | Fault::Repeat | Fault::BusyApp => 300_000,
            Fault::LatePiece => 900_000,
            Fault::Delay | Fault::SlowNode => 50_000,
            Fault::Garble | Fault::FailedSync | Fault::FullDisk | Fault::Restart => 20_000,
            Fault::Replay | Fault::Leave | Fault::Drift | Fault::Attack => 100_000,
            Fault::Crash => 3_000,
            Fault::Rot | Fault::LostDisk | Fault::Transfer | Fault::FailedSnapshot | Fault::Away | Fault::Late => {
                250_000
            }
            Fault::NoSnapshot | Fault::Change => 500_000,
            Fault::Pause | Fault::Jump => 500,
            // Microseconds.
            Fault::Latency => 40_000,
            Fault::SlowDisk => 60_000,
            Fault::SlowSnapshot => 300_000,
            // There or not.
            Fault::Reorder
            | Fault::Subset
            | Fault::Partition
            | Fault::Bridge
            | Fault::OneWay
            | Fault::Flap
            | Fault::Deaf
            | Fault::SmallLog
            | Fault::Prune
            | Fault::Founding
            | Fault::FewSessions
            | Fault::Twins
            | Fault::Builds
            | Fault::Rekey => 1,
        }
    }
}

/// How often what goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    rates: [u32; Fault::ALL.len()],
    /// The network changes about this often.
    pub(crate) spell_micros: u64,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults = Faults { rates: [0; Fault::ALL.len()], spell_micros: 0 };

    /// A mix that the seed chooses: some runs are mild, some are wild, and each kind is now and then absent.
    pub(crate) fn random(rng: &mut Rng, schedule: Schedule, without: &[Fault]) -> Faults {
        let draw = |fault: Fault| match fault {
            // No draw of its own: a seed means what it meant before.
            Fault::Builds | Fault::Attack | Fault::Rekey => 0,
            _ if rng.u8(..4) == 0 => 0,
            fault => rng.u32(..=fault.rate_max()),
        };
        let rates = Fault::ALL.map(draw);
        let mut faults = Faults { rates, spell_micros: rng.u64(20_000..2_000_000) };
        faults.rates[Fault::Builds as usize] = u32::from(faults.spell_micros.is_multiple_of(2));
        if schedule == Schedule::Phases && rng.u8(..4) > 0 {
            faults.remove(&Fault::DISORDER);
        }
        faults.remove(without);
        faults
    }

    /// What can go wrong with sealed links, drawn apart.
    pub(crate) fn add_those_of_seals(&mut self, rng: &mut Rng, without: &[Fault]) {
        for fault in [Fault::Attack, Fault::Rekey] {
            self.rates[fault as usize] = if rng.u8(..4) == 0 { 0 } else { rng.u32(1..=fault.rate_max()) };
        }
        self.remove(without);
    }

    pub(crate) fn remove(&mut self, kinds: &[Fault]) {
        kinds.iter().for_each(|fault| self.rates[*fault as usize] = 0);
    }

    /// How often, or how much.
    pub(crate) fn rate(&self, fault: Fault) -> u32 {
        self.rates[fault as usize]
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.rate(fault) > 0
    }

    pub(crate) fn happens(&self, rng: &mut Rng, fault: Fault) -> bool {
        let rate = self.rate(fault);
        rate > 0 && rng.u32(..1_000_000) < rate
    }

    /// A frame takes up to this many microseconds.
    pub(crate) fn latency_max(&self) -> u64 {
        u64::from(self.rate(Fault::Latency)).max(300)
    }

    /// A sync takes up to this many microseconds.
    pub(crate) fn sync_max(&self) -> u64 {
        u64::from(self.rate(Fault::SlowDisk)).max(1_000)
    }

    /// A snapshot takes up to this many microseconds, and word of it to the log as many.
    pub(crate) fn snapshot_max(&self) -> u64 {
        u64::from(self.rate(Fault::SlowSnapshot)).max(2_000)
    }
}
