//! A log that goes round its region for ever.

mod common;

use common::{Held, SEATS, entries, layout, members, open, position, record, record_of, roster, settled, state};
use quorate::{Entries, HardState, Index, Term};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout};

/// A node with 1 KiB of log memory, one of three: it writes entries one by one, and takes a snapshot when half of that is
/// used.
struct Run<const WORD: usize, const PAGE: usize> {
    layout: Layout,
    flash: Flash<Double<WORD, PAGE>>,
    last: u64,
    term: u64,
    covered: u64,
    settled: u64,
}

const ENTRY: usize = 16;
const HALF: u64 = 512 / (ENTRY as u64 + 23);

impl<const WORD: usize, const PAGE: usize> Run<WORD, PAGE> {
    fn new() -> Self {
        let log_memory = 1_024;
        let log = Layout::log_bytes_min::<Double<WORD, PAGE>>(log_memory, 3) as usize / PAGE;
        let layout = Layout { log_memory, seats: 3, ..layout::<WORD, PAGE>(log, 1) };
        let (flash, ..) = open(Double::<WORD, PAGE>::new(log + 3), &layout).unwrap();
        Run { layout, flash, last: 0, term: 0, covered: 0, settled: 0 }
    }

    fn append(&mut self) {
        self.last += 1;
        let hard_state = self.last.is_multiple_of(50).then(|| {
            self.term += 1;
            HardState { term: Term(self.term), vote: None }
        });
        let record = record(self.last, &[self.last as u8; ENTRY]);
        let (roster, is_new) = (roster(3), self.last % 1_000 == 1);
        let settled = settled(self.last, &roster).filter(|_| is_new);
        self.settled = settled.map_or(self.settled, |settled| settled.since.0);
        self.flash.write(hard_state, None, entries(&record), settled, None).unwrap();
        if self.last - self.covered >= HALF {
            self.flash.take(position(self.last), members(), &[7; 100]).unwrap();
            self.covered = self.last;
        }
    }

    fn reopen(&mut self) -> Held {
        let blank = open(Double::<WORD, PAGE>::new(self.layout.snapshots.end as usize / PAGE), &self.layout).unwrap().0;
        let double = std::mem::replace(&mut self.flash, blank).release();
        let (flash, recovery, held) = open(double, &self.layout).unwrap();
        assert!(!recovery.created);
        self.flash = flash;
        held
    }

    fn check(&self, held: &Held) {
        let log: Vec<_> = held.log().into_iter().filter(|(index, _)| *index > self.covered).collect();
        assert_eq!(log, (self.covered + 1..=self.last).map(|index| (index, 1)).collect::<Vec<_>>());
        let term = held.hard_states.last().map_or(0, |state| state.term.0);
        assert_eq!(term, self.term, "after entry {}", self.last);
        let covered = held.snapshots.last().map_or(0, |snapshot| snapshot.position.index.0);
        assert_eq!(covered, self.covered);
        assert_eq!(held.settled, Some((self.settled, roster(3))));
    }
}

fn goes_on_for_ever<const WORD: usize, const PAGE: usize>() {
    let mut run = Run::<WORD, PAGE>::new();
    for round in 0..20_000 {
        run.append();
        if round % 97 == 0 {
            let held = run.reopen();
            run.check(&held);
        }
    }
    let log = run.layout.log.end as usize / PAGE;
    let double = run.flash.release();
    let (log, snapshots) = double.erasures().split_at(log);
    for region in [log, snapshots] {
        let (least, most) = (region.iter().min().unwrap(), region.iter().max().unwrap());
        assert!(most - least <= 1, "wear is not spread: {region:?}");
        assert!(*least > 10, "no page was used again: {region:?}");
    }
}

#[test]
fn a_log_of_1_kib_goes_on_for_ever() {
    goes_on_for_ever::<4, 512>();
    goes_on_for_ever::<8, 2048>();
    goes_on_for_ever::<32, 4096>();
}

