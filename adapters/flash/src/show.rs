use embedded_storage::nor_flash::NorFlash;
use quorate::{HardState, Index, Mark, Position, Recovered, Term};

use crate::assembler::Assembler;
use crate::bytes::Reader;
use crate::front::{STATE, TERM_MARK, TERM_MARKED};
use crate::head::Head;
use crate::item::{Prefix, Walk};
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::outline::{Outline, TERM_MARK_AT, read};
use crate::scan::explain;

/// Whom all that a log holds is shown to.
pub(crate) type Visit<'v> = dyn FnMut(Recovered<'_>) -> Result<(), Failed> + 'v;

/// Shows what a log holds, which was read and found to be sound.
struct Show<'s, 'v> {
    assembler: Assembler<'s>,
    visit: &'s mut Visit<'v>,
    /// What was shown so far amounts to.
    outline: Outline,
    /// How many snapshots of the leader are still to come: entries before the last of them are void.
    installs: u32,
    /// Entries further behind this one than the next hang in the air. They will be replaced.
    reached: Index,
    /// Whether the write that is being read did not arrive as a whole.
    is_cut: bool,
    /// The last entry of the mark of a term that comes behind the entries of the write that is being read.
    marked: Position,
}

impl Log {
    /// Shows term, vote and entries in the order in which they were written.
    #[inline(never)]
    pub(crate) fn show<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        scratch: &mut [u8],
        visit: &mut Visit<'_>,
    ) -> Result<(), Failed> {
        let mut head = Head::new();
        self.ring.present(flash, self.first, &mut head)?;
        let (assembler, installs, reached) = (Assembler::new(scratch, false), self.outline.installs, self.covered);
        let mut show = Show {
            assembler,
            visit,
            outline: Outline::new(),
            installs,
            reached,
            is_cut: false,
            marked: Position::default(),
        };
        show.outline.begin(head.gist());
        show.head()?;
        let mut walk = Walk::new::<F>(self.first, self.number);
        while walk.next(flash, &self.ring)? {
            if walk.is_seal() {
                continue;
            }
            let prefix = walk.prefix();
            if prefix.is_first {
                show.is_cut = !(prefix.is_last || self.is_whole(flash, walk.number, walk.end)?);
            }
            if !show.is_cut {
                show.item(flash, prefix, walk.content(), self.ring.page::<F>(walk.number))?;
            }
        }
        Ok(())
    }

    /// Whether the write whose first item ends here, and does not end it, ends with a later one.
    #[inline(never)]
    fn is_whole<F: NorFlash>(&self, flash: &mut Medium<F>, number: u32, at: u32) -> Result<bool, Failed> {
        let mut walk = Walk::from(number, at, self.number);
        while walk.next(flash, &self.ring)? {
            let prefix = walk.prefix();
            if !walk.is_seal() && (prefix.is_first || prefix.is_last) {
                return Ok(!prefix.is_first);
            }
        }
        Ok(false)
    }
}

impl Show<'_, '_> {
    /// What the pages before the first amount to.
    fn head(&mut self) -> Result<(), Failed> {
        self.assembler.begin(&self.outline, 0);
        self.hard_state(false)?;
        self.mark(self.outline.last())
    }

    /// Shows term and vote; those that nobody has written, only if there are some.
    fn hard_state(&mut self, is_written: bool) -> Result<(), Failed> {
        let state = read(&self.outline.gist.0, 0).hard_state().ok_or(Failed)?;
        let is_some = is_written || state != HardState::default();
        if is_some { (self.visit)(Recovered::HardState(state)) } else { Ok(()) }
    }

    fn item<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        prefix: Prefix,
        content: &[u8],
        address: u32,
    ) -> Result<(), Failed> {
        let mut records = content;
        if prefix.is_first {
            let length = self.outline.note_front(prefix.front, content, (0, 0)).ok_or(Failed)?;
            let front;
            (front, records) = content.split_at_checked(length.into()).ok_or(Failed)?;
            if prefix.front & STATE != 0 {
                self.hard_state(true)?;
            }
            if self.outline.installs > 0 {
                self.outline.installs = 0;
                self.installs = self.installs.saturating_sub(1);
            }
            self.assembler.begin(&self.outline, prefix.front);
            if prefix.front & TERM_MARKED != 0 {
                // It ends the front.
                let mark = Reader(front.get(front.len().wrapping_sub(TERM_MARK)..).ok_or(Failed)?).term_mark();
                self.marked = mark.ok_or(Failed)?.last;
            }
        }
        if self.installs == 0 {
            self.records(flash, records, address)?;
        }
        if prefix.is_last && prefix.front & TERM_MARKED != 0 { self.mark(self.marked) } else { Ok(()) }
    }

    /// Shows the latest mark of a term, of a log that ended with this entry, if there is one.
    fn mark(&mut self, last: Position) -> Result<(), Failed> {
        match read(&self.outline.gist.0, TERM_MARK_AT).term() {
            Term(0) => Ok(()),
            term => (self.visit)(Recovered::Mark(Mark { term, last })),
        }
    }

    fn records<F: NorFlash>(&mut self, flash: &mut Medium<F>, records: &[u8], address: u32) -> Result<(), Failed> {
        let Show { assembler, visit, reached, outline, .. } = self;
        let mut result = Ok(());
        let fed = assembler.feed(records, &mut |position, entry| {
            outline.note_entry(position);
            let index = position.index;
            if result.is_ok()
                && index.0 <= reached.0 + 1
                && let Some(entry) = entry
            {
                *reached = index;
                result = visit(Recovered::Entry(entry));
            }
        });
        result?;
        fed.map_err(|fault| explain(flash, address, fault))
    }
}
