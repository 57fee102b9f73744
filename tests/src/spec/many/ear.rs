use super::rules::Flaw;

/// How many numbers of a node there are at most: of those that it seals under, and of those that it calls with.
pub(crate) const NUMBERS: usize = 4;
/// How many frames a node seals under a number at most.
pub(crate) const FRAMES: usize = 3;

/// One that its node never draws again. The later it was drawn, the higher.
pub(crate) type Number = u8;

/// What a sender says of itself: its number, to which number of whoever called, and the counter of its next frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Notice {
    pub(crate) number: Number,
    pub(crate) echo: Number,
    pub(crate) counter: u8,
}

/// A frame that was sealed under a number of its sender.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Frame {
    pub(crate) number: Number,
    pub(crate) counter: u8,
}

/// What a sender knows of what it seals for all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cast {
    pub(crate) number: Number,
    /// How many frames were sealed.
    pub(crate) sent: u8,
}

/// A number of a sender, and the counters of it that do not open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Heard {
    pub(crate) number: Number,
    pub(crate) marked: u8,
}

/// What a receiver knows of a sender.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ear {
    pub(crate) open: Option<Number>,
    pub(crate) heard: Option<Heard>,
    /// The number before, if a broken rule keeps it.
    pub(crate) before: Option<Heard>,
}

impl Cast {
    /// Rules 1 and 3. Nothing if there is no number to draw.
    pub(crate) fn of(cast: &mut Option<Cast>, fresh: Option<Number>) -> Option<&mut Cast> {
        *cast = cast.or(fresh.map(|number| Cast { number, sent: 0 }));
        cast.as_mut()
    }

    /// Rule 3.
    pub(crate) fn answer(&self, echo: Number, flaw: Flaw) -> Notice {
        let counter = if flaw == Flaw::TellsTheLast { self.sent.saturating_sub(1) } else { self.sent };
        Notice { number: self.number, echo, counter }
    }

    /// Rule 5.
    pub(crate) fn seal(&mut self) -> Frame {
        self.sent += 1;
        Frame { number: self.number, counter: self.sent - 1 }
    }
}

impl Ear {
    /// Rule 2.
    pub(crate) fn call(&mut self, fresh: Option<Number>) -> Option<Number> {
        self.open = self.open.or(fresh);
        self.open
    }

    /// Rule 4. Whether it is taken.
    pub(crate) fn hear(&mut self, notice: Notice, flaw: Flaw) -> bool {
        let Notice { number, echo, counter } = notice;
        let is_taken = self.open == Some(echo) || flaw == Flaw::NoticeUnchecked;
        if !is_taken || (flaw == Flaw::FirstForGood && self.heard.is_some()) {
            return false;
        }
        let start = if flaw == Flaw::FromTheFirst { 0 } else { counter };
        let past = (1 << start) - 1;
        let same = self.heard.filter(|heard| heard.number == number && flaw != Flaw::WindowAnew);
        let marked = match same {
            Some(heard) if flaw == Flaw::WindowStays => heard.marked,
            Some(heard) => heard.marked | past,
            None => past,
        };
        if flaw == Flaw::BeforeStays && same.is_none() {
            self.before = self.heard;
        }
        self.heard = Some(Heard { number, marked });
        self.open = self.open.filter(|_| flaw == Flaw::NumberStays);
        true
    }

    /// Rule 6. Whether it opens.
    pub(crate) fn unseal(&mut self, frame: Frame, flaw: Flaw) -> bool {
        let opens = |heard: &&mut Heard| heard.number == frame.number && heard.marked >> frame.counter & 1 == 0;
        let Some(heard) = self.heard.iter_mut().chain(&mut self.before).find(opens) else { return false };
        if flaw != Flaw::Unmarked {
            heard.marked |= 1 << frame.counter;
        }
        true
    }

    /// Whether a frame that does not open has come before, or was sealed before the receiver was told: rule 7.
    pub(crate) fn has_marked(&self, frame: Frame) -> bool {
        self.heard.is_some_and(|heard| heard.number == frame.number)
    }
}
