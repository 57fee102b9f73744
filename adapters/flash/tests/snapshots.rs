//! Snapshots in their places.

mod common;

use common::{entries, layout, members, open, position, record, state};
use quorate::{Entries, Snapshot, Stored, crc32c};
use quorate_flash::FlashError;
use quorate_flash::double::{Double, Tear};

type Chip = Double<8, 512>;

fn snapshot(index: u64, bytes: &[u8]) -> Snapshot {
    Snapshot { position: position(index), bytes: bytes.len() as u64, check: crc32c(bytes) }
}

fn chip() -> Chip {
    let (mut flash, ..) = open(Chip::new(9), &layout::<8, 512>(6, 1)).unwrap();
    for index in 1..=4 {
        flash.write(state(index), None, entries(&record(index, b"entry")), None, None).unwrap();
    }
    flash.release()
}

#[test]
fn what_was_stored_is_told_and_the_rest_follows() {
    let layout = layout::<8, 512>(6, 1);
    let content: Vec<u8> = (0..300u32).map(|byte| if byte < 200 { byte as u8 } else { 0xff }).collect();
    let whole = snapshot(20, &content);
    for cut in 1..content.len() {
        let (mut flash, ..) = open(chip(), &layout).unwrap();
        flash.store(whole, members(), 0, &content[..cut]).unwrap();
        let (mut flash, _, held) = open(flash.release(), &layout).unwrap();
        let stored = held.stored.expect("a header is there");
        let received = stored.received as usize;
        assert!(received <= cut && received + 8 > cut.min(200), "{received} of {cut}");
        assert_eq!(stored, Stored { snapshot: whole, received: received as u64, check: crc32c(&content[..received]) });
        for (piece, at) in content[received..].chunks(13).zip((received..).step_by(13)) {
            flash.store(whole, members(), at as u64, piece).unwrap();
        }
        flash.write(state(9), Some(whole), entries(&record(21, b"behind")), None, None).unwrap();
        let (mut flash, _, held) = open(flash.release(), &layout).unwrap();
        assert_eq!(held.snapshots.last(), Some(&whole));
        assert_eq!((held.stored, held.log()), (None, vec![(21, 1)]));
        let mut read = vec![0; content.len()];
        flash.read(whole, 0, &mut read).unwrap();
        assert_eq!(read, content);
        let mut piece = [0; 17];
        flash.read(whole, 101, &mut piece).unwrap();
        assert_eq!(piece, content[101..118]);
    }
}

#[test]
fn a_piece_out_of_order_is_refused() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    let whole = snapshot(20, b"a snapshot");
    flash.store(whole, members(), 0, b"a snap").unwrap();
    let missing = Err(FlashError::NoSnapshot { index: position(20).index });
    assert_eq!(flash.store(whole, members(), 7, b"hot"), missing);
}

#[test]
fn a_snapshot_that_is_not_all_here_is_not_installed() {
    let layout = layout::<8, 512>(6, 1);
    let whole = snapshot(20, b"a snapshot");
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    flash.store(whole, members(), 0, b"a snap").unwrap();
    let missing = Err(FlashError::NoSnapshot { index: position(20).index });
    assert_eq!(flash.write(state(9), Some(whole), Entries::default(), None, None), missing);
    let (flash, _, held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.log().len(), 4);
    assert_eq!(held.hard_states.last().copied(), state(4));
    let mut double = flash.release();
    double.restore();
    let (mut flash, ..) = open(double, &layout).unwrap();
    let wrong = Snapshot { check: 1, ..whole };
    flash.store(wrong, members(), 0, b"a snapshot").unwrap();
    let damaged = flash.write(state(9), Some(wrong), Entries::default(), None, None).unwrap_err();
    assert!(matches!(damaged, FlashError::DamagedSnapshot { .. }), "{damaged}");
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!((held.snapshots.len(), held.log().len()), (0, 4));
}

