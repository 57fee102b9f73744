use std::io::{self, Read, Write};

use quorate::{Command, Features, Index};

/// What is replicated: the application's state.
///
/// Every node applies the same commands in the same order, so `apply` may depend on nothing but the state and the
/// command: not on time, chance, or the node that it runs on.
pub trait App: Sized + Send + 'static {
    /// What clients want done: see [`quorate::Command`].
    type Command: Command;

    /// What this version of the application knows beyond its first one: see [`Features::of_app`]. Nobody may send a command
    /// of a new kind, or count on another new thing, before the feature is on ([`Client::status`](crate::Client::status)
    /// says so): until then there may be members that cannot do it.
    const FEATURES: Features = Features::NONE;

    /// Does a command, and returns its answer.
    ///
    /// The answer is kept for the client's retries, so it should be short. One that does not fit into a datagram of
    /// 65,507 bytes never reaches the client.
    ///
    /// It must be able to do every command that a client can send, and answer what it cannot do. To panic stops the
    /// node: the command is committed, so it comes again at each start, and on every other node. Only a version of the
    /// program that can do it helps then, the same on all of them. With `panic = "abort"` the process dies before that
    /// can be said.
    fn apply(&mut self, index: Index, command: <Self::Command as Command>::View<'_>) -> Vec<u8>;

    /// Answers a question, and changes nothing. Query and answer are bytes that only the application and its clients
    /// read.
    fn query(&self, query: &[u8]) -> Vec<u8>;

    /// The state as it is now, ready to be written while the application goes on: what is returned owns all that it
    /// needs, and runs on another thread. Nothing else happens before this returns, so share or copy the state quickly.
    ///
    /// The same state should give the same bytes on every node: then a follower that fetches a snapshot can go on at
    /// another leader.
    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static;

    /// Makes a state of what was written of one, to take the place of this one, which answers local reads until then:
    /// what is returned owns all that it needs, and runs on another thread. The bytes are as they were written: their
    /// checksum was verified.
    ///
    /// # Errors
    /// Of what is returned: the bytes are not such a state; another version of the program wrote them. The node stops.
    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Self> + Send + 'static;

    /// A hash of the state: equal on all nodes that have applied the same index. A status shows it.
    fn digest(&self) -> u64;
}
