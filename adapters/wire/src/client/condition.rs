use serde::{Deserialize, Serialize};

/// What else there is to say of a node, in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub struct Condition {
    /// Whether something found no room in its log, and no snapshot has made any since: see
    /// [`Node::is_full`](quorate::Node::is_full).
    pub is_full: bool,
    /// What it takes of others.
    pub links: Links,
}

/// What a node takes of members and clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Links {
    /// Whatever anybody says: nothing is sealed.
    #[default]
    Plain = 0,
    /// What is sealed, and what is not as well, for a while.
    Both = 1,
    /// What is sealed alone.
    Sealed = 2,
}

impl From<Condition> for u8 {
    fn from(Condition { is_full, links }: Condition) -> u8 {
        u8::from(is_full) | (links as u8) << 1
    }
}

impl TryFrom<u8> for Condition {
    type Error = &'static str;

    fn try_from(byte: u8) -> Result<Condition, &'static str> {
        let links = [Links::Plain, Links::Both, Links::Sealed].get(usize::from(byte >> 1));
        links.map(|links| Condition { is_full: byte & 1 == 1, links: *links }).ok_or("no condition")
    }
}
