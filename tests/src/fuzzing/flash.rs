use quorate::{
    Entries, HardState, Index, Instant, Members, Node, Owner, Position, Recovered, Seat, Seats, Snapshot, Term, crc32c,
};
use quorate_disk::Configuration;
use quorate_flash::double::{Double, Tear};
use quorate_flash::{Flash, FlashError, Layout};

use super::forgery::Forger;
use super::model::{self, Batch};
use super::recovering;
use super::source::Source;

const ME: Seat = Seat(1);
const LOG_MEMORY: usize = 256;
const SCRATCH: usize = 1024;

type Store<'c, const WORD: usize, const PAGE: usize> = Flash<&'c mut Double<WORD, PAGE>>;
type Started = Node<Vec<u8>, Vec<u8>, 3>;

/// A flash is written while its power is cut, here and there; what comes back is what was durable, and at most what was
/// under way. Then it is changed as no writer and no power cut does, or forged: it is refused, or opened as it was at
/// some time, and goes on.
///
/// # Panics
/// If it is not so.
pub fn flash(data: &[u8]) {
    let mut source = Source::new(data);
    match source.below(3) {
        0 => run::<4, 512>(source),
        1 => run::<8, 1024>(source),
        _ => run::<32, 1024>(source),
    }
}

fn run<const WORD: usize, const PAGE: usize>(mut source: Source<'_>) {
    let mut story = Story::<WORD, PAGE>::new();
    for _ in 0..=source.below(6) {
        story.session(&mut source);
    }
    story.spoil(&mut source);
}

/// A flash, and what was written to it.
struct Story<const WORD: usize, const PAGE: usize> {
    chip: Double<WORD, PAGE>,
    /// All that it has held, the latest last.
    past: Vec<model::Disk>,
    /// What it may hold as well, if the power went while that was written.
    pending: Option<model::Disk>,
    snapshots: Vec<(Snapshot, Vec<u8>)>,
}

/// The power is gone.
struct Off;

impl<const WORD: usize, const PAGE: usize> Story<WORD, PAGE> {
    fn new() -> Self {
        let chip = Double::new(layout::<WORD, PAGE>().snapshots.end as usize / PAGE);
        Story { chip, past: vec![model::Disk::default()], pending: None, snapshots: Vec::new() }
    }

    /// Opens the flash, finds what was written, and writes more until the power goes.
    fn session(&mut self, source: &mut Source<'_>) {
        if source.flag() {
            self.chip.cut(source.byte().into(), Tear::ALL[usize::from(source.below(6))]);
        }
        let mut chip = self.chip.clone();
        let result = self.go_on(&mut chip, source);
        chip.restore();
        self.chip = chip;
        if result.is_ok() {
            assert!(self.pending.is_none(), "what was written is durable");
        }
    }

    fn go_on(&mut self, chip: &mut Double<WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let (mut flash, held) = match open(chip) {
            Err(FlashError::Io { .. }) => return Err(Off),
            result => result.expect("what was written can be opened"),
        };
        let node = start(&held).expect("a node can start from what was written");
        let is = |state: &model::Disk| matches(state, &node) && node.base().index == state.covered();
        let found = self.pending.take().filter(is);
        self.past.extend(found);
        assert!(is(self.state()), "{:?} was written, and {held:?} is there", self.state());
        self.read_all(&mut flash, &node).expect("snapshots that are shown can be read");
        for _ in 0..source.below(12) {
            match source.below(8) {
                0 => self.take(&mut flash, source)?,
                1 => self.install(&mut flash, source)?,
                _ => {
                    let batch = self.state().batch(source);
                    self.write(&mut flash, &batch)?;
                }
            }
        }
        Ok(())
    }

    fn state(&self) -> &model::Disk {
        &self.past[self.past.len() - 1]
    }

    fn write(&mut self, flash: &mut Store<'_, WORD, PAGE>, batch: &Batch) -> Result<(), Off> {
        let mut next = self.state().clone();
        next.write(batch);
        let result = flash.write(batch.hard_state, batch.snapshot, batch.entries(), batch.settled(), batch.mark);
        let is_full = is_full(&result);
        self.did(result, next)?;
        if is_full { self.make_room(flash) } else { Ok(()) }
    }

