use crate::{Fault, Header};

/// Cuts what comes over one line into frames, in memory of its own.
///
/// It is in step again after the next delimiter, whatever came before: noise, lost bytes, half a frame, a peer that was
/// reset, more bytes than a frame has. A frame takes at most `FRAME` bytes on the line, without the delimiter before
/// it.
#[derive(Clone, Debug)]
pub struct Receiver<const FRAME: usize> {
    bytes: [u8; FRAME],
    length: usize,
    /// What came since the last delimiter is longer than any frame.
    is_long: bool,
    /// What `length` counts was given out already.
    is_done: bool,
}

impl<const FRAME: usize> Receiver<FRAME> {
    /// Nothing has come yet.
    pub const fn new() -> Self {
        Receiver { bytes: [0; FRAME], length: 0, is_long: false, is_done: false }
    }

    /// Takes bytes off the front of `input`, up to the end of a frame: its header, and what follows. `None` if they end
    /// before a frame does: then `input` is empty. Work is bounded by the number of bytes.
    ///
    /// The frame's own check is not verified yet.
    ///
    /// # Errors
    /// Why what came is dropped.
    pub fn take(&mut self, input: &mut &[u8]) -> Option<Result<(Header, &mut [u8]), Fault>> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            if core::mem::take(&mut self.is_done) {
                self.length = 0;
            }
            if byte != DELIMITER {
                self.push(byte);
                continue;
            }
            self.is_done = true;
            if core::mem::take(&mut self.is_long) {
                return Some(Err(Fault::Long));
            }
            // Nothing between two delimiters: that is how an idle line begins.
            if self.length > 0 {
                return self.bytes.get_mut(..self.length).map(read);
            }
        }
        None
    }

    fn push(&mut self, byte: u8) {
        match self.bytes.get_mut(self.length) {
            Some(place) => {
                *place = byte;
                self.length += 1;
            }
            None => self.is_long = true,
        }
    }
}

impl<const FRAME: usize> Default for Receiver<FRAME> {
    fn default() -> Self {
        Self::new()
    }
}

#[inline(never)]
fn read(bytes: &mut [u8]) -> Result<(Header, &mut [u8]), Fault> {
    let length = cobs::decode_in_place(bytes).map_err(|_| Fault::Coding)?;
    let (header, _) = Header::read(bytes.get(..length).ok_or(Fault::Coding)?)?;
    Ok((header, bytes.get_mut(Header::BYTES..length).ok_or(Fault::Short)?))
}

/// Ends a frame, and stands nowhere in it.
pub(crate) const DELIMITER: u8 = 0;
