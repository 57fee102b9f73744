use embedded_storage::nor_flash::{NorFlash, NorFlashError};

use crate::FlashError;
use crate::layout::word;

/// Names the operation and the address that an error of the flash driver belongs to.
pub(crate) fn io<E: NorFlashError>(operation: &'static str, address: u32) -> impl FnOnce(E) -> FlashError {
    move |error| FlashError::Io { operation, address, kind: error.kind() }
}

/// How many bytes are read at a time where they are not kept.
const CHUNK: usize = 64;

/// Fills `bytes` from an address on, whatever the flash's own steps are.
pub(crate) fn read<F: NorFlash>(flash: &mut F, address: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
    let step = F::READ_SIZE as u32;
    if address.is_multiple_of(step) && bytes.len().is_multiple_of(F::READ_SIZE) {
        return flash.read(address, bytes).map_err(io("read", address));
    }
    let mut from = address;
    let mut rest = bytes;
    while !rest.is_empty() {
        let aligned = from - from % step;
        let ahead = (from - aligned) as usize;
        let mut chunk = [0; CHUNK];
        let length = (ahead + rest.len()).next_multiple_of(F::READ_SIZE).min(CHUNK);
        let chunk = chunk.get_mut(..length).ok_or(FlashError::Miscounted)?;
        flash.read(aligned, chunk).map_err(io("read", aligned))?;
        let found = chunk.get(ahead..).filter(|found| !found.is_empty()).ok_or(FlashError::Miscounted)?;
        let length = found.len().min(rest.len());
        let (room, behind) = rest.split_at_mut(length);
        room.iter_mut().zip(found).for_each(|(room, byte)| *room = *byte);
        from += length as u32;
        rest = behind;
    }
    Ok(())
}

/// Shows the bytes of a region to `visit`, piece by piece, with the address of each, until it has seen enough.
pub(crate) fn each<F: NorFlash>(
    flash: &mut F,
    start: u32,
    length: u32,
    visit: &mut dyn FnMut(u32, &[u8]) -> bool,
) -> Result<(), FlashError> {
    let (mut at, end) = (start, start + length);
    while at < end {
        let mut chunk = [0; CHUNK];
        let length = CHUNK.min((end - at) as usize);
        let room = chunk.get_mut(..length).ok_or(FlashError::Miscounted)?;
        read(flash, at, room)?;
        if !visit(at, room) {
            break;
        }
        at += length as u32;
    }
    Ok(())
}

/// Whether a region reads as erased.
pub(crate) fn is_blank<F: NorFlash>(flash: &mut F, start: u32, length: u32) -> Result<bool, FlashError> {
    let mut is_blank = true;
    each(flash, start, length, &mut |_, bytes| {
        is_blank = bytes.iter().all(|byte| *byte == ERASED);
        is_blank
    })?;
    Ok(is_blank)
}

/// How many words of a region do not read as erased: none, one, or several.
pub(crate) fn count_written<F: NorFlash>(flash: &mut F, start: u32, length: u32) -> Result<u32, FlashError> {
    let mut count = 0;
    each(flash, start, length, &mut |_, bytes| {
        let written = bytes.chunks(word::<F>()).filter(|word| word.iter().any(|byte| *byte != ERASED));
        count += written.count() as u32;
        count < 2
    })?;
    Ok(count)
}

/// Writes whole words. Those that would stay as they are when they are erased are left out: they can be written later,
/// with the same bytes, by whoever cannot tell that they were.
pub(crate) fn write<F: NorFlash>(flash: &mut F, address: u32, bytes: &[u8]) -> Result<(), FlashError> {
    let (mut at, mut rest) = (address, bytes);
    while !rest.is_empty() {
        let (word, behind) = rest.split_at_checked(word::<F>()).unwrap_or((rest, &[]));
        if word.iter().any(|byte| *byte != ERASED) {
            flash.write(at, word).map_err(io("write", at))?;
        }
        at += word.len() as u32;
        rest = behind;
    }
    Ok(())
}

/// What an erased byte reads as.
pub(crate) const ERASED: u8 = 0xff;
