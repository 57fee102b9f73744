//! What clients and nodes say to each other.
//!
//! A client sends a [`Request`] to any node, and the same request again until it has a [`Reply`]. Requests are lost,
//! repeated and reordered like every frame; its session makes a repeated command harmless: client, epoch and sequence.

mod change;
mod condition;
mod followers;
mod keys;
mod reply;
mod request;
mod status;

pub use condition::{Condition, Links};
pub use followers::{Follower, Followers};
pub use keys::{KeyReport, KeySet};
pub use reply::{Reason, Reply, ReplyBody, decode_reply, encode_reply};
pub use request::{AsOf, Request, RequestBody, decode_request, encode_request};
pub use status::StatusReport;

#[cfg(feature = "seal")]
pub(crate) use self::reply::{read as read_answered, write_answered};
#[cfg(feature = "seal")]
pub(crate) use self::request::{read as read_asked, write_asked};
