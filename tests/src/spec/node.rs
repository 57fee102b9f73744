//! What every model has of a node.

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Follower,
    Candidate,
    Leader,
}

impl Role {
    /// The role of a number, as in a form.
    pub(crate) fn of(number: u8) -> Role {
        match number {
            0 => Role::Follower,
            1 => Role::Candidate,
            _ => Role::Leader,
        }
    }
}

/// What a node is called in a story.
pub(crate) fn name(seat: u8) -> char {
    char::from(b'A' + seat)
}
