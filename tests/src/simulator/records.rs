use quorate::founding::Record as FoundingRecord;
use quorate::{Entry, HardState, Index, Mark, Persist, Position, Roster, Settled, Snapshot, Term};

/// What a disk holds, as the records that a node gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Records {
    /// What makes the store a member, or is to.
    pub(crate) founding: Option<FoundingRecord>,
    pub(crate) hard_state: HardState,
    /// The latest term that was marked.
    pub(crate) mark: Term,
    /// The last configuration that was known to be committed.
    settled: Option<Configured>,
    /// What a snapshot stands for; of index zero if there are records from the first on.
    pub(crate) base: Position,
    /// One after the other behind the base.
    records: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Record {
    position: Position,
    bytes: Box<[u8]>,
}

impl Record {
    fn of(entry: Entry<'_>) -> Record {
        Record { position: entry.position(), bytes: entry.record().into() }
    }

    fn entry(&self) -> Entry<'_> {
        Entry::parse(&self.bytes).expect("the disk keeps records as they are").0
    }

    /// Written anew at its position.
    fn rewritten(&self, write: &impl Fn(Entry<'_>) -> Box<[u8]>) -> Record {
        Record { position: self.position, bytes: write(self.entry()) }
    }
}

/// A configuration that is committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Configured {
    since: Index,
    roster: Box<[u8]>,
}

impl From<Settled<'_>> for Configured {
    fn from(Settled { since, roster }: Settled<'_>) -> Configured {
        Configured { since, roster: roster.bytes().into() }
    }
}

impl Configured {
    fn get(&self) -> Settled<'_> {
        Settled { since: self.since, roster: Roster::parse(&self.roster).expect("it is kept as it is") }
    }

    fn rewritten(&self, write: impl Fn(&Roster<'_>) -> Box<[u8]>) -> Configured {
        Configured { since: self.since, roster: write(&self.get().roster) }
    }
}

/// What one write adds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    pub(crate) hard_state: Option<HardState>,
    /// In place of all records so far.
    pub(crate) snapshot: Option<Snapshot>,
    records: Vec<Record>,
    settled: Option<Configured>,
    pub(crate) mark: Option<Mark>,
}

impl Batch {
    pub(crate) fn of(write: &Persist<'_>) -> Batch {
        let Persist { hard_state, snapshot, entries, settled, mark, .. } = *write;
        let settled = settled.map(Configured::from);
        Batch { hard_state, snapshot, records: entries.map(Record::of).collect(), settled, mark }
    }

    /// Nothing but a configuration that is committed.
    pub(crate) fn of_settled(settled: Settled<'_>) -> Batch {
        Batch { hard_state: None, snapshot: None, records: Vec::new(), settled: Some(settled.into()), mark: None }
    }

    /// The configuration that it makes durable as a committed one.
    pub(crate) fn settled(&self) -> Option<Settled<'_>> {
        self.settled.as_ref().map(Configured::get)
    }

    /// With each record, and who takes part, written anew.
    pub(crate) fn rewritten(
        &self,
        record: impl Fn(Entry<'_>) -> Box<[u8]>,
        roster: impl Fn(&Roster<'_>) -> Box<[u8]>,
    ) -> Batch {
        let records = self.records.iter().map(|of| of.rewritten(&record)).collect();
        let settled = self.settled.as_ref().map(|of| of.rewritten(roster));
        Batch { records, settled, ..self.clone() }
    }

    /// Its records, one behind the other.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.records.iter().map(|record| &*record.bytes).collect::<Vec<_>>().concat()
    }

    /// How many parts a power cut can separate.
    pub(crate) fn parts(&self) -> usize {
        let [first, settled, mark] = [self.hard_state.is_some(), self.settled.is_some(), self.mark.is_some()];
        usize::from(first) + self.records.len() + usize::from(settled) + usize::from(mark)
    }

    /// What is left if only the first parts reached the disk.
    pub(crate) fn cut(mut self, parts: usize) -> Batch {
        let whole = self.parts();
        let behind = whole - usize::from(self.mark.is_some());
        self.settled = self.settled.filter(|_| parts >= behind);
        self.mark = self.mark.filter(|_| parts == whole);
        let kept = parts.saturating_sub(usize::from(self.hard_state.is_some()));
        self.records.truncate(kept);
        self.hard_state = self.hard_state.filter(|_| parts > 0);
        self
    }
}

