//! Whether a baud rate carries a cluster, and at what pace.

use core::fmt;
use core::time::Duration;

use quorate::{Brief, Config, RECORD_OVERHEAD, Roster, Seat};
use quorate_wire::{MEMBER_FRAME_MIN, MEMBER_OVERHEAD_MAX};

use crate::Header;

/// The lines of a cluster, and what is to go over them. All of it can be worked out by the compiler: what a line cannot
/// carry need not even build.
///
/// ```
/// use quorate_serial::{Pace, Plan, Wiring};
/// use quorate_wire::Cluster;
///
/// const PLAN: Plan = Plan { stations: 5, wiring: Wiring::Ring, ..Plan::new(115_200) };
/// const PACE: Pace = match PLAN.pace() {
///     Ok(pace) => pace,
///     Err(_) => panic!("five stations are too many for the line"),
/// };
/// assert!(PACE.idle_share < 200, "below two percent");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Symbols a second, start and stop bits among them.
    pub baud: u32,
    /// Symbols that a byte takes: 10 with eight data bits, no parity and one stop bit.
    pub bits_per_byte: u32,
    /// How many members there are at a time: one that is to take the place of another, and is added first, counts too.
    pub stations: u32,
    /// How the lines join them.
    pub wiring: Wiring,
    /// The most bytes that a frame takes on the line: the station's `FRAME`.
    pub frame_bytes: usize,
    /// The most bytes of a command, as postcard writes it.
    pub command_bytes: usize,
}

/// How lines join the stations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Wiring {
    /// A line between any two.
    Mesh,
    /// A line from each to the next, and from the last to the first.
    Ring,
}

/// At what pace a cluster lives. The times are for [`quorate::Config`]; a longer election time-out is always allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pace {
    /// See [`Config::heartbeat_interval`].
    pub heartbeat: Duration,
    /// See [`Config::election_timeout`].
    pub election: Duration,
    /// How much of its time an idle cluster's busiest line spends on heartbeats, in hundredths of a percent. Acks go
    /// the other way, and are shorter.
    pub idle_share: u32,
    /// The same with one wire of a ring cut: then all heartbeats go over one line.
    pub cut_share: u32,
    /// See [`Config::entry_bytes_max`].
    pub entry_bytes: usize,
    /// The bytes of snapshots that a leader sends between two heartbeats: a quarter of what a line carries.
    pub snapshot_bytes: u32,
}

impl Plan {
    /// Three stations in a mesh, with frames of 256 bytes for commands of up to 128 bytes.
    pub const fn new(baud: u32) -> Plan {
        Plan { baud, bits_per_byte: 10, stations: 3, wiring: Wiring::Mesh, frame_bytes: 256, command_bytes: 128 }
    }

    /// The pace at which an idle cluster spends less than two percent of each line's time on heartbeats. They are at
    /// least 50 ms apart.
    ///
    /// # Errors
    /// What does not fit, and what would.
    pub const fn pace(&self) -> Result<Pace, Misfit> {
        let share = self.time(self.heartbeats(false)) * WHOLE / DEFAULT_SHARE;
        let millis = share.div_ceil(1000);
        self.pace_at(Duration::from_millis(if millis < HEARTBEAT_MILLIS_MIN { HEARTBEAT_MILLIS_MIN } else { millis }))
    }

