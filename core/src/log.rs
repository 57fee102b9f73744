use core::ops::Range;

use crate::entry::{Entries, Entry, HEADER, Kind, RECORD_OVERHEAD, seal_record};
use crate::{Index, Position, Term};

/// Bytes that the log keeps beside each record: where it lies.
pub(crate) const SLOT: usize = 4;

/// Where the entries lie in the log's memory.
///
/// Records stand one behind the other from the front of the memory. From its back, slots grow towards them: slot k
/// holds the offset of the k-th record, so that an entry is found by its index in constant time and nothing is set
/// aside unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    /// The position right before the first entry: that of the snapshot, or zero.
    pub(crate) base: Position,
    /// The position of the last entry, or the base.
    pub(crate) last: Position,
    /// How many bytes the records take.
    end: usize,
}

/// There is no room for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The log to read from.
#[derive(Clone, Copy)]
pub(crate) struct Log<'a> {
    memory: &'a [u8],
    pub(crate) span: &'a Span,
}

impl<'a> Log<'a> {
    pub(crate) fn new(memory: &'a [u8], span: &'a Span) -> Self {
        Log { memory, span }
    }

    /// The term of the entry at `index`, the base's included; zero if there is none.
    pub(crate) fn term_at(&self, index: Index) -> Term {
        if index == self.span.base.index {
            return self.span.base.term;
        }
        self.entry(index).map_or(Term(0), |entry| entry.position().term)
    }

    /// Whether there is an entry at this position, or it is the base.
    pub(crate) fn holds(&self, position: &Position) -> bool {
        let is_there = position.index == self.span.base.index || self.span.holds(position.index);
        is_there && self.term_at(position.index) == position.term
    }

    /// The entry at `index`.
    pub(crate) fn entry(&self, index: Index) -> Option<Entry<'a>> {
        self.span.holds(index).then(|| self.entry_at(self.span.place(index)))
    }

    fn entry_at(&self, place: usize) -> Entry<'a> {
        Entry::trusted(part(self.memory, self.offset(place)..self.span.end))
    }

    /// The last entry behind `after` and up to `through` that says who takes part. Looks at all of them.
    pub(crate) fn last_roster(&self, after: Index, through: Index) -> Option<Entry<'a>> {
        let through = through.min(self.span.last.index);
        self.between(after, through).filter(|entry| entry.kind() == Kind::Members).last()
    }

    /// All entries.
    pub(crate) fn entries(&self) -> Entries<'a> {
        Entries::trusted(part(self.memory, 0..self.span.end))
    }

    /// The entries behind `after` and up to `through`.
    pub(crate) fn between(&self, after: Index, through: Index) -> Entries<'a> {
        Entries::trusted(part(self.memory, self.stretch(after, through)))
    }

    /// How many bytes these entries take.
    pub(crate) fn bytes_between(&self, after: Index, through: Index) -> usize {
        self.stretch(after, through).len()
    }

    /// Where these entries lie.
    fn stretch(&self, after: Index, through: Index) -> Range<usize> {
        let after = after.max(self.span.base.index);
        if after >= through {
            return 0..0;
        }
        self.offset(self.span.place(after) + 1)..self.offset(self.span.place(through) + 1)
    }

    /// The index behind the entries from `first` on that fit into `bytes_max` bytes. Logarithmic in the length.
    pub(crate) fn behind_fitting(&self, first: Index, bytes_max: usize) -> Index {
        if !self.span.holds(first) {
            return first;
        }
        let first = self.span.place(first);
        let start = self.offset(first);
        let fits = |place: usize| self.offset(place) - start <= bytes_max;
        self.span.index(partition_point(first, self.span.count() + 1, |place| fits(place + 1)))
    }

    /// The index behind the last position that has at most this index and at most this term: nothing above it can match
    /// a log that has no later term up to there. Terms never fall along a log, so a binary search finds it. The base's
    /// own index if that position lies before the base.
    pub(crate) fn behind_at_most(&self, Position { term, index }: Position) -> Index {
        let base = self.span.base;
        if index < base.index || term < base.term {
            return base.index;
        }
        let behind = self.span.place(index.min(self.span.last.index)) + 1;
        self.span.index(partition_point(1, behind, |place| self.entry_at(place).position().term <= term))
    }

    /// Bytes that are left for records and their slots.
    pub(crate) fn room(&self) -> usize {
        self.capacity() - self.used()
    }

    /// Bytes that records and their slots take.
    pub(crate) fn used(&self) -> usize {
        self.span.end + self.span.count() * SLOT
    }

    /// Bytes that the entries behind this index and their slots take.
    pub(crate) fn used_behind(&self, index: Index) -> usize {
        let gone = self.span.place(index.max(self.span.base.index).min(self.span.last.index));
        self.span.end - self.offset(gone + 1) + (self.span.count() - gone) * SLOT
    }

    /// Bytes of the memory.
    pub(crate) fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// The first index from which on the entries before `behind` take at most `bytes_max` bytes. Logarithmic in the
    /// length.
    pub(crate) fn first_within(&self, behind: Index, bytes_max: usize) -> Index {
        let behind = self.span.place(behind);
        let end = self.offset(behind);
        self.span.index(partition_point(1, behind, |place| end - self.offset(place) > bytes_max))
    }

    /// Where the record at this place starts; for the place behind the last, where the next one would.
    fn offset(&self, place: usize) -> usize {
        if place > self.span.count() {
            return self.span.end;
        }
        let slot = slot_at(self.memory.len(), place);
        let bytes = self.memory.get(slot..).and_then(<[u8]>::first_chunk);
        u32::from_le_bytes(*bytes.unwrap_or_else(|| torn())) as usize
    }
}

