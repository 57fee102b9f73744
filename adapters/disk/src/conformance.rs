//! What every store of a log must do, as laws that a test holds it to.
//!
//! A store is described by a [`Subject`]; [`check`] runs all laws on it. They hold for a write that is cut off anywhere
//! and for a bit that changes anywhere: what was acknowledged comes back, or the store refuses to open.

mod snapshots;

use quorate::founding::{Prepared, Record};
use quorate::{
    Charter, Entries, Entry, Features, Founding, HardState, Identity, Incarnation, Index, Kind, Least, Mark, Members,
    Occupant, Position, Roster, Seat, Seats, Settled, Snapshot, Stored, Term,
};

use crate::{Configuration, Recovered};

/// A store under test, with a medium that can be copied, torn and damaged.
pub trait Subject {
    /// All that a medium holds.
    type Image: Clone;

    /// A medium that holds nothing, for a store with room for configurations of four members.
    fn blank(&self) -> Self::Image;

    /// Opens the store, which may repair it, and shows what it holds.
    ///
    /// # Errors
    /// Why the store refuses, in its own words.
    fn open(&self, image: &mut Self::Image, visit: &mut dyn FnMut(Recovered<'_>)) -> Result<(), String>;

    /// Opens the store, makes one batch durable, and closes it.
    fn write(&self, image: &mut Self::Image, write: Write<'_>);

    /// Opens the store, makes a founding record durable, and closes it.
    fn record(&self, image: &mut Self::Image, record: Record);

    /// Opens the store, writes a snapshot of the app's own state aside, lets the log stand on it, and closes the store.
    fn take(&self, image: &mut Self::Image, position: Position, state: &[u8]);

    /// Opens the store, stores a snapshot of the leader in pieces, makes it and what comes with it durable in one write,
    /// and closes the store.
    fn install(&self, image: &mut Self::Image, snapshot: Snapshot, state: &[u8], write: Write<'_>);

    /// Opens the store, and reads the state that a snapshot holds which is shown then.
    fn state(&self, image: &mut Self::Image, snapshot: Snapshot) -> Vec<u8>;

    /// Every medium that a crash may leave behind while `before` becomes `after`.
    fn crashes(&self, before: &Self::Image, after: &Self::Image) -> impl Iterator<Item = Self::Image>;

    /// Every medium that differs from `image` in one byte, of which a bit has changed or which reads as zero.
    fn flips(&self, image: &Self::Image) -> impl Iterator<Item = Self::Image>;
}

/// One write, but for its snapshot: the fields of a [`Persist`](quorate::Persist).
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The new term and vote.
    pub hard_state: Option<HardState>,
    /// The new entries.
    pub entries: Entries<'a>,
    /// The last configuration that is known to be committed.
    pub settled: Option<Settled<'a>>,
    /// The new mark.
    pub mark: Option<Mark>,
}

/// One write of the script: a founding record, or else the rest.
struct Batch {
    record: Option<Record>,
    hard_state: Option<HardState>,
    records: Vec<u8>,
    settled: Option<Configuration>,
    mark: Option<Mark>,
}

/// All that a store shows: the items in their order, and of the configurations the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    items: Vec<Item>,
    settled: Option<Configuration>,
}

/// An item of a batch, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Record(Record),
    Snapshot(Snapshot),
    LostSnapshot(Position),
    DamagedSnapshot(Position),
    Stored(Stored),
    HardState(HardState),
    Entry(Vec<u8>),
    Mark(Mark),
}

impl Item {
    /// The index of an entry.
    fn index(&self) -> Option<Index> {
        let Item::Entry(record) = self else { return None };
        Entry::parse(record).ok().map(|(entry, _)| entry.position().index)
    }
}

/// Holds a store to every law.
///
/// # Panics
/// With the law that is broken, and the step of the script.
pub fn check(subject: &impl Subject) {
    everything_comes_back(subject);
    a_crash_loses_nothing_acknowledged(subject);
    a_changed_byte_loses_nothing_in_silence(subject);
    snapshots::check(subject);
}

/// What was written comes back, in order, however often the store is opened.
fn everything_comes_back(subject: &impl Subject) {
    let mut image = subject.blank();
    let mut written = Shown::default();
    for (step, batch) in script().iter().enumerate() {
        batch.write(subject, &mut image);
        batch.note(&mut written);
        for _ in 0..2 {
            assert_eq!(recover(subject, &mut image), Ok(written.clone()), "step {step}");
        }
    }
}

/// After a crash in a write, all earlier batches come back, the cut one as a whole or not at all, and writing goes on.
fn a_crash_loses_nothing_acknowledged(subject: &impl Subject) {
    let mut before = subject.blank();
    let mut acknowledged = Shown::default();
    let probe = Batch::state(9, None);
    for (step, batch) in script().iter().enumerate() {
        let mut after = before.clone();
        batch.write(subject, &mut after);
        let mut whole = acknowledged.clone();
        batch.note(&mut whole);
        for (crash, mut image) in subject.crashes(&before, &after).enumerate() {
            let recovered = recover(subject, &mut image);
            assert!(
                recovered.as_ref() == Ok(&acknowledged) || recovered.as_ref() == Ok(&whole),
                "step {step}, crash {crash}: {recovered:?} instead of {acknowledged:?}, perhaps with the batch after it"
            );
            probe.write(subject, &mut image);
            let expected = recovered.map(|mut shown| {
                probe.note(&mut shown);
                shown
            });
            assert_eq!(recover(subject, &mut image), expected, "step {step}, crash {crash}, then a write");
        }
        before = after;
        acknowledged = whole;
    }
}

/// After a byte has changed, everything comes back, or the store refuses to open.
fn a_changed_byte_loses_nothing_in_silence(subject: &impl Subject) {
    let mut image = subject.blank();
    let mut written = Shown::default();
    for (step, batch) in script().iter().enumerate() {
        batch.write(subject, &mut image);
        batch.note(&mut written);
        for (flip, mut image) in subject.flips(&image).enumerate() {
            if let Ok(recovered) = recover(subject, &mut image) {
                assert_eq!(recovered, written, "step {step}, flip {flip}");
            }
        }
    }
}

/// Founding records, terms and votes, appends short and long, entries that replace others, payloads that look like
/// nothing was written, configurations short and long, and marks, of which one cuts the log.
fn script() -> [Batch; 13] {
    let vote = |seat, incarnation| Identity { seat: Seat(seat), incarnation: Incarnation(incarnation) };
    [
        Batch::of(prepared(1)),
        Batch::of(prepared(u64::MAX)),
        Batch::of(complete(u64::MAX)),
        Batch::of(joined(2)),
        Batch::state(1, None),
        Batch::state(1, Some(vote(0, 0))).and(1, 1, b"first"),
        Batch::empty().and(2, 1, &[0xa5; 300]).and(3, 1, &[0; 700]),
        Batch::empty().and(4, 1, &[0; 1_600]).settled(4, MEMBERS),
        Batch::state(2, None).and(3, 2, b"replaces 3 and 4"),
        Batch::empty().and(4, 2, &[0xff; 480]).marked(2, 4),
        Batch::state(3, Some(vote(63, u64::MAX))).settled(3, CHANGED),
        Batch::empty().marked(3, 3),
        Batch::state(4, None).and(4, 3, b"last").settled(3, MEMBERS).marked(4, 3),
    ]
}

/// A record of a store that is prepared for this founding.
fn prepared(founding: u64) -> Record {
    Record::Prepared(Prepared { founding: Founding(founding), members: MEMBERS })
}

/// A record of a store that is complete in it.
fn complete(founding: u64) -> Record {
    Record::Complete(Charter {
        founding: Founding(founding),
        members: MEMBERS,
        least: Least { log_bytes: 1 << 20, election_micros: 250_000, features: Features::OWN },
    })
}

/// A record of a store that has come to it later.
fn joined(founding: u64) -> Record {
    let charter = Charter {
        founding: Founding(founding),
        members: MEMBERS,
        least: Least { log_bytes: 1 << 20, election_micros: 250_000, features: Features::OWN },
    };
    Record::Joined(charter, Incarnation(0x0123_4567_89ab_cdef))
}

const MEMBERS: Members = Members { learners: Seats(1 << 31), ..Members::of(Seats(0b111)) };

/// A change of voters under way, of the most members that a store under test has room for.
const CHANGED: Members = Members { outgoing: Seats(0b1011), replaced: Seats(0b10), ..Members::of(Seats(0b111)) };

/// Who these members are, as far as addresses go that look like nothing was written.
fn configuration(since: u64, members: Members) -> Configuration {
    let occupant = |Seat(seat)| match seat {
        0 => Occupant { incarnation: Incarnation::FOUNDER, address: &[] },
        seat => Occupant { incarnation: Incarnation(u64::MAX - u64::from(seat)), address: &[0xff; 18] },
    };
    let mut room = [0; Roster::SEAT_BYTES * 4];
    let roster = Roster::write(
        &mut room,
        members,
        Least { log_bytes: 1 << 20, election_micros: 250_000, features: Features::OWN },
        None,
        occupant,
    )
    .expect("four members find room");
    Settled { since: Index(since), roster }.into()
}

impl Batch {
    fn empty() -> Batch {
        Batch { record: None, hard_state: None, records: Vec::new(), settled: None, mark: None }
    }

