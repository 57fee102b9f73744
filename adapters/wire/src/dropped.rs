use core::fmt;

use quorate::Brief;
use serde::{Deserialize, Serialize};

use crate::rough::Rough;

/// Why a frame was dropped. A dropped frame changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecodeError {
    /// Shorter than any frame, or longer than [`FRAME_MAX`](crate::FRAME_MAX).
    Length,
    /// Of this format version, which this crate does not read.
    Version(u8),
    /// Of this class, which is unknown or not the one that was asked for.
    Class(u8),
    /// Sealed under the key of this number, which this node does not have, or by a client whose key of it was taken back.
    Sealed(u8),
    /// The CRC-32C does not match: bytes have changed on the way.
    Checksum,
    /// The check is good and the content is not: unknown variants, damaged records, bytes left over. The sender runs
    /// another version of the program, or its memory is damaged.
    Malformed,
    /// From another cluster.
    Cluster,
    /// For another node, or for another client.
    Destination,
    /// Of another founding: the sender's data come from another cluster, or from an earlier one of these nodes.
    Founding,
    /// Plain, and this node takes sealed frames only.
    Plain,
    /// The tag does not match: bytes have changed on the way, somebody has forged it, or the sender has another key under
    /// this number.
    Tag,
    /// Sealed for a session that is not here: of an earlier boot, or of somebody else.
    Session,
    /// Sealed for this session, and it has come already, or so late that this is not known any longer.
    Repeated,
}

impl DecodeError {
    /// How many reasons there are.
    pub const COUNT: usize = NAMES.len();

    /// The reason's number, from 0 to [`COUNT`](DecodeError::COUNT). It is part of the wire format.
    pub const fn index(self) -> usize {
        match self {
            DecodeError::Length => 0,
            DecodeError::Version(_) => 1,
            DecodeError::Class(_) => 2,
            DecodeError::Sealed(_) => 3,
            DecodeError::Checksum => 4,
            DecodeError::Malformed => 5,
            DecodeError::Cluster => 6,
            DecodeError::Destination => 7,
            DecodeError::Founding => 8,
            DecodeError::Plain => 9,
            DecodeError::Tag => 10,
            DecodeError::Session => 11,
            DecodeError::Repeated => 12,
        }
    }

    /// The reason in one word, as for a table or a label.
    pub const fn name(self) -> &'static str {
        NAMES[self.index()]
    }
}

impl From<DecodeError> for Brief {
    fn from(error: DecodeError) -> Brief {
        let number = match error {
            DecodeError::Version(number) | DecodeError::Class(number) | DecodeError::Sealed(number) => number,
            _ => 0,
        };
        Brief { of: "decode", word: error.name(), numbers: [number.into(), 0] }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            DecodeError::Length => f.write_str("too short or too long for a frame"),
            DecodeError::Version(version) => {
                write!(f, "frame of format version {version}, which this node does not read")
            }
            DecodeError::Class(class) => write!(f, "frame of class {class}, which is not expected here"),
            DecodeError::Sealed(number) => write!(f, "sealed under key {number}, which this node does not have"),
            DecodeError::Checksum => f.write_str("the frame's checksum does not match its bytes"),
            DecodeError::Malformed => {
                f.write_str("the frame's content cannot be read: does its sender run another version?")
            }
            DecodeError::Cluster => f.write_str("frame of another cluster"),
            DecodeError::Destination => f.write_str("frame for somebody else"),
            DecodeError::Founding => f.write_str("frame of another founding"),
            DecodeError::Plain => f.write_str("plain frame, but this node takes sealed ones only"),
            DecodeError::Tag => f.write_str("sealed under another key of the same number, or changed on its way"),
            DecodeError::Session => f.write_str("sealed for a session that is not here"),
            DecodeError::Repeated => f.write_str("sealed frame that has come already"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// How many frames were dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dropped([u32; DecodeError::COUNT]);

impl Dropped {
    /// Counts one more dropped frame.
    pub fn count(&mut self, error: DecodeError) {
        if let Some(slot) = self.0.get_mut(error.index()) {
            *slot = slot.saturating_add(1);
        }
    }
}

/// How many frames were dropped, and how many of their messages the core refused, by reason: as a status has room for
/// it, exact below 16, and above that to within an eighth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refused([Rough; SLOTS]);

impl Refused {
    /// What was dropped here, and what the core has refused of the messages that came through.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn of(frames: Dropped, messages: quorate::Refusals) -> Refused {
        let mut refused = Refused::default();
        let (of_frames, of_messages) = refused.0.split_at_mut(FRAME_SLOTS);
        for (slot, count) in of_frames.iter_mut().zip(frames.0) {
            *slot = Rough::of(count.into());
        }
        for (slot, reason) in of_messages.iter_mut().zip(quorate::Refusal::ALL) {
            *slot = Rough::of(messages.count(reason).into());
        }
        refused
    }

    pub(crate) fn slots(&self) -> [u8; SLOTS] {
        self.0.map(|count| count.0)
    }

    pub(crate) fn of_slots(mut slot: impl FnMut() -> u8) -> Refused {
        Refused(core::array::from_fn(|_| Rough(slot())))
    }

    /// Each reason's name and count. Reasons that only a later version knows are left out.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let (frames, messages) = self.0.split_at(FRAME_SLOTS);
        let frames = NAMES.into_iter().zip(frames);
        let messages = quorate::Refusal::ALL.map(quorate::Refusal::name).into_iter().zip(messages);
        frames.chain(messages).map(|(name, count)| (name, count.value()))
    }
}

/// In the order of [`DecodeError::index`].
const NAMES: [&str; 13] = [
    "length",
    "version",
    "class",
    "sealed",
    "checksum",
    "malformed",
    "cluster",
    "destination",
    "founding",
    "plain",
    "tag",
    "session",
    "repeated",
];

/// Reasons that [`Refused`] has room for: first those for which a frame is dropped, then the core's.
const SLOTS: usize = 25;
const FRAME_SLOTS: usize = 13;

const _: () = assert!(DecodeError::COUNT <= FRAME_SLOTS, "more reasons than the wire format has room for");
const _: () =
    assert!(quorate::Refusal::ALL.len() <= SLOTS - FRAME_SLOTS, "more reasons than the wire format has room for");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_counted_under_its_own_name() {
        let reasons = [
            DecodeError::Length,
            DecodeError::Version(9),
            DecodeError::Class(9),
            DecodeError::Sealed(9),
            DecodeError::Checksum,
            DecodeError::Malformed,
            DecodeError::Cluster,
            DecodeError::Destination,
            DecodeError::Founding,
            DecodeError::Plain,
            DecodeError::Tag,
            DecodeError::Session,
            DecodeError::Repeated,
        ];
        for (number, reason) in reasons.into_iter().enumerate() {
            let mut dropped = Dropped::default();
            dropped.count(reason);
            assert_eq!(reason.index(), number);
            let refused = Refused::of(dropped, quorate::Refusals::default());
            assert!(refused.iter().take(NAMES.len()).eq(NAMES.map(|name| (name, u64::from(name == reason.name())))));
            assert!(refused.iter().skip(NAMES.len()).all(|(_, count)| count == 0));
        }
        assert_eq!(reasons.len(), DecodeError::COUNT);
    }
}
