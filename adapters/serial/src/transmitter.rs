use core::cell::Cell;

use cobs::{CobsEncoder, DestBufTooSmallError};

use crate::receiver::DELIMITER;
use crate::{Fault, Header};

/// The bytes that wait to go over one line: room for two of the longest frames, or for more short ones.
#[derive(Clone, Debug)]
pub struct Transmitter<const FRAME: usize> {
    bytes: [[u8; FRAME]; 2],
    start: usize,
    end: usize,
}

impl<const FRAME: usize> Transmitter<FRAME> {
    /// Nothing waits.
    pub const fn new() -> Self {
        Transmitter { bytes: [[0; FRAME]; 2], start: 0, end: 0 }
    }

    /// Puts a frame behind what waits; nothing but the header makes it a greeting.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn push(&mut self, header: &Header, frame: &[u8]) -> Result<(), Fault> {
        let bytes = self.bytes.as_flattened_mut();
        if self.start > 0 {
            let waiting = Cell::from_mut(bytes.get_mut(..self.end).ok_or(Fault::NoRoom)?).as_slice_of_cells();
            waiting.iter().zip(waiting.iter().skip(self.start)).for_each(|(to, from)| to.set(from.get()));
            self.end -= self.start;
            self.start = 0;
        }
        let room = bytes.get_mut(self.end..).ok_or(Fault::NoRoom)?;
        let length = write(room, self.end == 0, header, frame).map_err(|DestBufTooSmallError| Fault::NoRoom)?;
        self.end += length;
        Ok(())
    }

    /// The bytes to send next; empty if none wait.
    pub fn pending(&self) -> &[u8] {
        let pending = self.bytes.as_flattened().get(self.start..self.end);
        debug_assert!(pending.is_some(), "what waits lies within the memory");
        pending.unwrap_or_default()
    }

    /// So many of the pending bytes are on their way.
    pub fn sent(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.end);
    }

    /// Whether the longest frame would find room.
    pub fn has_room(&self) -> bool {
        self.end - self.start <= FRAME
    }
}

impl<const FRAME: usize> Default for Transmitter<FRAME> {
    fn default() -> Self {
        Self::new()
    }
}

/// A frame as it goes over the line. If the line was idle, a delimiter comes first: noise before it does not hurt the
/// frame.
fn write(room: &mut [u8], is_idle: bool, header: &Header, frame: &[u8]) -> Result<usize, DestBufTooSmallError> {
    let front = usize::from(is_idle);
    let mut encoder = CobsEncoder::new(room.get_mut(front..).ok_or(DestBufTooSmallError)?);
    encoder.push(&header.write())?;
    encoder.push(frame)?;
    let end = front + encoder.finalize();
    *room.get_mut(end).ok_or(DestBufTooSmallError)? = DELIMITER;
    if is_idle {
        *room.first_mut().ok_or(DestBufTooSmallError)? = DELIMITER;
    }
    Ok(end + 1)
}
