use super::rules::Flaw;

/// One that its side never draws again.
pub(crate) type Number = u8;

/// 0 or 1.
pub(crate) type Key = u8;

/// What the sides say before they can seal, under a key; x is a number of who says it, y one of who hears it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Hello {
    pub(crate) key: Key,
    pub(crate) word: Word,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Word {
    Ask { x: Number },
    Answer { x: Number, y: Number },
    Done { x: Number, y: Number },
}

/// A frame sealed by the owner of x, for the session of x and y under a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Frame {
    pub(crate) x: Number,
    pub(crate) y: Number,
    pub(crate) key: Key,
    pub(crate) counter: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Session {
    pub(crate) mine: Number,
    pub(crate) theirs: Number,
    pub(crate) key: Key,
    /// How many frames were sealed under it.
    pub(crate) sent: u8,
    /// The counters of the other side that are marked.
    pub(crate) marked: u8,
    pub(crate) is_confirmed: bool,
    /// It was made on an Answer.
    pub(crate) is_asked: bool,
}

/// What a side knows of the other.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Side {
    pub(crate) keys: Keys,
    pub(crate) open: Option<Number>,
    /// Under which key this side has answered the other since it asked last.
    pub(crate) answered: Option<Key>,
    pub(crate) present: Option<Session>,
    pub(crate) next: Option<Session>,
}

/// The keys that a side has: the one that it uses, and perhaps the other one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Keys {
    pub(crate) used: Key,
    pub(crate) has_both: bool,
}

impl Keys {
    pub(crate) fn has(self, key: Key) -> bool {
        self.has_both || self.used == key
    }
}

impl Hello {
    /// The number of the side that says it.
    pub(crate) fn sender(self) -> Number {
        let (Word::Ask { x } | Word::Answer { x, .. } | Word::Done { x, .. }) = self.word;
        x
    }
}

impl Session {
    pub(crate) fn is_of(&self, mine: Number, theirs: Number, key: Key) -> bool {
        (self.mine, self.theirs, self.key) == (mine, theirs, key)
    }

    fn opens(&self, frame: Frame, flaw: Flaw) -> bool {
        let is_of_other = self.is_of(frame.y, frame.x, frame.key);
        let is_of_any = is_of_other || (flaw == Flaw::FramesWithoutSender && self.is_of(frame.x, frame.y, frame.key));
        is_of_any && self.marked >> frame.counter & 1 == 0
    }
}

impl Side {
    pub(crate) fn sessions(&self) -> impl Iterator<Item = Session> {
        self.next.into_iter().chain(self.present)
    }

    pub(crate) fn session(&self, mine: Number, theirs: Number, key: Key) -> Option<Session> {
        self.sessions().find(|session| session.is_of(mine, theirs, key))
    }

    /// Rules 1 and 2.
    pub(crate) fn ask(&mut self, fresh: Option<Number>) -> Option<Hello> {
        self.open = self.open.or(fresh);
        self.answered = None;
        let key = self.keys.used;
        self.open.map(|x| Hello { key, word: Word::Ask { x } })
    }

    /// The other key is here no longer, nor is what was made with it.
    pub(crate) fn remove(&mut self, flaw: Flaw) {
        self.keys.has_both = false;
        if flaw != Flaw::RemovedKeyStays {
            let keys = self.keys;
            self.present.take_if(|session| !keys.has(session.key));
            self.next.take_if(|session| !keys.has(session.key));
        }
    }

    /// Rules 3 to 5. Nothing if there is nothing to say. `is_higher` is the side of the higher seat.
    pub(crate) fn hear(&mut self, hello: Hello, is_higher: bool, fresh: Option<Number>, flaw: Flaw) -> Option<Hello> {
        let Hello { key, word } = hello;
        if !self.keys.has(key) {
            return None;
        }
        let done = |x, y| Hello { key, word: Word::Done { x, y } };
        match word {
            Word::Ask { x } => {
                let made = self.sessions().find(|session| session.theirs == x && flaw != Flaw::AnswersAlways);
                if let Some(Session { mine, key, .. }) = made {
                    return Some(Hello { key, word: Word::Done { x: mine, y: x } });
                }
                self.open = self.open.or(fresh);
                self.answered = Some(key);
                self.open.map(|open| Hello { key, word: Word::Answer { x: open, y: x } })
            }
            Word::Answer { x, y } => {
                if self.session(y, x, key).is_some() {
                    return (flaw != Flaw::AnswerOnce).then_some(done(y, x));
                }
                let mine = match flaw {
                    Flaw::AnswerUnchecked => self.open,
                    Flaw::AnswerToOld => Some(y),
                    _ => self.open.filter(|open| *open == y),
                }?;
                let gives_way = is_higher && self.answered.is_some_and(|answered| answered != key);
                if gives_way && flaw != Flaw::BothQuestionsAnswered {
                    return None;
                }
                let is_made = self.make((mine, x, key), (flaw == Flaw::AnswerConfirms, true), flaw);
                is_made.then_some(done(mine, x))
            }
            Word::Done { x, y } => {
                if self.session(y, x, key).is_some() {
                    if flaw != Flaw::DoneConfirmsNone {
                        let here = self.present.iter_mut().chain(&mut self.next);
                        here.filter(|session| session.is_of(y, x, key)).for_each(|session| session.is_confirmed = true);
                    }
                    let is_asked = self.session(y, x, key).is_some_and(|session| session.is_asked);
                    return (!is_asked && flaw != Flaw::DoneOnce).then_some(done(y, x));
                }
                let mine = match flaw {
                    Flaw::DoneUnchecked => self.open,
                    Flaw::DoneOfOld => Some(y),
                    _ => self.open.filter(|open| *open == y),
                }?;
                let is_made = self.make((mine, x, key), (flaw != Flaw::DoneMakesUnconfirmed, false), flaw);
                (is_made && flaw != Flaw::DoneOnce).then_some(done(mine, x))
            }
        }
    }