    /// A log that is full has room for a snapshot.
    fn make_room(&mut self, flash: &mut Store<'_, WORD, PAGE>) -> Result<(), Off> {
        let (position, mut next) = (self.state().last(), self.state().clone());
        if position.index == next.covered() {
            return Ok(());
        }
        next.mark(self.keep(position, &[]));
        let taken = flash.take(position, members(), &[]).map(drop);
        assert!(!is_full(&taken), "no room is kept for a snapshot: {taken:?}");
        self.did(taken, next)
    }

    /// Takes a snapshot of some of the entries.
    fn take(&mut self, flash: &mut Store<'_, WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let state = self.state();
        let above = state.last().index.0 - state.covered().0;
        let Some(position) = (above > 0)
            .then(|| Index(state.covered().0 + 1 + u64::from(source.byte()) % above))
            .and_then(|index| state.entries().map(|entry| entry.position()).find(|position| position.index == index))
        else {
            return Ok(());
        };
        let content = source.some_bytes();
        let mut next = state.clone();
        next.mark(self.keep(position, content));
        let result = flash.take(position, members(), content);
        self.did(result.map(drop), next)
    }

    /// Fetches a snapshot from a leader, and stands on it.
    fn install(&mut self, flash: &mut Store<'_, WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let last = self.state().last();
        let index = Index(last.index.0 + 1 + u64::from(source.byte()));
        let content = source.some_bytes();
        let snapshot = self.keep(Position { term: Term(last.term.0 + 1), index }, content);
        let portion = usize::from(source.byte()).max(1);
        let mut offset = 0;
        let now = self.state().clone();
        for piece in if content.is_empty() { vec![content] } else { content.chunks(portion).collect() } {
            self.did(flash.store(snapshot, members(), offset, piece), now.clone())?;
            offset += piece.len() as u64;
        }
        self.write(flash, &Batch { snapshot: Some(snapshot), ..Batch::default() })
    }

    fn keep(&mut self, position: Position, content: &[u8]) -> Snapshot {
        let snapshot = Snapshot { position, bytes: content.len() as u64, check: crc32c(content) };
        self.snapshots.push((snapshot, content.to_vec()));
        snapshot
    }

    /// What came of a write that makes it `next`.
    fn did(&mut self, result: Result<(), FlashError>, next: model::Disk) -> Result<(), Off> {
        match result {
            Ok(()) => self.past.push(next),
            Err(FlashError::LogFull { .. }) => {}
            Err(FlashError::Io { .. }) => {
                self.pending = Some(next);
                return Err(Off);
            }
            Err(error) => panic!("{error}"),
        }
        Ok(())
    }

    /// Reads the snapshots that a node was told of.
    fn read_all(&self, flash: &mut Store<'_, WORD, PAGE>, node: &Started) -> Result<(), FlashError> {
        for snapshot in node.snapshots() {
            let known = self.snapshots.iter().filter(|(known, _)| *known == snapshot);
            let mut content = vec![0; snapshot.bytes as usize];
            flash.read(snapshot, 0, &mut content)?;
            assert!(known.into_iter().any(|(_, known)| *known == content), "{snapshot:?} was never taken so");
        }
        Ok(())
    }

    /// Changes what the flash holds, and opens it.
    fn spoil(mut self, source: &mut Source<'_>) {
        self.past.extend(self.pending.take());
        let mut chip = Double::new(self.chip.bytes().len() / PAGE);
        self.chip.bytes().iter().enumerate().for_each(|(at, byte)| chip.rot(at, *byte));
        let is_forged = source.below(4) == 0;
        for _ in 0..source.below(4) {
            if is_forged {
                let pages = layout::<WORD, PAGE>().log.end as usize / PAGE;
                Forger::forge(&mut chip, usize::from(source.byte()) % pages * PAGE, source);
            } else {
                change(&mut chip, source);
            }
        }
        let (mut flash, held) = match open(&mut chip) {
            Ok(opened) => opened,
            Err(error) => return drop(error.to_string()),
        };
        let node = start(&held);
        let probe = HardState { term: Term(1 << 40), vote: None };
        let written = flash.write(Some(probe), None, Entries::default(), None, None);
        if is_forged {
            return drop(open(&mut chip));
        }
        let Some(node) = node else { panic!("{held:?} was never written so") };
        assert!(self.past.iter().any(|state| matches(state, &node)), "{held:?} was never written so");
        let hard_state = match written {
            Ok(()) => probe,
            Err(FlashError::LogFull { .. }) => held.hard_state(),
            Err(error) => panic!("a log that was opened takes a write: {error}"),
        };
        let (mut flash, again) = open(&mut chip).expect("a log that was opened can be opened again");
        let again = start(&again).expect("a node can start from it again");
        assert_eq!(again.durable_hard_state(), hard_state);
        assert_eq!((node.base(), node.last(), node.settled()), (again.base(), again.last(), again.settled()));
        assert!(node.log().map(|entry| entry.record()).eq(again.log().map(|entry| entry.record())));
        self.read_all(&mut flash, &again).expect("snapshots that are shown can be read");
    }
}

