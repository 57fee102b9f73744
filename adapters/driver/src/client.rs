//! A client's side: what it asks of whom, when again, and in which session. It does no I/O and has no clock.
//!
//! A request is a [`Call`]. Whoever runs it asks it [`next`](Call::next) what to do, sends that, and gives it the replies
//! ([`take`](Call::take)) until it has come to its end.

mod call;
mod directory;
mod own;
mod patience;
mod tries;

pub use self::call::{Ask, Call, Ending, Failure, Kind};
pub use self::directory::Directory;
pub use self::own::{Opening, Own};
pub use self::patience::Patience;
