//! Who takes part, as the log keeps it while its pages come and go.

mod common;

use common::{Held, SCRATCH, entries, layout, members, open, owner, position, record, roster, settled, state};
use quorate::{Entries, Mark, Snapshot, Term, crc32c};
use quorate_flash::double::{Double, Tear};
use quorate_flash::{Flash, FlashError, Layout, Recovered};

type Chip = Double<4, 1024>;

const PAGES: usize = 10;

/// A layout for nine seats, whose longest roster takes two items.
fn for_nine() -> Layout {
    Layout { seats: 9, ..layout::<4, 1024>(7, 1) }
}

/// Writes so many entries of a fifth of a page, and takes a snapshot after each of them.
#[track_caller]
fn go_on(flash: &mut Flash<Chip>, first: u64, count: u64) {
    for index in first..first + count {
        flash.write(None, None, entries(&record(index, &[0xff; 100])), None, None).unwrap();
        flash.take(position(index), members(), b"state").unwrap();
    }
}

#[test]
fn a_configuration_comes_back_and_a_later_one_takes_its_place() {
    let (mut flash, ..) = open(Chip::new(PAGES), &for_nine()).unwrap();
    let (first, later) = (roster(3), roster(9));
    let records = [record(1, b"one"), record(2, b"two")].concat();
    let end = Some(Mark { term: Term(2), last: position(2) });
    flash.write(state(2), None, entries(&records), settled(1, &first), end).unwrap();
    let (mut flash, _, held) = open(flash.release(), &for_nine()).unwrap();
    assert_eq!((held.log(), held.settled), (vec![(1, 1), (2, 1)], Some((1, first))));
    assert_eq!((held.hard_states, held.marks), (state(2).into_iter().collect(), end.into_iter().collect()));
    flash.write(None, None, Entries::default(), settled(2, &later), None).unwrap();
    let (.., held) = open(flash.release(), &for_nine()).unwrap();
    assert_eq!(held.settled, Some((2, later)));
}

#[test]
fn a_configuration_outlives_the_pages_that_it_was_written_in() {
    let layout = for_nine();
    let mut chip = Chip::new(PAGES);
    for (round, seats) in (0..).zip([9, 1, 3, 5, 8, 2]) {
        let (mut flash, ..) = open(chip, &layout).unwrap();
        let (roster, since) = (roster(seats), round * 60 + 1);
        go_on(&mut flash, since, 1);
        flash.write(None, None, Entries::default(), settled(since, &roster), None).unwrap();
        go_on(&mut flash, since + 1, 59);
        chip = flash.release();
        let (flash, _, held) = open(chip, &layout).unwrap();
        assert_eq!(held.settled, Some((since, roster)), "round {round}");
        chip = flash.release();
    }
    assert!(chip.erasures()[..7].iter().all(|erasures| *erasures > 5), "the log did not go round");
}

#[test]
fn a_page_of_2_kib_has_room_for_32_seats() {
    let layout = Layout { seats: 32, ..layout::<8, 2048>(6, 1) };
    let (mut flash, ..) = open(Double::<8, 2048>::new(9), &layout).unwrap();
    let roster = roster(32);
    assert_eq!(roster.len(), 33 + 27 * 32);
    flash.write(None, None, Entries::default(), settled(1, &roster), None).unwrap();
    for index in 1..100 {
        flash.write(None, None, entries(&record(index, &[0; 200])), None, None).unwrap();
        flash.take(position(index), members(), b"state").unwrap();
    }
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.settled, Some((1, roster)));
}

/// The power goes while a page begins, and again while it begins once more.
#[test]
fn a_page_that_was_begun_in_part_is_begun_anew() {
    let layout = for_nine();
    let (mut flash, ..) = open(Chip::new(PAGES).recording(), &layout).unwrap();
    let roster = roster(9);
    flash.write(state(1), None, entries(&record(1, &[1; 100])), settled(1, &roster), None).unwrap();
    flash.write(None, None, entries(&record(2, &[2; 300])), None, None).unwrap();
    let turn = |double: Chip| {
        let (mut flash, ..) = open(double, &layout).unwrap();
        flash.write(None, None, entries(&record(3, &[3; 300])), None, None).unwrap();
        flash.release()
    };
    let check = |held: &Held, story: &str| {
        assert!([vec![(1, 1), (2, 1)], vec![(1, 1), (2, 1), (3, 1)]].contains(&held.log()), "{story}: {held:?}");
        assert_eq!(
            (&held.hard_states[..], &held.settled),
            (&[state(1).unwrap()][..], &Some((1, roster.clone()))),
            "{story}"
        );
    };
    let before = flash.release();
    let after = turn(before.clone());
    assert!(after.erasures()[1] > before.erasures()[1], "the write begins a page");
    for (crash, torn) in before.crashes(&after).enumerate() {
        let (flash, _, held) = open(torn, &layout).unwrap();
        check(&held, &format!("crash {crash}"));
        let torn = flash.release().recording();
        let again = turn(torn.clone());
        for (second, torn) in torn.crashes(&again).enumerate().filter(|(second, _)| (crash + second) % 31 == 0) {
            let (.., held) = open(torn, &layout).unwrap();
            check(&held, &format!("crash {crash}, then {second}"));
        }
    }
}

