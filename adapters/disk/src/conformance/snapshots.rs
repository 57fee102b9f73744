use std::collections::BTreeMap;

use quorate::founding::Record;
use quorate::{HardState, Index, Mark, Position, Snapshot, Term, crc32c};

use super::{Batch, CHANGED, MEMBERS, Subject, joined, prepared};
use crate::{Configuration, Recovered};

/// Holds a store to the laws of snapshots.
pub(super) fn check(subject: &impl Subject) {
    a_crash_leaves_the_old_state_or_the_new_one(subject);
    a_changed_byte_is_never_restored(subject);
}

/// One step of the script.
enum Step {
    Write(Batch),
    Take(u64),
    Install(u64, Batch),
}

/// What a store has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    record: Option<Record>,
    hard_state: HardState,
    mark: Term,
    settled: Option<Configuration>,
    /// The index that the log stands on.
    base: u64,
    /// All indices of snapshots so far that an older one may stand in for.
    taken: Vec<u64>,
    records: BTreeMap<u64, Vec<u8>>,
}

/// What a node finds that starts from a store.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    record: Option<Record>,
    hard_state: HardState,
    mark: Term,
    settled: Option<Configuration>,
    base: u64,
    is_lost: bool,
    records: BTreeMap<u64, Vec<u8>>,
}

/// After a crash, a snapshot and all that comes with it are there or not, whatever was before is there or not needed,
/// and the store goes on.
fn a_crash_leaves_the_old_state_or_the_new_one(subject: &impl Subject) {
    let (mut before, mut old) = (subject.blank(), Model::default());
    for (number, step) in script().iter().enumerate() {
        let (mut after, mut new) = (before.clone(), old.clone());
        step.carry_out(subject, &mut after);
        new.note(step);
        for _ in 0..2 {
            assert_eq!(find(subject, &mut after), Ok(new.found()), "step {number}");
        }
        for (crash, mut image) in subject.crashes(&before, &after).enumerate() {
            let found = find(subject, &mut image);
            let model = [&old, &new].into_iter().find(|model| found.as_ref() == Ok(&model.found()));
            let Some(mut model) = model.cloned() else {
                panic!("step {number}, crash {crash}: {found:?} instead of {:?} or {:?}", old.found(), new.found());
            };
            let (next, position) = (model.last() + 1, position(model.last() + 1));
            for probe in [Step::Write(Batch::state(9, None).and(next, 9, b"probe")), Step::Take(position.index.0)] {
                probe.carry_out(subject, &mut image);
                model.note(&probe);
                assert_eq!(find(subject, &mut image), Ok(model.found()), "step {number}, crash {crash}, then more");
            }
        }
        (before, old) = (after, new);
    }
}

/// After a byte has changed, all comes back, or an older snapshot with all that followed it, or word that it is lost.
fn a_changed_byte_is_never_restored(subject: &impl Subject) {
    let (mut image, mut model) = (subject.blank(), Model::default());
    for (number, step) in script().iter().enumerate() {
        step.carry_out(subject, &mut image);
        model.note(step);
        if !matches!(step, Step::Take(7) | Step::Install(..)) {
            continue;
        }
        for (flip, mut image) in subject.flips(&image).enumerate() {
            let Ok(found) = find(subject, &mut image) else { continue };
            let stands_in = found.base == 0 || model.taken.contains(&found.base);
            assert!(found.base == model.base || (stands_in && !found.is_lost), "step {number}, flip {flip}: {found:?}");
            let expected = Model { base: found.base, ..model.clone() }.found();
            let found = Found { is_lost: false, ..found };
            assert_eq!(found, expected, "step {number}, flip {flip}");
        }
    }
}

/// Snapshots of the app's own and of a leader, with entries around them that fill segments.
fn script() -> Vec<Step> {
    vec![
        Step::Write(Batch::of(prepared(1))),
        Step::Write(Batch::of(joined(1))),
        Step::Write(Batch::state(1, None).and(1, 1, b"first").and(2, 1, &[0xa5; 300])),
        Step::Write(Batch::empty().and(3, 1, &[0; 700]).settled(2, MEMBERS)),
        Step::Take(2),
        Step::Write(Batch::state(2, None).and(4, 2, &[1; 900]).and(5, 2, b"replaced")),
        Step::Write(Batch::empty().and(5, 2, b"replaces").and(6, 2, &[3; 300])),
        Step::Take(5),
        Step::Write(Batch::empty().and(7, 2, &[4; 400]).and(8, 2, b"cut")),
        Step::Write(Batch::state(3, None).marked(3, 7)),
        Step::Take(7),
        Step::Write(Batch::empty().and(8, 2, b"to be void")),
        Step::Install(20, Batch::state(4, None).and(21, 2, b"behind").settled(20, CHANGED).marked(4, 21)),
        Step::Write(Batch::empty().and(22, 4, &[5; 1_500])),
        Step::Take(21),
        Step::Install(30, Batch::empty()),
    ]
}

