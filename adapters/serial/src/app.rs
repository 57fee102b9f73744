use quorate::{Command, Features, Index};

/// What is replicated: the application's state.
///
/// Every station applies the same commands in the same order, so `apply` may depend on nothing but the state and the
/// command: not on time, chance, or the board that it runs on.
pub trait App {
    /// What the application can be asked to do: see [`quorate::Command`].
    type Command: Command;

    /// What this version of the application knows beyond its first one: see [`Features::of_app`]. Nobody may propose a
    /// command of a new kind before the feature is on: [`Node::features`](quorate::Node::features).
    const FEATURES: Features = Features::NONE;

    /// The answer to a command: a few bytes that only the application and its clients read, such as `[u8; 4]` or a
    /// `heapless::Vec`. It is kept for a client's retries, and must fit into a frame.
    type Answer: AsRef<[u8]> + for<'a> TryFrom<&'a [u8]> + Clone;

    /// The most bytes of an answer.
    const ANSWER_BYTES_MAX: usize;

    /// The most bytes that [`snapshot`](App::snapshot) writes. A station that has no memory for them, and for the
    /// sessions of all clients, does not start.
    const STATE_BYTES_MAX: usize;

    /// Does a command.
    ///
    /// It must be able to do every command that anybody can send, and answer what it cannot do. A panic comes again at
    /// each reset, and on every other station, for the command is committed: only another firmware helps then, on all
    /// of them. A station cannot catch it; a panic handler that resets the board should leave word of where it came
    /// from.
    fn apply(&mut self, index: Index, command: <Self::Command as Command>::View<'_>) -> Self::Answer;

    /// Answers a question into `answer`, and changes nothing: how many bytes, or `None` if this is no question or its
    /// answer is too long.
    fn query(&self, query: &[u8], answer: &mut [u8]) -> Option<usize>;

    /// Writes the state to the front of `buffer`: how many bytes, or `None` if it does not fit. The same state gives
    /// the same bytes on every station.
    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize>;

    /// Puts what was written of a state in the place of this one, and says whether that is possible. If not, another
    /// version of the program wrote it, and the station stops. The bytes are as they were written: their checksum was
    /// verified.
    fn restore(&mut self, snapshot: &[u8]) -> bool;

    /// A hash of the state: equal on all stations that have applied the same index. A status shows it.
    fn digest(&self) -> u64;
}
