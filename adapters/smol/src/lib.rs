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
mod line;
mod link;
mod random;
mod replica;
mod rescue;
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
pub use quorate_wire::Cluster;
pub use quorate_wire::client::{Follower, Reason, StatusReport as Status};
pub use replica::restore;
pub use rescue::{Rescue, rescue};
pub use server::serve;
