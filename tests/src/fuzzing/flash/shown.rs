use quorate::{HardState, Index, Node};
use quorate::{Instant, Members, Owner, Position, Recovered, Seat, Seats, Snapshot, Stored};
use quorate_disk::Configuration;
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout};

use crate::fuzzing::{model, recovering};

pub(super) type Store<'c, const WORD: usize, const PAGE: usize> = Flash<&'c mut Double<WORD, PAGE>>;
pub(super) type Started = Node<Vec<u8>, Vec<u8>, 3>;

const ME: Seat = Seat(1);
pub(super) const LOG_MEMORY: usize = 256;
const SCRATCH: usize = 1024;
/// The most members of its node.
const SEATS: usize = 3;

/// What a flash shows when it is opened.
#[derive(Debug, Default)]
pub(super) struct Shown(Vec<Item>);

#[derive(Debug)]
enum Item {
    Entry(Vec<u8>),
    Settled(Configuration),
    Other(Recovered<'static>),
}

impl Shown {
    /// Starts a node from what came back, unless it cannot hold that: no node ever wrote it.
    pub(super) fn start(&self) -> Option<Started> {
        let mut boot = recovering(ME, members(), 1 << 16);
        for item in &self.0 {
            let recovered = match item {
                Item::Other(recovered) => *recovered,
                Item::Settled(settled) => {
                    Recovered::Settled(settled.settled().expect("a roster that came back is whole"))
                }
                Item::Entry(record) => {
                    let (entry, _) = quorate::Entry::parse(record).expect("an entry that came back is whole");
                    Recovered::Entry(entry)
                }
            };
            match boot.take(recovered) {
                Ok(()) => {}
                Err(_) => return None,
            }
        }
        let node = boot.start(Instant::START).ok()?;
        assert_eq!(node.check_invariants(), Ok(()));
        Some(node)
    }

    pub(super) fn hard_state(&self) -> HardState {
        let states = self.others().filter_map(|other| match other {
            Recovered::HardState(hard_state) => Some(hard_state),
            _ => None,
        });
        states.last().unwrap_or_default()
    }

    /// The snapshots that can be read, in the order in which they were shown.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = Snapshot> {
        self.others().filter_map(|other| match other {
            Recovered::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        })
    }

    /// What is here of a snapshot that is being fetched.
    pub(super) fn stored(&self) -> Option<Stored> {
        let mut stored = self.others().filter_map(|other| match other {
            Recovered::Stored(stored) => Some(stored),
            _ => None,
        });
        stored.next()
    }

    /// The position of a snapshot that is told to be damaged or lost.
    pub(super) fn damaged(&self) -> Option<Position> {
        let mut damaged = self.others().filter_map(|other| match other {
            Recovered::LostSnapshot(position) | Recovered::DamagedSnapshot(position) => Some(position),
            _ => None,
        });
        damaged.next()
    }

    fn others(&self) -> impl Iterator<Item = Recovered<'static>> {
        self.0.iter().filter_map(|item| match item {
            Item::Other(recovered) => Some(*recovered),
            _ => None,
        })
    }
}

pub(super) fn open<const WORD: usize, const PAGE: usize>(
    chip: &mut Double<WORD, PAGE>,
) -> Result<(Store<'_, WORD, PAGE>, Shown), FlashError> {
    let mut shown = Shown::default();
    let visit = |item: Recovered<'_>| -> Result<(), FlashError> {
        shown.0.push(match item {
            Recovered::Entry(entry) => Item::Entry(entry.record().to_vec()),
            Recovered::Prepared(prepared) => Item::Other(Recovered::Prepared(prepared)),
            Recovered::Charter(charter) => Item::Other(Recovered::Charter(charter)),
            Recovered::Snapshot(snapshot) => Item::Other(Recovered::Snapshot(snapshot)),
            Recovered::LostSnapshot(position) => Item::Other(Recovered::LostSnapshot(position)),
            Recovered::DamagedSnapshot(position) => Item::Other(Recovered::DamagedSnapshot(position)),
            Recovered::Stored(stored) => Item::Other(Recovered::Stored(stored)),
            Recovered::HardState(hard_state) => Item::Other(Recovered::HardState(hard_state)),
            Recovered::Mark(mark) => Item::Other(Recovered::Mark(mark)),
            Recovered::Settled(settled) => Item::Settled(settled.into()),
            Recovered::Joined(charter, incarnation) => Item::Other(Recovered::Joined(charter, incarnation)),
        });
        Ok(())
    };
    let owner = Owner { cluster: 7, seat: ME };
    let layout = layout::<WORD, PAGE>(chip.bytes().len());
    let (flash, _) = Flash::open(chip, layout, owner, &mut [0; SCRATCH], visit)?;
    Ok((flash, shown))
}

/// Whether a node that started from what came back has all that was written, and nothing else.
pub(super) fn matches(state: &model::Disk, node: &Started) -> bool {
    let has = |index: u64| state.record(Index(index));
    node.durable_hard_state() == state.hard_state
        && node.durable_mark() == state.mark
        && state.settled == settled(node)
        && node.last() == state.last()
        && node.base().index >= state.base.index
        && node.log().all(|entry| has(entry.position().index.0) == Some(entry.record()))
}

/// The last configuration that is known to be committed, if it is not the charter's.
fn settled(node: &Started) -> Option<Configuration> {
    let settled = node.settled();
    (settled.since > Index(0)).then(|| settled.into())
}

/// Of a chip with so many bytes: the log as short as it may be, and the rest for snapshots.
pub(super) fn layout<const WORD: usize, const PAGE: usize>(length: usize) -> Layout {
    let log = log_bytes::<WORD, PAGE>() as u32;
    Layout { log: 0..log, snapshots: log..length as u32, log_memory: LOG_MEMORY, seats: SEATS }
}

pub(super) const fn log_bytes<const WORD: usize, const PAGE: usize>() -> usize {
    Layout::log_bytes_min::<Double<WORD, PAGE>>(LOG_MEMORY, SEATS) as usize
}

pub(super) fn members() -> Members {
    Members::of(Seats::first(3))
}
