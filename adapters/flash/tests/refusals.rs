//! What a flash is not opened for, and why.

mod common;

use std::ops::Range;

use common::{SCRATCH, entries, layout, members, open, owner, position, record, state};
use quorate::{Entries, Seat, Snapshot, crc32c};
use quorate_flash::double::{Double, Tear};
use quorate_flash::{Damage, Flash, FlashError, Layout, LayoutError, Owner, Recovered};

type Chip = Double<4, 512>;

const PAGES: usize = 9;

/// A flash with a log of a few writes.
fn written() -> Chip {
    let (mut flash, ..) = open(Chip::new(PAGES), &layout::<4, 512>(6, 1)).unwrap();
    for index in 1..=8 {
        flash.write(state(index), None, entries(&record(index, &[0; 60])), None, None).unwrap();
    }
    flash.release()
}

/// The same bytes, which can be programmed wherever they read as erased.
fn copy(chip: &Chip) -> Chip {
    let mut copy = Chip::new(chip.bytes().len() / 512);
    chip.bytes().iter().enumerate().for_each(|(at, byte)| copy.rot(at, *byte));
    copy
}

#[track_caller]
fn refused<const WORD: usize, const PAGE: usize>(
    double: Double<WORD, PAGE>,
    layout: &Layout,
    owner: Owner,
) -> FlashError {
    let nothing = |_: Recovered<'_>| Ok::<(), FlashError>(());
    Flash::open(double, layout.clone(), owner, &mut [0; SCRATCH], nothing).map(drop).expect_err("it was opened")
}

#[track_caller]
fn refused_layout<const WORD: usize, const PAGE: usize>(layout: Layout) -> LayoutError {
    match refused(Double::<WORD, PAGE>::new(16), &layout, owner()) {
        FlashError::Layout(error) => error,
        error => panic!("{error}"),
    }
}

#[test]
fn a_layout_that_does_not_fit_is_refused() {
    let fine = || layout::<4, 512>(6, 1);
    let misaligned = Layout { log: 4..6 * 512, ..fine() };
    assert_eq!(refused_layout::<4, 512>(misaligned), LayoutError::Misaligned { address: 4, page: 512 });
    let behind = Layout { snapshots: 10 * 512..17 * 512, ..fine() };
    assert_eq!(refused_layout::<4, 512>(behind), LayoutError::OutOfBounds { end: 17 * 512, capacity: 16 * 512 });
    assert_eq!(refused_layout::<4, 512>(Layout { snapshots: 5 * 512..9 * 512, ..fine() }), LayoutError::Overlap);
    let needed = Layout::log_bytes_min::<Chip>(4_096, common::SEATS);
    let small = Layout { log_memory: 4_096, ..fine() };
    assert_eq!(refused_layout::<4, 512>(small), LayoutError::LogTooSmall { bytes: 6 * 512, needed });
    let few = Layout { snapshots: 6 * 512..8 * 512, ..fine() };
    assert_eq!(refused_layout::<4, 512>(few), LayoutError::SnapshotsTooSmall { bytes: 1_024, needed: 1_536 });
    assert_eq!(refused_layout::<64, 512>(layout::<64, 512>(6, 1)), LayoutError::WordSize { bytes: 64 });
    assert_eq!(refused_layout::<4, 256>(layout::<4, 256>(6, 1)), LayoutError::PageSize { bytes: 256, needed: 372 });
    let many = Layout { seats: 32, ..layout::<8, 1024>(6, 1) };
    assert_eq!(refused_layout::<8, 1024>(many), LayoutError::PageSize { bytes: 1_024, needed: 1_248 });
    let backwards = Layout { log: Range { start: 6 * 512, end: 0 }, ..fine() };
    assert_eq!(refused_layout::<4, 512>(backwards), LayoutError::LogTooSmall { bytes: 0, needed: 5 * 512 });
}

#[test]
fn the_log_of_another_node_is_refused() {
    let layout = layout::<4, 512>(6, 1);
    let others = [Owner { cluster: 8, ..owner() }, Owner { seat: Seat(2), ..owner() }];
    for wanted in others {
        assert_eq!(refused(written(), &layout, wanted), FlashError::Foreign { found: owner(), wanted });
    }
}

/// The same bytes, as a flash of another shape has them.
fn reshaped<const WORD: usize, const PAGE: usize>(chip: &Chip) -> Double<WORD, PAGE> {
    let mut other = Double::new(chip.bytes().len() / PAGE);
    chip.bytes().iter().enumerate().for_each(|(at, byte)| other.rot(at, *byte));
    other
}

