use core::fmt;

use quorate::Seat;

use super::key::Purpose;
use super::{Key, Ring};

/// Numbers for sealed links, made of a seed: for machines that have no generator of random numbers, or none that may be asked at
/// any time. Who does not have a key of the ring does not guess them.
pub struct Numbers {
    key: Key,
    drawn: u64,
}

impl Numbers {
    /// Numbers of the node in this seat. The seed is another one at each boot, or numbers come again, and what was recorded
    /// with them means something once more: of a generator of random numbers or, without one, a counter that outlives resets
    /// and the erasing of all else, mixed with what differs from chip to chip.
    pub fn new<const KEYS: usize>(ring: &Ring<KEYS>, seat: Seat, seed: u64) -> Numbers {
        let nothing = Key::new([0; Key::BYTES]);
        let key = ring.keys().fold(nothing, |made, key| {
            let block = made.expose().first_chunk().map_or(0, |half| u128::from_le_bytes(*half));
            key.derive(Purpose::Numbers, [seat.0, 0, 0], seed, &[[block as u64, (block >> 64) as u64]])
        });
        Numbers { key, drawn: 0 }
    }

    /// A number that was not drawn before, in no boot.
    pub fn draw(&mut self) -> u64 {
        self.draw_key().expose().first_chunk().map_or(0, |number| u64::from_le_bytes(*number))
    }

    /// A secret of this boot.
    pub fn draw_key(&mut self) -> Key {
        self.drawn += 1;
        self.key.derive(Purpose::Number, [0; 3], self.drawn, &[])
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbers").field("drawn", &self.drawn).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeSet;

    use super::super::KeyId;
    use super::*;

    fn ring(byte: u8) -> Ring<2> {
        Ring::new(KeyId::new(1).expect("it is below 16"), Key::new([byte; Key::BYTES]))
    }

    #[test]
    fn no_number_comes_again_in_another_boot_seat_or_ring() {
        let mut other = ring(1);
        other.install(KeyId::new(2).expect("it is below 16"), Key::new([2; Key::BYTES])).expect("there is room");
        let rings = [ring(1), ring(2), other];
        let boots =
            rings.iter().flat_map(|ring| (1..4).flat_map(move |seat| (0..5).map(move |seed| (ring, Seat(seat), seed))));
        let mut drawn = BTreeSet::new();
        for (ring, seat, seed) in boots {
            let mut numbers = Numbers::new(ring, seat, seed);
            assert!((0..20).all(|_| drawn.insert(numbers.draw())));
            assert!(!drawn.contains(&Numbers::new(ring, seat, seed + 5).draw()));
            assert_eq!(
                Numbers::new(ring, seat, seed).draw_key().expose(),
                Numbers::new(ring, seat, seed).draw_key().expose()
            );
        }
        assert_eq!(drawn.len(), 3 * 3 * 5 * 20);
    }
}
