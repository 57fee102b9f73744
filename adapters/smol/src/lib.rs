#![doc = include_str!("../README.md")]

mod address;
mod app;
mod aside;
mod client;
mod clock;
mod config;
mod directory;
mod error;
mod event;
mod intake;
mod keyring;
mod line;
mod link;
mod random;
mod replica;
mod rescue;
mod sealing;
mod server;
mod snapshotter;
mod socket;
mod trace;
mod watch;
mod writer;

pub use address::parse as address;
pub use app::App;
pub use client::{Change, Client, ClientError, Configuration, Occupant};
pub use config::ServerConfig;
pub use error::ServeError;
pub use event::{Event, Following};
pub use keyring::Keyring;
pub use quorate_wire::Cluster;
pub use quorate_wire::client::{Follower, Reason, StatusReport as Status};
pub use quorate_wire::seal::{Key, KeyId, RingError};
pub use replica::restore;
pub use rescue::{Rescue, rescue};
pub use server::serve;
