/// In the place of pieces that came early, where flash is scarce: none is kept, and [`crate::Config::pieces_in_order`]
/// holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Early;

impl Early {
    pub(crate) const NONE: Early = Early;

    #[inline(always)]
    pub(crate) fn first(&self) -> Option<u64> {
        None
    }

    #[inline(always)]
    pub(crate) fn takes(&self, _offset: u64, _length: u64, _end_of_all: u64) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, _offset: u64, _bytes: &[u8], _end_of_all: u64) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn close(&mut self, end: u64, _end_of_all: u64) -> u64 {
        end
    }

    #[inline(always)]
    pub(crate) fn ask(&mut self, _through: u64) {}

    #[inline(always)]
    pub(crate) fn is_at_end(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn check_of_all(&self, check: u32) -> u32 {
        check
    }

    #[inline(always)]
    pub(crate) fn check_behind(check: u32, _bytes: u64) -> u32 {
        check
    }
}
