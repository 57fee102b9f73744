//! How a cluster comes to be: a two-phase commit between stores that hold nothing yet, outside the log.
//!
//! Members belong to the data, not to a command line. Who takes part is written once, when a store becomes *complete*,
//! and from then on only the log changes it. A store that is not complete holds nothing that others count on: it
//! neither votes nor acknowledges nor stands. It runs a [`Prospect`] where a complete one runs a
//! [`Node`](crate::Node).
//!
//! # How it goes
//!
//! A store is empty, *prepared* for one founding, or complete. All are given the same list of members; the lowest seat
//! of it founds.
//!
//! 1. The founder draws the [`Founding`], a number that names it, and asks every other seat [`Who`](Message::Who) is
//!    there. Each answers with a token that is new at each boot, and whenever another founding asks.
//! 2. Once *every* seat has answered, and none is complete, the founder says [`Prepare`](Message::Prepare) with the
//!    seat's token. A seat whose present token that is makes the founding durable, in place of one that it was prepared
//!    for, and answers so.
//! 3. Once *every* seat is prepared, the founder makes its [`Charter`] durable, and is complete. A founder that
//!    restarts before begins anew, under another number.
//! 4. A prepared seat asks [`Where`](Message::Where) its founding is, with its token, and takes the charter from any
//!    complete store of it. So does an empty one: a cluster that is there without it tells it that it may have lost its
//!    disk.
//!
//! So all members are needed once; one lost disk at any moment leaves a cluster that can elect, or stores that found
//! anew; and what a leader acknowledges is lost by no second founding, provided that it takes its first command only
//! when all seats are complete.
//!
//! A complete store answers by [`Charter::answer`], for as long as it lives.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::brief::hexadecimal;
use crate::{Incarnation, Least, Members, Recovered, Snapshot};

#[cfg(feature = "checker")]
mod checker;
mod config;
mod message;
mod prospect;
mod raw;
mod step;

pub use config::{Config, Intent};
pub use message::{Message, Standing};
pub use prospect::{Effect, Effects, Heard, Input, Obstacle, Prospect};

/// A cluster's identity: a number that is drawn at random when it is founded, and keeps two foundings apart for ever.
/// It shows as sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Founding(#[serde(with = "raw")] pub u64);

impl fmt::Display for Founding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexadecimal(f, self.0, 16)
    }
}

/// What all founders must have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Terms {
    /// The list of members.
    pub members: Members,
    /// The snapshot that the cluster is to begin with; of index zero if with nothing.
    pub snapshot: Snapshot,
}

/// What a store is prepared for: it has promised to be part of this founding, and of no other, until it promises
/// another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Prepared {
    /// The founding.
    pub founding: Founding,
    /// Whom it is to be made of.
    pub members: Members,
}

/// The founding record: what makes a store complete, and a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Charter {
    /// The cluster's identity.
    pub founding: Founding,
    /// Who takes part, until the log says otherwise.
    pub members: Members,
    /// What every member has at least.
    pub least: Least,
}

/// What a store makes durable on its way to be complete. A later one replaces an earlier one, as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Record {
    /// It is prepared.
    Prepared(Prepared),
    /// It is complete, for good.
    Complete(Charter),
    /// The same, in a life that begins when the cluster is there already: the number was drawn for it.
    Joined(Charter, Incarnation),
}

impl Record {
    /// The charter of a complete store, and which life of its seat it is.
    fn charter(&self) -> Option<(&Charter, Incarnation)> {
        match self {
            Record::Prepared(_) => None,
            Record::Complete(charter) => Some((charter, Incarnation::FOUNDER)),
            Record::Joined(charter, incarnation) => Some((charter, *incarnation)),
        }
    }
}

impl From<Record> for Recovered<'_> {
    /// As a log gives it back.
    fn from(record: Record) -> Self {
        match record {
            Record::Prepared(prepared) => Recovered::Prepared(prepared),
            Record::Complete(charter) => Recovered::Charter(charter),
            Record::Joined(charter, incarnation) => Recovered::Joined(charter, incarnation),
        }
    }
}

impl Charter {
    /// What a complete store answers to a message of a founding, whoever asks.
    pub fn answer(&self, message: &Message) -> Option<Message> {
        let echo = message.question()?;
        Some(Message::Answer { echo, standing: Standing::Complete(*self) })
    }
}
