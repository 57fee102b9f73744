/// What every member applies commands to: a count, and a sum over all of their bytes in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How many commands were applied.
    pub applied: u64,
    sum: u64,
}

impl State {
    /// Applies the next command.
    ///
    /// # Panics
    /// It is another one, which the first eight bytes tell.
    pub fn apply(&mut self, command: &[u8]) {
        let (words, _) = command.as_chunks::<8>();
        assert_eq!(words.first().copied().map(u64::from_le_bytes), Some(self.applied), "commands come in order");
        self.applied += 1;
        let folded = words.iter().fold(0, |sum, word| sum ^ u64::from_le_bytes(*word));
        self.sum = self.sum.rotate_left(7) ^ folded;
    }

    /// The sum.
    pub fn sum(&self) -> u64 {
        self.sum
    }
}