impl Records {
    /// The batch is durable: each record replaces what stood at its index and after it.
    pub(crate) fn sync(&mut self, batch: Batch) {
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        if let Some(snapshot) = batch.snapshot {
            self.records.clear();
            self.base = snapshot.position;
        }
        batch.records.into_iter().for_each(|record| self.put(record));
        self.settled = batch.settled.or(self.settled.take());
        batch.mark.iter().for_each(|mark| self.put_mark(mark));
    }

    /// A mark is behind what was written before: what is behind its last position is void.
    pub(crate) fn put_mark(&mut self, mark: &Mark) {
        self.mark = mark.term;
        self.records.retain(|record| record.position.index <= mark.last.index);
    }

    /// The mark, for a node that starts from here.
    pub(crate) fn last_mark(&self) -> Mark {
        Mark { term: self.mark, last: self.records.last().map_or(self.base, |record| record.position) }
    }

    /// An entry comes back from the disk.
    pub(crate) fn take(&mut self, entry: Entry<'_>) {
        self.put(Record::of(entry));
    }

    fn put(&mut self, record: Record) {
        let index = record.position.index;
        while self.records.last().is_some_and(|last| last.position.index >= index) {
            self.records.pop();
        }
        self.records.push(record);
    }

    /// A snapshot stands for all up to this position.
    pub(crate) fn cover(&mut self, position: Position) {
        self.records.retain(|record| record.position.index > position.index);
        self.base = position;
    }

    /// The last configuration that was known to be committed.
    pub(crate) fn settled(&self) -> Option<Settled<'_>> {
        self.settled.as_ref().map(Configured::get)
    }

    /// All configurations that are here, with the index of the entry that made each.
    pub(crate) fn rosters(&self) -> impl Iterator<Item = (Index, Roster<'_>)> {
        let settled = self.settled().map(|settled| (settled.since, settled.roster));
        let entries = self.entries().filter_map(|entry| Some((entry.position().index, entry.roster()?)));
        settled.into_iter().chain(entries)
    }

    /// A log gives this back.
    pub(crate) fn settle(&mut self, settled: Settled<'_>) {
        self.settled = Some(settled.into());
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(Record::entry)
    }

    /// With each record, and who takes part, written anew.
    pub(crate) fn rewritten(
        &self,
        record: impl Fn(Entry<'_>) -> Box<[u8]>,
        roster: impl Fn(&Roster<'_>) -> Box<[u8]>,
    ) -> Records {
        let records = self.records.iter().map(|of| of.rewritten(&record)).collect();
        let settled = self.settled.as_ref().map(|of| of.rewritten(roster));
        Records { records, settled, ..self.clone() }
    }

    /// Whether both hold the same behind this index.
    pub(crate) fn equals_behind(&self, index: Index, other: &Records) -> bool {
        let behind = |records: &Records| records.records.partition_point(|record| record.position.index <= index);
        (self.founding, self.hard_state, self.mark) == (other.founding, other.hard_state, other.mark)
            && self.settled == other.settled
            && self.records[behind(self)..] == other.records[behind(other)..]
    }

    /// The record at an index, if no snapshot stands for it.
    pub(crate) fn record(&self, index: Index) -> Option<&[u8]> {
        self.get(index).map(|record| &*record.bytes)
    }

    /// Whether the record at a position is here.
    pub(crate) fn has(&self, position: Position) -> bool {
        self.get(position.index).is_some_and(|record| record.position == position)
    }

    /// As [`has`](Records::has), or a snapshot stands for it.
    pub(crate) fn holds(&self, position: Position) -> bool {
        position.index <= self.base.index || self.has(position)
    }

    fn get(&self, index: Index) -> Option<&Record> {
        let place = index.0.checked_sub(self.base.index.0 + 1)?;
        self.records.get(usize::try_from(place).ok()?)
    }
}
