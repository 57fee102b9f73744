use std::path::PathBuf;

use clap::{Args, Subcommand};
use quorate::Seat;

use super::Remote;
use crate::layout::{parse_file, parse_id};

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotAction {
    /// Have a node take a snapshot of all that it has applied, and save that to a file
    Save(Remote<SaveSnapshot>),
    /// Check all of a saved snapshot, and show what it holds
    Inspect(InspectSnapshot),
    /// Make the data directory of a node from a saved snapshot
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreSnapshot),
}

#[derive(Debug, Args)]
pub(crate) struct SaveSnapshot {
    /// Where to save it; it is there as a whole or not at all
    #[arg(value_parser = parse_file)]
    pub(crate) file: PathBuf,
    /// Which node to ask [default: the leader, or whichever is reached and has applied most]
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) node: Option<Seat>,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InspectSnapshot {
    /// A saved snapshot
    #[arg(value_parser = parse_file)]
    pub(crate) file: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreSnapshot {
    /// A saved snapshot
    #[arg(value_parser = parse_file)]
    pub(crate) file: PathBuf,
    /// Which node the directory is for
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) id: Seat,
    /// The directory to make; one that holds the data of a node is refused [default: quorate-data/nID]
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Who the members of the restored cluster are, the same list for each of them [default: those who voted at the time of
    /// the snapshot]
    #[arg(long, value_name = "ID,...", value_delimiter = ',', value_parser = parse_id)]
    pub(crate) members: Vec<Seat>,
    /// The cluster's number; a snapshot of another one is refused [default: the snapshot's]
    #[arg(long, env = "QUORATE_CLUSTER")]
    pub(crate) cluster: Option<u64>,
    /// Print what was restored as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const RESTORE_HELP: &str = "\
Stop all nodes of the cluster, move their directories away, restore EVERY node from the same file, and start them. All writes
after the snapshot are lost by this. Never restore one node alone beside nodes that ran on: it has forgotten votes and writes
that they count on, and acknowledged writes could be lost. A node that has been away is brought in line by itself.

  quorate-kv snapshot restore monday.snapshot --id 1
  quorate-kv snapshot restore monday.snapshot --id 2
  quorate-kv snapshot restore monday.snapshot --id 3";
