use std::ops::Range;

use quorate::{Index, Position, Snapshot, Term, crc32c};
use quorate_flash::FlashError;

use super::shown::{Shown, Started, Store, log_bytes, members};
use super::{Off, Story};
use crate::fuzzing::model::Batch;
use crate::fuzzing::source::Source;

/// A snapshot of a leader, on its way.
pub(super) struct Fetch {
    snapshot: Snapshot,
    content: Vec<u8>,
    /// How many bytes of it were stored, and how many more may be there, if the power went meanwhile.
    stored: Range<usize>,
    /// Whether what is stored is what was sent.
    is_sound: bool,
}

/// Bytes before the content of a snapshot.
const HEADER: usize = 96;

impl<const WORD: usize, const PAGE: usize> Story<WORD, PAGE> {
    /// Takes a snapshot of some of the entries; of all of them if the flash is crowded: one that lets no page go takes
    /// what room is kept for a snapshot.
    pub(super) fn take(&mut self, flash: &mut Store<'_, WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let state = self.state();
        if flash.is_crowded() {
            return self.make_room(flash);
        }
        let above = state.last().index.0 - state.covered().0;
        let Some(position) = (above > 0)
            .then(|| Index(state.covered().0 + 1 + u64::from(source.byte()) % above))
            .and_then(|index| state.entries().map(|entry| entry.position()).find(|position| position.index == index))
        else {
            return Ok(());
        };
        let content = self.content(source);
        self.take_at(flash, position, &content)
    }

    pub(super) fn take_at(
        &mut self,
        flash: &mut Store<'_, WORD, PAGE>,
        position: Position,
        content: &[u8],
    ) -> Result<(), Off> {
        let mut next = self.state().clone();
        next.mark(self.keep(position, content));
        let result = flash.take(position, members(), content);
        self.did(result.map(drop), next)
    }

    /// Fetches some of a snapshot from a leader, and stands on it once all of it is here.
    pub(super) fn fetch(&mut self, flash: &mut Store<'_, WORD, PAGE>, source: &mut Source<'_>) -> Result<(), Off> {
        let last = self.state().last();
        let going_on = self.fetch.take().filter(|fetch| fetch.snapshot.position.index > last.index);
        let mut fetch = going_on.unwrap_or_else(|| self.begin(source));
        for _ in 0..=source.below(8) {
            let portion = usize::from(source.byte()).max(1) << source.below(4);
            let from = fetch.stored.start;
            fetch.stored.end = (from + portion).min(fetch.content.len());
            let mut piece = fetch.content[fetch.stored.clone()].to_vec();
            if source.byte() == 1
                && let Some(byte) = piece.first_mut()
            {
                *byte ^= 1;
                fetch.is_sound = false;
            }
            let result = flash.store(fetch.snapshot, members(), from as u64, &piece);
            if matches!(result, Err(FlashError::Io { .. })) {
                self.fetch = Some(fetch);
                return Err(Off);
            }
            result.expect("what is fetched can be stored");
            fetch.stored.start = fetch.stored.end;
            if fetch.stored.end == fetch.content.len() {
                return self.install(flash, fetch);
            }
        }
        self.fetch = Some(fetch);
        Ok(())
    }

    fn begin(&mut self, source: &mut Source<'_>) -> Fetch {
        let last = self.state().last();
        let index = Index(last.index.0 + 1 + u64::from(source.byte()));
        let content = self.content(source);
        let snapshot = self.keep(Position { term: Term(last.term.0 + 1), index }, &content);
        Fetch { snapshot, content, stored: 0..0, is_sound: true }
    }

    fn install(&mut self, flash: &mut Store<'_, WORD, PAGE>, fetch: Fetch) -> Result<(), Off> {
        let batch = Batch { snapshot: Some(fetch.snapshot), ..Batch::default() };
        if fetch.is_sound {
            return self.write(flash, &batch);
        }
        let result = flash.write(None, batch.snapshot, batch.entries(), None, None);
        let is_refused = |error: &FlashError| {
            matches!(error, FlashError::DamagedSnapshot { .. } | FlashError::LogFull { .. } | FlashError::Io { .. })
        };
        assert!(
            result.as_ref().is_err_and(is_refused),
            "a snapshot is installed that is not what was sent: {result:?}"
        );
        Err(Off)
    }

    /// What is here of a snapshot of the leader after the power went.
    pub(super) fn find_stored(&mut self, shown: &Shown) {
        let Some(stored) = shown.stored() else { return self.fetch = None };
        let known = self.snapshots.iter().any(|(known, _)| *known == stored.snapshot);
        assert!(known, "{stored:?} was never fetched");
        self.fetch = self.fetch.take().filter(|fetch| fetch.snapshot == stored.snapshot).map(|fetch| {
            let here = stored.received as usize;
            assert!(here <= fetch.stored.end.next_multiple_of(WORD), "{stored:?} is more than was sent");
            let is_sound = stored.check == crc32c(&fetch.content[..here]);
            Fetch { stored: here..here, is_sound, ..fetch }
        });
    }

    /// Reads the snapshots that a node was told of.
    pub(super) fn read_all(&self, flash: &mut Store<'_, WORD, PAGE>, node: &Started) -> Result<(), FlashError> {
        for snapshot in node.snapshots() {
            let known = self.snapshots.iter().filter(|(known, _)| *known == snapshot);
            let mut content = vec![0; snapshot.bytes as usize];
            flash.read(snapshot, 0, &mut content)?;
            assert!(known.into_iter().any(|(_, known)| *known == content), "{snapshot:?} was never taken so");
        }
        Ok(())
    }

    fn keep(&mut self, position: Position, content: &[u8]) -> Snapshot {
        let snapshot = Snapshot { position, bytes: content.len() as u64, check: crc32c(content) };
        self.snapshots.push((snapshot, content.to_vec()));
        snapshot
    }

    /// A few bytes, or as many as there is room for at most; often up to the end of a page.
    fn content(&self, source: &mut Source<'_>) -> Vec<u8> {
        let place = (self.chip.bytes().len() - log_bytes::<WORD, PAGE>()) / PAGE / 3 * PAGE;
        let length = match source.below(4) {
            0 | 1 => usize::from(source.byte()),
            2 => (usize::from(source.byte()) << 8 | usize::from(source.byte())) % (place - HEADER + 1),
            _ => (usize::from(source.byte()) % (place / PAGE) + 1) * PAGE - HEADER,
        };
        let count = usize::from(source.below(8));
        let pattern = source.bytes(count);
        let pattern = if pattern.is_empty() { &[7] } else { pattern };
        pattern.iter().copied().cycle().take(length).collect()
    }
}
