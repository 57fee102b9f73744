use quorate::founding::{Input, Message, Standing};
use quorate::{Charter, Founding, Prospect, Seat, Seats};

use super::letter::Letter;
use super::world::{Broken, DEAD, LEAST, World};

/// What may be wrong with the stores: a rule that is left out. The machine itself is sound, so the world changes what
/// it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// A majority of answers, and then of prepared seats, is enough.
    Majority,
    /// An answer counts whatever it echoes.
    NoEcho,
    /// Word of an earlier founding that a seat was prepared for counts for the present one.
    StaleAcks,
    /// A seat prepares whatever token it is told.
    PrepareWithoutToken,
    /// A token changes at a boot, and not when another founding asks.
    TokenPerBoot,
    /// A seat takes the charter whatever token it comes with.
    LateCharter,
    /// Nobody prepares: once all have answered the founder is complete, and an empty seat takes any charter.
    NoPrepare,
    /// The founder is complete once one seat is prepared.
    OneAck,
    /// A prepared seat prepares for no other founding.
    KeepsPrepared,
    /// A prepared seat forgets what it is prepared for as soon as another founding asks.
    ForgetsAtWho,
    /// The founder goes on though a seat is complete.
    IgnoresComplete,
    /// Prepared seats vote and acknowledge.
    PreparedVotes,
    /// A leader takes its first command from a majority.
    CommandsEarly,
    /// A prepared seat takes the charter of any founding.
    AnyCharter,
}

/// What a store makes of a letter.
pub(super) enum Reading {
    /// Nothing.
    Nothing,
    /// It is complete, and answers.
    Answer(Message),
    /// It takes this charter, beside the rules.
    Charter(Charter),
    /// This is what it is told.
    Message(Message),
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 14] = [
        Flaw::Majority,
        Flaw::NoEcho,
        Flaw::StaleAcks,
        Flaw::PrepareWithoutToken,
        Flaw::TokenPerBoot,
        Flaw::LateCharter,
        Flaw::NoPrepare,
        Flaw::OneAck,
        Flaw::KeepsPrepared,
        Flaw::ForgetsAtWho,
        Flaw::IgnoresComplete,
        Flaw::PreparedVotes,
        Flaw::CommandsEarly,
        Flaw::AnyCharter,
    ];

    /// Whether a letter matters that no sound store would look at.
    pub(super) fn looks_at(self, letter: &Letter) -> bool {
        match letter.message {
            Message::Prepare { .. } => self == Flaw::PrepareWithoutToken,
            Message::Answer { standing: Standing::Complete(_), .. } => self == Flaw::LateCharter,
            Message::Answer { .. } => {
                let is_told = matches!(self, Flaw::NoEcho | Flaw::StaleAcks);
                is_told && letter.to == Seat(0)
            }
            Message::Who { .. } | Message::Where { .. } => false,
        }
    }
}

impl<const N: usize> World<N> {
    /// Whether a store's token stays good though it has drawn another one.
    pub(super) fn keeps_token(&self, seat: Seat, flaw: Flaw) -> bool {
        let asked = self.open(seat).is_some_and(Prospect::has_answered);
        flaw == Flaw::TokenPerBoot && asked
    }

    /// What a store makes of a letter.
    pub(super) fn read(&mut self, letter: &Letter, flaw: Flaw) -> Reading {
        let Letter { to, message, .. } = *letter;
        if let Some(complete) = self.complete(to) {
            return complete.charter.answer(&message).map_or(Reading::Nothing, Reading::Answer);
        }
        if let Message::Who { founding, .. } = message
            && flaw == Flaw::ForgetsAtWho
            && self.open(to).is_some_and(|prospect| is_prepared_for_other(prospect, founding))
        {
            self.set_open(to, None);
        }
        match self.open(to) {
            Some(prospect) if is_deaf_to(prospect, &message, flaw) => Reading::Nothing,
            Some(prospect) => match wrong_charter(prospect, letter, flaw) {
                Some(charter) => Reading::Charter(charter),
                None => Reading::Message(bent(prospect, letter, flaw)),
            },
            None => Reading::Nothing,
        }
    }

    /// A letter arrives.
    pub(super) fn deliver(&mut self, letter: Letter, flaw: Flaw) -> Result<(), Broken> {
        let Letter { from, to, .. } = letter;
        match self.read(&letter, flaw) {
            Reading::Nothing => Ok(()),
            Reading::Answer(message) => {
                self.post(Letter { from: to, to: from, message });
                self.settle(to, Vec::new(), flaw)
            }
            Reading::Charter(charter) => {
                self.completes(to, charter)?;
                self.settle(to, Vec::new(), flaw)
            }
            Reading::Message(message) => {
                self.step(to, Input::Receive { from, message }, flaw)?;
                self.forge(flaw)
            }
        }
    }

