use std::fs;
use std::path::{Path, PathBuf};

use quorate::{Entries, HardState, Instant, Mark, Members, Position, Seat, Seats, Term};
use quorate_disk::{Configuration, Disk, DiskError, Options, Owner, Recovered, inspect};
use tempfile::TempDir;

use super::model;
use super::recovering;
use super::segment::Segment;
use super::source::Source;
use crate::power::scratch;

const OPTIONS: Options = Options { segment_bytes: 2_048 };
const ME: Seat = Seat(1);

/// A log of any bytes is opened or refused, and an inspection says the same. What was opened once can be opened again
/// and goes on, and a node starts from it. Of a log that was written and then damaged, whole writes from the front come
/// back.
///
/// # Panics
/// If it is not so.
pub fn recovery(data: &[u8]) {
    let mut source = Source::new(data);
    let directory = scratch();
    let path = directory.path();
    match source.below(4) {
        0 => {
            write(&segment(path, 1), source.bytes(usize::MAX));
            open_twice(path);
        }
        1 => {
            write(&segment(path, 1), Segment::first(2_560).bytes());
            write(&segment(path, 2), source.bytes(usize::MAX));
            open_twice(path);
        }
        2 => {
            write(&segment(path, 1), sealed(&mut source).bytes());
            open_twice(path);
        }
        _ => damage(&directory, &mut source),
    }
}

/// What begins an item that says who takes part.
const SETTLED: u8 = 9;

/// A sound segment with any payloads.
fn sealed(source: &mut Source<'_>) -> Segment {
    let mut segment = Segment::first(512 * (1 + usize::from(source.byte())));
    while !source.is_empty() {
        let tag = Some(source.byte()).filter(|byte| *byte < 250).map_or(SETTLED, |byte| byte % 5);
        let body = source.some_bytes();
        let items = match tag {
            0 => body.to_vec(),
            tag => [&[tag][..], &(body.len() as u64).to_le_bytes(), body].concat(),
        };
        segment.push(&items);
    }
    segment
}

/// Writes a log, changes its files in a few places, and opens it.
fn damage(directory: &TempDir, source: &mut Source<'_>) {
    let path = directory.path();
    let mut states = vec![model::Disk::default()];
    let (mut disk, _) = open(path).expect("a new log can be made");
    for _ in 0..=source.below(10) {
        let mut state = states[states.len() - 1].clone();
        let batch = state.batch(source);
        let written = disk.write(batch.hard_state, None, batch.entries(), batch.settled(), batch.mark);
        written.expect("the disk takes what fits");
        if !batch.is_empty() {
            state.write(&batch);
            states.push(state);
        }
    }
    drop(disk);
    let changes = source.below(5);
    (0..changes).for_each(|_| change(path, source));
    let is_gone = !segment(path, 1).exists();
    if let Some((held, batches)) = open_twice(path) {
        // What one change takes away in silence is the last write at most, or all there is.
        let lost = states.len() as u64 - 1 - batches;
        assert!(changes > 1 || is_gone || lost <= u64::from(changes), "{lost} writes are lost in silence");
        assert_eq!(Some(&held), states.get(batches as usize), "what comes back was never written so");
    }
}

/// Changes the files of a log as no writer and no power cut does.
fn change(path: &Path, source: &mut Source<'_>) {
    let count = fs::read_dir(path).expect("the directory is there").count().max(1);
    let file = segment(path, 1 + u64::from(source.byte()) % count as u64);
    let Ok(mut bytes) = fs::read(&file) else { return };
    let at = usize::from(source.byte()) << 8 | usize::from(source.byte());
    let at = at % bytes.len().max(1);
    let sector = |at: usize| at / 512 * 512..(at / 512 * 512 + 512).min(bytes.len());
    match source.below(7) {
        0 => bytes.truncate(at),
        1 => bytes.extend_from_slice(source.some_bytes()),
        2 => {
            let range = sector(at);
            bytes[range].fill(0);
        }
        3 => {
            let from = sector(usize::from(source.byte()) * 512 % bytes.len().max(1));
            let to = sector(at);
            if from.len() == to.len() {
                bytes.copy_within(from, to.start);
            }
        }
        4 => return fs::remove_file(&file).expect("a file can be removed"),
        5 if !bytes.is_empty() => bytes[at] ^= 1 << source.below(8),
        _ => {
            let new = source.some_bytes();
            let count = new.len().min(bytes.len() - at);
            bytes[at..at + count].copy_from_slice(&new[..count]);
        }
    }
    write(&file, &bytes);
}

