use core::fmt;

use postcard::ser_flavors::{Flavor, Slice};
use quorate::{Brief, Entries, crc32c};

use crate::DecodeError;
use crate::fields::Writer;

/// The format version that this crate writes, and the only one that it reads.
pub const VERSION: u8 = 1;

/// The most bytes that a frame may have; what is longer is neither written nor read. A UDP datagram is never longer.
pub const FRAME_MAX: usize = 65_535;

/// What a frame is for: its second byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// Between members: see [`decode`](crate::decode).
    Member = 0,
    /// A client's request: see [`decode_request`](crate::client::decode_request).
    Request = 1,
    /// An answer to a client: see [`decode_reply`](crate::client::decode_reply).
    Reply = 2,
    /// Between stores that are to become a cluster: see [`decode_founding`](crate::decode_founding).
    Founding = 3,
}

impl Class {
    /// The class that a frame claims, so that whoever shares a port between members and clients knows which decoder to
    /// call. Looks at two bytes: the checksum is not verified yet.
    ///
    /// # Errors
    /// [`DecodeError::Length`], [`DecodeError::Version`], [`DecodeError::Sealed`] or [`DecodeError::Class`].
    pub fn of(frame: &[u8]) -> Result<Class, DecodeError> {
        if frame.len() > FRAME_MAX {
            return Err(DecodeError::Length);
        }
        let [version, class, key, _, _, _, ..] = *frame else {
            return Err(DecodeError::Length);
        };
        check_version(version)?;
        if class & SEAL_BITS != 0 {
            return Err(DecodeError::Sealed(key & KEY_BITS));
        }
        if class == Class::Member as u8 | RECORDS { Ok(Class::Member) } else { Class::of_bits(class) }
    }

    pub(crate) fn of_bits(bits: u8) -> Result<Class, DecodeError> {
        match bits {
            0 => Ok(Class::Member),
            1 => Ok(Class::Request),
            2 => Ok(Class::Reply),
            3 => Ok(Class::Founding),
            _ => Err(DecodeError::Class(bits)),
        }
    }
}

/// Writes a frame to the front of `buffer`: header, body, check. The last bytes that `body` writes, so many as it is told of
/// here, are records: these carry checks of their own, and so the frame's leaves them out.
pub(crate) fn write(
    buffer: &mut [u8],
    class: Class,
    records: usize,
    body: impl FnOnce(&mut Writer<'_>) -> postcard::Result<()>,
) -> Result<&[u8], EncodeError> {
    let error = EncodeError { room: buffer.len() };
    let (before, bits) = if records == 0 { (HEADER, 0) } else { (HEADER + LENGTH, RECORDS) };
    let end = fill(buffer, before, CHECK, body)?;
    let header: &mut [u8; HEADER + LENGTH] = buffer.first_chunk_mut().ok_or(error)?;
    [header[0], header[1]] = [VERSION, class as u8 | bits];
    if records > 0 {
        [header[2], header[3]] = u16::try_from(records).map_err(|_| error)?.to_le_bytes();
    }
    let covered = end.checked_sub(records).and_then(|covered| buffer.get(..covered)).ok_or(error)?;
    let check = crc32c(covered).to_le_bytes();
    *buffer.get_mut(end..).and_then(<[u8]>::first_chunk_mut).ok_or(error)? = check;
    buffer.get(..end + CHECK).ok_or(error)
}

/// Writes a body behind so many bytes at the front of `buffer`, with room for so many behind it: where it ends.
pub(crate) fn fill(
    buffer: &mut [u8],
    before: usize,
    behind: usize,
    body: impl FnOnce(&mut Writer<'_>) -> postcard::Result<()>,
) -> Result<usize, EncodeError> {
    let error = EncodeError { room: buffer.len() };
    let room = buffer.len().min(FRAME_MAX).saturating_sub(behind);
    let mut out = Writer { output: Slice::new(buffer.get_mut(before..room).ok_or(error)?) };
    let written = body(&mut out).and_then(|()| out.output.finalize());
    Ok(before + written.map_err(|_| error)?.len())
}

pub(crate) fn check_version(version: u8) -> Result<(), DecodeError> {
    if version == VERSION { Ok(()) } else { Err(DecodeError::Version(version)) }
}

/// Takes a frame of this class apart: its body, once header and check are found good.
pub(crate) fn open(frame: &[u8], class: Class) -> Result<&[u8], DecodeError> {
    open_with_records(frame, class).map(|(body, _)| body)
}

/// The same, with the records behind the body, which are not looked at yet. Only a member's frame has any.
pub(crate) fn open_with_records(frame: &[u8], class: Class) -> Result<(&[u8], &[u8]), DecodeError> {
    let found = Class::of(frame)?;
    if found != class {
        return Err(DecodeError::Class(found as u8));
    }
    unseal(frame)
}

/// Verifies the header and the check of a frame, and those of its records, and does not look at what it says: for whoever
/// passes frames on.
///
/// # Errors
/// As [`Class::of`], or [`DecodeError::Checksum`].
pub fn verify(frame: &[u8]) -> Result<Class, DecodeError> {
    let class = Class::of(frame)?;
    let (_, records) = unseal(frame)?;
    Entries::parse(records).map(|_| class).map_err(|_| DecodeError::Checksum)
}

fn unseal(frame: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let end = frame.len().checked_sub(CHECK).ok_or(DecodeError::Length)?;
    let (front, check) = frame.split_at_checked(end).ok_or(DecodeError::Length)?;
    let (before, records) = match *front {
        [_, class, low, high, ..] if class & RECORDS != 0 => {
            (HEADER + LENGTH, usize::from(u16::from_le_bytes([low, high])))
        }
        _ => (HEADER, 0),
    };
    let end = front.len().checked_sub(records).ok_or(DecodeError::Checksum)?;
    let (covered, records) = front.split_at_checked(end).ok_or(DecodeError::Checksum)?;
    if check.first_chunk().copied().map(u32::from_le_bytes) != Some(crc32c(covered)) {
        return Err(DecodeError::Checksum);
    }
    Ok((covered.get(before..).ok_or(DecodeError::Length)?, records))
}

/// The frame is longer than the buffer that was to hold it, or than [`FRAME_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EncodeError {
    /// How long the buffer is, in bytes.
    pub room: usize,
}

impl From<EncodeError> for Brief {
    fn from(error: EncodeError) -> Brief {
        Brief { of: "encode", word: "too long", numbers: [error.room as u64, 0] }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        write!(f, "the frame does not fit into {} bytes: lend a longer buffer, or put less into one message", self.room)
    }
}

impl core::error::Error for EncodeError {}

/// Version and class.
pub(crate) const HEADER: usize = 2;

/// The bit of the class byte of a member's frame that has records behind its body.
pub(crate) const RECORDS: u8 = 0b0010_0000;

/// How many bytes the records take, behind the class of such a frame.
pub(crate) const LENGTH: usize = 2;

/// The CRC-32C at the end.
pub(crate) const CHECK: usize = 4;

/// The bits of the byte behind the class that say under which key a frame is sealed.
pub(crate) const KEY_BITS: u8 = 0b1111;

/// The bits of the class byte that belong to the seal.
pub(crate) const SEAL_BITS: u8 = 0b1100_0000;
