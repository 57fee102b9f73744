//! The bodies of the fuzz targets: each takes any bytes, and panics if a promise is broken. `tests/fuzz` runs them
//! under libFuzzer; the test `fuzz_corpus` runs them on the kept corpus, and on bytes drawn at random.

mod arbitrary;
mod decode;
mod flash;
mod forgery;
mod model;
mod mutation;
mod recovery;
mod roundtrip;
mod segment;
mod source;
mod station;
mod step;

pub use decode::decode;
pub use flash::flash;
pub use mutation::mutate;
pub use recovery::recovery;
pub use roundtrip::roundtrip;
pub use station::station;
pub use step::step;

/// A fuzz target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its corpus.
pub const TARGETS: [(&str, Target); 6] = [
    ("decode", decode),
    ("step", step),
    ("recovery", recovery),
    ("flash", flash),
    ("roundtrip", roundtrip),
    ("station", station),
];