    /// Tells the founder what it takes for granted.
    fn forge(&mut self, flaw: Flaw) -> Result<(), Broken> {
        let Some(founder) = self.open(Seat(0)) else { return Ok(()) };
        if founder.knows_cluster() || founder.write_under_way().is_some() {
            return Ok(());
        }
        let own = founder.founding();
        let (answered, prepared) = (ready(founder, |_| true), ready(founder, |prepared| prepared == Some(own)));
        let others = Seats::first(N).without(Seat(0));
        let is_majority = |seats: Seats| 2 * (seats.count() + 1) > N;
        let is_all = answered == others;
        let granted = match flaw {
            Flaw::Majority if is_majority(prepared) => Some((others, Some(own))),
            Flaw::Majority if is_majority(answered) && !is_all => Some((Seats(others.0 & !answered.0), None)),
            Flaw::OneAck if is_all && !prepared.is_empty() => Some((others, Some(own))),
            Flaw::NoPrepare if is_all => Some((others, Some(own))),
            _ => None,
        };
        let Some((seats, prepared)) = granted else { return Ok(()) };
        for from in seats.iter() {
            let standing = Standing::Ready { token: DEAD, least: LEAST, prepared };
            let message = Message::Answer { echo: own.0, standing };
            self.step(Seat(0), Input::Receive { from, message }, Flaw::None)?;
        }
        Ok(())
    }
}

/// Of whom the founder has heard that they are ready, and prepared so.
fn ready<const N: usize>(founder: &Prospect<N>, is_so: impl Fn(Option<Founding>) -> bool) -> Seats {
    let is_ready = |standing| matches!(standing, Standing::Ready { prepared, .. } if is_so(prepared));
    founder
        .heard()
        .filter(|(_, heard)| heard.is_some_and(|heard| is_ready(heard.standing)))
        .map(|(seat, _)| seat)
        .collect()
}

/// The charter that a store takes from a letter though no rule allows it.
fn wrong_charter<const N: usize>(prospect: &Prospect<N>, letter: &Letter, flaw: Flaw) -> Option<Charter> {
    let Message::Answer { echo, standing: Standing::Complete(charter) } = letter.message else { return None };
    let is_taken = match flaw {
        Flaw::AnyCharter => prospect.prepared().is_some(),
        Flaw::NoPrepare => true,
        _ => false,
    };
    (is_taken && echo == prospect.token() && letter.to != Seat(0)).then_some(charter)
}

/// Whether a store does nothing at a message though a rule says that it should.
fn is_deaf_to<const N: usize>(prospect: &Prospect<N>, message: &Message, flaw: Flaw) -> bool {
    let Message::Prepare { founding, .. } = *message else { return false };
    flaw == Flaw::KeepsPrepared && is_prepared_for_other(prospect, founding)
}

fn is_prepared_for_other<const N: usize>(prospect: &Prospect<N>, founding: Founding) -> bool {
    prospect.prepared().is_some_and(|prepared| prepared.founding != founding)
}

/// A letter as a store without the rule reads it.
fn bent<const N: usize>(prospect: &Prospect<N>, letter: &Letter, flaw: Flaw) -> Message {
    let own = prospect.founding();
    match (flaw, letter.message) {
        (Flaw::NoEcho, Message::Answer { standing, .. }) if letter.to == Seat(0) => {
            Message::Answer { echo: own.0, standing }
        }
        (Flaw::StaleAcks, Message::Answer { standing: Standing::Ready { least, .. }, .. })
            if letter.prepared().is_some() && ready(prospect, |_| true).contains(letter.from) =>
        {
            Message::Answer { echo: own.0, standing: Standing::Ready { token: DEAD, least, prepared: Some(own) } }
        }
        (Flaw::PrepareWithoutToken, Message::Prepare { founding, .. }) => {
            Message::Prepare { founding, token: prospect.token() }
        }
        (Flaw::LateCharter, Message::Answer { standing: Standing::Complete(charter), .. })
            if prospect.prepared().is_some_and(|prepared| prepared.founding == charter.founding) =>
        {
            Message::Answer { echo: prospect.token(), standing: Standing::Complete(charter) }
        }
        (Flaw::IgnoresComplete, Message::Answer { echo, standing: Standing::Complete(charter) })
            if letter.to == Seat(0) =>
        {
            let least = charter.least;
            Message::Answer { echo, standing: Standing::Ready { token: DEAD, least, prepared: None } }
        }
        (_, message) => message,
    }
}
