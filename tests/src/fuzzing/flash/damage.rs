use quorate::{Entries, HardState, Term};
use quorate_flash::FlashError;
use quorate_flash::double::Double;

use super::Story;
use super::shown::{log_bytes, matches, open};
use crate::fuzzing::forgery::Forger;
use crate::fuzzing::source::Source;

/// How what a flash holds is changed, as no writer and no power cut does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Damage {
    /// A bit or a word at one place: nothing is lost of the log without a word.
    Spot,
    /// A bit in the heads of pages of the log: nothing is lost either.
    Heads,
    /// Here and there, whole pages too: what comes back was there at some time.
    Anywhere,
    /// Items with sound checks that nobody wrote.
    Forgery,
}

impl<const WORD: usize, const PAGE: usize> Story<WORD, PAGE> {
    /// Changes what the flash holds, and opens it.
    pub(super) fn spoil(mut self, source: &mut Source<'_>) {
        if source.flag() {
            self.settle();
        }
        let mut chip = Double::new(self.chip.bytes().len() / PAGE);
        self.chip.bytes().iter().enumerate().for_each(|(at, byte)| chip.rot(at, *byte));
        let damage = [Damage::Spot, Damage::Heads, Damage::Anywhere, Damage::Forgery][usize::from(source.below(4))];
        self.damage(&mut chip, damage, source);
        let (mut flash, shown) = match open(&mut chip) {
            Ok(opened) => opened,
            Err(error) => return drop(error.to_string()),
        };
        let node = shown.start();
        let probe = HardState { term: Term(1 << 40), vote: None };
        let written = flash.write(Some(probe), None, Entries::default(), None, None);
        if damage == Damage::Forgery {
            return drop(open(&mut chip));
        }
        let Some(node) = node else { panic!("{shown:?} was never written so") };
        let is_small = matches!(damage, Damage::Spot | Damage::Heads);
        let count = if is_small { 1 + usize::from(self.pending.is_some()) } else { usize::MAX };
        let may_be = self.past.iter().chain(&self.pending).rev().take(count);
        let found: Vec<_> = may_be.filter(|state| matches(state, &node)).collect();
        assert!(!found.is_empty(), "{shown:?} was never written so, or something is lost without a word");
        let is_told = |covered| node.base().index == covered || shown.damaged().is_some();
        let has_snapshot = !is_small || found.iter().any(|state| is_told(state.covered()));
        assert!(has_snapshot, "a snapshot is gone without a word: {shown:?}");
        let hard_state = match written {
            Ok(()) => probe,
            Err(FlashError::LogFull { .. }) => shown.hard_state(),
            Err(error) => panic!("a log that was opened takes a write: {error}"),
        };
        let (mut flash, again) = open(&mut chip).expect("a log that was opened can be opened again");
        let again = again.start().expect("a node can start from it again");
        assert_eq!(again.durable_hard_state(), hard_state);
        assert_eq!((node.base(), node.last(), node.settled()), (again.base(), again.last(), again.settled()));
        assert!(node.log().map(|entry| entry.record()).eq(again.log().map(|entry| entry.record())));
        self.read_all(&mut flash, &again).expect("snapshots that are shown can be read");
    }

    /// Opens the flash once more, as it is: what it shows now is believed from then on.
    fn settle(&mut self) {
        let mut chip = self.chip.clone();
        let opened = self.open_sound(&mut chip).map(drop);
        assert!(opened.is_ok(), "the power is there");
        self.chip = chip;
    }

    fn damage(&self, chip: &mut Double<WORD, PAGE>, damage: Damage, source: &mut Source<'_>) {
        let pages = log_bytes::<WORD, PAGE>() / PAGE;
        match damage {
            Damage::Spot => self.change_spot(chip, source),
            Damage::Heads => {
                let (first, count) = (usize::from(source.byte()), usize::from(source.below(3)));
                for page in first..=first + count {
                    let at = page % pages * PAGE + usize::from(source.byte()) % HEAD;
                    chip.rot(at, chip.bytes()[at] ^ 1 << source.below(8));
                }
            }
            Damage::Anywhere => (0..source.below(4)).for_each(|_| change_any(chip, source)),
            Damage::Forgery => {
                for _ in 0..source.below(4) {
                    Forger::forge(chip, usize::from(source.byte()) % pages * PAGE, source);
                }
            }
        }
    }

    /// Changes a bit, or lets a word be erased: mostly of what was written last.
    fn change_spot(&self, chip: &mut Double<WORD, PAGE>, source: &mut Source<'_>) {
        let bytes = chip.bytes();
        let number = usize::from(source.byte()) << 8 | usize::from(source.byte());
        let fresh: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] != self.before.bytes()[*at]).collect();
        let at = match source.below(4) {
            0 => number % bytes.len(),
            _ => fresh.get(number % fresh.len().max(1)).map_or(0, |at| *at),
        };
        if source.flag() {
            erase_word(chip, at);
        } else {
            chip.rot(at, chip.bytes()[at] ^ 1 << source.below(8));
        }
    }
}

/// Bytes of the head that a page begins with.
const HEAD: usize = 168;

/// Changes bytes as no writer and no power cut does.
fn change_any<const WORD: usize, const PAGE: usize>(chip: &mut Double<WORD, PAGE>, source: &mut Source<'_>) {
    let length = chip.bytes().len();
    let at = (usize::from(source.byte()) << 8 | usize::from(source.byte())) % length;
    let page = at / PAGE * PAGE;
    match source.below(5) {
        0 => (page..page + PAGE).for_each(|at| chip.rot(at, 0xff)),
        1 => {
            let other = usize::from(source.byte()) % (length / PAGE) * PAGE;
            let bytes = chip.bytes()[other..other + PAGE].to_vec();
            bytes.iter().zip(page..).for_each(|(byte, at)| chip.rot(at, *byte));
        }
        2 => erase_word(chip, at),
        3 => chip.rot(at, chip.bytes()[at] ^ 1 << source.below(8)),
        _ => source.some_bytes().iter().zip(at..length).for_each(|(byte, at)| chip.rot(at, *byte)),
    }
}

fn erase_word<const WORD: usize, const PAGE: usize>(chip: &mut Double<WORD, PAGE>, at: usize) {
    let word = at / WORD * WORD;
    (word..word + WORD).for_each(|at| chip.rot(at, 0xff));
}
