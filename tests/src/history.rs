//! What the clients of a key-value store asked and were told, and when.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The events of one test, in the order in which they were recorded.
///
/// `Display` writes one JSON object a line and `FromStr` reads the same back, skipping blank lines. Every event in a
/// history is well formed: see [`Fault`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    events: Vec<Event>,
}

impl History {
    /// A history without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every event, in the order of recording.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Adds a whole event.
    ///
    /// # Panics
    /// If the event has a [`Fault`], which is a mistake of the recorder.
    #[track_caller]
    pub fn push(&mut self, event: Event) {
        if let Some(fault) = event.fault() {
            panic!("{fault}: {event}");
        }
        self.events.push(event);
    }

    /// Records that an operation was sent, and returns the event's index for [`finish`](Self::finish).
    ///
    /// An event that is never finished keeps the outcome [`Outcome::Unknown`].
    pub fn begin(&mut self, process: u64, time: u64, key: &str, operation: Operation) -> usize {
        let (key, outcome) = (key.to_owned(), Outcome::Unknown);
        self.events.push(Event { process, key, invoked: time, returned: None, operation, outcome });
        self.events.len() - 1
    }

    /// Records how the operation of an event ended.
    ///
    /// # Panics
    /// If `event` did not come from [`begin`](Self::begin), or the result has a [`Fault`].
    #[track_caller]
    pub fn finish(&mut self, event: usize, time: u64, outcome: Outcome) {
        let event = &mut self.events[event];
        (event.returned, event.outcome) = (Some(time), outcome);
        if let Some(fault) = event.fault() {
            panic!("{fault}: {event}");
        }
    }
}

impl FromIterator<Event> for History {
    /// Collects events.
    ///
    /// # Panics
    /// As [`History::push`].
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut history = Self::new();
        events.into_iter().for_each(|event| history.push(event));
        history
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            writeln!(f, "{}", serde_json::to_string(event).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

impl FromStr for History {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut events = Vec::new();
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let event: Event =
                serde_json::from_str(text).map_err(|error| ParseError { line, reason: error.to_string() })?;
            if let Some(fault) = event.fault() {
                return Err(ParseError { line, reason: fault.to_string() });
            }
            events.push(event);
        }
        Ok(Self { events })
    }
}

/// One operation of one client, from its sending to its answer.
///
/// Times are ticks of one clock shared by all processes, in a unit of the recorder's choice. An operation comes before
/// another only if it returned at a strictly smaller tick than the other was invoked: equal ticks leave the order open,
/// also within one process, so a recorder that gives each call and each return its own tick loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The client. It is printed and otherwise ignored.
    pub process: u64,
    /// The key operated on.
    pub key: String,
    /// When the operation was sent, or earlier.
    pub invoked: u64,
    /// When its outcome was learnt, or later. Ignored for [`Outcome::Unknown`] and [`Outcome::Fail`].
    #[serde(default)]
    pub returned: Option<u64>,
    /// What was asked.
    pub operation: Operation,
    /// How it ended.
    pub outcome: Outcome,
}

impl Event {
    /// The first reason, if any, why this event cannot have happened.
    pub fn fault(&self) -> Option<Fault> {
        match (&self.outcome, self.returned) {
            (_, Some(returned)) if returned < self.invoked => Some(Fault::ReturnsBeforeInvoked),
            (Outcome::Ok(_), None) => Some(Fault::AnswerWithoutReturn),
            (Outcome::Ok(answer), _) if !self.operation.admits(answer) => Some(Fault::AnswerOfOtherOperation),
            _ => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let returned = match (&self.outcome, self.returned) {
            (Outcome::Unknown, _) | (_, None) => "-".to_owned(),
            (_, Some(returned)) => returned.to_string(),
        };
        let operation = format!("{:?} {}", self.key, self.operation);
        write!(
            f,
            "process {:<3} {:>7} ..{returned:>7}  {operation:<32} -> {}",
            self.process, self.invoked, self.outcome
        )
    }
}

/// What a client may ask of one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Read the value.
    Get,
    /// Set the value.
    Put(String),
    /// Remove the value.
    Delete,
    /// Put a text after the value; a missing value counts as empty.
    Append(String),
    /// Set the value if it is `from`, where `None` is a missing value.
    Cas {
        /// The value that must be there.
        from: Option<String>,
        /// The value to set.
        to: String,
    },
}

impl Operation {
    fn admits(&self, answer: &Answer) -> bool {
        matches!(
            (self, answer),
            (_, Answer::Done)
                | (Self::Get, Answer::Value(_))
                | (Self::Delete, Answer::Existed(_))
                | (Self::Cas { .. }, Answer::Swapped(_))
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get => write!(f, "get"),
            Self::Put(value) => write!(f, "put {value:?}"),
            Self::Delete => write!(f, "delete"),
            Self::Append(text) => write!(f, "append {text:?}"),
            Self::Cas { from: Some(from), to } => write!(f, "cas {from:?} to {to:?}"),
            Self::Cas { from: None, to } => write!(f, "cas none to {to:?}"),
        }
    }
}

/// How an operation ended, as far as its client can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It took effect between invocation and return, and answered this.
    Ok(Answer),
    /// It certainly did not take effect, and never will.
    Fail,
    /// It takes effect once, at any time after its invocation, or never.
    Unknown,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(answer) => write!(f, "{answer}"),
            Self::Fail => write!(f, "fail"),
            Self::Unknown => write!(f, "unknown"),
        }
    }
}

/// What the store said of an operation that took effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The operation took effect, and the store said no more. It fits every operation: a `Delete` or `Cas` whose answer
    /// the client did not learn ends thus.
    Done,
    /// What a `Get` read.
    Value(Option<String>),
    /// Whether a `Delete` found a value.
    Existed(bool),
    /// Whether a `Cas` set its value.
    Swapped(bool),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Value(Some(value)) => write!(f, "{value:?}"),
            Self::Value(None) => write!(f, "none"),
            Self::Existed(existed) => write!(f, "{}", if *existed { "existed" } else { "did not exist" }),
            Self::Swapped(swapped) => write!(f, "{}", if *swapped { "swapped" } else { "not swapped" }),
        }
    }
}

/// Why an [`Event`] cannot have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `returned` is smaller than `invoked`.
    ReturnsBeforeInvoked,
    /// An answer needs the time at which it came.
    AnswerWithoutReturn,
    /// The answer is of a kind that the operation does not give.
    AnswerOfOtherOperation,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReturnsBeforeInvoked => "an event returns before it is invoked",
            Self::AnswerWithoutReturn => "an event has an answer and no time of return",
            Self::AnswerOfOtherOperation => "an event has an answer that its operation does not give",
        })
    }
}

/// A line of a history's text that is not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the history is no event: {}", self.line, self.reason)
    }
}

impl std::error::Error for ParseError {}