/// Opens a log, if it can be, and holds it to what an opening promises. What came back, and how many writes.
fn open_twice(path: &Path) -> Option<(model::Disk, u64)> {
    let inspection = inspect(path);
    let opened = open(path);
    let (held, batches) = match (opened, inspection) {
        (Ok((mut disk, (held, batches))), Ok(inspection)) => {
            assert_eq!(inspection.damage, None);
            assert_eq!((inspection.batches, inspection.hard_state), (batches, held.hard_state()));
            let probe = HardState { term: Term(1 << 40), vote: None };
            disk.write(Some(probe), None, Entries::default(), None, None).expect("a log that was opened takes a write");
            drop(disk);
            let (_, (again, more)) = open(path).expect("a log that was opened can be opened again");
            assert_eq!((again.hard_state(), more), (probe, batches + 1));
            assert_eq!((again.items.len(), &again.items[..held.items.len()]), (held.items.len() + 1, &held.items[..]));
            assert_eq!(inspect(path).expect("it can be inspected").torn_bytes, 0);
            (held, batches)
        }
        (Err(DiskError::Damaged(damage)), Ok(inspection)) => {
            assert_eq!(inspection.damage, Some(damage));
            return None;
        }
        (Err(DiskError::Foreign { .. } | DiskError::LaterVersion { .. }), _) => return None,
        (opened, inspection) => panic!("{:?}, but {inspection:?}", opened.map(|(_, held)| held)),
    };
    start(&held).map(|disk| (disk, batches))
}

/// Starts a node from what came back, unless it cannot hold them: no node ever wrote such ones.
fn start(held: &Held) -> Option<model::Disk> {
    let mut boot = recovering(ME, Members::of(Seats::first(3)), 1 << 16);
    let mut disk = model::Disk { hard_state: held.hard_state(), ..model::Disk::default() };
    boot.take(Recovered::HardState(disk.hard_state)).ok()?;
    for item in &held.items {
        let record = match item {
            Item::Entry(record) => record,
            Item::HardState(_) => continue,
            Item::Mark(mark) => {
                boot.take(Recovered::Mark(*mark)).ok()?;
                disk.put_mark(*mark);
                continue;
            }
            Item::Settled(settled) => {
                boot.take(Recovered::Settled(settled.settled()?)).ok()?;
                disk.settled = Some(settled.clone());
                continue;
            }
            // No snapshot is in the directory, whatever the log says.
            Item::LostSnapshot(_) | Item::DamagedSnapshot(_) => return None,
        };
        let (entry, _) = quorate::Entry::parse(record).expect("an entry that came back is whole");
        boot.take(Recovered::Entry(entry)).ok()?;
        disk.push(entry);
    }
    let node = boot.start(Instant::START).ok()?;
    assert_eq!(node.check_invariants(), Ok(()));
    assert!(node.log().map(|entry| entry.record()).eq(&disk.records));
    Some(disk)
}

/// What a log shows when it is opened.
#[derive(Debug, Default)]
struct Held {
    items: Vec<Item>,
}

#[derive(Debug, PartialEq, Eq)]
enum Item {
    LostSnapshot(Position),
    DamagedSnapshot(Position),
    HardState(HardState),
    Entry(Vec<u8>),
    Settled(Configuration),
    Mark(Mark),
}

impl Held {
    fn hard_state(&self) -> HardState {
        let mut states = self.items.iter().rev().filter_map(|item| match item {
            Item::HardState(hard_state) => Some(*hard_state),
            Item::LostSnapshot(_) | Item::DamagedSnapshot(_) => None,
            Item::Entry(_) | Item::Settled(_) | Item::Mark(_) => None,
        });
        states.next().unwrap_or_default()
    }
}

fn open(path: &Path) -> Result<(Disk, (Held, u64)), DiskError> {
    let mut held = Held::default();
    let visit = |item: Recovered<'_>| -> Result<(), DiskError> {
        held.items.push(match item {
            Recovered::HardState(hard_state) => Item::HardState(hard_state),
            Recovered::Entry(entry) => Item::Entry(entry.record().to_vec()),
            Recovered::Mark(mark) => Item::Mark(mark),
            Recovered::LostSnapshot(position) => Item::LostSnapshot(position),
            Recovered::DamagedSnapshot(position) => Item::DamagedSnapshot(position),
            Recovered::Settled(settled) => Item::Settled(settled.into()),
            Recovered::Prepared(_) | Recovered::Charter(_) | Recovered::Joined(..) => {
                unreachable!("no founding record is in the directory")
            }
            Recovered::Snapshot(_) | Recovered::Stored(_) => unreachable!("no snapshot is in the directory"),
        });
        Ok(())
    };
    let owner = Owner { cluster: 7, seat: ME };
    let (disk, recovery) = Disk::open(path, owner, OPTIONS, visit)?;
    Ok((disk, (held, recovery.batches)))
}

fn segment(path: &Path, number: u64) -> PathBuf {
    path.join(format!("{number:010}.segment"))
}

fn write(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).expect("a file can be written");
}
