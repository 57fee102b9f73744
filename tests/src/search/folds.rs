//! That what the search folds makes no difference: held against all that small searches meet.

use quorate::{Message, Outcome};

use super::breadth::meet;
use super::event::{Act, Event};
use super::prelude::{next, start};
use super::table::{Table, take};
use super::{Budget, Setting, Start};

const BUDGET: Budget = Budget {
    elections: 2,
    beats: 1,
    commands: 1,
    asks: 0,
    snapshots: 0,
    rots: 0,
    reads: 1,
    transfers: 0,
    changes: 0,
    resignations: 0,
    crashes: 1,
    losses: 0,
    leaves: 0,
    repeats: None,
};

const COVERED: Budget = Budget { reads: 0, snapshots: 1, asks: 1, rots: 1, repeats: Some(0), ..BUDGET };

fn tables() -> impl Iterator<Item = Table> {
    let everything = Budget { transfers: 1, resignations: 1, leaves: 1, repeats: Some(1), ..BUDGET };
    let settings = [
        Setting { start: Start::Led, depth: 3, ..Setting::new(3, everything) },
        Setting { depth: 12, ..Setting::new(2, BUDGET) },
        Setting { depth: 11, ..Setting::new(3, Budget { reads: 0, ..BUDGET }) },
        Setting {
            depth: 9,
            start: Start::Led,
            ..Setting::new(2, Budget { beats: 2, commands: 2, crashes: 0, ..BUDGET })
        },
        Setting { depth: 7, start: Start::Led, ..Setting::new(2, Budget { losses: 2, ..BUDGET }) },
        Setting { depth: 6, start: Start::Led, ..Setting::new(3, Budget { reads: 0, losses: 1, ..BUDGET }) },
        Setting { depth: 5, start: Start::Behind, log_bytes: 96, ..Setting::new(3, COVERED) },
    ];
    settings.into_iter().map(meet)
}

/// Every member with every letter to it, and what is on its way for that.
fn letters(table: &mut Table) -> Vec<(u32, u32, Option<u32>)> {
    let pairs = (0..table.members.len() as u32).flat_map(|member| {
        let to_it = |letter: &u32| table.stamps[*letter as usize].to == table.faces[member as usize].seat;
        (0..table.letters.len() as u32).filter(to_it).map(move |letter| (member, letter)).collect::<Vec<_>>()
    });
    let pairs: Vec<_> = pairs.collect();
    pairs.into_iter().map(|(member, letter)| (member, letter, table.on_its_way(letter, member))).collect()
}

#[test]
fn nothing_comes_of_a_letter_that_is_taken_off_its_way() {
    let mut spent = 0;
    for mut table in tables() {
        for (member, letter, _) in letters(&mut table).into_iter().filter(|(_, _, way)| way.is_none()) {
            // A letter is also an occasion to draw what was left, and so is nothing at all.
            let nothing = table.outcome(member, Event::Draw, false);
            let outcome = table.outcome(member, Event::Deliver { letter }, false);
            assert!(
                *outcome == *nothing,
                "{:?} to {:?}",
                table.letters[letter as usize],
                table.members.get(member).node
            );
            spent += 1;
        }
    }
    assert!(spent > 10_000, "{spent}");
}

#[test]
fn letters_of_a_term_that_is_over_are_answered_alike() {
    let mut over = 0;
    for mut table in tables() {
        for (member, letter, way) in letters(&mut table) {
            let Some(other) = way.filter(|way| *way != letter) else { continue };
            let events = [Event::Deliver { letter }, Event::DeliverLate { letter }];
            let others = [Event::Deliver { letter: other }, Event::DeliverLate { letter: other }];
            for (event, other) in events.into_iter().zip(others) {
                let (outcome, same) = (table.outcome(member, event, false), table.outcome(member, other, false));
                assert!(
                    *outcome == *same,
                    "{:?} to {:?}",
                    table.letters[letter as usize],
                    table.members.get(member).node
                );
            }
            over += 1;
        }
    }
    assert!(over > 100, "{over}");
}

