use std::fs;
use std::path::Path;

use fastrand::Rng;

/// The kept inputs of a fuzz target.
///
/// # Panics
/// It has none.
pub fn corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = fs::read_dir(directory).expect("every target has a corpus");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the corpus can be read").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("the corpus can be read")).collect()
}

/// Other bytes: any, or some of these with changes.
pub fn mutate(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let Some(base) = rng.choice(corpus).filter(|_| rng.u8(..) < 200) else {
        let doublings = rng.u32(..14);
        let length = rng.usize(..1 << doublings);
        return (0..length).map(|_| rng.u8(..)).collect();
    };
    let mut bytes = base.clone();
    for _ in 0..rng.u8(1..6) {
        let at = rng.usize(..=bytes.len());
        match rng.u8(..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.u8(..)),
            2 => drop(bytes.drain(at..(at + rng.usize(..8)).min(bytes.len()))),
            3 => {
                if let Some(other) = rng.choice(corpus) {
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[rng.usize(..=other.len())..]);
                }
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            _ if at < bytes.len() => bytes[at] = rng.u8(..),
            _ => bytes.push(rng.u8(..)),
        }
    }
    bytes
}
