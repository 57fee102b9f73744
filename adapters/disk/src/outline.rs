use std::collections::BTreeMap;
use std::path::Path;

use quorate::founding::Record;
use quorate::{HardState, Index, Mark, Position, Snapshot, Term};

use crate::configuration::Configuration;
use crate::head::Head;
use crate::item::Item;
use crate::replay::{MISSING, Replay};
use crate::snapshots::{self, Kind};
use crate::{DiskError, Medium, Recovered};

/// What a log amounts to, without its entries. It is noted item by item, when the log is read and when it is written.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) hard_state: HardState,
    /// The term of the latest mark.
    pub(crate) mark: Term,
    /// All entries after this index are here, up to the last.
    pub(crate) base: Index,
    pub(crate) first: Option<Position>,
    /// The last entry, be it here or not.
    pub(crate) last: Position,
    /// The snapshot in force.
    pub(crate) snapshot: Option<Snapshot>,
    /// What makes the store a member, or is to.
    pub(crate) record: Option<Record>,
    /// The last configuration that is known to be committed.
    pub(crate) settled: Option<Configuration>,
    /// How often a snapshot of the leader made all before it void.
    pub(crate) installs: u64,
    /// The highest index of an entry that each segment holds and that is not void.
    segments: BTreeMap<u64, Index>,
    /// Whether the log begins with a head.
    is_headed: bool,
}

impl Outline {
    /// Reads all segments of a directory, as far as that is possible: what was noted before an error stays.
    pub(crate) fn read(
        &mut self,
        directory: &Path,
        replay: &mut Replay,
        medium: &mut impl Medium,
    ) -> Result<(), DiskError> {
        replay.run(directory, medium, |number, item| {
            self.note(number, item);
            Ok::<(), DiskError>(())
        })?;
        let (Some((first, path)), Some((_, header))) = (&replay.first, &replay.last) else {
            let mut orphans = snapshots::list(directory, Kind::Whole, medium)?.into_iter();
            return orphans.next().map_or(Ok(()), |(_, path)| Err(DiskError::damaged(&path, 0, ORPHANED)));
        };
        (*first..=header.number).for_each(|number| self.enter(number));
        if *first > 1 && !(self.is_headed && self.reaches(self.snapshot.unwrap_or_default().position.index)) {
            return Err(DiskError::damaged(path, 0, MISSING));
        }
        Ok(())
    }

    /// Reads all segments once more, and shows all that is not void.
    pub(crate) fn show<E: From<DiskError>>(
        &self,
        directory: &Path,
        replay: &mut Replay,
        medium: &mut impl Medium,
        mut visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut is_first, mut installs) = (true, 0);
        replay.run(directory, medium, |_, item| {
            let is_head = std::mem::take(&mut is_first);
            match item {
                Item::HardState(state) => visit(Recovered::HardState(state)),
                Item::Head(head) if is_head => {
                    if head.hard_state != HardState::default() {
                        visit(Recovered::HardState(head.hard_state))?;
                    }
                    head.settled.map_or(Ok(()), |settled| visit(Recovered::Settled(settled)))?;
                    match head.mark {
                        Term(0) => Ok(()),
                        term => visit(Recovered::Mark(Mark { term, last: head.last })),
                    }
                }
                Item::Mark(mark) => visit(Recovered::Mark(mark)),
                Item::Settled(settled) => visit(Recovered::Settled(settled)),
                Item::Entries(mut entries) if installs == self.installs => {
                    entries.try_for_each(|entry| visit(Recovered::Entry(entry)))
                }
                Item::Installed(_) => {
                    installs += 1;
                    Ok(())
                }
                Item::Entries(_) | Item::Marked(_) | Item::Head(_) | Item::Founding(_) => Ok(()),
            }
        })
    }

    /// Whether all entries behind this index are here.
    pub(crate) fn reaches(&self, index: Index) -> bool {
        self.base <= index
    }

    pub(crate) fn note(&mut self, segment: u64, item: Item<'_>) {
        let is_first = self.segments.is_empty();
        self.enter(segment);
        match item {
            Item::HardState(state) => self.hard_state = state,
            Item::Mark(mark) => self.note_mark(mark),
            Item::Entries(entries) => {
                entries.for_each(|entry| self.note_entry(entry.position()));
                let last = self.last.index;
                self.segments.entry(segment).and_modify(|highest| *highest = last.max(*highest));
            }
            Item::Founding(record) => self.record = Some(record),
            Item::Settled(settled) => self.settled = Some(settled.into()),
            Item::Marked(snapshot) => self.snapshot = Some(snapshot),
            Item::Installed(snapshot) => {
                self.segments.values_mut().for_each(|highest| *highest = Index(0));
                self.snapshot = Some(snapshot);
                self.stand_on(snapshot.position);
                self.installs += 1;
            }
            Item::Head(head) if is_first => {
                self.hard_state = head.hard_state;
                self.mark = head.mark;
                self.record = head.record;
                self.settled = head.settled.map(Configuration::from);
                self.snapshot = Some(head.snapshot).filter(|snapshot| snapshot.position.index > Index(0));
                self.stand_on(head.last);
                self.is_headed = true;
            }
            Item::Head(_) => {}
        }
    }

    /// What the next segment begins with.
    pub(crate) fn head(&self) -> Head<'_> {
        let Outline { hard_state, mark, last, snapshot, record, ref settled, .. } = *self;
        let settled = settled.as_ref().and_then(Configuration::settled);
        Head { hard_state, mark, last, snapshot: snapshot.unwrap_or_default(), record, settled }
    }

    /// Strikes off the first segment if there is another one, and it holds no entry behind `covered`.
    pub(crate) fn pop_segment(&mut self, covered: Index) -> Option<u64> {
        let is_needed = self.segments.len() < 2 || *self.segments.first_key_value()?.1 > covered;
        if is_needed { None } else { self.segments.pop_first().map(|(number, _)| number) }
    }

    fn enter(&mut self, segment: u64) {
        self.segments.entry(segment).or_default();
    }

    fn note_entry(&mut self, position: Position) {
        self.first = self.first.filter(|first| first.index < position.index).or(Some(position));
        self.last = position;
    }

    fn note_mark(&mut self, mark: Mark) {
        self.mark = mark.term;
        if mark.last.index < self.last.index {
            self.last = mark.last;
            self.first = self.first.filter(|first| first.index <= mark.last.index);
        }
    }

    fn stand_on(&mut self, position: Position) {
        self.base = position.index;
        self.last = position;
        self.first = None;
    }
}

/// What is wrong with a snapshot beside no log at all.
const ORPHANED: &str = "the log that this snapshot belongs to is missing";
