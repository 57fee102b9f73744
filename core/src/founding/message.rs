use serde::{Deserialize, Serialize};

use super::{Charter, Founding, Terms, raw};
use crate::Least;

/// What stores say to each other before they are one cluster. Links may lose, repeat and reorder it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Message {
    /// The founder asks who is there, to found a cluster on these terms.
    Who {
        /// The founding; the answer echoes it.
        founding: Founding,
        /// On which terms.
        terms: Terms,
    },
    /// A store that is not complete asks where the cluster is. It founds nothing.
    Where {
        /// The asker's present token; the answer echoes it.
        #[serde(with = "raw")]
        token: u64,
        /// The asker's terms.
        terms: Terms,
    },
    /// All have answered: be part of this founding, and of no other.
    Prepare {
        /// The founding.
        founding: Founding,
        /// The receiver's token, as it answered.
        #[serde(with = "raw")]
        token: u64,
    },
    /// The answer to a question, or to a `Prepare` as to the `Who` before it.
    Answer {
        /// What the question brought: the number of the founding, or the token.
        #[serde(with = "raw")]
        echo: u64,
        /// How the store stands.
        standing: Standing,
    },
}

/// How a store stands to a founding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(target_os = "none", repr(u8))]
pub enum Standing {
    /// It would be part of one.
    Ready {
        /// Its present token: new at each boot, and whenever another founding asks.
        #[serde(with = "raw")]
        token: u64,
        /// What it has.
        least: Least,
        /// What it is prepared for, durably.
        prepared: Option<Founding>,
    },
    /// It was told not to found, or has heard of a cluster.
    Abstains,
    /// It has these terms instead.
    Differs(Terms),
    /// It is a member of this cluster.
    Complete(Charter),
}

impl Message {
    /// What the answer to this question echoes; nothing if it is none.
    pub(crate) fn question(&self) -> Option<u64> {
        match *self {
            Message::Who { founding, .. } => Some(founding.0),
            Message::Where { token, .. } => Some(token),
            Message::Prepare { .. } | Message::Answer { .. } => None,
        }
    }
}