#[test]
fn a_flash_of_another_shape_is_refused() {
    let layout = |pages: u32| Layout {
        log: 0..pages * 512,
        snapshots: 6 * 512..PAGES as u32 * 512,
        ..common::layout::<4, 512>(6, 1)
    };
    let words = refused(reshaped::<8, 512>(&written()), &layout(6), owner());
    assert_eq!(words, FlashError::Reshaped { what: "word", found: 4, wanted: 8 });
    let pages = refused(written(), &layout(5), owner());
    assert_eq!(pages, FlashError::Reshaped { what: "number of pages", found: 6, wanted: 5 });
    let (mut flash, ..) = open(Double::<4, 1024>::new(9), &common::layout::<4, 1024>(6, 1)).unwrap();
    flash.write(state(1), None, Entries::default(), None, None).unwrap();
    let large = flash.release();
    let mut small = Double::<4, 512>::new(18);
    large.bytes().iter().enumerate().for_each(|(at, byte)| small.rot(at, *byte));
    let found = refused(small, &common::layout::<4, 512>(12, 1), owner());
    assert_eq!(found, FlashError::Reshaped { what: "page", found: 1_024, wanted: 512 });
}

#[test]
fn what_is_no_log_is_refused() {
    let layout = layout::<4, 512>(6, 1);
    let mut other = Chip::new(PAGES);
    (0..5 * 512).for_each(|at| other.rot(at, at as u8));
    assert!(matches!(refused(other, &layout, owner()), FlashError::NotBlank { .. } | FlashError::Damaged { .. }));
    let mut other = Chip::new(PAGES);
    other.rot(3 * 512 + 100, 0);
    assert_eq!(refused(other, &layout, owner()), FlashError::NotBlank { address: 3 * 512 });
}

/// Each time, a page is left with a part of a head, and so would all be.
#[test]
fn a_log_is_begun_however_often_the_power_goes_meanwhile() {
    let layout = layout::<4, 512>(6, 1);
    for tear in Tear::ALL {
        let mut chip = Chip::new(PAGES);
        for steps in (0..40).map(|boot| boot % 7) {
            chip.cut(steps, tear);
            let nothing = |_: Recovered<'_>| Ok::<(), FlashError>(());
            let begun = Flash::open(&mut chip, layout.clone(), owner(), &mut [0; SCRATCH], nothing).map(drop);
            assert!(matches!(begun, Err(FlashError::Io { .. })), "{tear:?}: {begun:?}");
            chip.restore();
        }
        let (mut flash, ..) = open(chip, &layout).unwrap();
        flash.write(state(1), None, entries(&[]), None, None).unwrap();
        let (.., held) = open(flash.release(), &layout).unwrap();
        assert_eq!(held.hard_states.last().copied(), state(1));
    }
}

/// One page that is not erased, and is no head that was cut off, is somebody's.
#[test]
fn what_is_somebodys_is_not_erased() {
    let layout = layout::<4, 512>(6, 1);
    for page in 0..6 {
        let mut chip = Chip::new(PAGES);
        chip.rot(page * 512 + 300, 0);
        let address = page as u32 * 512;
        assert_eq!(refused(chip, &layout, owner()), FlashError::NotBlank { address });
    }
}

#[test]
fn a_log_whose_region_was_erased_is_not_begun_anew_beside_its_snapshot() {
    let layout = layout::<4, 512>(6, 1);
    let (mut flash, ..) = open(written(), &layout).unwrap();
    flash.take(position(8), members(), b"state").unwrap();
    let mut double = flash.release();
    (0..6 * 512).for_each(|at| double.rot(at, 0xff));
    assert!(matches!(refused(double, &layout, owner()), FlashError::Damaged { address, .. } if address >= 6 * 512));
}

#[test]
fn a_page_that_is_lost_is_missed() {
    let layout = layout::<4, 512>(6, 1);
    for page in 0..2 {
        let mut double = written();
        (page * 512..(page + 1) * 512).for_each(|at| double.rot(at, 0xff));
        assert!(matches!(refused(double, &layout, owner()), FlashError::Damaged { .. }), "page {page}");
    }
}

