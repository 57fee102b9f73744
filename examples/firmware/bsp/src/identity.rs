//! Who this board is. A real one would read it from switches or its flash; here the emulator's host says it, so that
//! one firmware serves every board.

use core::ffi::CStr;
use core::str::FromStr;

use heapless::Vec;
use quorate::Seat;
use quorate_wire::Cluster;
use semihosting::experimental::{env, random};

/// What the host says: `cluster=1 seat=0 baud=115200 wiring=ring flash=board1.flash`.
pub struct Identity {
    /// The number of its cluster.
    pub cluster: Cluster,
    /// Its seat among the members.
    pub seat: Seat,
    /// The speed of its lines.
    pub baud: u32,
    /// Where its lines lead.
    pub wiring: Wiring,
    /// The name of the file that stands for the flash, with a zero behind it.
    flash: Vec<u8, 64>,
    /// Another number at every boot.
    pub seed: u64,
}

/// How the board reaches the other members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// Line 0 leads to the next board, line 1 to the one before.
    Ring,
    /// Line 0 leads to a gateway, and it to all others.
    Gateway,
}

impl Identity {
    /// Asks the host. It panics if the host does not say all of it: there is no way to go on.
    pub fn ask() -> Identity {
        let arguments = env::args::<256>().expect("the host says who this board is");
        let words: Vec<&str, 8> = (&arguments).filter_map(Result::ok).collect();
        let value = |name: &str| {
            let mut values = words.iter().filter_map(|word| word.split_once('='));
            let found = values.find(|(key, _)| *key == name);
            found.map(|(_, value)| value).expect("the host says cluster, seat, baud, wiring and flash")
        };
        let mut flash = Vec::from_slice(value("flash").as_bytes()).expect("a short name of a file");
        flash.push(0).expect("a short name of a file");
        let mut seed = [0; 8];
        random::fill_bytes(&mut seed).expect("the host has random numbers");
        let wiring = if value("wiring") == "gateway" { Wiring::Gateway } else { Wiring::Ring };
        let (cluster, seed) = (Cluster(number(value("cluster"))), u64::from_le_bytes(seed));
        Identity { cluster, seat: Seat(number(value("seat"))), baud: number(value("baud")), wiring, flash, seed }
    }

    /// The file that stands for the flash.
    pub(crate) fn flash(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.flash).unwrap_or(c"")
    }
}

fn number<T: FromStr>(text: &str) -> T {
    text.parse().ok().expect("the host says numbers in decimals")
}
