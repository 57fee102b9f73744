use quorate::founding::{Prepared, Record};
use quorate::{Charter, Features, Founding, Incarnation, Least, Members, Seats};

use crate::bytes::{number, word};
use crate::item::ItemError;

/// Bytes of a founding record: founding (8), voters, outgoing, replaced, learners, witnesses (4 each), the least log, the
/// least election time-out and the features that are on (4 each; zero if it is only prepared), the life's incarnation (8; zero if it is a founder's, or
/// only prepared).
pub(crate) const RECORD: usize = 48;
pub(crate) const PREPARED: u8 = 7;
pub(crate) const COMPLETE: u8 = 8;

/// A record's tag, and its body.
pub(crate) fn bytes(record: &Record) -> (u8, [u8; RECORD]) {
    let (tag, charter, incarnation) = match *record {
        Record::Prepared(Prepared { founding, members }) => {
            (PREPARED, Charter { founding, members, least: Least::default() }, Incarnation::FOUNDER)
        }
        Record::Complete(charter) => (COMPLETE, charter, Incarnation::FOUNDER),
        Record::Joined(charter, incarnation) => (COMPLETE, charter, incarnation),
    };
    let Charter { founding, members, least: Least { log_bytes, election_micros, features } } = charter;
    let Members { voters, outgoing, replaced, learners, witnesses } = members;
    let mut bytes = [0; RECORD];
    bytes[..8].copy_from_slice(&founding.0.to_le_bytes());
    let words = [voters.0, outgoing.0, replaced.0, learners.0, witnesses.0, log_bytes, election_micros, features.0];
    for (room, word) in bytes[8..40].chunks_exact_mut(4).zip(words) {
        room.copy_from_slice(&word.to_le_bytes());
    }
    bytes[40..].copy_from_slice(&incarnation.0.to_le_bytes());
    (tag, bytes)
}

/// The record of this tag and body.
pub(crate) fn parse(tag: u8, body: &[u8]) -> Result<Record, ItemError> {
    if body.len() != RECORD {
        return Err(DAMAGED);
    }
    let founding = Founding(number(body, 0));
    let [voters, outgoing, replaced, learners, witnesses] = [8, 12, 16, 20, 24].map(|at| Seats(word(body, at)));
    let members = Members { voters, outgoing, replaced, learners, witnesses };
    let least =
        Least { log_bytes: word(body, 28), election_micros: word(body, 32), features: Features(word(body, 36)) };
    let charter = Charter { founding, members, least };
    match (tag, Incarnation(number(body, 40))) {
        (PREPARED, Incarnation::FOUNDER) if least == Least::default() => {
            Ok(Record::Prepared(Prepared { founding, members }))
        }
        (COMPLETE, Incarnation::FOUNDER) => Ok(Record::Complete(charter)),
        (COMPLETE, incarnation) => Ok(Record::Joined(charter, incarnation)),
        _ => Err(DAMAGED),
    }
}

/// What a head says of the record: its tag and its body, or zeros if there is none.
pub(crate) fn head_bytes(record: Option<Record>) -> [u8; 1 + RECORD] {
    let mut bytes = [0; 1 + RECORD];
    if let Some(record) = record {
        let (tag, body) = self::bytes(&record);
        bytes[0] = tag;
        bytes[1..].copy_from_slice(&body);
    }
    bytes
}

/// What [`head_bytes`] wrote.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<Record>, ItemError> {
    match bytes {
        [0, rest @ ..] if rest.iter().all(|byte| *byte == 0) => Ok(None),
        [tag, body @ ..] => parse(*tag, body).map(Some),
        [] => Err(DAMAGED),
    }
}

const DAMAGED: ItemError = ItemError::Damaged("a founding record cannot be read");
