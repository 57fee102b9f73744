//! A flash of a node that is not to run again, and flashes that are restored for a new cluster.

mod common;

use common::{Held, SCRATCH, entries, layout, members, open, owner, position, record, roster, settled, state};
use quorate::founding::Record;
use quorate::{Charter, Entries, Features, Founding, HardState, Least, Members, Owner, Seat, Seats, Snapshot};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout, Survivor, restore};

type Chip = Double<8, 512>;

const CHARTER: Charter = Charter {
    founding: Founding(9),
    members: Members::of(Seats(0b111)),
    least: Least { log_bytes: 46, election_micros: 250_000, features: Features::OWN },
};

fn shape() -> Layout {
    layout::<8, 512>(8, 1)
}

/// All that a survivor shows, and whose it is.
fn survey(chip: &mut Chip) -> Result<Option<(Owner, Option<Record>, Held)>, FlashError> {
    let Some(mut survivor) = Survivor::open(&mut *chip, shape(), &mut [0; SCRATCH])? else { return Ok(None) };
    let mut held = Held::default();
    survivor.show(&mut [0; SCRATCH], |item| {
        held.note(item);
        Ok::<(), FlashError>(())
    })?;
    Ok(Some((survivor.owner(), survivor.record(), held)))
}

/// A member's flash, with a snapshot, entries behind it, and who takes part.
fn member() -> Chip {
    let (mut flash, ..) = open(Chip::new(11), &shape()).unwrap();
    flash.record(Record::Complete(CHARTER)).unwrap();
    for index in 1..=3 {
        flash.write(state(index), None, entries(&record(index, b"entry")), None, None).unwrap();
    }
    flash.take(position(2), members(), b"after two").unwrap();
    flash.write(None, None, Entries::default(), settled(1, &roster(1)), None).unwrap();
    flash.release()
}

#[test]
fn a_survivor_shows_what_an_opening_does_and_changes_nothing() {
    let mut chip = member();
    let before = chip.clone();
    let (found, record, held) = survey(&mut chip).unwrap().expect("there is a log");
    assert_eq!((found, record), (owner(), Some(Record::Complete(CHARTER))));
    assert!(chip == before, "something was written or erased");
    let (_, _, opened) = open(chip, &shape()).unwrap();
    assert_eq!(held, opened);
    assert_eq!((held.log(), held.snapshots.len()), (vec![(1, 1), (2, 1), (3, 1)], 1));
}

/// An opening says of the last write that it had arrived; a survivor leaves it as it is.
#[test]
fn a_write_that_was_cut_off_is_left_out_and_stays_where_it_is() {
    let (mut flash, ..) = open(member().recording(), &shape()).unwrap();
    let before = flash.release();
    (flash, ..) = open(before.clone(), &shape()).unwrap();
    flash.write(None, None, entries(&record(4, &[4; 100])), None, None).unwrap();
    let after = flash.release();
    for torn in before.crashes(&after) {
        let mut image = torn.clone();
        let (.., held) = survey(&mut image).unwrap().expect("there is a log");
        assert!(image == torn, "something was written or erased");
        let (.., opened) = open(torn, &shape()).unwrap();
        assert_eq!(held, opened);
    }
}

#[test]
fn a_snapshot_of_a_survivor_can_be_read() {
    let mut survivor = Survivor::open(member(), shape(), &mut [0; SCRATCH]).unwrap().expect("there is a log");
    let snapshot = Snapshot { position: position(2), bytes: 9, check: quorate::crc32c(b"after two") };
    let mut state = [0; 9];
    survivor.read(snapshot, 0, &mut state).unwrap();
    assert_eq!(&state, b"after two");
    let missing = Err(FlashError::NoSnapshot { index: position(2).index });
    assert_eq!(survivor.read(snapshot, 1, &mut state), missing);
}

#[test]
fn what_holds_no_log_is_no_survivor_and_what_is_damaged_is_said() {
    assert_eq!(survey(&mut Chip::new(11)), Ok(None));
    let mut chip = member();
    let at = chip.bytes().windows(5).position(|bytes| bytes == b"entry").unwrap();
    chip.rot(at, 0);
    assert!(matches!(survey(&mut chip), Err(FlashError::Damaged { .. })));
}

const NEW: Owner = Owner { cluster: 8, seat: Seat(1) };

fn restored(chip: &mut Chip) -> Result<Snapshot, FlashError> {
    let members = Members::of(Seats(0b110));
    restore(chip, shape(), NEW, &mut [0; SCRATCH], position(3), members, b"all of it")
}

#[test]
fn a_restored_flash_stands_on_the_snapshot_and_says_for_whom() {
    let mut chip = Chip::new(11);
    let snapshot = restored(&mut chip).unwrap();
    let mut held = Held::default();
    let visit = |item: quorate::Recovered<'_>| {
        held.note(item);
        Ok::<(), FlashError>(())
    };
    let (mut flash, _) = Flash::open(chip, shape(), NEW, &mut [0; SCRATCH], visit).unwrap();
    let hard_state = HardState { term: position(3).term, vote: None };
    assert_eq!(held, Held { snapshots: vec![snapshot], hard_states: vec![hard_state], ..Held::default() });
    assert_eq!(flash.members(snapshot), Ok(Members::of(Seats(0b110))));
    let mut state = [0; 9];
    flash.read(snapshot, 0, &mut state).unwrap();
    assert_eq!(&state, b"all of it");
    // The old cluster's is another one's.
    let refused = open(flash.release(), &shape()).map(|_| ()).unwrap_err();
    assert_eq!(refused, FlashError::Foreign { found: NEW, wanted: owner() });
}

#[test]
fn nothing_is_restored_to_a_flash_that_holds_a_nodes_data() {
    let mut chip = Chip::new(11);
    restored(&mut chip).unwrap();
    let before = chip.clone();
    assert_eq!(restored(&mut chip), Err(FlashError::Occupied));
    assert_eq!(chip.bytes(), before.bytes());
    let refused = restored(&mut member()).unwrap_err();
    assert_eq!(refused, FlashError::Foreign { found: owner(), wanted: NEW });
}

#[test]
fn a_restoring_that_was_cut_off_begins_anew() {
    let before = Chip::new(11).recording();
    let mut after = before.clone();
    let whole = restored(&mut after).unwrap();
    for mut torn in before.crashes(&after) {
        match restored(&mut torn) {
            Ok(snapshot) => assert_eq!(snapshot, whole),
            Err(error) => assert_eq!(error, FlashError::Occupied, "all of it was there"),
        }
        let mut snapshots = Vec::new();
        let visit = |item: quorate::Recovered<'_>| {
            if let quorate::Recovered::Snapshot(snapshot) = item {
                snapshots.push(snapshot);
            }
            Ok::<(), FlashError>(())
        };
        Flash::open(torn, shape(), NEW, &mut [0; SCRATCH], visit).unwrap();
        assert_eq!(snapshots, [whole]);
    }
}
