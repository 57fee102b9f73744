/// Bytes of a page's head.
pub(crate) const HEAD: usize = 96;
