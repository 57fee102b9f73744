//! What all machines of a cluster have to agree on, be they boards or hosts.

use core::fmt;

/// How many members there are, with the seats 0, 1 and 2.
pub const SEATS: usize = 3;

/// The cluster's number, if no other one is named. It is small, as it stands in every frame.
pub const CLUSTER: u64 = 1;

/// The most bytes of a frame on a serial line.
pub const FRAME: usize = 256;

/// How many clients have a session at a time: each board is one, over all its boots, and each run of a host.
pub const CLIENTS: usize = 8;

/// The bytes of a board's flash.
pub const FLASH_BYTES: usize = 64 << 10;

/// The bytes of a word in it.
pub const FLASH_WORD: usize = 4;

/// The bytes of a sector, which is erased as a whole.
pub const FLASH_SECTOR: usize = 4096;

/// The bytes of a board's memory for its log.
pub const LOG_MEMORY: usize = 1024;

/// Whose votes count, as every machine says it in its status.
pub struct Machines {
    /// A bit for each of them, of which the first one stands for machine 1.
    pub voters: u32,
    /// Whether this is known to last, and no change is under way.
    pub is_settled: bool,
}

impl fmt::Display for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("voters")?;
        let bits = (0..u32::BITS).filter(|bit| self.voters >> bit & 1 != 0);
        bits.into_iter().try_for_each(|bit| write!(f, " {}", bit + 1))?;
        f.write_str(if self.is_settled { "" } else { " as a change is under way" })
    }
}
