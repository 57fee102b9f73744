use heapless::Vec;

/// The numbers of the tries that nobody has said anything certain about.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries {
    open: Vec<u64, OPEN_MAX>,
    /// There were more than there is room for: what became of them, nobody will know.
    is_lost: bool,
}

/// Tries of unknown fate follow each other at longer and longer intervals, and few are ever told of.
const OPEN_MAX: usize = 8;

impl Tries {
    pub(super) fn push(&mut self, number: u64) {
        self.is_lost |= self.open.push(number).is_err();
    }

    /// This one did nothing, and never will.
    pub(super) fn close(&mut self, number: u64) {
        self.open.retain(|open| *open != number);
    }

    pub(super) fn are_closed(&self) -> bool {
        self.open.is_empty() && !self.is_lost
    }
}