/// The page before the damaged head is gone as well: the log before it must not be taken for all of it.
#[test]
fn a_damaged_head_is_missed_behind_a_page_that_is_lost() {
    let layout = layout::<4, 512>(8, 1);
    let (mut flash, ..) = open(Chip::new(11), &layout).unwrap();
    for index in 1..=3 {
        flash.write(None, None, entries(&record(index, &[1; 272])), None, None).unwrap();
    }
    let mut double = flash.release();
    assert_ne!(double.bytes()[2 * 512], 0xff, "there are three pages");
    (512..2 * 512).for_each(|at| double.rot(at, 0xff));
    double.rot(2 * 512 + 4, 0);
    let what = Damage::Head;
    assert_eq!(refused(double, &layout, owner()), FlashError::Damaged { address: 2 * 512, what });
}

#[test]
fn an_item_at_the_end_of_a_page_is_missed() {
    let layout = layout::<4, 512>(8, 1);
    let (mut flash, ..) = open(Chip::new(11), &layout).unwrap();
    flash.write(None, None, entries(&record(1, &[1; 40])), None, None).unwrap();
    // An entry that ends with an item, and that with the page; then one in the next page.
    let records = [record(2, &[2; 221]), record(3, &[3; 300])].concat();
    flash.write(None, None, entries(&records), None, None).unwrap();
    let mut double = flash.release();
    let at = double.bytes().windows(221).position(|bytes| bytes == [2; 221]).unwrap();
    assert!(at < 512);
    double.rot(at, 0);
    let what = Damage::EndMissing;
    assert_eq!(refused(double, &layout, owner()), FlashError::Damaged { address: 0, what });
}

/// A write that arrived as a whole when the power went, and was believed then, must not look as if it was cut off
/// later.
#[test]
fn a_write_that_was_believed_stays() {
    let layout = layout::<4, 512>(6, 1);
    let before = written().recording();
    let (mut flash, ..) = open(before.clone(), &layout).unwrap();
    flash.write(state(9), None, entries(&record(9, &[0xff; 60])), None, None).unwrap();
    let after = flash.release();
    let mut believed = 0;
    for crash in before.crashes(&after) {
        let (flash, _, held) = open(crash, &layout).unwrap();
        if held.hard_states.last().copied() != state(9) {
            continue;
        }
        believed += 1;
        let double = flash.release();
        for at in 0..6 * 512 {
            let mut double = double.clone();
            double.rot(at, double.bytes()[at] ^ 1 << (at % 8));
            if let Ok((.., again)) = open(double, &layout) {
                assert_eq!(again, held, "byte {at}");
            }
        }
    }
    assert!(believed > 2);
}

/// A seal changes, and behind it stands a part of a write that was cut off: a seal behind that would say that all of it had
/// arrived.
#[test]
fn what_is_opened_with_damage_can_be_opened_again() {
    let layout = layout::<4, 512>(8, 1);
    let (mut flash, ..) = open(Chip::new(11), &layout).unwrap();
    flash.write(state(1), None, entries(&[]), None, None).unwrap();
    let before = flash.release().recording();
    let (mut flash, ..) = open(before.clone(), &layout).unwrap();
    flash.write(None, None, entries(&record(1, &[1; 235])), None, None).unwrap();
    let after = flash.release();
    let steps = (after.steps() - before.steps()) as usize;
    let double = before.crashes(&after).nth(Tear::ALL.len() * (steps - 5)).unwrap();
    let (.., held) = open(double.clone(), &layout).unwrap();
    assert!(held.entries.is_empty(), "it is cut off");
    for bit in 0..8 * 512 {
        let (mut double, at) = (copy(&double), bit / 8);
        double.rot(at, double.bytes()[at] ^ 1 << (bit % 8));
        if let Ok((flash, _, shown)) = open(double, &layout) {
            let (.., again) = open(flash.release(), &layout).unwrap();
            assert_eq!(again, shown, "bit {bit}");
        }
    }
}

/// A word that reads as erased where an item begins hides what stands behind it.
#[test]
fn items_behind_a_word_that_is_gone_are_missed() {
    let layout = layout::<4, 512>(6, 1);
    let (mut flash, .., held) = open(written(), &layout).unwrap();
    flash.write(state(9), None, entries(&[]), None, None).unwrap();
    flash.write(state(10), None, entries(&[]), None, None).unwrap();
    let double = flash.release();
    assert_ne!(held.hard_states.last().copied(), state(10));
    let newest = double.bytes().iter().rposition(|byte| *byte != 0xff).unwrap() / 512 * 512;
    for at in (newest + 200..newest + 512).step_by(8) {
        let mut double = copy(&double);
        (at..at + 8).for_each(|at| double.rot(at, 0xff));
        if let Ok((.., held)) = open(double, &layout) {
            assert_eq!(held.hard_states.last().copied(), state(10), "byte {at}");
        }
    }
}

