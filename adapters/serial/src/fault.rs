use core::fmt;

/// Why something that came over a line, or should have gone over one, was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// More bytes without a delimiter than any frame has: noise, or a delimiter was lost, or the sender's frames are
    /// longer.
    Long,
    /// Not a COBS encoding: bytes were lost or have changed.
    Coding,
    /// Fewer bytes than any frame has.
    Short,
    /// The header's check does not match.
    Header,
    /// The header names an address that is kept for a later version.
    Reserved,
    /// The station's own frame came back to it: lines are joined in a circle that is not a ring of the settings.
    Echo,
    /// The check of a frame for somebody else does not match. It is not passed on.
    Checksum,
    /// A frame has gone over as many lines as it may.
    Hops,
    /// No line leads to whom a frame is for, or the one that does is cut.
    NoWay,
    /// A frame found no room among the bytes that wait to be sent.
    NoRoom,
    /// The port said that it lost or damaged bytes.
    Port,
}

impl Fault {
    /// Every reason, in the order of [`Faults`].
    pub const ALL: [Fault; 11] = [
        Fault::Long,
        Fault::Coding,
        Fault::Short,
        Fault::Header,
        Fault::Reserved,
        Fault::Echo,
        Fault::Checksum,
        Fault::Hops,
        Fault::NoWay,
        Fault::NoRoom,
        Fault::Port,
    ];

    /// The reason in a word or two, as for a status line.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Long => "too long",
            Fault::Coding => "coding",
            Fault::Short => "too short",
            Fault::Header => "header",
            Fault::Reserved => "reserved",
            Fault::Echo => "echo",
            Fault::Checksum => "checksum",
            Fault::Hops => "hops",
            Fault::NoWay => "no way",
            Fault::NoRoom => "no room",
            Fault::Port => "port",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Fault {}

/// How often each [`Fault`] was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Faults([u32; Fault::ALL.len()]);

impl Faults {
    pub(crate) const NONE: Faults = Faults([0; Fault::ALL.len()]);

    /// Counts one more.
    pub fn add(&mut self, fault: Fault) {
        if let Some(count) = self.0.get_mut(fault as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// How often this one was met.
    pub fn count(&self, fault: Fault) -> u32 {
        self.0.get(fault as usize).copied().unwrap_or_default()
    }

    /// Each reason and its count.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, u32)> {
        Fault::ALL.into_iter().zip(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_counted_under_its_own_name() {
        for (place, fault) in Fault::ALL.into_iter().enumerate() {
            let mut faults = Faults::default();
            faults.add(fault);
            assert_eq!(fault as usize, place);
            assert!(faults.iter().all(|(other, count)| count == u32::from(other == fault)));
            assert_eq!(faults.count(fault), 1);
        }
    }
}
