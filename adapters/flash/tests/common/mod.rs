//! Words that the tests share.
#![allow(dead_code, reason = "each test binary uses some of them")]

use quorate::founding::Record;
use quorate::{
    Entries, Entry, Features, HardState, Incarnation, Index, Kind, Least, Mark, Members, Occupant, Owner, Position,
    RECORD_OVERHEAD, Roster, Seat, Seats, Settled, Snapshot, Stored, Term,
};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout, Recovered, Recovery};

/// Enough for every record of the tests.
pub(crate) const SCRATCH: usize = 4_096;

pub(crate) fn owner() -> Owner {
    Owner { cluster: 7, seat: Seat(1) }
}

pub(crate) fn members() -> Members {
    Members::of(Seats::first(3))
}

pub(crate) fn state(term: u64) -> Option<HardState> {
    let term = Term(term);
    Some(HardState { term, vote: None })
}

pub(crate) fn position(index: u64) -> Position {
    Position { term: Term(1), index: Index(index) }
}

/// The record of one entry of term 1.
pub(crate) fn record(index: u64, payload: &[u8]) -> Vec<u8> {
    record_of(1, index, payload)
}

pub(crate) fn record_of(term: u64, index: u64, payload: &[u8]) -> Vec<u8> {
    let mut room = vec![0; RECORD_OVERHEAD + payload.len()];
    let position = Position { term: Term(term), index: Index(index) };
    Entry::write(&mut room, position, Kind::Command, payload).expect("the payload fits");
    room
}

pub(crate) fn entries(bytes: &[u8]) -> Entries<'_> {
    Entries::parse(bytes).expect("the records are consecutive")
}

/// How many seats the nodes of the tests have.
pub(crate) const SEATS: usize = 1;

/// The bytes of a configuration of so many members of which all bytes that can be are those of flash that is erased.
pub(crate) fn roster(seats: usize) -> Vec<u8> {
    let mut room = [0; Roster::SEAT_BYTES * Seat::COUNT_MAX];
    let occupant = |_| Occupant { incarnation: Incarnation(u64::MAX), address: &[0xff; Roster::ADDRESS_MAX] };
    let members = Members { outgoing: Seats::first(seats), ..Members::of(Seats::first(seats)) };
    Roster::write(
        &mut room,
        members,
        Least { log_bytes: u32::MAX, election_micros: 250_000, features: Features::OWN },
        None,
        occupant,
    )
    .expect("there is room")
    .bytes()
    .to_vec()
}

pub(crate) fn settled(since: u64, roster: &[u8]) -> Option<Settled<'_>> {
    Some(Settled { since: Index(since), roster: Roster::parse(roster).expect("it is a roster") })
}

/// So many pages for the log, and behind them so many for each snapshot.
pub(crate) fn layout<const WORD: usize, const PAGE: usize>(log: usize, snapshot: usize) -> Layout {
    let (log, all) = ((log * PAGE) as u32, ((log + 3 * snapshot) * PAGE) as u32);
    Layout { log: 0..log, snapshots: log..all, log_memory: 46, seats: SEATS }
}

/// All that a log shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) record: Option<Record>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) lost: Option<Position>,
    pub(crate) damaged: Option<Position>,
    pub(crate) stored: Option<Stored>,
    pub(crate) hard_states: Vec<HardState>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) settled: Option<(u64, Vec<u8>)>,
    pub(crate) entries: Vec<(u64, u64)>,
}

impl Held {
    pub(crate) fn note(&mut self, item: Recovered<'_>) {
        match item {
            Recovered::Prepared(prepared) => self.record = Some(Record::Prepared(prepared)),
            Recovered::Charter(charter) => self.record = Some(Record::Complete(charter)),
            Recovered::Joined(charter, incarnation) => self.record = Some(Record::Joined(charter, incarnation)),
            Recovered::Settled(settled) => self.settled = Some((settled.since.0, settled.roster.bytes().to_vec())),
            Recovered::Snapshot(snapshot) => self.snapshots.push(snapshot),
            Recovered::LostSnapshot(position) => self.lost = Some(position),
            Recovered::DamagedSnapshot(position) => self.damaged = Some(position),
            Recovered::Stored(stored) => self.stored = Some(stored),
            Recovered::HardState(state) => self.hard_states.push(state),
            Recovered::Mark(mark) => self.marks.push(mark),
            Recovered::Entry(entry) => {
                let Position { term, index } = entry.position();
                self.entries.push((index.0, term.0));
            }
        }
    }

    /// The entries that are in force.
    pub(crate) fn log(&self) -> Vec<(u64, u64)> {
        let mut log: Vec<(u64, u64)> = Vec::new();
        for entry in &self.entries {
            log.retain(|(index, _)| *index < entry.0);
            log.push(*entry);
        }
        log
    }
}

pub(crate) type Opened<const WORD: usize, const PAGE: usize> = (Flash<Double<WORD, PAGE>>, Recovery, Held);

pub(crate) fn open<const WORD: usize, const PAGE: usize>(
    double: Double<WORD, PAGE>,
    layout: &Layout,
) -> Result<Opened<WORD, PAGE>, FlashError> {
    let mut held = Held::default();
    let visit = |item: Recovered<'_>| {
        held.note(item);
        Ok::<(), FlashError>(())
    };
    let (flash, recovery) = Flash::open(double, layout.clone(), owner(), &mut [0; SCRATCH], visit)?;
    Ok((flash, recovery, held))
}