/// However often the power goes there, no page is used up by it.
#[test]
fn a_power_cut_at_the_front_of_a_page_takes_no_room_for_good() {
    let layout = for_nine();
    let roster = roster(9);
    for tear in Tear::ALL {
        let (mut flash, ..) = open(Chip::new(PAGES), &layout).unwrap();
        flash.write(state(1), None, entries(&record(1, &[1; 100])), settled(1, &roster), None).unwrap();
        flash.write(None, None, entries(&record(2, &[2; 300])), None, None).unwrap();
        let mut double = flash.release();
        for _ in 0..20 {
            // An erasure, the head of 41 words in all, and some of what the page begins with.
            double.cut(60, tear);
            let (mut flash, ..) = open(double, &layout).unwrap();
            let write = flash.write(None, None, entries(&record(3, &[3; 300])), None, None);
            assert!(matches!(write, Err(FlashError::Io { .. })), "{tear:?}: {write:?}");
            double = flash.release();
            double.restore();
        }
        let (mut flash, ..) = open(double, &layout).unwrap();
        assert!(!flash.is_crowded(), "{tear:?}");
        flash.write(None, None, entries(&record(3, &[3; 300])), None, None).unwrap();
        let (.., held) = open(flash.release(), &layout).unwrap();
        assert_eq!((held.log().len(), held.settled), (3, Some((1, roster.clone()))), "{tear:?}");
    }
}

#[test]
fn a_configuration_comes_with_a_snapshot_of_the_leader_and_entries_over_several_pages() {
    let layout = for_nine();
    let roster = roster(9);
    let whole = Snapshot { position: position(20), bytes: 5, check: crc32c(b"state") };
    let log = [record(21, &[1; 700]), record(22, &[2; 700])].concat();
    // What stands before the roster is not cut, wherever in its page the write begins.
    for length in (0..800).step_by(3) {
        let (mut flash, ..) = open(Chip::new(PAGES).recording(), &layout).unwrap();
        flash.write(state(1), None, entries(&record(1, &vec![0; length])), None, None).unwrap();
        let before = flash.release();
        let (mut flash, ..) = open(before.clone(), &layout).unwrap();
        flash.store(whole, members(), 0, b"state").unwrap();
        let end = Some(Mark { term: Term(9), last: position(22) });
        flash.write(state(9), Some(whole), entries(&log), settled(20, &roster), end).unwrap();
        let after = flash.release();
        let crashes = before.crashes(&after).filter(|_| length % 100 == 0).chain([after.clone()]);
        for crash in crashes {
            let (.., held) = open(crash, &layout).unwrap();
            let found = (held.log(), held.settled, held.marks.len(), held.hard_states.last().copied());
            let old = (vec![(1, 1)], None, 0, state(1));
            let new = (vec![(21, 1), (22, 1)], Some((20, roster.clone())), 1, state(9));
            assert!(found == old || found == new, "{length}: {found:?}");
        }
        let (.., held) = open(after, &layout).unwrap();
        assert_eq!(held.settled, Some((20, roster.clone())), "{length}");
    }
}

#[test]
fn entries_behind_a_configuration_are_known_to_replace_others() {
    let layout = for_nine();
    let (mut flash, ..) = open(Chip::new(PAGES), &layout).unwrap();
    let roster = roster(9);
    for term in 1..100 {
        let records = common::record_of(term, 1, &[1; 100]);
        flash.write(state(term), None, entries(&records), settled(term, &roster), None).unwrap();
    }
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!((held.log(), held.settled), (vec![(1, 99)], Some((99, roster))));
}

#[test]
fn what_no_page_has_room_for_is_refused() {
    let (few, many) = (Layout { seats: 3, ..for_nine() }, for_nine());
    let (mut flash, ..) = open(Chip::new(PAGES), &few).unwrap();
    let (fits, too_long) = (roster(3), roster(4));
    let refused = FlashError::RosterTooLong { bytes: 33 + 27 * 4, room: 33 + 27 * 3 };
    let first = record(1, b"first");
    assert_eq!(flash.write(state(1), None, entries(&first), settled(1, &too_long), None), Err(refused));
    assert!(refused.to_string().contains("let the layout have as many seats as the node"), "{refused}");
    flash.write(state(2), None, Entries::default(), settled(1, &fits), None).unwrap();
    let (flash, _, held) = open(flash.release(), &few).unwrap();
    assert_eq!((held.log(), held.hard_states, held.settled), (vec![], state(2).into_iter().collect(), Some((1, fits))));
    let (mut flash, ..) = open(flash.release(), &many).unwrap();
    flash.write(None, None, Entries::default(), settled(2, &too_long), None).unwrap();
    assert_eq!(open(flash.release(), &few).map(drop), Err(refused));
}

#[test]
fn a_scratch_that_is_too_short_for_a_configuration_says_what_it_takes() {
    let (mut flash, ..) = open(Chip::new(PAGES), &for_nine()).unwrap();
    flash.write(None, None, Entries::default(), settled(0, &roster(9)), None).unwrap();
    let double = flash.release();
    let with = |length: usize| {
        let nothing = |_: Recovered<'_>| Ok::<(), FlashError>(());
        Flash::open(double.clone(), for_nine(), owner(), &mut vec![0; length], nothing).map(drop)
    };
    assert_eq!(with(275), Err(FlashError::Scratch { needed: 276 }));
    assert_eq!(with(276), Ok(()));
    const { assert!(SCRATCH >= 276) };
}