#[test]
fn what_became_of_a_letter_is_for_good() {
    for mut table in tables() {
        let ways = letters(&mut table);
        let mut by_member = vec![Vec::new(); table.members.len()];
        for (member, letter, way) in ways.into_iter().filter(|(_, letter, way)| *way != Some(*letter)) {
            by_member[member as usize].push((letter, way));
        }
        // Nothing becomes of a letter while its receiver may lose its disk.
        let keeps_disk = |(_, event, _): &(u32, Event, bool)| *event != Event::LoseDisk;
        for (member, event, leave) in table.events().into_iter().filter(keeps_disk) {
            let after = table.outcome(member, event, leave).member;
            for (letter, way) in &by_member[member as usize] {
                assert_eq!(
                    table.on_its_way(*letter, after),
                    *way,
                    "{:?} by {event:?} at {:?}",
                    table.letters[*letter as usize],
                    table.members.get(member).node
                );
            }
        }
    }
}

/// Entries of a term that is over stand for all such letters: not before no disk can get lost any more.
#[test]
fn a_letter_stays_while_its_receiver_may_lose_its_disk() {
    let budget = Budget { elections: 1, beats: 1, crashes: 1, losses: 1, ..Budget::default() };
    let mut table = Table::new(Setting { start: Start::Led, ..Setting::new(2, budget) });
    let mut world = start(&mut table).unwrap();
    let mut happens = |seat, event, table: &mut Table| {
        let budget = world.budget;
        world = next(&world, Act { seat, event, keep: true, leave: false }, &budget, table).unwrap();
        world.letters.clone()
    };
    let latest = |table: &Table| table.letters.len() as u32 - 1;
    happens(0, Event::Beat, &mut table);
    let entries = latest(&table);
    happens(0, Event::Crash { parts: 0 }, &mut table);
    happens(1, Event::Campaign, &mut table);
    for seat in [0, 1] {
        let letter = latest(&table);
        happens(seat, Event::Deliver { letter }, &mut table);
    }
    let letters = happens(1, Event::Sync, &mut table);
    assert!(letters.contains(&entries), "{letters:?}");
    let letters = happens(0, Event::LoseDisk, &mut table);
    let (_, over) = table.letters[entries as usize].when_over().unwrap();
    assert!(!letters.contains(&entries), "{letters:?}");
    assert!(letters.iter().any(|letter| table.letters[*letter as usize] == over), "{letters:?}");
}

#[test]
fn no_rule_looks_at_what_belongs_to_another_role() {
    for table in tables() {
        for (number, event, leave) in table.events() {
            let member = table.members.get(number);
            let mut scrambled = member.clone();
            scrambled.node.scramble_other_roles();
            let letter = event.letter().map(|letter| &table.letters[letter as usize]);
            let expected = take(member, event, letter, leave, &table.setting).ok();
            let found = take(&scrambled, event, letter, leave, &table.setting).ok();
            assert!(expected == found, "{event:?} at {:?}", member.node);
        }
    }
}

#[test]
fn stamps_since_the_last_setback_are_alike() {
    for table in tables().filter(|table| table.setting.folds_stamps()) {
        for (number, event, leave) in table.events() {
            let member = table.members.get(number);
            let mut spread = member.clone();
            spread.node.spread_stamps();
            let letter = event.letter().map(|letter| &table.letters[letter as usize]);
            let expected = take(member, event, letter, leave, &table.setting).ok();
            let found = take(&spread, event, letter, leave, &table.setting).ok();
            // A setback starts to count where the stamps are: then all but their numbers is compared.
            let is_setback = letter.is_some_and(|letter| {
                matches!(letter.message(), Message::Ack { outcome: Outcome::Conflict(_) | Outcome::Full(_), .. })
            });
            let is_same = match (&expected, &found) {
                (Some((expected, deed)), Some((found, other))) if is_setback => {
                    let is_same_node = expected.node.progress().eq(found.node.progress());
                    is_same_node && deed.sent.len() == other.sent.len()
                }
                _ => expected == found,
            };
            assert!(is_same, "{event:?} at {:?}", member.node);
        }
    }
}
