use super::pairs::{Challenge, Number};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Client,
    Node,
}

/// What both say before they can seal; x is a number of the client, y the node's to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Hello {
    Ask { x: Number },
    Answer { x: Number, y: Challenge },
    Done { x: Number, y: Challenge },
}

/// A frame that was sealed for the session of x and y.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Frame {
    pub(crate) x: Number,
    pub(crate) y: Challenge,
    pub(crate) counter: u8,
    pub(crate) by: Side,
}