/// Every state that a power cut leaves while a log goes round several times.
fn survives_every_cut<const WORD: usize, const PAGE: usize>() {
    let layout = layout::<WORD, PAGE>(7, 1);
    let pages = layout.snapshots.end as usize / PAGE;
    let (flash, ..) = open(Double::<WORD, PAGE>::new(pages).recording(), &layout).unwrap();
    let mut double = flash.release();
    let (mut old, mut covered, mut term) = (Held::default(), 0, 0);
    let roster = roster(SEATS);
    for index in 1..=90 {
        let before = double.clone();
        let (mut flash, ..) = open(double, &layout).unwrap();
        let mut new = old.clone();
        if index % 7 == 0 {
            flash.take(position(index - 1), members(), &[index as u8; 40]).unwrap();
            covered = index - 1;
        }
        let taken = Held { entries: Vec::new(), ..new.clone() };
        term += u64::from(index % 5 == 0);
        let hard_state = (index % 5 == 0).then(|| state(term)).flatten();
        let settled = settled(index, &roster).filter(|_| index % 23 == 1);
        flash.write(hard_state, None, entries(&record(index, &[index as u8; 60])), settled, None).unwrap();
        new.settled = settled.map(|settled| (settled.since.0, roster.clone())).or(new.settled);
        new.entries.push((index, 1));
        new.hard_states.extend(hard_state);
        double = flash.release();
        for (crash, image) in before.crashes(&double).enumerate() {
            let story = format!("entry {index}, crash {crash}");
            let (mut flash, _, held) = open(image, &layout).unwrap_or_else(|error| panic!("{story}: {error}"));
            let last = held.log().last().map_or(0, |(last, _)| *last);
            // The log goes on, into the page whose erasure was cut off.
            for index in last + 1..last + 3 {
                let written = flash.write(None, None, entries(&record(index, &[0; 200])), None, None);
                assert!(matches!(written, Ok(()) | Err(FlashError::LogFull { .. })), "{story}: {written:?}");
            }
            let stood_on = held.snapshots.last().map_or(0, |snapshot| snapshot.position.index.0);
            let found: Vec<_> = held.log().into_iter().filter(|(index, _)| *index > stood_on).collect();
            assert!(stood_on == covered || (index % 7 == 0 && stood_on < covered), "{story}: stands on {stood_on}");
            let whole = found.last().map_or(stood_on, |(last, _)| *last);
            assert!(whole == index || whole == index - 1, "{story}: {found:?}");
            assert_eq!(found, (stood_on + 1..=whole).map(|index| (index, 1)).collect::<Vec<_>>(), "{story}");
            let states = if whole == index { &new.hard_states } else { &taken.hard_states };
            assert_eq!(held.hard_states.last(), states.last(), "{story}");
            assert_eq!(held.settled, if whole == index { new.settled.clone() } else { old.settled.clone() }, "{story}");
        }
        old = new;
    }
    let log = layout.log.end as usize / PAGE;
    assert!(double.erasures()[..log].iter().all(|erasures| *erasures > 1), "the log did not go round");
}

#[test]
fn a_cut_at_any_step_of_a_wrap_loses_nothing() {
    survives_every_cut::<4, 512>();
    survives_every_cut::<8, 512>();
    survives_every_cut::<32, 1024>();
}

/// A seal that ends with the page, and of which the power leaves any part, is not taken for damage.
#[test]
fn a_cut_at_any_step_of_a_write_that_fills_its_page_loses_nothing() {
    let layout = layout::<4, 512>(5, 1);
    for length in 100..140 {
        let (mut flash, ..) = open(Double::<4, 512>::new(8).recording(), &layout).unwrap();
        flash.write(None, None, entries(&record(1, &[1; 200])), None, None).unwrap();
        let before = flash.release();
        let (mut flash, ..) = open(before.clone(), &layout).unwrap();
        flash.write(None, None, entries(&record(2, &vec![2; length])), None, None).unwrap();
        for crash in before.crashes(&flash.release()) {
            let (.., held) = open(crash, &layout).unwrap();
            assert!(matches!(held.log()[..], [(1, 1)] | [(1, 1), (2, 1)]), "{length}: {held:?}");
        }
    }
}