#[test]
fn the_one_before_stands_in_for_a_damaged_one_while_its_entries_are_here() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    let before = flash.take(position(2), members(), b"after two").unwrap();
    let latest = flash.take(position(3), members(), b"after three").unwrap();
    let double = flash.release();
    let (mut flash, _, held) = open(double.clone(), &layout).unwrap();
    assert_eq!(held.snapshots, [before, latest]);
    let mut state = [0; 9];
    flash.read(before, 0, &mut state).unwrap();
    assert_eq!(&state, b"after two");
    let mut double = double;
    let at = double.bytes().windows(11).position(|bytes| bytes == b"after three").unwrap();
    double.rot(at, 0);
    let (mut flash, _, held) = open(double, &layout).unwrap();
    assert_eq!((held.snapshots, held.lost, held.damaged), (vec![before], None, Some(latest.position)));
    assert_eq!(held.entries.len(), 4);
    let again = flash.take(position(3), members(), b"after three").unwrap();
    assert_eq!(again, latest);
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!((&held.snapshots[..], held.damaged), (&[before, latest][..], None));
}

#[test]
fn a_damaged_snapshot_that_nothing_stands_in_for_is_lost() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    let whole = snapshot(20, b"of the leader");
    flash.store(whole, members(), 0, b"of the leader").unwrap();
    flash.write(None, Some(whole), entries(&record(21, b"behind")), None, None).unwrap();
    let mut double = flash.release();
    let at = double.bytes().windows(13).position(|bytes| bytes == b"of the leader").unwrap();
    double.rot(at, 0);
    let (mut flash, _, held) = open(double, &layout).unwrap();
    assert_eq!((held.snapshots.len(), held.lost), (0, Some(position(20))));
    assert_eq!(held.log(), [(21, 1)]);
    flash.store(whole, members(), 0, b"of the leader").unwrap();
    flash.write(None, Some(whole), Entries::default(), None, None).unwrap();
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!((held.snapshots, held.lost), (vec![whole], None));
}

#[test]
fn a_snapshot_is_taken_while_another_one_is_fetched() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    let whole = snapshot(20, b"of the leader");
    flash.store(whole, members(), 0, b"of the ").unwrap();
    for index in 1..=4 {
        flash.take(position(index), members(), &[index as u8; 20]).unwrap();
    }
    flash.store(whole, members(), 7, b"leader").unwrap();
    flash.write(None, Some(whole), Entries::default(), None, None).unwrap();
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.snapshots.last(), Some(&whole));
}

/// A node may hold its write back while a leader offers a later snapshot.
#[test]
fn one_of_the_leader_is_put_in_force_while_a_later_one_is_fetched() {
    let layout = layout::<8, 512>(6, 1);
    for later_first in [false, true] {
        let (mut flash, ..) = open(chip(), &layout).unwrap();
        flash.take(position(1), members(), b"of its own").unwrap();
        let (whole, later) = (snapshot(20, b"of the leader"), snapshot(30, b"a later one"));
        flash.store(whole, members(), 0, b"of the leader").unwrap();
        flash.store(later, members(), 0, b"a later").unwrap();
        flash.take(position(9), members(), b"behind its own").unwrap();
        if later_first {
            flash.store(later, members(), 7, b" one").unwrap();
            flash.write(None, Some(later), Entries::default(), None, None).unwrap();
            let (.., held) = open(flash.release(), &layout).unwrap();
            assert_eq!(held.snapshots.last(), Some(&later), "the one that was not wanted is gone");
            continue;
        }
        flash.write(None, Some(whole), Entries::default(), None, None).unwrap();
        let mut read = [0; 13];
        flash.read(whole, 0, &mut read).unwrap();
        assert_eq!(&read, b"of the leader");
        flash.store(later, members(), 7, b" one").unwrap();
        flash.write(None, Some(later), Entries::default(), None, None).unwrap();
        let (mut flash, _, held) = open(flash.release(), &layout).unwrap();
        assert_eq!(held.snapshots, [whole, later]);
        flash.take(position(40), members(), b"its own again").unwrap();
    }
}

/// Of three that came as wholes, the last two can be put in force; but one of the app's own has a place in any case.
#[test]
fn snapshots_of_the_leader_that_nobody_wants_leave_room_for_the_next() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    flash.take(position(1), members(), b"of its own").unwrap();
    let ids = [20, 30, 40].map(|index| snapshot(index, b"of the leader"));
    for id in ids {
        flash.store(id, members(), 0, b"of the leader").unwrap();
    }
    let own = flash.take(position(9), members(), &[5; 350]).unwrap();
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.snapshots.last(), Some(&own));
}