fn is_full(result: &Result<(), FlashError>) -> bool {
    matches!(result, Err(FlashError::LogFull { .. }))
}

/// Whether a node that started from what came back has all that was written, and nothing else.
fn matches(state: &model::Disk, node: &Started) -> bool {
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

/// Changes bytes as no writer and no power cut does.
fn change<const WORD: usize, const PAGE: usize>(chip: &mut Double<WORD, PAGE>, source: &mut Source<'_>) {
    let length = chip.bytes().len();
    let at = (usize::from(source.byte()) << 8 | usize::from(source.byte())) % length;
    let page = at / PAGE * PAGE;
    match source.below(5) {
        0 => (page..page + PAGE).for_each(|at| chip.rot(at, 0xff)),
        1 => {
            let other = usize::from(source.byte()) % (length / PAGE) * PAGE;
            let bytes = chip.bytes()[other..other + PAGE].to_vec();
            bytes.iter().zip(page..).for_each(|(byte, at)| chip.rot(at, *byte));
        }
        2 => {
            let word = at / WORD * WORD;
            (word..word + WORD).for_each(|at| chip.rot(at, 0xff));
        }
        3 => chip.rot(at, chip.bytes()[at] ^ 1 << source.below(8)),
        _ => source.some_bytes().iter().zip(at..length).for_each(|(byte, at)| chip.rot(at, *byte)),
    }
}

/// Starts a node from what came back, unless it cannot hold that: no node ever wrote it.
fn start(held: &Held) -> Option<Started> {
    let mut boot = recovering(ME, members(), 1 << 16);
    for item in &held.0 {
        let recovered = match item {
            Item::Other(recovered) => *recovered,
            Item::Settled(settled) => Recovered::Settled(settled.settled().expect("a roster that came back is whole")),
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

/// What a flash shows when it is opened.
#[derive(Debug, Default)]
struct Held(Vec<Item>);

#[derive(Debug)]
enum Item {
    Entry(Vec<u8>),
    Settled(Configuration),
    Other(Recovered<'static>),
}

impl Held {
    fn hard_state(&self) -> HardState {
        let states = self.0.iter().rev();
        let mut states = states.filter_map(|item| match item {
            Item::Other(Recovered::HardState(hard_state)) => Some(*hard_state),
            _ => None,
        });
        states.next().unwrap_or_default()
    }
}

fn open<const WORD: usize, const PAGE: usize>(
    chip: &mut Double<WORD, PAGE>,
) -> Result<(Store<'_, WORD, PAGE>, Held), FlashError> {
    let mut held = Held::default();
    let visit = |item: Recovered<'_>| -> Result<(), FlashError> {
        held.0.push(match item {
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
    let (flash, _) = Flash::open(chip, layout::<WORD, PAGE>(), owner, &mut [0; SCRATCH], visit)?;
    Ok((flash, held))
}

/// The most members of its node.
const SEATS: usize = 3;

fn layout<const WORD: usize, const PAGE: usize>() -> Layout {
    let log = Layout::log_bytes_min::<Double<WORD, PAGE>>(LOG_MEMORY, SEATS);
    Layout { log: 0..log, snapshots: log..log + 3 * PAGE as u32, log_memory: LOG_MEMORY, seats: SEATS }
}

fn members() -> Members {
    Members::of(Seats::first(3))
}

/// A flash with a log.
#[cfg(test)]
pub(crate) fn written<const WORD: usize, const PAGE: usize>() -> Double<WORD, PAGE> {
    let mut story = Story::<WORD, PAGE>::new();
    story.session(&mut Source::new(&[]));
    story.chip
}
