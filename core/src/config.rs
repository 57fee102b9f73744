use core::time::Duration;

use crate::timers::Timers;
use crate::{Brief, Features, Identity, Members, RECORD_OVERHEAD, Roster, Seat, Seats};

pub(crate) const ELECTION_SECONDS_MAX: u32 = 3600;

/// How a node behaves. Every member should have the same times and sizes. Who the members are is no setting: that
/// belongs to the data, and stands in the [`Charter`](crate::Charter).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// This node's seat. Which of the seat's lives this is belongs to the data.
    pub seat: Seat,
    /// A follower campaigns when it has not heard of a leader for this long, and up to twice as long: the node draws
    /// the moment anew each time (section 5.2). Also how long a leader that reaches no majority goes on. At least twice
    /// the heartbeat interval, at most an hour; and no shorter than [every member's](crate::Least) is.
    pub election_timeout: Duration,
    /// How often a leader that has nothing to send says that it is there. At least a microsecond.
    pub heartbeat_interval: Duration,
    /// The most bytes of records in one `AppendEntries`: what the link's frame holds beside the rest of the message. No
    /// record may be larger. It must not shrink while larger records are in a member's log.
    pub entry_bytes_max: usize,
    /// The most `AppendEntries` on the way to one follower. At least 1.
    pub inflight_messages_max: u32,
    /// The most bytes of records on the way to one follower. At least `entry_bytes_max`. To one that has acknowledged
    /// nothing to this leader yet, what the leader has forgotten since it was sent does not count.
    pub inflight_bytes_max: usize,
    /// The app is asked for a snapshot, and entries that it covers are forgotten, when more than this part of the log's
    /// memory is used. From 1 to 90.
    pub snapshot_fill_percent: u8,
    /// The most bytes of snapshots that a leader sends between two heartbeats, to all followers together. At least 1.
    /// Less time is theirs while commands are being committed: the first third of each heartbeat interval.
    pub snapshot_bytes_per_heartbeat: u32,
    /// The most bytes of a snapshot of the leader that this node has a place for; it refuses a longer one, which is
    /// counted, and its leader knows: [`Standing::TooSmall`](crate::Standing::TooSmall). `None` if there is no bound.
    pub snapshot_bytes_max: Option<u32>,
    /// Whether an [`Effect::Store`](crate::Effect::Store) always follows what was stored before, as a driver needs that
    /// can only append: then a piece of a snapshot that is ahead of a missing one is dropped, and sent once more with
    /// all that follows. With false, the driver promises to keep such a piece, up to `inflight_bytes_max` bytes ahead,
    /// and what is missing is sent once more alone. Without an operating system, where flash is scarce, pieces are taken
    /// in order whatever this says.
    pub pieces_in_order: bool,
    /// Whether this node, when it leads, serves reads by its lease: [`Read`](crate::Read). Only with a clock that counts the
    /// time in which the machine sleeps, never goes back, and is at most a twentieth slow or fast; and only if every
    /// member's is so too. What others promise to the leader they promise whatever they say here.
    pub leases: bool,
    /// Whether this node, when it leads, tells followers at once what is committed: a message to each, without an answer, each
    /// time that there is nothing else to send. Else they learn it with the next entries, or with the next heartbeat.
    pub commits_at_once: bool,
    /// What this build knows, its app included: it is told to whoever leads. A store in whose cluster more is
    /// [on](crate::Node::features) is refused.
    pub features: Features,
    /// Spreads the election time-outs, and names this boot in messages. It must differ from member to member and from
    /// boot to boot: a random number, or a counter in flash beside the seat's number.
    pub seed: u64,
}

impl Config {
    /// Settings for a local network with frames of 1,200 bytes: heartbeats each 50 ms, elections after 250 to 500 ms,
    /// up to 64 messages and 64 KiB on the way to each follower.
    pub fn new(seat: Seat, seed: u64) -> Config {
        Config {
            seat,
            election_timeout: Duration::from_millis(250),
            heartbeat_interval: Duration::from_millis(50),
            entry_bytes_max: 1100,
            inflight_messages_max: 64,
            inflight_bytes_max: 64 << 10,
            snapshot_fill_percent: 50,
            snapshot_bytes_per_heartbeat: 12 << 20,
            snapshot_bytes_max: None,
            pieces_in_order: true,
            leases: false,
            commits_at_once: false,
            features: Features::OWN,
            seed,
        }
    }

    /// Whether a node can run so.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        Timers::of(self)?;
        Settings::of(self)?;
        Ok(())
    }
}

