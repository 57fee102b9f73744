use postcard::Result;
use quorate::{Ballot, Entries, Message, Outcome, Term};

use crate::fields::{self, Fields, Writer, numbers};

/// Writes a message's fields one by one, as serde would. Its own code for that takes several times the flash.
#[cfg(feature = "seal")]
pub(crate) fn write(message: &Message<'_>, out: &mut Writer<'_>) -> Result<()> {
    write_head(message, out)?;
    write_tail(message, out)
}

/// Entries, behind their length.
pub(crate) fn write_tail(message: &Message<'_>, out: &mut Writer<'_>) -> Result<()> {
    match *message {
        Message::AppendEntries { entries, .. } => fields::bytes(out, entries.bytes()),
        _ => Ok(()),
    }
}

/// All but entries.
pub(crate) fn write_head(message: &Message<'_>, out: &mut Writer<'_>) -> Result<()> {
    numbers(out, &[variant(message), message.term().0])?;
    match *message {
        Message::RequestVote { last, ballot, .. } => numbers(out, &[last.term.0, last.index.0, ballot as u64]),
        Message::Vote { ballot, granted, incarnation, .. } => {
            numbers(out, &[ballot as u64, granted.into()])?;
            fields::incarnation(out, incarnation)
        }
        Message::AppendEntries { stamp, previous, commit, inherited, .. } => {
            numbers(out, &[stamp, previous.term.0, previous.index.0, commit.0, inherited.0])
        }
        Message::Ack { stamp, outcome, features, .. } => {
            numbers(out, &[stamp])?;
            write_outcome(out, outcome)?;
            numbers(out, &[features.0.into()])
        }
        Message::ReadIndex { boot, round, .. } => numbers(out, &[boot, round]),
        Message::ReadAnswer { boot, round, index, .. } => numbers(out, &[boot, round, index.0]),
        Message::CampaignNow { .. } => Ok(()),
        Message::Offer { stamp, latest, before, inherited, settled, .. } => {
            numbers(out, &[stamp])?;
            fields::snapshot(out, &latest)?;
            fields::snapshot(out, &before)?;
            numbers(out, &[inherited.0])?;
            fields::settled(out, &settled)
        }
        Message::Piece { index, check, offset, bytes, .. } => {
            numbers(out, &[index.0, check.into(), offset])?;
            fields::bytes(out, bytes)
        }
        Message::Configured { incarnation, is_held, settled, .. } => {
            fields::incarnation(out, incarnation)?;
            numbers(out, &[is_held.into()])?;
            fields::settled(out, &settled)
        }
    }
}

fn write_outcome(out: &mut Writer<'_>, outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Matched(index) => numbers(out, &[0, index.0]),
        Outcome::Conflict(hint) => numbers(out, &[1, hint.term.0, hint.index.0]),
        Outcome::Full(index) => numbers(out, &[2, index.0]),
        Outcome::Stale => numbers(out, &[3]),
        Outcome::TooSmall => numbers(out, &[5]),
        Outcome::Wants { index, check, offset, again } => {
            numbers(out, &[4, index.0, check.into(), offset, again.into()])
        }
    }
}

fn variant(message: &Message<'_>) -> u64 {
    match message {
        Message::RequestVote { .. } => 0,
        Message::Vote { .. } => 1,
        Message::AppendEntries { .. } => 2,
        Message::Ack { .. } => 3,
        Message::ReadIndex { .. } => 4,
        Message::ReadAnswer { .. } => 5,
        Message::CampaignNow { .. } => 6,
        Message::Offer { .. } => 7,
        Message::Piece { .. } => 8,
        Message::Configured { .. } => 9,
    }
}

/// Reads what [`write`] writes, and nothing else.
pub(crate) fn read<'f>(fields: &mut Fields<'f>) -> Option<Message<'f>> {
    let (number, term) = (fields.number(), Term(fields.number()));
    let message = match number {
        0 => Message::RequestVote { term, last: fields.position(), ballot: fields.ballot() },
        1 => Message::Vote { term, ballot: fields.ballot(), granted: fields.flag(), incarnation: fields.incarnation() },
        2 => Message::AppendEntries {
            term,
            stamp: fields.number(),
            previous: fields.position(),
            commit: fields.index(),
            inherited: fields.index(),
            entries: fields.entries(),
        },
        3 => Message::Ack { term, stamp: fields.number(), outcome: fields.outcome(), features: fields.features() },
        4 => Message::ReadIndex { term, boot: fields.number(), round: fields.number() },
        5 => Message::ReadAnswer { term, boot: fields.number(), round: fields.number(), index: fields.index() },
        6 => Message::CampaignNow { term },
        7 => Message::Offer {
            term,
            stamp: fields.number(),
            latest: fields.snapshot(),
            before: fields.snapshot(),
            inherited: fields.index(),
            settled: fields.settled()?,
        },
        8 => Message::Piece {
            term,
            index: fields.index(),
            check: fields.short(),
            offset: fields.number(),
            bytes: fields.bytes(),
        },
        9 => Message::Configured {
            term,
            incarnation: fields.incarnation(),
            is_held: fields.flag(),
            settled: fields.settled()?,
        },
        _ => return None,
    };
    fields.are_complete().then_some(message)
}

impl<'f> Fields<'f> {
    fn ballot(&mut self) -> Ballot {
        match self.number() {
            0 => Ballot::Pre,
            1 => Ballot::Real,
            2 => Ballot::Transfer,
            _ => self.malformed(Ballot::Pre),
        }
    }

    fn entries(&mut self) -> Entries<'f> {
        let records = self.records().unwrap_or_else(|| self.bytes());
        Entries::parse(records).unwrap_or_else(|_| self.malformed(Entries::default()))
    }

    fn outcome(&mut self) -> Outcome {
        match self.number() {
            0 => Outcome::Matched(self.index()),
            1 => Outcome::Conflict(self.position()),
            2 => Outcome::Full(self.index()),
            3 => Outcome::Stale,
            4 => {
                Outcome::Wants { index: self.index(), check: self.short(), offset: self.number(), again: self.short() }
            }
            5 => Outcome::TooSmall,
            _ => self.malformed(Outcome::Stale),
        }
    }
}
