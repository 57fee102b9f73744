//! Who this board is. A real one would read it from switches or its flash; here the emulator's host says it, so that
//! one firmware serves every board.

use core::ffi::CStr;
use core::str::FromStr;

use heapless::Vec;
use lamps::{KEY_PAGE, read_key_page};
use quorate::Seat;
use quorate_serial::KEYS;
use quorate_wire::Cluster;
use quorate_wire::seal::Ring;
use semihosting::experimental::{env, random};
use semihosting::fs::File;
use semihosting::io::Read;

/// What the host says: `cluster=1 seat=0 baud=115200 wiring=ring flash=board1.flash keys=board1.keys`.
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
    /// The same of the file that stands for the page of its keys; none if it is to talk plainly.
    keys: Option<Vec<u8, 64>>,
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
            found.map(|(_, value)| value).expect("the host says cluster, seat, baud, wiring, flash and keys")
        };
        let file = |name: &str| {
            let mut file = Vec::from_slice(name.as_bytes()).expect("a short name of a file");
            file.push(0).expect("a short name of a file");
            file
        };
        let (flash, keys) = (file(value("flash")), value("keys"));
        let keys = (keys != PLAIN).then(|| file(keys));
        let mut seed = [0; 8];
        random::fill_bytes(&mut seed).expect("the host has random numbers");
        let wiring = if value("wiring") == "gateway" { Wiring::Gateway } else { Wiring::Ring };
        let (cluster, seed) = (Cluster(number(value("cluster"))), u64::from_le_bytes(seed));
        let (seat, baud) = (Seat(number(value("seat"))), number(value("baud")));
        Identity { cluster, seat, baud, wiring, flash, keys, seed }
    }

    /// The file that stands for the flash.
    pub(crate) fn flash(&self) -> &CStr {
        path(&self.flash)
    }

    /// The key that its page of keys holds; none if it is to talk plainly. It panics if the page holds none: a board whose key is
    /// lost must not go on as one that has none.
    pub(crate) fn keys(&self) -> Option<Ring<KEYS>> {
        let keys = self.keys.as_ref()?;
        let mut page = [0; KEY_PAGE];
        File::open(path(keys)).and_then(|mut file| file.read_exact(&mut page)).expect("the host has the page of keys");
        let (id, key) = read_key_page(&page).expect("no key in the page of keys: write it once more");
        Some(Ring::new(id, key))
    }
}

/// What the host says in place of a page of keys.
const PLAIN: &str = "plain";

fn path(name: &[u8]) -> &CStr {
    CStr::from_bytes_until_nul(name).unwrap_or(c"")
}

fn number<T: FromStr>(text: &str) -> T {
    text.parse().ok().expect("the host says numbers in decimals")
}