#[test]
fn snapshots_go_round_places_of_several_pages() {
    let layout = layout::<8, 512>(6, 2);
    let (mut flash, ..) = open(Chip::new(12), &layout).unwrap();
    let mut kept: Vec<(Snapshot, Vec<u8>)> = Vec::new();
    for index in 1..200 {
        let state = vec![index as u8; 50 + index as usize * 37 % 300];
        kept.push((flash.take(position(index), members(), &state).unwrap(), state));
        if index % 3 == 0 {
            flash = open(flash.release(), &layout).unwrap().0;
        }
        for (snapshot, state) in &kept[kept.len().saturating_sub(2)..] {
            let mut read = vec![0; state.len()];
            flash.read(*snapshot, 0, &mut read).unwrap();
            assert_eq!(&read, state, "after snapshot {index}");
        }
    }
    let double = flash.release();
    let wear = &double.erasures()[6..];
    assert!(wear.iter().max() < wear.iter().min().map(|least| least + 3).as_ref(), "{wear:?}");
}

/// Five headers leave less of their page than a sixth one takes.
#[test]
fn snapshots_of_nothing_stay_within_their_place() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(Chip::new(9), &layout).unwrap();
    for index in 1..20 {
        let taken = flash.take(position(index), members(), &[]).unwrap();
        let (again, _, held) = open(flash.release(), &layout).unwrap();
        assert_eq!(held.snapshots.last(), Some(&taken));
        flash = again;
    }
}

/// Its end is the beginning of a page whose erasure was cut off before: it reads as erased, but cannot be relied on.
#[test]
fn a_page_in_which_the_next_snapshot_begins_is_erased_with_the_one_before() {
    let layout = layout::<8, 512>(6, 2);
    let (flash, ..) = open(Chip::new(12), &layout).unwrap();
    let mut double = flash.release();
    double.cut(1, Tear::Weak);
    let (mut flash, ..) = open(double, &layout).unwrap();
    flash.take(position(1), members(), &[1; 600]).unwrap_err();
    let mut double = flash.release();
    double.restore();
    let (mut flash, ..) = open(double, &layout).unwrap();
    flash.take(position(2), members(), &[2; 512 - 96]).unwrap();
    let next = flash.take(position(3), members(), b"the next").unwrap();
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.snapshots.last(), Some(&next));
}

/// What the log stands on is there first. The one before would stand in for it, but not once its entries have gone.
#[test]
fn a_snapshot_is_written_before_the_log_says_so() {
    let layout = layout::<8, 512>(6, 1);
    let before = chip().recording();
    let (mut flash, ..) = open(before.clone(), &layout).unwrap();
    let latest = flash.take(position(3), members(), b"after three").unwrap();
    let after = flash.release();
    let mut marked = 0;
    for crash in before.crashes(&after).chain([after.clone()]) {
        let (log, places) = crash.bytes().split_at(layout.log.end as usize);
        if log.windows(4).any(|bytes| bytes == latest.check.to_le_bytes()) {
            marked += 1;
            assert!(places.windows(11).any(|bytes| bytes == b"after three"));
        }
    }
    assert!(marked > 0);
}

#[test]
fn a_snapshot_counts_only_when_the_log_says_so() {
    let layout = layout::<8, 512>(6, 1);
    let (mut flash, ..) = open(chip(), &layout).unwrap();
    flash.take(position(2), members(), b"after two").unwrap();
    let mut double = flash.release();
    // Twelve words of header and two of content, behind the one before; the mark is cut off.
    double.cut(14, Tear::Before);
    let (mut flash, ..) = open(double, &layout).unwrap();
    flash.take(position(3), members(), b"after three").unwrap_err();
    let mut double = flash.release();
    double.restore();
    let (.., held) = open(double, &layout).unwrap();
    assert_eq!(held.snapshots.last().map(|snapshot| snapshot.position), Some(position(2)));
}
