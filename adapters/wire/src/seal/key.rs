use core::fmt;

use chacha20::{R20, hchacha};
use zeroize::Zeroize;

use super::session::TAG;
use super::{Name, Rights};
use crate::Cluster;

/// A secret of 32 bytes. It is never shown, and wiped when it is dropped.
pub struct Key([u8; Key::BYTES]);

impl Key {
    /// How long a key is.
    pub const BYTES: usize = 32;

    /// A key of these bytes. They are to be random, and as good as the cipher that wipes them: whoever has a copy wipes
    /// that himself.
    pub const fn new(bytes: [u8; Key::BYTES]) -> Key {
        Key(bytes)
    }

    /// The key of the client of this name, with these rights, in this cluster. A node that has this key knows the client's as
    /// well, and a client with its own knows no other.
    pub fn for_client(&self, cluster: Cluster, name: Name, rights: Rights) -> Key {
        self.derive(Purpose::Client, [rights as u8, 0, 0], cluster.0, &[name.halves()])
    }

    /// What tells this key from others without showing it: whoever keeps two copies compares these. It is worth nothing to who
    /// does not have the key.
    pub fn fingerprint(&self) -> u32 {
        let [a, b, c, d, ..] = *self.derive(Purpose::Fingerprint, [0; 3], 0, &[]).expose();
        u32::from_be_bytes([a, b, c, d])
    }

    /// The key itself, for whoever writes it to where nobody else reads it.
    pub const fn expose(&self) -> &[u8; Key::BYTES] {
        &self.0
    }

    /// The key that this one makes of these numbers: one HChaCha20 for each block of 16 bytes. The first block begins with the
    /// purpose, and for one purpose there is always the same number of blocks.
    pub(super) fn derive(&self, purpose: Purpose, [a, b, c]: [u8; 3], first: u64, numbers: &[[u64; 2]]) -> Key {
        let head = u64::from_le_bytes([purpose as u8, a, b, c, 0, 0, 0, 0]);
        let step =
            |key: &Key, [low, high]: [u64; 2]| key.step(&(u128::from(high) << 64 | u128::from(low)).to_le_bytes());
        numbers.iter().fold(step(self, [head, first]), |key, block| step(&key, *block))
    }

    /// Its first half, for who is to see that somebody else has made the same key.
    pub(super) fn tag(&self) -> [u8; TAG] {
        let mut tag = [0; TAG];
        tag.iter_mut().zip(self.expose()).for_each(|(to, byte)| *to = *byte);
        tag
    }

    /// The key that this one makes of a block.
    pub(super) fn step(&self, block: &[u8; 16]) -> Key {
        Key(hchacha::<R20>(&self.0.into(), block.into()).into())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What a derived key is for: no two purposes share one.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Hello = 1,
    Session = 2,
    Letter = 3,
    Fingerprint = 4,
    Client = 5,
    ClientHello = 6,
    ClientSession = 7,
    Challenge = 8,
    Word = 9,
    Many = 10,
    Numbers = 11,
    Number = 12,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 2.2.1 of draft-irtf-cfrg-xchacha.
    #[test]
    fn a_step_is_hchacha20() {
        let key = Key::new(core::array::from_fn(|at| at as u8));
        let block = [0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0, 0x31, 0x41, 0x59, 0x27];
        let expected = [
            0x82, 0x41, 0x3b, 0x42, 0x27, 0xb2, 0x7b, 0xfe, 0xd3, 0x0e, 0x42, 0x50, 0x8a, 0x87, 0x7d, 0x73, 0xa0, 0xf9,
            0xe4, 0xd5, 0x8a, 0x74, 0xa8, 0x53, 0xc1, 0x2e, 0xc4, 0x13, 0x26, 0xd3, 0xec, 0xdc,
        ];
        assert_eq!(key.step(&block).expose(), &expected);
    }

    #[test]
    fn what_differs_anywhere_makes_another_key() {
        let key = Key::new([7; Key::BYTES]);
        let make =
            |purpose, bytes, first, numbers: [[u64; 2]; 2]| *key.derive(purpose, bytes, first, &numbers).expose();
        let made = [
            make(Purpose::Hello, [1, 2, 3], 4, [[5, 6], [7, 8]]),
            make(Purpose::Session, [1, 2, 3], 4, [[5, 6], [7, 8]]),
            make(Purpose::Hello, [2, 1, 3], 4, [[5, 6], [7, 8]]),
            make(Purpose::Hello, [1, 2, 3], 5, [[5, 6], [7, 8]]),
            make(Purpose::Hello, [1, 2, 3], 4, [[6, 5], [7, 8]]),
            make(Purpose::Hello, [1, 2, 3], 4, [[5, 6], [7, 9]]),
            *key.expose(),
        ];
        let differ = |at: usize| made[at + 1..].iter().all(|other| *other != made[at]);
        assert!((0..made.len()).all(differ));
    }

    /// Files are compared by it, of this version and of later ones.
    #[test]
    fn a_fingerprint_tells_keys_apart_and_stays() {
        let of = |byte| Key::new([byte; Key::BYTES]).fingerprint();
        assert_eq!((of(7), of(8)), (0xfeb8_05e1, 0x3ea5_8179));
    }
}
