/// Bytes of an item before its content.
pub(crate) const PREFIX: usize = 8;
/// Bytes of a term and vote.
pub(crate) const HARD_STATE: usize = 10;