impl Span {
    /// An empty log behind `base`.
    pub(crate) fn behind(base: Position) -> Span {
        Span { base, last: base, end: 0 }
    }

    /// How many entries there are; each takes memory, so the number fits.
    pub(crate) fn count(&self) -> usize {
        self.place(self.last.index)
    }

    /// Which entry behind the base an index means: they are counted from 1.
    fn place(&self, index: Index) -> usize {
        (index.0 - self.base.index.0) as usize
    }

    fn index(&self, place: usize) -> Index {
        Index(self.base.index.0 + place as u64)
    }

    fn holds(&self, index: Index) -> bool {
        self.base.index < index && index <= self.last.index
    }
}

/// The log to change.
pub(crate) struct LogMut<'a> {
    pub(crate) memory: &'a mut [u8],
    pub(crate) span: &'a mut Span,
}

impl LogMut<'_> {
    pub(crate) fn view(&self) -> Log<'_> {
        Log::new(self.memory, self.span)
    }

    /// Appends a record that another node made. It must follow the last entry.
    pub(crate) fn push(&mut self, entry: Entry<'_>) -> Result<(), Full> {
        let record = entry.record();
        if self.view().room() < record.len() + SLOT {
            return Err(Full);
        }
        let end = self.span.end;
        copy(record, part_mut(self.memory, end..end + record.len()));
        self.settle(entry.position(), record.len());
        Ok(())
    }

    /// The room for the payload of the next entry, of at most `payload_max` bytes, if it may take `room` bytes of the
    /// log.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn payload_room(&mut self, payload_max: usize, room: usize) -> Option<&mut [u8]> {
        let room = room.checked_sub(SLOT + RECORD_OVERHEAD)?;
        let start = self.span.end + HEADER;
        Some(part_mut(self.memory, start..start + room.min(payload_max).min(usize::from(u16::MAX))))
    }

    /// Makes the next entry around a payload of this length, which stands in its room.
    pub(crate) fn seal(&mut self, term: Term, kind: Kind, payload: usize) {
        let position = Position { term, index: self.span.last.index.next() };
        let start = self.span.end;
        let record = part_mut(self.memory, start..start + RECORD_OVERHEAD + payload);
        seal_record(record, position, kind);
        let length = record.len();
        self.settle(position, length);
    }

    /// Removes the entries behind `last`.
    pub(crate) fn truncate(&mut self, last: Index) {
        if last < self.span.base.index || last >= self.span.last.index {
            return;
        }
        let log = self.view();
        let end = log.offset(log.span.place(last) + 1);
        let term = log.term_at(last);
        self.span.end = end;
        self.span.last = Position { term, index: last };
    }

    /// Removes the entries up to `through`: it is the base then. Takes time in proportion to what stays.
    pub(crate) fn forget(&mut self, through: Index) {
        if !self.span.holds(through) {
            return;
        }
        let log = self.view();
        let term = log.term_at(through);
        let (gone, count) = (log.span.place(through), log.span.count());
        let cut = log.offset(gone + 1);
        self.move_to_front(cut);
        // A slot moves away from the records: it is read before another one takes its place.
        for place in gone..count {
            let offset = self.view().offset(place + 1) - cut;
            self.set_slot(place + 1 - gone, offset);
        }
        self.span.base = Position { term, index: through };
        self.span.end -= cut;
    }

    /// In parts as long as the gap: a copy to where it overlaps itself would bring a kilobyte and a half into a firmware.
    fn move_to_front(&mut self, gap: usize) {
        let mut rest = part_mut(self.memory, 0..self.span.end);
        while let Some((to, from)) = core::mem::take(&mut rest).split_at_mut_checked(gap) {
            copy(from, to);
            rest = from;
        }
    }

    #[cfg_attr(target_os = "none", inline(always))]
    fn set_slot(&mut self, place: usize, offset: usize) {
        let slot = slot_at(self.memory.len(), place);
        let bytes = self.memory.get_mut(slot..).and_then(<[u8]>::first_chunk_mut);
        *bytes.unwrap_or_else(|| torn()) = (offset as u32).to_le_bytes();
    }

    fn settle(&mut self, position: Position, length: usize) {
        self.set_slot(self.span.count() + 1, self.span.end);
        self.span.end += length;
        self.span.last = position;
    }
}

fn slot_at(memory: usize, place: usize) -> usize {
    memory.wrapping_sub(place * SLOT)
}

/// Copies bytes to where there is as much room.
fn copy(bytes: &[u8], room: &mut [u8]) {
    room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}

fn part(memory: &[u8], range: Range<usize>) -> &[u8] {
    memory.get(range).unwrap_or_else(|| torn())
}

fn part_mut(memory: &mut [u8], range: Range<usize>) -> &mut [u8] {
    memory.get_mut(range).unwrap_or_else(|| torn())
}

/// Stops a node whose log is no log any more.
#[cold]
#[inline(never)]
pub(crate) fn torn() -> ! {
    panic!("the records of a log lie whole within its memory")
}

/// The first place from `first` up to `behind` for which `holds` no longer holds.
fn partition_point(first: usize, behind: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (first, behind);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
