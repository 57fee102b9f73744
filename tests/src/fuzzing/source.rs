/// Decisions drawn from bytes, from the front on; all are zero once the bytes are used up.
pub(crate) struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Source { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or_default()
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: u8) -> u8 {
        self.byte() % count.max(1)
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub(crate) fn number(&mut self) -> u64 {
        let bytes = self.bytes(8);
        bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Mostly this number, often one near it or a small one, and now and then any.
    pub(crate) fn near(&mut self, around: u64) -> u64 {
        match self.byte() {
            0..128 => around,
            choice @ 128..144 => u64::from(choice - 128),
            choice @ 144..248 => around.wrapping_add(u64::from(choice % 8)).saturating_sub(3),
            _ => self.number(),
        }
    }

    /// So many bytes, or what is left.
    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        bytes
    }

    /// Bytes whose number comes first.
    pub(crate) fn some_bytes(&mut self) -> &'a [u8] {
        let count = self.byte();
        self.bytes(usize::from(count))
    }
}
