use super::letter::{Frame, Hello, Side};
use super::pairs::{Challenge, Number};
use super::rules::Flaw;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Session {
    pub(crate) x: Number,
    pub(crate) y: Challenge,
    /// How many frames were sealed under it.
    pub(crate) sent: u8,
    /// The counters of the node that are marked.
    pub(crate) marked: u8,
    /// Whether a frame has opened under it.
    pub(crate) is_heard: bool,
}

/// What a client knows of the node.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Client {
    pub(crate) open: Option<Number>,
    pub(crate) session: Option<Session>,
    /// The session before, under which answers may still open.
    pub(crate) before: Option<Session>,
}

impl Session {
    pub(crate) fn is_of(&self, x: Number, y: Challenge) -> bool {
        self.x == x && self.y == y
    }

    pub(crate) fn done(&self) -> Hello {
        Hello::Done { x: self.x, y: self.y }
    }
}

impl Client {
    pub(crate) fn sessions(&self) -> impl Iterator<Item = Session> + use<> {
        self.session.into_iter().chain(self.before)
    }

    pub(crate) fn find(&self, x: Number, y: Challenge) -> Option<Session> {
        self.sessions().find(|session| session.is_of(x, y))
    }

    /// Rules 1 and 2.
    pub(crate) fn ask(&mut self, fresh: Option<Number>) -> Option<Hello> {
        self.open = self.open.or(fresh);
        self.open.map(|x| Hello::Ask { x })
    }

    /// Rule 4: an Answer. Whether a session is made.
    pub(crate) fn hear(&mut self, x: Number, y: Challenge, flaw: Flaw) -> bool {
        let x = match flaw {
            Flaw::AnswerUnchecked => self.open,
            Flaw::AnswerToOld => Some(x),
            _ => self.open.filter(|open| *open == x),
        };
        let is_kept = flaw == Flaw::KeepsSession && self.session.is_some();
        let Some(x) = x.filter(|_| !is_kept) else { return false };
        self.open = self.open.filter(|open| *open != x || flaw == Flaw::NumberStays);
        self.before = self.session.filter(|_| flaw != Flaw::BeforeGoes);
        self.session = Some(Session { x, y, sent: 0, marked: 0, is_heard: false });
        true
    }

    /// Rules 7 and 8.
    pub(crate) fn seal(&mut self, flaw: Flaw) -> Option<Frame> {
        let session = self.session.as_mut()?;
        let counter = if flaw == Flaw::CounterAgain { 0 } else { session.sent };
        session.sent = counter + 1;
        Some(Frame { x: session.x, y: session.y, counter, by: Side::Client })
    }

    /// Rule 7. Whether it opens.
    pub(crate) fn unseal(&mut self, frame: Frame, flaw: Flaw) -> bool {
        let Frame { x, y, counter, by } = frame;
        let is_of_other = by == Side::Node || flaw == Flaw::FramesWithoutSender;
        let opens = |session: &&mut Session| {
            let is_of = session.is_of(x, y) || (session.x == x && flaw == Flaw::KeyOfOneNumber);
            is_of && session.marked >> counter & 1 == 0
        };
        let mut here = self.session.iter_mut().chain(&mut self.before);
        let Some(session) = here.find(opens).filter(|_| is_of_other) else { return false };
        if flaw != Flaw::ClientMarksNone {
            session.marked |= 1 << counter;
        }
        session.is_heard = true;
        let is_heard = self.session.is_some_and(|session| session.is_heard);
        self.before = self.before.filter(|_| !is_heard || flaw == Flaw::BeforeStays);
        true
    }
}