/// What a node keeps of its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Settings {
    pub(crate) identity: Identity,
    pub(crate) entry_bytes_max: usize,
    pub(crate) inflight_messages_max: u32,
    pub(crate) inflight_bytes_max: usize,
    pub(crate) snapshot_bytes_per_heartbeat: u32,
    pub(crate) snapshot_bytes_max: Option<u32>,
    pub(crate) pieces_in_order: bool,
    pub(crate) leases: bool,
    pub(crate) commits_at_once: bool,
    pub(crate) features: Features,
}

impl Settings {
    /// Those of a configuration, or the first thing that is wrong with it.
    pub(crate) fn of(config: &Config) -> Result<Settings, ConfigError> {
        let wrong = if config.entry_bytes_max <= RECORD_OVERHEAD {
            ConfigError::FrameTooSmall
        } else if config.inflight_messages_max == 0 || config.inflight_bytes_max < config.entry_bytes_max {
            ConfigError::WindowTooSmall
        } else if !(1..=90).contains(&config.snapshot_fill_percent) {
            ConfigError::SnapshotFill
        } else if config.snapshot_bytes_per_heartbeat == 0 {
            ConfigError::SnapshotRate
        } else {
            return Ok(Settings {
                identity: config.seat.into(),
                entry_bytes_max: config.entry_bytes_max,
                inflight_messages_max: config.inflight_messages_max,
                inflight_bytes_max: config.inflight_bytes_max,
                snapshot_bytes_per_heartbeat: config.snapshot_bytes_per_heartbeat,
                snapshot_bytes_max: config.snapshot_bytes_max,
                pieces_in_order: config.pieces_in_order || cfg!(target_os = "none"),
                leases: config.leases,
                commits_at_once: config.commits_at_once,
                features: config.features,
            });
        };
        Err(wrong)
    }

    /// Whether there is a place for a snapshot of so many bytes.
    pub(crate) fn may_hold(&self, bytes: u64) -> bool {
        self.snapshot_bytes_max.is_none_or(|most| bytes <= u64::from(most))
    }
}

/// The first thing that is wrong with these members, for one of this seat with memory for so many.
pub(crate) fn members_fault(members: Members, seat: Seat, seats: usize) -> Option<ConfigError> {
    let Members { voters, outgoing, replaced: _, learners, witnesses } = members;
    if voters.is_empty() {
        Some(ConfigError::NoVoters)
    } else if members.all().0 & !Seats::first(seats).0 != 0 {
        Some(ConfigError::TooManySeats { seats })
    } else if voters.union(outgoing).0 & learners.0 != 0 {
        Some(ConfigError::LearnerVotes)
    } else if !witnesses.is_empty() {
        Some(ConfigError::WitnessUnsupported)
    } else if seat.0 as usize >= seats {
        Some(ConfigError::TooManySeats { seats })
    } else {
        None
    }
}

/// The microseconds of a duration; if it is longer than any time-out may be, the most that 32 bits count.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn micros(duration: Duration) -> u32 {
    match u32::try_from(duration.as_secs()) {
        Ok(seconds) if seconds <= ELECTION_SECONDS_MAX => seconds * 1_000_000 + duration.subsec_micros(),
        _ => u32::MAX,
    }
}

/// Why a node cannot run with a [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConfigError {
    /// Nobody votes.
    NoVoters,
    /// A member has a seat of this number or a higher one, and the node has memory for fewer.
    TooManySeats {
        /// How many seats the node has memory for.
        seats: usize,
    },
    /// A learner is a voter as well.
    LearnerVotes,
    /// Witnesses come with a later version.
    WitnessUnsupported,
    /// Voters are being changed, and a cluster is not founded in the middle of that.
    OutgoingVoters,
    /// The node's own seat is not a member's.
    NotAMember {
        /// The seat.
        seat: Seat,
    },
    /// A store that joins a cluster has an incarnation that was drawn for it.
    NotDrawn,
    /// A roster does not fit into so many bytes that log and frame leave to it, or an address is longer than any may be.
    RosterTooLong {
        /// Bytes that there is room for.
        room: usize,
    },
    /// The heartbeat interval is below a microsecond.
    HeartbeatTooShort,
    /// The election time-out is below two heartbeat intervals.
    ElectionTooShort,
    /// The election time-out is above an hour.
    ElectionTooLong,
    /// The election time-out is shorter than every member's: a leader's lease would count on more.
    ElectionBelowLeast {
        /// The election time-out, in microseconds.
        micros: u64,
        /// The least that every member has, in microseconds.
        least: u64,
    },
    /// A frame holds no record with a payload.
    FrameTooSmall,
    /// The log's memory is smaller than the least that every member has.
    LogTooSmall {
        /// Bytes of the log's memory.
        bytes: usize,
        /// The least that every member has.
        least: usize,
    },
    /// The window holds no message, or less than one frame's entries.
    WindowTooSmall,
    /// The part of the log that asks for a snapshot is not from 1 to 90 percent.
    SnapshotFill,
    /// No byte of a snapshot may be sent.
    SnapshotRate,
}

