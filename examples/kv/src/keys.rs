//! The files that hold keys: the keyring of a cluster's nodes, and the key of one client.
//!
//! Both are text, a thing a line. Nobody but its owner may read such a file, and no error shows what stands in it.

mod client;
mod drawing;
mod file;
mod held;
mod keyring;
mod lines;
mod numbered;
#[cfg(test)]
mod tests;
mod text;

use quorate_wire::seal::{KeyId, Ring};

pub(crate) use self::client::ClientKeys;
pub(crate) use self::held::Held;
pub(crate) use self::keyring::Keys;

/// Keys by their numbers, and the one that is used: there is room for all numbers.
pub(crate) type Numbered = Ring<{ KeyId::COUNT as usize }>;

/// Where the keys are unless told otherwise.
pub(crate) const KEYS_FILE: &str = "quorate.keys";
