mod damage;
mod shown;
mod snapshots;

use quorate::{HardState, Snapshot, Term};
use quorate_flash::FlashError;
use quorate_flash::double::{Double, Tear};

use super::model::{self, Batch};
use super::source::Source;
use shown::{LOG_MEMORY, Shown, Started, Store, log_bytes, matches, open};
use snapshots::Fetch;

/// A flash is written while its power is cut, here and there; what comes back is what was durable, and at most what was
/// under way. Then it is changed as no writer and no power cut does, or forged: it is refused, or opened as it was at
/// some time, and goes on. If little was changed, it is as it was last.
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
    let mut story = Story::<WORD, PAGE>::new(&mut source);
    for _ in 0..=source.below(6) {
        story.session(&mut source);
    }
    story.spoil(&mut source);
}

/// A flash, and what was written to it.
struct Story<const WORD: usize, const PAGE: usize> {
    chip: Double<WORD, PAGE>,
    /// The flash as it was before the last session.
    before: Double<WORD, PAGE>,
    host: Host,
    /// All that it has held, the latest last.
    past: Vec<model::Disk>,
    /// What it may hold as well, if the power went while that was written.
    pending: Option<model::Disk>,
    /// Whether the power ever went.
    was_cut: bool,
    snapshots: Vec<(Snapshot, Vec<u8>)>,
    fetch: Option<Fetch>,
}

/// Who writes to a flash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Host {
    /// It has no memory to speak of, and minds no crowd: its log may be full.
    Hasty,
    /// It has no more entries than its memory holds, and makes room when it is crowded: there is always room for what it
    /// writes.
    Careful,
    /// It does, and commits nothing: terms come and go.
    Stuck,
}

/// The power is gone.
struct Off;

impl<const WORD: usize, const PAGE: usize> Story<WORD, PAGE> {
    fn new(source: &mut Source<'_>) -> Self {
        let host = [Host::Hasty, Host::Hasty, Host::Careful, Host::Stuck][usize::from(source.below(4))];
        let places = 3 * usize::from(1 + source.below(3));
        let chip = Double::new(log_bytes::<WORD, PAGE>() / PAGE + places);
        let past = vec![model::Disk::default()];
        Story {
            before: chip.clone(),
            chip,
            host,
            past,
            pending: None,
            was_cut: false,
            snapshots: Vec::new(),
            fetch: None,
        }
    }

    /// Opens the flash, finds what was written, and writes more until the power goes.
    fn session(&mut self, source: &mut Source<'_>) {
        if source.flag() {
            let steps = u64::from(source.byte()) << source.below(4);
            self.chip.cut(steps, Tear::ALL[usize::from(source.below(6))]);
        }
        let mut chip = self.chip.clone();
        let result = self.go_on(&mut chip, source);
        chip.restore();
        self.before = std::mem::replace(&mut self.chip, chip);
        self.was_cut |= result.is_err();
        if result.is_ok() {
            assert!(self.pending.is_none(), "what was written is durable");
        }
    }

    fn go_on(&mut self, chip: &mut Double<WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let (mut flash, node) = self.open_sound(chip)?;
        self.read_all(&mut flash, &node).expect("snapshots that are shown can be read");
        for _ in 0..source.below(32) {
            match source.below(8) {
                0 if self.host != Host::Stuck => self.take(&mut flash, source)?,
                1 if self.host != Host::Stuck => self.fetch(&mut flash, source)?,
                _ => self.write_any(&mut flash, source)?,
            }
        }
        Ok(())
    }

