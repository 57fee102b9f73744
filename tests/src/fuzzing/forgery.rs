use crc::{Algorithm, Crc};
use quorate::crc32c_append;
use quorate_flash::double::Double;

use super::source::Source;

/// Items of a flash's log, as the library of its items writes them, with any content.
pub(crate) struct Forger<const WORD: usize, const PAGE: usize>;

/// What comes before an item's content.
const HEADER: usize = 8;
/// Where in that its length stands.
const LENGTH_AT: usize = 4;
/// The most bytes of an item.
const ITEM: usize = 256;

impl<const WORD: usize, const PAGE: usize> Forger<WORD, PAGE> {
    const HEADER: usize = HEADER.next_multiple_of(WORD);

    /// Puts other items behind the head of a page, of which a byte may change: all of them have sound checks.
    pub(crate) fn forge(chip: &mut Double<WORD, PAGE>, start: usize, source: &mut Source<'_>) {
        let (mut at, end) = (start + WORD, start + PAGE - WORD);
        let mut head = Self::head(chip, at);
        if source.flag()
            && let Some(place) = usize::from(source.byte()).checked_rem(head.len())
        {
            head[place] = source.byte();
        }
        at = Self::put(chip, at, &head);
        for ordinal in 0..source.below(16) {
            let content = Self::item(chip, source, ordinal);
            if at + Self::HEADER + content.len().next_multiple_of(WORD) > end {
                break;
            }
            at = Self::put(chip, at, &content);
        }
        (at..start + PAGE).for_each(|at| chip.rot(at, 0xff));
    }

    /// What an item says: nothing, what a write begins with, anything, or what stands elsewhere.
    fn item(chip: &Double<WORD, PAGE>, source: &mut Source<'_>, ordinal: u8) -> Vec<u8> {
        match source.below(4) {
            0 => Vec::new(),
            1 => [&[source.byte(), source.below(2), ordinal, 0][..], source.some_bytes()].concat(),
            2 => source.some_bytes().to_vec(),
            _ => {
                let from = source.near(0) as usize % (chip.bytes().len() - ITEM);
                Self::content(chip, from / WORD * WORD, usize::from(source.byte()))
            }
        }
    }

    /// The content of a page's first item, as long as its header says.
    fn head(chip: &Double<WORD, PAGE>, at: usize) -> Vec<u8> {
        let length = u16::from_le_bytes([chip.bytes()[at + LENGTH_AT], chip.bytes()[at + LENGTH_AT + 1]]);
        Self::content(chip, at, usize::from(length).min(ITEM))
    }

    fn content(chip: &Double<WORD, PAGE>, at: usize, length: usize) -> Vec<u8> {
        let from = (at + Self::HEADER).min(chip.bytes().len() - length);
        chip.bytes()[from..from + length].to_vec()
    }

    /// Writes an item, and says where the next one goes.
    fn put(chip: &mut Double<WORD, PAGE>, at: usize, content: &[u8]) -> usize {
        let mut bytes = Self::encode(content);
        bytes.drain(..).enumerate().for_each(|(place, byte)| chip.rot(at + place, byte));
        at + Self::HEADER + content.len().next_multiple_of(WORD)
    }

    fn encode(content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16).to_le_bytes();
        let mut bytes = [&check(content).to_le_bytes()[..], &length, &CRC.checksum(&length).to_le_bytes()].concat();
        bytes.resize(Self::HEADER, 0xff);
        bytes.extend_from_slice(content);
        bytes.resize(Self::HEADER + content.len().next_multiple_of(WORD), 0);
        bytes
    }
}

/// The library's CRC of an item: CRC-32C from another beginning.
fn check(content: &[u8]) -> u32 {
    crc32c_append(!0xeeee_eeee, content).max(1)
}

/// The library's CRC of a length.
const CRC: Crc<u16> = Crc::<u16>::new(&Algorithm {
    width: 16,
    poly: 0x7458,
    init: 0xffff,
    refin: true,
    refout: true,
    xorout: 0xffff,
    check: 0,
    residue: 0,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_item_is_as_the_library_writes_it() {
        let chip = super::super::flash::written::<4, 512>();
        let head = Forger::<4, 512>::head(&chip, 4);
        let forged = Forger::<4, 512>::encode(&head);
        assert_eq!(chip.bytes()[4..4 + forged.len()], forged);
    }
}
