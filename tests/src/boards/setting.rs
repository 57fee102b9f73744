use quorate_serial::{Pace, Plan, Wiring};
use quorate_wire::seal::Profile;

use super::FRAME;

/// What a world is like.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// How many boards there are.
    pub boards: u8,
    /// How they are joined.
    pub wiring: Wiring,
    /// Symbols a second.
    pub baud: u32,
    /// Microseconds between an answer and the next press at the same board: drawn up to this.
    pub pause_max: u64,
    /// Whether anybody presses.
    pub presses: bool,
    /// How boards seal what they say, if they do.
    pub seals: Option<Profile>,
    /// Whether the flash takes its time.
    pub slow_flash: bool,
    /// What goes wrong.
    pub trouble: Trouble,
    /// Bytes of memory for each log.
    pub log_bytes: usize,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// One byte of so many is changed or lost on its way; zero for none.
    pub noise: u32,
    /// Microseconds between two events, on average; zero for none.
    pub every: u64,
    /// Whether wires are cut.
    pub cuts: bool,
    /// Whether boards are reset, lose power in the middle of a write, or lose their flash.
    pub resets: bool,
    /// Whether board 0 is told at first that its flash ought to hold data, so that nothing can be founded.
    pub waits: bool,
    /// Whether boards are removed and added.
    pub changes: bool,
    /// Whether the app's state is too large for a snapshot at times, against its word.
    pub swells: bool,
    /// Whether more clients come than there are places for their sessions, so that boards lose theirs.
    pub guests: bool,
    /// Whether the key by which boards seal is changed, again and again.
    pub keys: bool,
}

impl Setting {
    /// Quiet boards on sound wires.
    pub fn new(seed: u64, boards: u8, wiring: Wiring, baud: u32) -> Setting {
        Setting {
            seed,
            boards,
            wiring,
            baud,
            pause_max: 0,
            presses: true,
            seals: None,
            slow_flash: false,
            trouble: Trouble::default(),
            log_bytes: 2048,
        }
    }

    /// All that goes wrong, as the seed chooses.
    pub fn troubled(seed: u64, boards: u8) -> Setting {
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x5e77);
        let wiring = if boards == 3 && rng.bool() { Wiring::Mesh } else { Wiring::Ring };
        let trouble = Trouble {
            noise: *rng.choice(&[0, 300, 2_000, 20_000]).expect("there are some"),
            every: rng.u64(200_000..3_000_000),
            cuts: rng.bool(),
            resets: rng.bool(),
            waits: seed.is_multiple_of(4),
            changes: false,
            swells: false,
            guests: false,
            keys: false,
        };
        let baud = *rng.choice(&[115_200, 460_800, 1_000_000]).expect("there are some");
        let (pause_max, slow_flash, changes) = (rng.u64(0..50_000), rng.bool(), rng.bool());
        let (swells, guests) = (rng.bool(), rng.bool());
        let seals = *rng.choice(&[None, None, Some(Profile::Full), Some(Profile::Bus)]).expect("there are some");
        let trouble = Trouble { changes, swells, guests, keys: seals.is_some() && rng.bool(), ..trouble };
        Setting { pause_max, trouble, slow_flash, seals, ..Setting::new(seed, boards, wiring, baud) }
    }

    /// The plan of its lines.
    pub fn plan(&self) -> Plan {
        Plan { stations: self.boards.into(), wiring: self.wiring, frame_bytes: FRAME, ..Plan::new(self.baud) }
    }

    /// The pace that the plan makes.
    ///
    /// # Panics
    /// The baud rate does not carry the boards.
    pub fn pace(&self) -> Pace {
        self.plan().pace().expect("the line carries it")
    }

    /// Nanoseconds of a byte on a line.
    pub(super) fn byte_time(&self) -> u64 {
        10_000_000_000 / u64::from(self.baud)
    }
}
