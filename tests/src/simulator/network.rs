use fastrand::Rng;
use quorate::Seat;

use super::SEATS;
use super::faults::{Faults, Tally};

/// Who reaches whom, and what happens on the way.
pub(crate) struct Network {
    /// `cut[from]` has a bit for each `to` that it cannot reach.
    cut: [u16; SEATS],
    /// Frames of the past, to be repeated at any time, also after their sender has started anew.
    past: Vec<(Seat, Vec<u8>)>,
}

/// Frames on their way: to whom, after how many microseconds, with which bytes.
pub(crate) type Deliveries = Vec<(Seat, u64, Vec<u8>)>;

impl Network {
    pub(crate) fn new() -> Network {
        Network { cut: [0; SEATS], past: Vec::new() }
    }

    /// Lets only these reach each other.
    pub(crate) fn connect_only(&mut self, connected: u16) {
        for from in 0..SEATS {
            self.cut[from] = if connected & (1 << from) != 0 { !connected } else { u16::MAX };
        }
    }

    /// Splits the members into those of the mask and the rest.
    pub(crate) fn partition(&mut self, side: u16) {
        for from in 0..SEATS {
            self.cut[from] = if side & (1 << from) != 0 { !side } else { side };
        }
    }

    /// Cuts one direction of one link.
    pub(crate) fn cut_one_way(&mut self, from: usize, to: usize) {
        self.cut[from] |= 1 << to;
    }

    /// Two sides that see each other only through one member.
    pub(crate) fn bridge(&mut self, side: u16, bridge: usize) {
        self.partition(side);
        self.cut[bridge] = 0;
        self.cut.iter_mut().for_each(|cut| *cut &= !(1 << bridge));
    }

    pub(crate) fn heal(&mut self) {
        self.cut = [0; SEATS];
    }

    /// What becomes of a frame.
    pub(crate) fn send(
        &mut self,
        rng: &mut Rng,
        faults: &Faults,
        tally: &mut Tally,
        from: Seat,
        to: Seat,
        frame: &[u8],
    ) -> Deliveries {
        let mut deliveries = Deliveries::new();
        if self.cut[usize::from(from.0)] & (1 << to.0) != 0 {
            tally.cut += 1;
            return deliveries;
        }
        let copies = if faults.happens(rng, faults.repeat) { 2 } else { 1 };
        tally.repeated += copies - 1;
        for _ in 0..copies {
            if faults.happens(rng, faults.lose) {
                tally.lost += 1;
                continue;
            }
            let mut bytes = frame.to_vec();
            if faults.happens(rng, faults.garble) {
                tally.garbled += 1;
                garble(rng, &mut bytes);
            }
            deliveries.push((to, self.delay(rng, faults, tally), bytes));
        }
        if faults.happens(rng, faults.replay) {
            self.replay(rng, tally, to, frame, &mut deliveries);
        }
        deliveries
    }

    fn delay(&self, rng: &mut Rng, faults: &Faults, tally: &mut Tally) -> u64 {
        if faults.happens(rng, faults.delay) {
            tally.delayed += 1;
            return rng.u64(1_000..3_000_000);
        }
        if faults.in_order {
            return faults.latency_max;
        }
        rng.u64(50..=faults.latency_max.max(51))
    }

    fn replay(&mut self, rng: &mut Rng, tally: &mut Tally, to: Seat, frame: &[u8], deliveries: &mut Deliveries) {
        let place = rng.usize(..64);
        if self.past.len() < 64 {
            self.past.push((to, frame.to_vec()));
        } else {
            let (to, old) = core::mem::replace(&mut self.past[place], (to, frame.to_vec()));
            tally.replayed += 1;
            deliveries.push((to, rng.u64(50..5_000), old));
        }
    }
}

fn garble(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if rng.bool() {
        bytes.truncate(rng.usize(..bytes.len()));
    } else {
        let place = rng.usize(..bytes.len());
        bytes[place] ^= 1 << rng.u8(..8);
    }
}