impl From<ConfigError> for Brief {
    fn from(error: ConfigError) -> Brief {
        let (word, numbers) = match error {
            ConfigError::NoVoters => ("no voters", [0, 0]),
            ConfigError::TooManySeats { seats } => ("too many seats", [seats as u64, 0]),
            ConfigError::LearnerVotes => ("learner votes", [0, 0]),
            ConfigError::WitnessUnsupported => ("witness unsupported", [0, 0]),
            ConfigError::OutgoingVoters => ("outgoing voters", [0, 0]),
            ConfigError::NotAMember { seat } => ("not a member", [seat.0.into(), 0]),
            ConfigError::NotDrawn => ("not drawn", [0, 0]),
            ConfigError::RosterTooLong { room } => ("roster too long", [room as u64, 0]),
            ConfigError::HeartbeatTooShort => ("heartbeat too short", [0, 0]),
            ConfigError::ElectionTooShort => ("election too short", [0, 0]),
            ConfigError::ElectionTooLong => ("election too long", [0, 0]),
            ConfigError::ElectionBelowLeast { micros, least } => ("election below least", [micros, least]),
            ConfigError::FrameTooSmall => ("frame too small", [0, 0]),
            ConfigError::LogTooSmall { bytes, least } => ("log too small", [bytes as u64, least as u64]),
            ConfigError::WindowTooSmall => ("window too small", [0, 0]),
            ConfigError::SnapshotFill => ("snapshot fill", [0, 0]),
            ConfigError::SnapshotRate => ("snapshot rate", [0, 0]),
        };
        Brief { of: "config", word, numbers }
    }
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            ConfigError::NoVoters => f.write_str("no member votes: name at least one voter"),
            ConfigError::TooManySeats { seats } => {
                write!(f, "a member's seat is not below {seats}, the number of seats")
            }
            ConfigError::LearnerVotes => f.write_str("a learner is a voter as well: choose one"),
            ConfigError::WitnessUnsupported => f.write_str("this version has no witnesses yet: make it a voter"),
            ConfigError::OutgoingVoters => f.write_str("a cluster is founded without outgoing voters: name none"),
            ConfigError::NotAMember { seat } => write!(f, "this node's seat {} is not among the members", seat.0),
            ConfigError::NotDrawn => f.write_str("a store that joins a cluster draws its incarnation at random first"),
            ConfigError::RosterTooLong { room } => write!(
                f,
                "who takes part, with addresses of at most {} bytes, does not fit into {room} bytes: make log and frames larger",
                Roster::ADDRESS_MAX
            ),
            ConfigError::HeartbeatTooShort => f.write_str("the heartbeat interval must be at least 1 microsecond"),
            ConfigError::ElectionTooShort => {
                f.write_str("the election time-out must be at least two heartbeat intervals")
            }
            ConfigError::ElectionTooLong => f.write_str("the election time-out must be at most one hour"),
            ConfigError::ElectionBelowLeast { micros, least } => write!(
                f,
                "the election time-out has {micros} microseconds, and every member's has at least {least}: make it longer"
            ),
            ConfigError::FrameTooSmall => {
                write!(f, "a frame must hold more than {RECORD_OVERHEAD} bytes of entries")
            }
            ConfigError::LogTooSmall { bytes, least } => {
                write!(f, "the log's memory has {bytes} bytes, and every member's has at least {least}: give it more")
            }
            ConfigError::WindowTooSmall => {
                f.write_str("the window must hold at least one message and one frame's bytes of entries")
            }
            ConfigError::SnapshotFill => f.write_str("a snapshot is due when 1 to 90 percent of the log are full"),
            ConfigError::SnapshotRate => f.write_str("a snapshot must be sent with at least 1 byte per heartbeat"),
        }
    }
}

impl core::error::Error for ConfigError {}
