use super::Fault;

/// How often what went wrong in a run, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    faults: [u64; Fault::ALL.len()],
    /// Frames that a cut link swallowed.
    pub cut: u64,
    /// Recoveries that found a part of a write.
    pub torn: u64,
    /// Recoveries that were cut off.
    pub again: u64,
    /// Disks that recovery refused.
    pub rotten: u64,
    /// Frames that a busy node had no room for.
    pub overrun: u64,
    /// Commands refused for want of room in the log.
    pub full: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }

    /// Each kind that is counted, by its name. Some faults are a matter of degree, and not of number.
    pub fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        let faults = Fault::ALL.into_iter().map(|fault| (fault.name(), self.faults[fault as usize]));
        let others = [
            ("cut", self.cut),
            ("torn", self.torn),
            ("again", self.again),
            ("rotten", self.rotten),
            ("overrun", self.overrun),
            ("full", self.full),
        ];
        faults.chain(others.map(|(name, count)| (name.to_owned(), count))).filter(|(_, count)| *count > 0)
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Tally) {
        self.faults.iter_mut().zip(other.faults).for_each(|(sum, count)| *sum += count);
        self.cut += other.cut;
        self.torn += other.torn;
        self.again += other.again;
        self.rotten += other.rotten;
        self.overrun += other.overrun;
        self.full += other.full;
    }
}
