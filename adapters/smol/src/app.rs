use quorate::{Command, Index};

/// What is replicated: the application's state.
///
/// Every node applies the same commands in the same order, so `apply` may depend on nothing but the state and the command:
/// not on time, chance, or the node that it runs on.
pub trait App {
    /// What clients want done: see [`quorate::Command`].
    type Command: Command;

    /// Does a command, and returns its answer.
    ///
    /// The answer is kept for the client's retries, so it should be short. One that does not fit into a datagram of 65,507
    /// bytes never reaches the client.
    fn apply(&mut self, index: Index, command: <Self::Command as Command>::View<'_>) -> Vec<u8>;

    /// Answers a question, and changes nothing. Query and answer are bytes that only the application and its clients read.
    fn query(&self, query: &[u8]) -> Vec<u8>;

    /// A hash of the state: equal on all nodes that have applied the same index. A status shows it.
    fn digest(&self) -> u64;
}
