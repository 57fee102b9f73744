use quorate::{Index, Members, Node, Seats};

/// The last index that a node which is not to run again knows to be committed: what its snapshot covers, what settles who
/// takes part, and all of it in the log of the only voter. What is behind it may be committed or not.
pub fn known_committed<C, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize>(node: &Node<C, B, SEATS>) -> Index {
    let Members { voters, outgoing, .. } = node.roster().1.members();
    let is_alone = node.is_member() && outgoing.is_empty() && voters == Seats::NONE.with(node.seat());
    if is_alone { node.last().index } else { node.commit().max(node.settled().since) }
}