#[test]
fn entries_that_another_leader_replaces_make_room_without_a_snapshot() {
    let layout = layout::<4, 512>(5, 1);
    let (mut flash, ..) = open(Double::<4, 512>::new(8), &layout).unwrap();
    for term in 1..200 {
        let records = [record_of(term, 1, &[1; 40]), record_of(term, 2, &[2; 40])].concat();
        flash.write(state(term), None, entries(&records), None, None).unwrap();
    }
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.log(), [(1, 199), (2, 199)]);
    assert_eq!(held.hard_states.last().copied(), state(199));
}

#[test]
fn a_full_log_refuses_before_it_writes_and_a_snapshot_makes_room() {
    let layout = layout::<4, 512>(5, 1);
    let (mut flash, ..) = open(Double::<4, 512>::new(8), &layout).unwrap();
    let mut write = |index| flash.write(None, None, entries(&record(index, &[0; 40])), None, None).err();
    let (last, full) = (1..1_000).find_map(|index| Some(index - 1).zip(write(index))).expect("no log holds all that");
    assert!(matches!(full, FlashError::LogFull { .. }), "{full}");
    assert!(flash.is_crowded());
    assert!(matches!(
        flash.write(state(1), None, Entries::default(), None, None),
        Ok(()) | Err(FlashError::LogFull { .. })
    ));
    flash.take(position(last), members(), b"all of it").unwrap();
    assert!(!flash.is_crowded());
    flash.write(state(2), None, entries(&record(last + 1, &[0; 40])), None, None).unwrap();
    let (.., held) = open(flash.release(), &layout).unwrap();
    assert_eq!(held.log().last(), Some(&(last + 1, 1)));
    assert_eq!(held.snapshots.last().map(|snapshot| snapshot.position.index), Some(Index(last)));
}

/// Leaders come and go, nothing is committed, and each of them writes its term: what is not committed is written once
/// more in time, and all before it goes.
fn outlives_terms_without_end<const WORD: usize, const PAGE: usize>(log_memory: usize, payload: usize) {
    let bytes = Layout::log_bytes_min::<Double<WORD, PAGE>>(log_memory, SEATS) as usize;
    let layout = Layout { log_memory, ..layout::<WORD, PAGE>(bytes / PAGE, 1) };
    let (mut flash, ..) = open(Double::<WORD, PAGE>::new(bytes / PAGE + 3).recording(), &layout).unwrap();
    flash.write(state(1), None, entries(&record(1, b"committed")), settled(1, &roster(SEATS)), None).unwrap();
    flash.take(position(1), members(), b"state").unwrap();
    let last = 1 + (log_memory / (payload + 23)) as u64;
    let log: Vec<_> = (2..=last).flat_map(|index| record(index, &vec![7; payload])).collect();
    for index in 2..=last {
        flash.write(None, None, entries(&record(index, &vec![7; payload])), None, None).unwrap();
    }
    let (mut again, mut term) = (0, 1);
    while again < 5 {
        term += 1;
        flash.write(state(term), None, Entries::default(), None, None).unwrap();
        if flash.is_crowded() {
            let before = flash.release();
            (flash, ..) = open(before.clone(), &layout).unwrap();
            flash.write(None, None, entries(&log), None, None).unwrap();
            assert!(!flash.is_crowded(), "{WORD} {PAGE} {log_memory} {payload}");
            again += 1;
            let after = flash.release();
            let crashes = before.crashes(&after).filter(|_| again == 3 && log_memory == 512).chain([after.clone()]);
            for crash in crashes {
                let (_, _, held) = open(crash, &layout).unwrap();
                let found: Vec<_> = held.log().into_iter().filter(|(index, _)| *index > 1).collect();
                assert_eq!(found, (2..=last).map(|index| (index, 1)).collect::<Vec<_>>());
                assert_eq!(held.hard_states.last().copied(), state(term));
            }
            (flash, ..) = open(after, &layout).unwrap();
            assert!(!flash.is_crowded(), "{WORD} {PAGE} {log_memory} {payload}: what was replaced came back");
        }
    }
    assert!(flash.take(position(last), members(), b"state").is_ok());
}