    fn of(record: Record) -> Batch {
        Batch { record: Some(record), ..Batch::empty() }
    }

    fn state(term: u64, vote: Option<Identity>) -> Batch {
        let term = Term(term);
        Batch { hard_state: Some(HardState { term, vote }), ..Batch::empty() }
    }

    /// Adds an entry.
    fn and(mut self, index: u64, term: u64, payload: &[u8]) -> Batch {
        let mut room = vec![0; quorate::RECORD_OVERHEAD + payload.len()];
        let position = Position { term: Term(term), index: Index(index) };
        let entry = Entry::write(&mut room, position, Kind::Command, payload);
        self.records.extend_from_slice(entry.expect("the payload of a script fits").record());
        self
    }

    /// Adds a mark of this term, at an entry of term 2.
    fn marked(self, term: u64, last: u64) -> Batch {
        let last = Position { term: Term(2), index: Index(last) };
        Batch { mark: Some(Mark { term: Term(term), last }), ..self }
    }

    /// Adds the last configuration that is committed.
    fn settled(self, since: u64, members: Members) -> Batch {
        Batch { settled: Some(configuration(since, members)), ..self }
    }

    /// All of it but a founding record.
    fn parts(&self) -> Write<'_> {
        let settled = self.settled.as_ref().and_then(Configuration::settled);
        Write { hard_state: self.hard_state, entries: self.entries(), settled, mark: self.mark }
    }

