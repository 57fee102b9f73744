use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::command;

/// What a line is answered with.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    id: Value,
    status: Status,
    /// Of a get; null if the key is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    existed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swapped: Option<bool>,
    /// Under which name another process can repeat a write whose outcome is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// Of a write, as soon as it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Certainly not done.
    Fail,
    /// It may have been done, or be done yet.
    Unknown,
}

impl Answer {
    pub(super) fn value(id: Value, value: Option<String>) -> Answer {
        Answer { value: Some(value.map_or(Value::Null, Value::String)), ..Answer::new(id, Status::Ok) }
    }

    pub(super) fn done(id: Value, answer: command::Answer) -> Answer {
        let mut done = Answer::new(id, Status::Ok);
        match answer {
            command::Answer::Put { existed } | command::Answer::Deleted { existed } => done.existed = Some(existed),
            command::Answer::Appended { length } => done.length = Some(length),
            command::Answer::Compared { swapped } => done.swapped = Some(swapped),
            command::Answer::TooLong => done.status = Status::Fail,
        }
        done
    }

    pub(super) fn fail(id: Value, error: impl fmt::Display) -> Answer {
        Answer { error: Some(error.to_string()), ..Answer::new(id, Status::Fail) }
    }

    pub(super) fn unknown(id: Value, error: impl fmt::Display, client: Option<String>) -> Answer {
        Answer { error: Some(error.to_string()), client, ..Answer::new(id, Status::Unknown) }
    }

    /// The answer with the sequence of its write.
    pub(super) fn under(self, sequence: u64) -> Answer {
        Answer { sequence: Some(sequence), ..self }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an answer is text, numbers and what was JSON before")
    }

    fn new(id: Value, status: Status) -> Answer {
        Answer {
            id,
            status,
            value: None,
            existed: None,
            length: None,
            swapped: None,
            client: None,
            sequence: None,
            error: None,
        }
    }
}