/// The app's state after an index.
fn state(index: u64) -> Vec<u8> {
    (0..20 + index).map(|byte| (byte * index) as u8).collect()
}

fn position(index: u64) -> Position {
    Position { term: Term(2), index: Index(index) }
}

fn snapshot(index: u64) -> Snapshot {
    let state = state(index);
    Snapshot { position: position(index), bytes: state.len() as u64, check: crc32c(&state) }
}

impl Step {
    fn carry_out<S: Subject>(&self, subject: &S, image: &mut S::Image) {
        match self {
            Step::Write(batch) => batch.write(subject, image),
            Step::Take(index) => subject.take(image, position(*index), &state(*index)),
            Step::Install(index, batch) => {
                let snapshot = snapshot(*index);
                subject.install(image, snapshot, &state(*index), batch.parts());
            }
        }
    }
}

impl Model {
    fn note(&mut self, step: &Step) {
        match step {
            Step::Write(batch) => self.note_batch(batch),
            Step::Take(index) => {
                self.base = *index;
                self.taken.push(*index);
            }
            Step::Install(index, batch) => {
                let Model { record, hard_state, mark, ref mut settled, .. } = *self;
                let settled = settled.take();
                *self = Model { record, hard_state, mark, settled, base: *index, ..Model::default() };
                self.note_batch(batch);
            }
        }
    }

    fn note_batch(&mut self, batch: &Batch) {
        self.record = batch.record.or(self.record);
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        self.settled = batch.settled.clone().or(self.settled.take());
        for entry in batch.entries() {
            let index = entry.position().index.0;
            self.records.retain(|other, _| *other < index);
            self.records.insert(index, entry.record().to_vec());
        }
        if let Some(Mark { term, last }) = batch.mark {
            self.mark = term;
            self.records.retain(|index, _| *index <= last.index.0);
        }
    }

    fn last(&self) -> u64 {
        self.records.last_key_value().map_or(self.base, |(last, _)| *last)
    }

    fn found(&self) -> Found {
        let records = self.records.range(self.base + 1..).map(|(index, record)| (*index, record.clone()));
        let Model { record, hard_state, mark, ref settled, base, .. } = *self;
        let settled = settled.clone();
        Found { record, hard_state, mark, settled, base, is_lost: false, records: records.collect() }
    }
}

fn find<S: Subject>(subject: &S, image: &mut S::Image) -> Result<Found, String> {
    let mut found = Found::default();
    let mut snapshots = Vec::new();
    subject.open(image, &mut |item| match item {
        Recovered::Prepared(prepared) => found.record = Some(Record::Prepared(prepared)),
        Recovered::Charter(charter) => found.record = Some(Record::Complete(charter)),
        Recovered::Joined(charter, incarnation) => found.record = Some(Record::Joined(charter, incarnation)),
        Recovered::Settled(settled) => found.settled = Some(settled.into()),
        Recovered::Snapshot(snapshot) => {
            found.base = snapshot.position.index.0;
            snapshots.push(snapshot);
        }
        Recovered::LostSnapshot(position) => (found.base, found.is_lost) = (position.index.0, true),
        Recovered::DamagedSnapshot(_) | Recovered::Stored(_) => {}
        Recovered::HardState(hard_state) => found.hard_state = hard_state,
        Recovered::Entry(entry) => {
            let index = entry.position().index.0;
            if index > found.base {
                found.records.retain(|other, _| *other < index);
                found.records.insert(index, entry.record().to_vec());
            }
        }
        Recovered::Mark(Mark { term, last }) => {
            found.mark = term;
            found.records.retain(|index, _| *index <= last.index.0);
        }
    })?;
    for found in snapshots {
        let index = found.position.index.0;
        assert_eq!((found, subject.state(image, found)), (snapshot(index), state(index)), "a snapshot has changed");
    }
    Ok(found)
}