    /// The pace with this heartbeat interval. At most half of a line's time may go into heartbeats.
    ///
    /// # Errors
    /// What does not fit, and what would.
    pub const fn pace_at(&self, heartbeat: Duration) -> Result<Pace, Misfit> {
        let record_bytes = self.command_bytes + RECORD_OVERHEAD + SESSION_BYTES;
        let roster_bytes = Roster::bytes_max(self.stations as usize, 0);
        let entry_bytes_min = max(record_bytes, roster_bytes + Roster::MARGIN);
        let bytes_min = line_bytes_max(max(entry_bytes_min + MEMBER_OVERHEAD_MAX, MEMBER_FRAME_MIN));
        if self.frame_bytes < bytes_min {
            return Err(Misfit::Frame { bytes_min });
        }
        let interval = heartbeat.as_micros() as u64;
        let (idle, cut) = (self.time(self.heartbeats(false)), self.time(self.heartbeats(true)));
        if cut > interval * SHARE_MAX / WHOLE {
            return Err(self.too_fast(self.heartbeats(true), interval));
        }
        // In a ring the way round may be that long when a wire is cut.
        let lines = match self.wiring {
            Wiring::Mesh => 1,
            Wiring::Ring => self.stations as u64 - 1,
        };
        // A heartbeat waits for two frames at most on each line, and is followed by its ack.
        let delay = 3 * lines * self.time(self.frame_bytes as u64);
        let carried = interval / self.time(1);
        let entry_bytes = frame_bytes_max(self.frame_bytes) - MEMBER_OVERHEAD_MAX;
        Ok(Pace {
            heartbeat,
            election: Duration::from_micros(5 * interval + 2 * delay),
            idle_share: (idle * WHOLE / interval) as u32,
            cut_share: (cut * WHOLE / interval) as u32,
            entry_bytes,
            snapshot_bytes: if carried / 4 > entry_bytes as u64 { (carried / 4) as u32 } else { entry_bytes as u32 },
        })
    }

    /// Microseconds that so many bytes take on a line, rounded up.
    pub const fn time(&self, bytes: u64) -> u64 {
        let baud = if self.baud == 0 { 1 } else { self.baud as u64 };
        let bits = if self.bits_per_byte == 0 { 1 } else { self.bits_per_byte as u64 };
        (bytes * bits * MICROS).div_ceil(baud)
    }

    /// The most bytes of a heartbeat on the line, within the first 16 thousand terms and 268 million entries and
    /// heartbeats. Each further byte of these numbers is one more.
    pub const fn heartbeat_bytes(&self) -> u64 {
        (HEARTBEAT + LINE_OVERHEAD) as u64
    }

    /// The same of the ack of a heartbeat.
    pub const fn ack_bytes(&self) -> u64 {
        (ACK + LINE_OVERHEAD) as u64
    }

    /// The bytes that go over the busiest line for each heartbeat interval.
    const fn heartbeats(&self, is_cut: bool) -> u64 {
        let followers = match self.wiring {
            Wiring::Mesh => 1,
            Wiring::Ring if is_cut => self.stations.saturating_sub(1),
            Wiring::Ring => self.stations / 2,
        };
        followers as u64 * self.heartbeat_bytes()
    }

    /// Says what would fit in place of these heartbeats, which take so many bytes in each interval.
    const fn too_fast(&self, bytes: u64, interval: u64) -> Misfit {
        let time = self.time(bytes);
        let time_max = interval * SHARE_MAX / WHOLE;
        let percent = match (time * 100).checked_div(interval) {
            Some(percent) if percent < u32::MAX as u64 => percent as u32,
            _ => u32::MAX,
        };
        let baud =
            if time_max == 0 { u64::MAX } else { (bytes * self.bits_per_byte as u64 * MICROS).div_ceil(time_max) };
        let followers = time_max / self.time(self.heartbeat_bytes());
        let is_ring = matches!(self.wiring, Wiring::Ring);
        Misfit::Heartbeat {
            percent,
            heartbeat_min: Duration::from_millis((time * WHOLE).div_ceil(SHARE_MAX * 1000)),
            baud_min: if baud > u32::MAX as u64 { None } else { Some(baud as u32) },
            stations_max: if is_ring && followers > 0 { Some(followers as u32 + 1) } else { None },
        }
    }
}

impl Pace {
    /// The most bytes of a command that a station proposes.
    pub const fn command_bytes(&self) -> usize {
        self.entry_bytes.saturating_sub(RECORD_OVERHEAD + SESSION_BYTES)
    }

