use super::SEALED_BITS;

/// What the seal of a frame between members takes. Both ends of a link have the same one, as neither takes a frame of the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A tag of 16 bytes, and 4 bytes of the counter.
    Full,
    /// For slow lines, 10 bytes less: a tag of 8 bytes, so a forged frame opens once in 2^64 tries, and 2 bytes of the counter,
    /// so of 65,280 frames in a row one has to arrive. If none does, the sides come to another session.
    Bus,
}

impl Profile {
    /// What the class byte of a sealed frame says of it.
    pub(super) const fn bits(self) -> u8 {
        match self {
            Profile::Full => SEALED_BITS,
            Profile::Bus => BUS_BITS,
        }
    }

    /// How many bytes of the counter a frame has.
    pub(super) const fn counter(self) -> usize {
        match self {
            Profile::Full => 4,
            Profile::Bus => 2,
        }
    }

    /// How long the tag is, in bytes.
    pub(super) const fn tag(self) -> usize {
        match self {
            Profile::Full => 16,
            Profile::Bus => 8,
        }
    }
}

/// In the class byte: the body is sealed, by the profile of a bus.
pub(super) const BUS_BITS: u8 = 0b1000_0000;
