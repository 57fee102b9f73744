use embedded_storage::nor_flash::NorFlash;
use quorate::{HardState, Index, Mark, Recovered, Term};

use crate::assembler::Assembler;
use crate::bytes::Reader;
use crate::front::Parts;
use crate::item::{Prefix, Walk};
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::outline::{Gist, TERM_MARK_AT, last_of, read};
use crate::scan::explain;

/// Whom all that a log holds is shown to.
pub(crate) type Visit<'v> = dyn FnMut(Recovered<'_>) -> Result<(), Failed> + 'v;

/// Shows what a log holds, which was read and found to be sound.
struct Show<'s, 'v> {
    assembler: Assembler<'s>,
    visit: &'s mut Visit<'v>,
    /// How many snapshots of the leader are still to come: entries before the last of them are void.
    installs: u32,
    /// Entries further behind this one than the next hang in the air. They will be replaced.
    reached: Index,
    /// Whether the write that is being read did not arrive as a whole.
    is_cut: bool,
    /// The mark of a term that comes behind the entries of the write that is being read.
    term_mark: Option<Mark>,
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
        let head = self.ring.present(flash, self.first)?;
        let (assembler, installs, reached) = (Assembler::new(scratch), self.outline.installs, self.covered);
        let mut show = Show { assembler, visit, installs, reached, is_cut: false, term_mark: None };
        show.head(head.gist())?;
        let mut walk = Walk::new::<F>(self.first, self.number);
        while walk.next(flash, &self.ring)? {
            let Some((prefix, content)) = Prefix::parse(walk.data()) else { continue };
            if prefix.is_first {
                show.is_cut = !(prefix.is_last || self.is_whole(flash, walk.number, walk.end)?);
            }
            if !show.is_cut {
                show.item(flash, prefix, content, self.ring.page::<F>(walk.number))?;
            }
        }
        Ok(())
    }

    /// Whether the write whose first item ends here, and does not end it, ends with a later one.
    #[inline(never)]
    fn is_whole<F: NorFlash>(&self, flash: &mut Medium<F>, number: u32, at: u32) -> Result<bool, Failed> {
        let mut walk = Walk::from(number, at, self.number);
        while walk.next(flash, &self.ring)? {
            if let Some((prefix, _)) = Prefix::parse(walk.data())
                && (prefix.is_first || prefix.is_last)
            {
                return Ok(!prefix.is_first);
            }
        }
        Ok(false)
    }
}

impl Show<'_, '_> {
    /// What the pages before the first amount to.
    fn head(&mut self, gist: &Gist) -> Result<(), Failed> {
        let last = last_of(gist);
        self.assembler.begin(last, 0);
        let state = read(gist, 0).hard_state().ok_or(Failed)?;
        if state != HardState::default() {
            (self.visit)(Recovered::HardState(state))?;
        }
        match read(gist, TERM_MARK_AT).term() {
            Term(0) => Ok(()),
            term => (self.visit)(Recovered::Mark(Mark { term, last })),
        }
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
            let (front, rest) = Parts::parse(prefix.front, content).ok_or(Failed)?;
            if let Some(state) = front.hard_state {
                (self.visit)(Recovered::HardState(Reader(state).hard_state().ok_or(Failed)?))?;
            }
            let mut last = self.assembler.last;
            if front.is_installed {
                self.installs = self.installs.saturating_sub(1);
                last = front.mark.and_then(|mark| Reader(mark).position()).ok_or(Failed)?;
            }
            self.assembler.begin(last, front.settled.bytes);
            self.term_mark = front.term_mark.and_then(|mark| Reader(mark).term_mark());
            records = rest;
        }
        if self.installs == 0 {
            self.records(flash, records, address)?;
        }
        match self.term_mark.take_if(|_| prefix.is_last) {
            Some(mark) => (self.visit)(Recovered::Mark(mark)),
            None => Ok(()),
        }
    }

    fn records<F: NorFlash>(&mut self, flash: &mut Medium<F>, records: &[u8], address: u32) -> Result<(), Failed> {
        let Show { assembler, visit, reached, .. } = self;
        let mut result = Ok(());
        let fed = assembler.feed(records, &mut |entry| {
            let index = entry.position().index;
            if result.is_ok() && index.0 <= reached.0 + 1 {
                *reached = index;
                result = visit(Recovered::Entry(entry));
            }
        });
        result?;
        fed.map_err(|fault| explain(flash, address, fault))
    }
}
