use std::path::PathBuf;

use clap::{Args, Subcommand};
use quorate::Seat;
use quorate_wire::seal::{KeyId, Name, Rights};

use super::Remote;
use crate::keys::KEYS_FILE;
use crate::layout::{LOCAL_CLUSTER, parse_file, parse_id};

#[derive(Debug, Args)]
#[command(after_help = KEYRING_HELP)]
pub(crate) struct KeyringArgs {
    #[command(subcommand)]
    pub(crate) action: KeyringAction,
    /// The keyring's file
    #[arg(long, value_name = "FILE", env = "QUORATE_KEYS", default_value = KEYS_FILE, global = true, value_parser = parse_file)]
    pub(crate) keys: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyringAction {
    /// Make a keyring of one new key, number 1, which is used
    Init,
    /// Add a new key, which is not used yet, and print its number
    Add,
    /// Have all nodes seal under this key, once all of them have it: the word goes through the log, the key does not
    Use(Remote<UseKey>),
    /// Forget a key, which none of the nodes that answer uses
    Remove(Remote<RemoveKey>),
    /// Show the keys' numbers and fingerprints, which one is used, and whose keys were taken back
    List,
    /// Write the key of a client to a file of its own
    Client(ClientArgs),
    /// Take a client's key back, with whatever rights
    Deny {
        /// The client's name
        name: Name,
    },
    /// Let a client's key be good again
    Allow {
        /// The client's name
        name: Name,
    },
}

#[derive(Debug, Args)]
pub(crate) struct UseKey {
    /// The key's number
    #[arg(value_name = "N", value_parser = parse_key_id)]
    pub(crate) id: KeyId,
    /// Go on though these nodes do not answer or lack the key, as in 3: each says which key it lacks
    #[arg(long, value_name = "IDS", value_parser = parse_id, value_delimiter = ',', conflicts_with = "offline")]
    pub(crate) without: Vec<Seat>,
    /// Ask no node, and choose the key in the file alone: before there is a cluster. One whose members have said a key holds to that
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveKey {
    /// The key's number
    #[arg(value_name = "N", value_parser = parse_key_id)]
    pub(crate) id: KeyId,
    /// Ask no node which key it uses: before there is a cluster
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// The client's name: 1 to 16 printable characters of ASCII, without spaces
    pub(crate) name: Name,
    /// What it may do: read-only, read-write, or admin
    #[arg(long)]
    pub(crate) rights: Rights,
    /// Where to write its key; there is no such file yet
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    pub(crate) out: PathBuf,
    /// The cluster's number: its key is good for no other
    #[arg(long, env = "QUORATE_CLUSTER", default_value_t = LOCAL_CLUSTER)]
    pub(crate) cluster: u64,
}

fn parse_key_id(text: &str) -> Result<KeyId, String> {
    let id = text.parse().ok().and_then(KeyId::new);
    id.ok_or_else(|| format!("a key's number is from 0 to {}", KeyId::COUNT - 1))
}

const KEYRING_HELP: &str = "\
Whoever has a keyring can be any node and any client of its cluster. To change the key, have the file with the new one at all
nodes, have all of them use it, and then have the file without the old one at all nodes:

  quorate-kv keyring add
  quorate-kv keyring use 2
  quorate-kv keyring remove 1";
