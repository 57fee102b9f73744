use quorate::{Command, CommandError, Index};

/// A command as the application sees it.
pub type View<'a, A> = <<A as App>::Command as Command>::View<'a>;

/// What is replicated, as far as a driver has to know it.
///
/// Every node applies the same commands in the same order, so `apply` may depend on nothing but the state and the
/// command: not on time, chance, or the node that it runs on. How the state is written to a snapshot and made of one
/// again is between the application and the [`Host`](crate::Host).
pub trait App {
    /// What clients want done: see [`quorate::Command`].
    type Command: Command;

    /// The answer to a command: bytes that only the application and its clients read. It is kept for the client's
    /// retries.
    type Answer: AsRef<[u8]> + Clone;

    /// Why a command could not be done. The node stops, for others may have done it.
    type Error: From<CommandError>;

    /// Does a command, and returns its answer. It must be able to do every command that a client can send, and answer
    /// what it cannot do.
    ///
    /// # Errors
    /// The state can no longer be relied on, and is not used again.
    fn apply(&mut self, index: Index, command: View<'_, Self>) -> Result<Self::Answer, Self::Error>
    where
        Self: Sized;

    /// A hash of the state: equal on all nodes that have applied the same index.
    fn digest(&self) -> u64;
}
