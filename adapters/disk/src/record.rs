use quorate::founding::{Prepared, Record};
use quorate::{Charter, Founding, Members, Seats};

use crate::bytes::{number, word};
use crate::item::ItemError;

/// Bytes of a founding record: founding (8), voters, outgoing, learners, witnesses (4 each), the least log (4; zero if it
/// is only prepared).
pub(crate) const RECORD: usize = 28;
pub(crate) const PREPARED: u8 = 7;
pub(crate) const COMPLETE: u8 = 8;

/// A record's tag, and its body.
pub(crate) fn bytes(record: &Record) -> (u8, [u8; RECORD]) {
    let (tag, founding, members, least) = match *record {
        Record::Prepared(Prepared { founding, members }) => (PREPARED, founding, members, 0),
        Record::Complete(Charter { founding, members, log_bytes_least }) => {
            (COMPLETE, founding, members, log_bytes_least)
        }
    };
    let Members { voters, outgoing, learners, witnesses } = members;
    let mut bytes = [0; RECORD];
    bytes[..8].copy_from_slice(&founding.0.to_le_bytes());
    let words = [voters.0, outgoing.0, learners.0, witnesses.0, least];
    for (room, word) in bytes[8..].chunks_exact_mut(4).zip(words) {
        room.copy_from_slice(&word.to_le_bytes());
    }
    (tag, bytes)
}

/// The record of this tag and body.
pub(crate) fn parse(tag: u8, body: &[u8]) -> Result<Record, ItemError> {
    if body.len() != RECORD {
        return Err(DAMAGED);
    }
    let founding = Founding(number(body, 0));
    let [voters, outgoing, learners, witnesses] = [8, 12, 16, 20].map(|at| Seats(word(body, at)));
    let members = Members { voters, outgoing, learners, witnesses };
    match (tag, word(body, 24)) {
        (PREPARED, 0) => Ok(Record::Prepared(Prepared { founding, members })),
        (COMPLETE, log_bytes_least) => Ok(Record::Complete(Charter { founding, members, log_bytes_least })),
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