    /// The settings of a node that lives at this pace.
    pub fn config(&self, seat: Seat, seed: u64) -> Config {
        Config {
            election_timeout: self.election,
            heartbeat_interval: self.heartbeat,
            entry_bytes_max: self.entry_bytes,
            inflight_messages_max: 8,
            inflight_bytes_max: 3 * self.entry_bytes,
            // A station takes its snapshot at once, so the log need not be emptied early: fewer pages are erased.
            snapshot_fill_percent: 75,
            snapshot_bytes_per_heartbeat: self.snapshot_bytes,
            // Flash is written in order, and a line keeps the order.
            pieces_in_order: true,
            ..Config::new(seat, seed)
        }
    }
}

/// Why lines cannot carry a cluster, and what would fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Misfit {
    /// Heartbeats alone would take more than half of a line's time. Any one of these changes would do. Its [`Brief`] has
    /// the interval in milliseconds, and the baud rate.
    Heartbeat {
        /// The share of a line's time that they would take.
        percent: u32,
        /// The shortest interval that fits.
        heartbeat_min: Duration,
        /// The lowest baud rate that fits.
        baud_min: Option<u32>,
        /// The most stations that fit in this ring.
        stations_max: Option<u32>,
    },
    /// A frame has no room for a command of this size, for what members say to each other, or for who they are.
    Frame {
        /// The fewest bytes that fit.
        bytes_min: usize,
    },
}

impl From<Misfit> for Brief {
    fn from(error: Misfit) -> Brief {
        let (word, numbers) = match error {
            Misfit::Heartbeat { heartbeat_min, baud_min, .. } => {
                let millis = heartbeat_min.as_secs() * 1000 + u64::from(heartbeat_min.subsec_millis());
                ("heartbeat", [millis, baud_min.unwrap_or(0).into()])
            }
            Misfit::Frame { bytes_min } => ("frame", [bytes_min as u64, 0]),
        };
        Brief { of: "misfit", word, numbers }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            Misfit::Heartbeat { percent, heartbeat_min, baud_min, stations_max } => {
                write!(f, "heartbeats would take {percent} % of a line's time, and half of it is for entries: ")?;
                write!(f, "let them be at least {} ms apart", heartbeat_min.as_millis())?;
                if let Some(baud) = baud_min {
                    write!(f, ", or use at least {baud} baud")?;
                }
                if let Some(stations) = stations_max {
                    write!(f, ", or join at most {stations} stations")?;
                }
                Ok(())
            }
            Misfit::Frame { bytes_min } => write!(f, "the frames are too short: give them at least {bytes_min} bytes"),
        }
    }
}

impl core::error::Error for Misfit {}

/// The longest frame of `quorate-wire` that a line's frame of so many bytes can carry.
pub(crate) const fn frame_bytes_max(line_bytes: usize) -> usize {
    let coded = line_bytes.saturating_sub(1);
    coded.saturating_sub(coded.div_ceil(255) + Header::BYTES)
}

/// What a frame of so many bytes takes on the line: its header, the encoding, the delimiter behind it.
pub(crate) const fn line_bytes_max(frame_bytes: usize) -> usize {
    cobs::max_encoding_length(frame_bytes + Header::BYTES) + 1
}

/// The header, one byte of encoding, and a delimiter on both sides.
const LINE_OVERHEAD: usize = Header::BYTES + 3;

/// A heartbeat's frame: header 2, envelope 19 of a store that was not there at the founding, variant 1, term 2, stamp 4,
/// previous position 6, commit 4, what the leader inherited 4, length of the entries 1, check 4.
const HEARTBEAT: usize = 47;

/// Its ack's: header 2, envelope 19, variant 1, term 2, stamp 4, outcome 5, features 1 (an app that has some takes up to four
/// more), check 4.
const ACK: usize = 38;

/// What a session takes in a record: a station's number, and epoch and sequence up to 34 thousand million.
const SESSION_BYTES: usize = 11;

const fn max(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

const MICROS: u64 = 1_000_000;

/// Shares are in hundredths of a percent.
const WHOLE: u64 = 10_000;
const SHARE_MAX: u64 = WHOLE / 2;

/// Below two percent, with room for numbers that grow by some bytes in a long life.
const DEFAULT_SHARE: u64 = 180;

const HEARTBEAT_MILLIS_MIN: u64 = 50;
