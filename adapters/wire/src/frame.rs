use core::fmt;

use postcard::ser_flavors::{Flavor, Slice};
use quorate::crc32c;

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
        Class::of_bits(class)
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

/// Writes a frame to the front of `buffer`: header, body, check.
pub(crate) fn write(
    buffer: &mut [u8],
    class: Class,
    body: impl FnOnce(&mut Writer<'_>) -> postcard::Result<()>,
) -> Result<&[u8], EncodeError> {
    let error = EncodeError { room: buffer.len() };
    let end = fill(buffer, HEADER, CHECK, body)?;
    let (covered, rest) = buffer.split_at_mut_checked(end).ok_or(error)?;
    *covered.first_chunk_mut().ok_or(error)? = [VERSION, class as u8];
    *rest.first_chunk_mut().ok_or(error)? = crc32c(covered).to_le_bytes();
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
    let found = Class::of(frame)?;
    if found != class {
        return Err(DecodeError::Class(found as u8));
    }
    unseal(frame)
}

/// Verifies the header and the check of a frame, and does not look at what it says: for whoever passes frames on.
///
/// # Errors
/// As [`Class::of`], or [`DecodeError::Checksum`].
pub fn verify(frame: &[u8]) -> Result<Class, DecodeError> {
    let class = Class::of(frame)?;
    unseal(frame)?;
    Ok(class)
}

fn unseal(frame: &[u8]) -> Result<&[u8], DecodeError> {
    let end = frame.len().checked_sub(CHECK).ok_or(DecodeError::Length)?;
    let (covered, check) = frame.split_at_checked(end).ok_or(DecodeError::Length)?;
    if check.first_chunk().copied().map(u32::from_le_bytes) != Some(crc32c(covered)) {
        return Err(DecodeError::Checksum);
    }
    covered.get(HEADER..).ok_or(DecodeError::Length)
}

/// The frame is longer than the buffer that was to hold it, or than [`FRAME_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EncodeError {
    /// How long the buffer is, in bytes.
    pub room: usize,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the frame does not fit into {} bytes: lend a longer buffer, or put less into one message", self.room)
    }
}

impl core::error::Error for EncodeError {}

/// Version and class.
pub(crate) const HEADER: usize = 2;

/// The CRC-32C at the end.
pub(crate) const CHECK: usize = 4;

/// The bits of the byte behind the class that say under which key a frame is sealed.
pub(crate) const KEY_BITS: u8 = 0b1111;

/// The bits of the class byte that belong to the seal.
pub(crate) const SEAL_BITS: u8 = 0b1100_0000;
