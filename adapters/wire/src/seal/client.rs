//! Sealed frames between clients and nodes.
//!
//! A client has a [key](ClientKey) with a name and rights in it, which nodes make of the cluster's: they need no list.
//! Client and node come to a session by Hellos of a kind of their own, of which the node keeps nothing until the client has
//! shown that it has the key and hears the node. The protocol is specified and searched in `tests/spec/CLIENTS.md`; the
//! bytes stand in WIRE.md.
//!
//! Who has a client's key can pose as that client, and as a node to it. What a request asks for is for the host to compare
//! with the client's [rights](crate::seal::Rights::allow), and what is not taken to answer with a
//! [refusal](crate::seal::Refusal).
//!
//! ```rust
//! use quorate::{Instant, Seat};
//! use quorate_wire::Cluster;
//! use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody};
//! use quorate_wire::seal::client::{
//!     ClientChannel, ClientKey, Guests, decode_reply, decode_request, encode_reply, encode_request,
//! };
//! use quorate_wire::seal::{Key, KeyId, Ring, Rights};
//!
//! let (cluster, id, now) = (Cluster(1), KeyId::new(1).expect("0 to 15"), Instant::START);
//! let ring = Ring::<1>::new(id, Key::new([7; 32])); // the nodes' key
//! let name = "backup".parse().expect("1 to 16 characters");
//! let key = ClientKey::of(&ring, id, cluster, name, Rights::Read).expect("the key is there");
//!
//! let mut guests = Guests::<8>::new(Key::new([9; 32])); // 32 random bytes, others at each start
//! let mut channel = ClientChannel::default();
//! let request = Request { cluster, client: 5, number: 1, body: RequestBody::Status };
//! let mut buffer = [0; 250];
//!
//! // There is no session yet: the client asks for one.
//! assert_eq!(encode_request(&mut buffer, &key, &mut channel, now, &request), Ok(None));
//! let ask = channel.speak(&key, now, 50_000, || 0x1234).expect("a number that is never drawn again");
//! let answer = guests.hear(&ask, cluster, &ring, now, |_| true).expect("it has the key").expect("a question is answered");
//! let done = channel.hear(&answer, &key).expect("the session is there");
//! assert_eq!(guests.hear(&done, cluster, &ring, now, |_| true), Ok(None));
//!
//! let length = encode_request(&mut buffer, &key, &mut channel, now, &request).expect("it fits").expect("a session").len();
//! let (session, guest, asked) =
//!     decode_request(&mut buffer[..length], cluster, &ring, &mut guests, now).expect("it opens");
//! assert_eq!((asked.number, asked.body, guest.rights), (1, RequestBody::Status, Rights::Read));
//!
//! let body = ReplyBody::Refused(Reason::Stopping);
//! let reply = Reply { client: asked.client, number: 1, from: Seat(2), founding: None, body };
//! let length = encode_reply(&mut buffer, &mut guests, session, &reply).expect("it fits").expect("a session").len();
//! assert_eq!(decode_reply(&mut buffer[..length], &mut channel, 5).map(|reply| reply.body), Ok(body));
//! ```

mod channel;
mod frame;
mod guests;
mod hello;
mod key;

pub use self::channel::ClientChannel;
pub use self::frame::{decode_reply, decode_request, encode_reply, encode_request};
pub use self::guests::{Guests, SessionNumber};
pub use self::hello::CLIENT_HELLO;
pub use self::key::{ClientKey, Guest};

/// Who seals a frame: not more than this tells the two sides of a session apart.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Sender {
    Node = 0,
    Client = 1,
}
