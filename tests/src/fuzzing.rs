//! The bodies of the fuzz targets: each takes any bytes, and panics if a promise is broken. `tests/fuzz` runs them
//! under libFuzzer; the test `fuzz_corpus` runs them on the kept corpus, and on bytes drawn at random.

mod arbitrary;
mod clients;
mod decode;
mod flash;
mod forgery;
mod many;
mod model;
mod mutation;
mod recovery;
mod relay;
mod roundtrip;
mod seal;
mod segment;
mod source;
mod station;
mod step;

use quorate::{Boot, Charter, Config, Features, Founding, Least, Members, Recovered, Seat};

pub use clients::clients;
pub use decode::decode;
pub use flash::flash;
pub use many::many;
pub use mutation::{corpus, mutate};
pub use recovery::recovery;
pub use roundtrip::roundtrip;
pub use seal::seal;
pub use station::station;
pub use step::step;

/// A fuzz target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its corpus.
pub const TARGETS: [(&str, Target); 9] = [
    ("decode", decode),
    ("step", step),
    ("recovery", recovery),
    ("flash", flash),
    ("roundtrip", roundtrip),
    ("seal", seal),
    ("clients", clients),
    ("many", many),
    ("station", station),
];

/// A node that has its charter, and is to be given what else its disk holds.
fn recovering(me: Seat, members: Members, log_bytes: usize) -> Boot<Vec<u8>, Vec<u8>, 3> {
    let charter = Charter {
        founding: Founding(1),
        members,
        least: Least { log_bytes: log_bytes as u32, election_micros: 250_000, features: Features::OWN },
    };
    // What no build knows may stand on a disk that nobody has checked.
    let config = Config { features: Features(u32::MAX), ..Config::new(me, 1) };
    let mut boot = Boot::recover(config, vec![0; log_bytes]).expect("the configuration is sound");
    boot.take(Recovered::Charter(charter)).expect("the charter is sound");
    boot
}
