use embedded_storage::nor_flash::NorFlash;
use quorate::{HardState, Index, Mark, Recovered, Term};

use crate::FlashError;
use crate::assembler::Assembler;
use crate::head::Found;
use crate::item::{Front, Prefix, Stand};
use crate::log::Log;
use crate::scan::explain;

/// Shows what a log holds, which was read and found to be sound.
struct Show<'s, V> {
    assembler: Assembler<'s>,
    visit: V,
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
    pub(crate) fn show<F: NorFlash, E: From<FlashError>>(
        &self,
        flash: &mut F,
        scratch: &mut [u8],
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (installs, reached) = (self.outline.installs, self.covered);
        let mut show =
            Show { assembler: Assembler::new(scratch), visit, installs, reached, is_cut: false, term_mark: None };
        for number in self.first..=self.number {
            let (mut from, mut verdict) = (None, None);
            loop {
                let (mut asked, mut is_head, mut result) = (None, true, Ok(()));
                self.ring.page(number).each(flash, &mut |item| {
                    if core::mem::take(&mut is_head) {
                        let is_first = number == self.first && from.is_none();
                        result = if is_first { show.head(item) } else { Ok(()) };
                        return result.is_ok();
                    }
                    let Some((prefix, content)) = Prefix::parse(item) else { return true };
                    if from.is_some_and(|from| prefix.ordinal < from) {
                        return true;
                    }
                    if prefix.is_first {
                        show.is_cut = !(prefix.is_last || verdict.take().unwrap_or(false));
                        if show.is_cut && from != Some(prefix.ordinal) {
                            asked = Some(prefix.ordinal);
                            return false;
                        }
                    }
                    result =
                        if show.is_cut { Ok(()) } else { show.item(prefix, content, self.ring.page(number).start) };
                    result.is_ok()
                })?;
                result?;
                let Some(ordinal) = asked else { break };
                verdict = Some(self.is_whole(flash, number, ordinal)?);
                from = Some(ordinal);
            }
        }
        Ok(())
    }

    /// Whether the write that begins with this item, and does not end with it, ends with a later one.
    fn is_whole<F: NorFlash>(&self, flash: &mut F, first: u32, ordinal: u16) -> Result<bool, FlashError> {
        let mut is_whole = None;
        for number in first..=self.number {
            let mut is_head = true;
            self.ring.page(number).each(flash, &mut |item| {
                if core::mem::take(&mut is_head) {
                    return true;
                }
                if let Some((prefix, _)) = Prefix::parse(item) {
                    let is_behind = number > first || prefix.ordinal > ordinal;
                    if is_behind && (prefix.is_first || prefix.is_last) {
                        is_whole = Some(!prefix.is_first);
                    }
                }
                is_whole.is_none()
            })?;
            if is_whole.is_some() {
                break;
            }
        }
        Ok(is_whole.unwrap_or(false))
    }
}

impl<V> Show<'_, V> {
    /// The first page's head: what the pages before it amount to.
    fn head<E>(&mut self, item: &[u8]) -> Result<(), E>
    where
        V: FnMut(Recovered<'_>) -> Result<(), E>,
    {
        let Found::Head(head) = Found::parse(item) else { return Ok(()) };
        self.assembler.begin(head.last, 0);
        if head.hard_state != HardState::default() {
            (self.visit)(Recovered::HardState(head.hard_state))?;
        }
        match head.term_mark {
            Term(0) => Ok(()),
            term => (self.visit)(Recovered::Mark(Mark { term, last: head.last })),
        }
    }

    fn item<E: From<FlashError>>(&mut self, prefix: Prefix, content: &[u8], address: u32) -> Result<(), E>
    where
        V: FnMut(Recovered<'_>) -> Result<(), E>,
    {
        let mut records = content;
        if prefix.is_first {
            let (front, rest) = Front::parse(prefix.front, content).map_err(|_| FlashError::Miscounted)?;
            if let Some(state) = front.hard_state {
                (self.visit)(Recovered::HardState(state))?;
            }
            let mut last = self.assembler.last;
            if let Some(Stand::Installed(mark)) = front.stand {
                self.installs = self.installs.saturating_sub(1);
                last = mark.snapshot.position;
            }
            self.assembler.begin(last, front.settled.bytes);
            self.term_mark = front.term_mark;
            records = rest;
        }
        if self.installs == 0 {
            self.records(records, address)?;
        }
        match self.term_mark.take_if(|_| prefix.is_last) {
            Some(mark) => (self.visit)(Recovered::Mark(mark)),
            None => Ok(()),
        }
    }

    fn records<E: From<FlashError>>(&mut self, records: &[u8], address: u32) -> Result<(), E>
    where
        V: FnMut(Recovered<'_>) -> Result<(), E>,
    {
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
        fed.map_err(|fault| explain(address, fault).into())
    }
}
