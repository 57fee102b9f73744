use embedded_storage::nor_flash::NorFlash;
use quorate::{Roster, Settled};

use crate::FlashError;
use crate::item::{CONFIGURATION, Configuration, Front, ITEM, PREFIX, Prefix};
use crate::layout::item_bytes;
use crate::log::Log;

/// Where the last configuration that is known to be committed stands in the log: there is no memory for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) configuration: Configuration,
    /// The page in which its write begins.
    pub(crate) page: u32,
    /// The number of the first item of its write.
    pub(crate) ordinal: u16,
    /// How much of the write's content stands before the roster.
    pub(crate) front: u16,
}

impl Log {
    /// Looks the last configuration up, for which `scratch` has to have room.
    pub(crate) fn settled<'s, F: NorFlash>(
        &self,
        flash: &mut F,
        scratch: &'s mut [u8],
    ) -> Result<Option<Settled<'s>>, FlashError> {
        let place = self.outline.settled;
        let Configuration { since, bytes } = place.configuration;
        let needed = usize::from(bytes);
        if needed == 0 {
            return Ok(None);
        }
        self.ring.expect_roster(needed)?;
        let room = scratch.get_mut(..needed).ok_or(FlashError::Scratch { needed })?;
        self.read_roster(flash, place, 0, room)?;
        let what = "a configuration cannot be read";
        let roster = Roster::parse(room);
        let roster = roster.ok_or(FlashError::Damaged { address: self.ring.page(place.page).start, what })?;
        Ok(Some(Settled { since, roster }))
    }

    /// Writes the last configuration once more, to the front of a page that begins: those before it may go then.
    #[inline(never)]
    pub(crate) fn carry<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        let place = self.outline.settled;
        let bytes = usize::from(place.configuration.bytes);
        if bytes == 0 {
            return Ok(());
        }
        let front = Front { settled: place.configuration, ..Front::default() };
        let mut from = 0;
        while from < bytes {
            let mut item = [0; ITEM];
            let (is_first, mut start) = (from == 0, PREFIX);
            if is_first {
                start += CONFIGURATION;
                front.write(item.get_mut(PREFIX..).unwrap_or_default());
            }
            let end = ITEM.min(start + bytes - from);
            self.read_roster(flash, place, from, item.get_mut(start..end).ok_or(FlashError::Miscounted)?)?;
            from += end - start;
            let written = item.get_mut(..end).ok_or(FlashError::Miscounted)?;
            self.push_item(flash, front.kind(), (is_first, from == bytes), written)?;
        }
        self.seal(flash)?;
        self.outline.settled = Place { page: self.number, ordinal: 0, front: CONFIGURATION as u16, ..place };
        Ok(())
    }

    /// Fills `room` with the bytes of a roster, from this one on.
    fn read_roster<F: NorFlash>(
        &self,
        flash: &mut F,
        place: Place,
        from: usize,
        room: &mut [u8],
    ) -> Result<(), FlashError> {
        let mut skip = usize::from(place.front) + from;
        let mut room = room.iter_mut();
        for number in place.page..=self.number {
            let mut is_head = true;
            self.ring.page(number).each(flash, &mut |item| {
                let Some((prefix, content)) = Prefix::parse(item).filter(|_| !core::mem::take(&mut is_head)) else {
                    return true;
                };
                if number > place.page || prefix.ordinal >= place.ordinal {
                    content.iter().skip(skip).zip(&mut room).for_each(|(byte, room)| *room = *byte);
                    skip = skip.saturating_sub(content.len());
                }
                room.len() > 0
            })?;
            if room.len() == 0 {
                return Ok(());
            }
        }
        Err(FlashError::Miscounted)
    }
}

impl Configuration {
    /// How much of a page its copy takes, without the seal behind it.
    pub(crate) const fn carried_bytes<F: NorFlash>(roster: usize) -> usize {
        let (content, item) = (CONFIGURATION + roster, ITEM - PREFIX);
        let whole = (content - 1) / item;
        whole * item_bytes::<F>(ITEM) + item_bytes::<F>(PREFIX + content - whole * item)
    }
}