#[test]
fn terms_without_end_do_not_fill_the_log_for_good() {
    for log_memory in [512, 1_024, 4_096] {
        for payload in [9, 130, 400] {
            outlives_terms_without_end::<4, 512>(log_memory, payload);
            outlives_terms_without_end::<4, 4096>(log_memory, payload);
            outlives_terms_without_end::<8, 2048>(log_memory, payload);
            outlives_terms_without_end::<32, 1024>(log_memory, payload);
            outlives_terms_without_end::<32, 8192>(log_memory, payload);
        }
    }
}

#[test]
fn a_write_over_several_pages_leaves_with_all_of_them() {
    let layout = layout::<4, 512>(8, 1);
    let (mut flash, ..) = open(Double::<4, 512>::new(11), &layout).unwrap();
    for round in 1..40 {
        let payload = vec![round as u8; 900];
        flash.write(state(round), None, entries(&record(round, &payload)), None, None).unwrap();
        flash.take(position(round), members(), b"state").unwrap();
        let (opened, _, held) = open(flash.release(), &layout).unwrap();
        assert_eq!(held.hard_states.last().copied(), state(round), "round {round}");
        flash = opened;
    }
}

/// The region that a layout asks for holds the log memory written twice over, and the mark of a snapshot.
fn holds_a_memory_twice<const WORD: usize, const PAGE: usize>(log_memory: usize, payload: usize) {
    let bytes = Layout::log_bytes_min::<Double<WORD, PAGE>>(log_memory, SEATS) as usize;
    let layout = Layout { log_memory, ..layout::<WORD, PAGE>(bytes / PAGE, 1) };
    let (mut flash, ..) = open(Double::<WORD, PAGE>::new(bytes / PAGE + 3), &layout).unwrap();
    flash.write(None, None, Entries::default(), settled(1, &roster(SEATS)), None).unwrap();
    let count = (log_memory / (payload + 23)) as u64;
    for (term, index) in (1..=2).flat_map(|term| (1..=count).map(move |index| (term, index))) {
        let record = record_of(term, index, &vec![7; payload]);
        let written = flash.write(state(2 * index), None, entries(&record), None, None);
        written.unwrap_or_else(|error| panic!("{WORD} {PAGE} {log_memory} {payload}: entry {index}: {error}"));
    }
    flash.take(position(count), members(), b"state").unwrap();
    assert!(!flash.is_crowded());
}

#[test]
fn a_region_is_as_large_as_the_layout_says_it_must_be() {
    for log_memory in [512, 1_024, 4_096, 16_384] {
        for payload in [0, 9, 30, 44, 57, 65, 80, 100, 130, 250, 400] {
            holds_a_memory_twice::<4, 512>(log_memory, payload);
            holds_a_memory_twice::<4, 1024>(log_memory, payload);
            holds_a_memory_twice::<4, 4096>(log_memory, payload);
            holds_a_memory_twice::<8, 2048>(log_memory, payload);
            holds_a_memory_twice::<32, 1024>(log_memory, payload);
            holds_a_memory_twice::<32, 8192>(log_memory, payload);
        }
    }
}

/// Erasures for 1,000 entries of 16 bytes, each in a write of its own.
fn wear<const WORD: usize, const PAGE: usize>() -> String {
    let mut run = Run::<WORD, PAGE>::new();
    (0..10_000).for_each(|_| run.append());
    let pages = run.layout.log.end as usize / PAGE;
    let double = run.flash.release();
    let (log, snapshots) = double.erasures().split_at(pages);
    let [log, snapshots] = [log, snapshots].map(|region| f64::from(region.iter().sum::<u32>()) / 10.0);
    let entries = 10_000.0 * pages as f64 / log / 1_000.0;
    format!("| {WORD} | {PAGE} | {pages} | {log:.1} | {snapshots:.1} | {entries:.1} million |\n")
}

#[test]
fn the_readme_states_the_wear() {
    let table = [wear::<4, 1024>(), wear::<4, 4096>(), wear::<8, 2048>(), wear::<32, 8192>()].concat();
    let readme = include_str!("../README.md");
    assert!(readme.contains(&table), "the README's table of wear should read\n{table}");
}
