use embedded_storage::nor_flash::NorFlash;
use quorate::{Roster, Settled};

use crate::FlashError;
use crate::damage::Damage;
use crate::front::{CONFIGURATION, Configuration, Front, FrontRoom};
use crate::item::{CONTENT, HEADER, ITEM, PREFIX, Room, Walk, item_bytes};
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::ring::first_end;

/// Where the last configuration that is known to be committed stands in the log: there is no memory for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) configuration: Configuration,
    /// The page in which its write begins.
    pub(crate) page: u32,
    /// Where in the page that is.
    pub(crate) at: u32,
    /// How much of the write's content stands before the roster.
    pub(crate) front: u16,
}

impl Log {
    /// Looks the last configuration up, for which `scratch` has to have room.
    pub(crate) fn settled<'s, F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        scratch: &'s mut [u8],
    ) -> Result<Option<Settled<'s>>, Failed> {
        let place = self.outline.settled;
        let Configuration { since, bytes } = place.configuration;
        let needed = usize::from(bytes);
        if needed == 0 {
            return Ok(None);
        }
        self.ring.expect_roster(flash, needed)?;
        let Some(room) = scratch.get_mut(..needed) else { return Err(flash.fail(FlashError::Scratch { needed })) };
        self.read_roster(flash, place, 0, room)?;
        match Roster::parse(room) {
            Some(roster) => Ok(Some(Settled { since, roster })),
            None => Err(flash.damaged(self.ring.page::<F>(place.page), Damage::Configuration)),
        }
    }

    /// Writes the last configuration once more, to the front of a page that begins: those before it may go then.
    #[inline(never)]
    pub(crate) fn carry<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        let place = self.outline.settled;
        let bytes = usize::from(place.configuration.bytes);
        if bytes == 0 {
            return Ok(());
        }
        let mut room = FrontRoom::new();
        let mut front = Front::to(&mut room);
        front.settled(place.configuration);
        let mut from = 0;
        while from < bytes {
            let mut item = Room::new();
            let mut room = item.0.get_mut(CONTENT..HEADER + ITEM).ok_or(Failed)?;
            let is_first = from == 0;
            if is_first {
                let (start, rest) = room.split_first_chunk_mut::<CONFIGURATION>().ok_or(Failed)?;
                start.iter_mut().zip(front.bytes()).for_each(|(room, byte)| *room = *byte);
                room = rest;
            }
            let taken = room.len().min(bytes - from);
            self.read_roster(flash, place, from, room.get_mut(..taken).ok_or(Failed)?)?;
            from += taken;
            let length = taken + if is_first { CONFIGURATION } else { 0 };
            self.push_item(flash, front.kind, (is_first, from == bytes), &mut item, length)?;
        }
        self.seal(flash)?;
        self.outline.settled = Place { page: self.number, at: first_end::<F>(), front: CONFIGURATION as u16, ..place };
        Ok(())
    }

    /// Fills `room` with the bytes of a roster, from this one on.
    #[inline(never)]
    fn read_roster<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        place: Place,
        from: usize,
        room: &mut [u8],
    ) -> Result<(), Failed> {
        let mut skip = usize::from(place.front) + from;
        let mut room = room.iter_mut();
        let mut walk = Walk::from(place.page, place.at, self.number);
        while room.len() > 0 {
            if !walk.next(flash, &self.ring)? {
                return Err(Failed);
            }
            let content = walk.content();
            content.iter().skip(skip).zip(&mut room).for_each(|(byte, room)| *room = *byte);
            skip = skip.saturating_sub(content.len());
        }
        Ok(())
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
