use quorate::{crc32c, crc32c_append};
use quorate_flash::double::Double;

use super::source::Source;

/// Items of a flash's log, as FORMAT.md says, with any content.
pub(crate) struct Forger<const WORD: usize, const PAGE: usize>;

/// Bytes of a page's head, with its check behind them.
const HEAD: usize = 168;
/// Where in that the page's number stands.
const NUMBER_AT: usize = 28;
/// The most bytes of that.
const ITEM: usize = 255;

impl<const WORD: usize, const PAGE: usize> Forger<WORD, PAGE> {
    /// Puts other items behind the head of a page, of which a byte may change: all of them have sound checks.
    pub(crate) fn forge(chip: &mut Double<WORD, PAGE>, start: usize, source: &mut Source<'_>) {
        let mut head = chip.bytes()[start..start + HEAD].to_vec();
        if source.flag() {
            head[usize::from(source.byte()) % (HEAD - 4)] = source.byte();
        }
        let check = crc32c(&head[..HEAD - 4]);
        head[HEAD - 4..].copy_from_slice(&check.to_le_bytes());
        head.iter().enumerate().for_each(|(place, byte)| chip.rot(start + place, *byte));
        let mut at = HEAD.next_multiple_of(WORD);
        for ordinal in 0..source.below(16) {
            let mut data = Self::data(chip, source, ordinal);
            data.truncate(ITEM);
            let item = Self::encode(&data, Self::place(&head, at));
            if at + item.len() > PAGE {
                break;
            }
            item.iter().enumerate().for_each(|(place, byte)| chip.rot(start + at + place, *byte));
            at += item.len();
        }
        (start + at..start + PAGE).for_each(|at| chip.rot(at, 0xff));
    }

    /// What an item says: nothing, what a write begins with, anything, or what stands elsewhere.
    fn data(chip: &Double<WORD, PAGE>, source: &mut Source<'_>, ordinal: u8) -> Vec<u8> {
        match source.below(4) {
            0 => Vec::new(),
            1 => [&[source.byte(), ordinal, source.below(2)][..], source.some_bytes()].concat(),
            2 => source.some_bytes().to_vec(),
            _ => {
                let from = source.near(0) as usize % (chip.bytes().len() - ITEM);
                chip.bytes()[from..from + usize::from(source.byte())].to_vec()
            }
        }
    }

    /// What the check of an item at this place of a page begins with.
    fn place(head: &[u8], at: usize) -> u32 {
        let number = head[NUMBER_AT..].first_chunk().map_or(0, |number| u32::from_le_bytes(*number));
        number.wrapping_mul(PAGE as u32).wrapping_add(at as u32)
    }

    fn encode(data: &[u8], place: u32) -> Vec<u8> {
        let length = data.len() as u16;
        let check = crc32c_append(place, data);
        let mut bytes = [&length.to_le_bytes()[..], &(!length).to_le_bytes(), &check.to_le_bytes(), data].concat();
        bytes.resize(bytes.len().next_multiple_of(WORD), 0);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes before an item's data.
    const HEADER: usize = 8;

    #[test]
    fn a_forged_item_is_as_the_log_writes_it() {
        let chip = super::super::flash::written::<4, 512>();
        let (head, item) = chip.bytes().split_at(HEAD);
        assert_eq!(crc32c(&head[..HEAD - 4]).to_le_bytes(), head[HEAD - 4..]);
        let length = usize::from(u16::from_le_bytes([item[0], item[1]]));
        let forged = Forger::<4, 512>::encode(&item[HEADER..HEADER + length], Forger::<4, 512>::place(head, HEAD));
        assert_eq!(item[..forged.len()], forged);
    }
}