/// What changes by itself behind all items is one word; more of it was an item once.
#[test]
fn what_stands_behind_an_erased_word_was_an_item_unless_it_is_one_word() {
    let layout = layout::<4, 512>(6, 1);
    let (flash, .., held) = open(written(), &layout).unwrap();
    let double = flash.release();
    let end = double.bytes().iter().rposition(|byte| *byte != 0xff).unwrap().next_multiple_of(4);
    let page = end / 512 * 512;
    let changed = |words: &[usize]| {
        let mut double = copy(&double);
        words.iter().for_each(|word| double.rot(end + 4 * word, 0));
        double
    };
    let (mut flash, _, shown) = open(changed(&[1]), &layout).unwrap();
    assert_eq!(shown, held);
    flash.write(state(9), None, entries(&[]), None, None).unwrap();
    let (.., shown) = open(flash.release(), &layout).unwrap();
    assert_eq!(shown.hard_states.last().copied(), state(9), "it went to the next page");
    let damaged = FlashError::Damaged { address: page as u32, what: Damage::ItemBefore };
    assert_eq!(refused(changed(&[1, 2]), &layout, owner()), damaged, "two words");
    assert_eq!(refused(changed(&[1, 9]), &layout, owner()), damaged, "two words that stand apart");
    assert_eq!(refused(changed(&[0, 2]), &layout, owner()), damaged, "a part of a write before it");
}

#[test]
fn a_short_scratch_says_what_it_takes() {
    let layout = layout::<4, 512>(8, 1);
    let (mut flash, ..) = open(Chip::new(11), &layout).unwrap();
    flash.write(None, None, entries(&record(1, &[0; 700])), None, None).unwrap();
    let double = flash.release();
    let with = |length: usize| {
        let nothing = |_: Recovered<'_>| Ok::<(), FlashError>(());
        Flash::open(double.clone(), layout.clone(), owner(), &mut vec![0; length], nothing).map(drop)
    };
    let needed = 700 + 23;
    assert_eq!(with(300), Err(FlashError::Scratch { needed }));
    assert_eq!(with(needed), Ok(()));
}

#[test]
fn a_failure_is_final() {
    let layout = layout::<4, 512>(6, 1);
    let mut double = written();
    double.cut(3, Tear::Front);
    let (mut flash, ..) = open(double, &layout).unwrap();
    let failure = flash.write(state(9), None, Entries::default(), None, None).unwrap_err();
    assert!(matches!(failure, FlashError::Io { .. }), "{failure}");
    assert_eq!(flash.write(state(10), None, Entries::default(), None, None), Err(failure));
    assert_eq!(flash.take(position(8), members(), b"state"), Err(failure));
    let snapshot = Snapshot { position: position(20), bytes: 7, check: crc32c(b"another") };
    assert_eq!(flash.store(snapshot, members(), 0, b"another"), Err(failure));
    let mut double = flash.release();
    double.restore();
    let (mut flash, _, held) = open(double, &layout).unwrap();
    assert_eq!(held.hard_states.last().copied(), state(8));
    flash.write(state(11), None, Entries::default(), None, None).unwrap();
}

#[test]
fn refusals_leave_the_log_as_it_was() {
    let layout = layout::<4, 512>(6, 1);
    let (mut flash, ..) = open(written(), &layout).unwrap();
    let room = 512 - 96;
    let large = flash.take(position(8), members(), &[0; 500]);
    assert_eq!(large, Err(FlashError::SnapshotTooLarge { bytes: 500, room }));
    flash.take(position(8), members(), &[0; 416]).unwrap();
    let again = flash.take(position(8), members(), b"state");
    assert_eq!(again, Err(FlashError::NotLater { latest: position(8).index }));
    flash.write(state(9), None, entries(&record(9, b"goes on")), None, None).unwrap();
}

#[test]
fn errors_say_what_to_do() {
    let layout = layout::<4, 512>(6, 1);
    let wanted = Owner { cluster: 8, ..owner() };
    let told = refused(written(), &layout, wanted).to_string();
    let expected = "the flash belongs to n1 of cluster 7, not to n1 of cluster 8. Start this node with its own flash";
    assert_eq!(told, expected);
}