    fn entries(&self) -> Entries<'_> {
        Entries::parse(&self.records).expect("the entries of a script are consecutive")
    }

    /// What is shown once this is written as well: one founding record, the last one, before all else, and the last
    /// configuration.
    fn note(&self, shown: &mut Shown) {
        let Shown { items, settled } = shown;
        if let Some(record) = self.record {
            items.retain(|item| !matches!(item, Item::Record(_)));
            items.insert(0, Item::Record(record));
        }
        items.extend(self.hard_state.map(Item::HardState));
        items.extend(self.entries().map(|entry| Item::Entry(entry.record().to_vec())));
        items.extend(self.mark.map(Item::Mark));
        *settled = self.settled.clone().or(settled.take());
    }

    fn write<S: Subject>(&self, subject: &S, image: &mut S::Image) {
        match self.record {
            Some(record) => subject.record(image, record),
            None => subject.write(image, self.parts()),
        }
    }
}

fn recover<S: Subject>(subject: &S, image: &mut S::Image) -> Result<Shown, String> {
    let mut shown = Shown::default();
    subject.open(image, &mut |item| {
        shown.items.push(match item {
            Recovered::Prepared(prepared) => Item::Record(Record::Prepared(prepared)),
            Recovered::Charter(charter) => Item::Record(Record::Complete(charter)),
            Recovered::Joined(charter, incarnation) => Item::Record(Record::Joined(charter, incarnation)),
            Recovered::Settled(settled) => {
                let is_behind = |item: &Item| item.index().is_some_and(|index| index >= settled.since);
                assert!(shown.items.iter().any(is_behind), "{settled:?} is shown in front of the entry that made it");
                shown.settled = Some(settled.into());
                return;
            }
            Recovered::Snapshot(snapshot) => Item::Snapshot(snapshot),
            Recovered::LostSnapshot(position) => Item::LostSnapshot(position),
            Recovered::DamagedSnapshot(position) => Item::DamagedSnapshot(position),
            Recovered::Stored(stored) => Item::Stored(stored),
            Recovered::HardState(state) => Item::HardState(state),
            Recovered::Entry(entry) => Item::Entry(entry.record().to_vec()),
            Recovered::Mark(mark) => Item::Mark(mark),
        });
    })?;
    Ok(shown)
}