    /// Rule 6.
    fn make(
        &mut self,
        (mine, theirs, key): (Number, Number, Key),
        (is_confirmed, is_asked): (bool, bool),
        flaw: Flaw,
    ) -> bool {
        if flaw == Flaw::KeepsUnconfirmed && self.next.is_some_and(|next| !next.is_confirmed) {
            return false;
        }
        self.open = self.open.filter(|open| *open != mine || flaw == Flaw::OnePerBoot);
        self.answered = None;
        let made = Some(Session { mine, theirs, key, sent: 0, marked: 0, is_confirmed, is_asked });
        if flaw == Flaw::PresentAtOnce {
            self.present = made;
            return true;
        }
        let steps_up = |next: &Session| match flaw {
            Flaw::ConfirmedMakesWay => false,
            Flaw::UnconfirmedStays => true,
            _ => next.is_confirmed,
        };
        self.present = self.next.filter(steps_up).or(self.present);
        self.next = made;
        true
    }

    /// Rule 8.
    fn sealing(&mut self, flaw: Flaw) -> Option<&mut Session> {
        let is_next = match flaw {
            Flaw::SealsUnderPresent => self.present.is_none(),
            Flaw::SealsUnconfirmed => self.next.is_some(),
            _ => self.next.is_some_and(|next| next.is_confirmed) || self.present.is_none(),
        };
        if is_next { self.next.as_mut() } else { self.present.as_mut() }
    }

    /// Rules 7 and 8.
    pub(crate) fn seal(&mut self, flaw: Flaw) -> Option<Frame> {
        let session = self.sealing(flaw)?;
        session.sent += 1;
        Some(Frame { x: session.mine, y: session.theirs, key: session.key, counter: session.sent - 1 })
    }

    /// Rule 7. Whether it opens.
    pub(crate) fn unseal(&mut self, frame: Frame, flaw: Flaw) -> bool {
        let here = self.next.iter_mut().chain(&mut self.present);
        let Some(session) = { here }.find(|session| session.opens(frame, flaw)) else { return false };
        if flaw != Flaw::Unmarked {
            session.marked |= 1 << frame.counter;
        }
        session.is_confirmed |= flaw != Flaw::FrameConfirmsNone;
        let (mine, theirs, key) = (session.mine, session.theirs, session.key);
        if self.next.is_some_and(|next| next.is_of(mine, theirs, key)) && flaw != Flaw::BeforeStays {
            self.present = self.next.take();
        }
        true
    }

    /// What rule 9 has it say, where a frame did not open or did.
    pub(crate) fn again(&mut self, has_failed: bool, fresh: Number, flaw: Flaw) -> [Option<Hello>; 2] {
        let unconfirmed = self.next.filter(|next| !next.is_confirmed);
        let is_mute = self.sessions().next().is_none() && flaw != Flaw::NoAskWithoutSession;
        let asks = is_mute || self.is_due(flaw) || (has_failed && flaw != Flaw::NoAskOnFrame);
        let asks = asks && (unconfirmed.is_none() || flaw != Flaw::AskOrDone);
        let done = unconfirmed.filter(|_| flaw != Flaw::NoDoneAgain);
        let done = done.map(|next| Hello { key: next.key, word: Word::Done { x: next.mine, y: next.theirs } });
        self.answered = self.answered.filter(|_| done.is_none());
        [done, if asks { self.ask(Some(fresh)) } else { None }]
    }

    /// Whether the latest session is to make way for one under the key that is used.
    fn is_due(&self, flaw: Flaw) -> bool {
        let latest = self.next.or(self.present).filter(|latest| latest.key != self.keys.used);
        latest.is_some_and(|latest| latest.is_asked || flaw == Flaw::DueWhoeverAsked) && flaw != Flaw::NeverDue
    }
}