    /// Opens a flash that nothing but power cuts has troubled, and finds what was written.
    fn open_sound<'c>(&mut self, chip: &'c mut Double<WORD, PAGE>) -> Result<(Store<'c, WORD, PAGE>, Started), Off> {
        let (flash, shown) = match open(chip) {
            Err(FlashError::Io { .. }) => return Err(Off),
            result => result.expect("what was written can be opened"),
        };
        let node = shown.start().expect("a node can start from what was written");
        let is = |state: &model::Disk| matches(state, &node) && node.base().index == state.covered();
        let found = self.pending.take().filter(is);
        self.past.extend(found);
        assert!(is(self.state()), "{:?} was written, and {shown:?} is there", self.state());
        self.expect_snapshots(&shown);
        self.find_stored(&shown);
        Ok((flash, node))
    }

    /// No power cut damages a snapshot, and each of them is another one.
    fn expect_snapshots(&self, shown: &Shown) {
        assert_eq!(shown.damaged(), None, "a power cut damages no snapshot: {shown:?}");
        let indexes: Vec<_> = shown.snapshots().map(|snapshot| snapshot.position.index).collect();
        assert!(indexes.is_sorted_by(|one, next| one < next), "the snapshot before is another one: {shown:?}");
    }

    fn state(&self) -> &model::Disk {
        &self.past[self.past.len() - 1]
    }

    /// Writes what a node might write next, as long as its memory holds it.
    fn write_any(&mut self, flash: &mut Store<'_, WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let batch = self.state().batch(source);
        if self.host == Host::Hasty {
            return self.write(flash, &batch);
        }
        let mut next = self.state().clone();
        next.write(&batch);
        let fits = next.needed().map(<[u8]>::len).sum::<usize>() <= LOG_MEMORY;
        let term = HardState { term: Term(self.state().hard_state.term.0 + 1), vote: None };
        let batch = if fits { batch } else { Batch { hard_state: Some(term), ..Batch::default() } };
        self.write(flash, &batch)?;
        if flash.is_crowded() { self.thin_out(flash) } else { Ok(()) }
    }

    fn write(&mut self, flash: &mut Store<'_, WORD, PAGE>, batch: &Batch) -> Result<(), Off> {
        let mut next = self.state().clone();
        next.write(batch);
        let result = flash.write(batch.hard_state, batch.snapshot, batch.entries(), batch.settled(), batch.mark);
        let is_full = is_full(&result);
        self.did(result, next)?;
        assert!(!is_full || self.host == Host::Hasty, "no room is left for {batch:?} behind {:?}", self.state());
        if is_full { self.make_room(flash) } else { Ok(()) }
    }

    /// Makes room as a host does whose flash is crowded: by a snapshot or, if there is nothing new for one, by all entries
    /// once more.
    fn thin_out(&mut self, flash: &mut Store<'_, WORD, PAGE>) -> Result<(), Off> {
        let records: Vec<u8> = self.state().needed().flatten().copied().collect();
        if self.host == Host::Careful && !records.is_empty() {
            return self.make_room(flash);
        }
        self.write(flash, &Batch { records, ..Batch::default() })
    }

    /// A log that is full has room for a snapshot, unless the power went while one was put there. A careful host's is
    /// never full.
    fn make_room(&mut self, flash: &mut Store<'_, WORD, PAGE>) -> Result<(), Off> {
        let position = self.state().last();
        if position.index == self.state().covered() {
            return Ok(());
        }
        let latest = self.past.len();
        self.take_at(flash, position, &[])?;
        let may_be_full = self.host == Host::Hasty && self.was_cut;
        assert!(may_be_full || self.past.len() > latest, "no room is kept for a snapshot");
        Ok(())
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
}

fn is_full(result: &Result<(), FlashError>) -> bool {
    matches!(result, Err(FlashError::LogFull { .. }))
}

/// A flash with a log.
#[cfg(test)]
pub(crate) fn written<const WORD: usize, const PAGE: usize>() -> Double<WORD, PAGE> {
    let source = &mut Source::new(&[]);
    let mut story = Story::<WORD, PAGE>::new(source);
    story.session(source);
    let (mut flash, _) = open(&mut story.chip).expect("what was written can be opened");
    let term = HardState { term: Term(1), vote: None };
    flash.write(Some(term), None, quorate::Entries::default(), None, None).expect("there is room");
    story.chip
}
