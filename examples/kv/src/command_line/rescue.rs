use std::path::PathBuf;

use clap::Args;
use quorate::Seat;

use crate::layout::{parse_file, parse_id};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Rescue {
    /// The directory of a node that does not run; it is not changed
    pub(crate) directory: PathBuf,
    /// Save all that it holds to this file, to be restored on all nodes of a new cluster, and a report beside it, FILE.txt
    #[arg(long, value_name = "FILE", value_parser = parse_file, requires = "cluster")]
    pub(crate) into: Option<PathBuf>,
    /// The new cluster's number: another one than the old cluster's, so that the old nodes are not heard
    #[arg(long, value_name = "NUMBER", requires = "into")]
    pub(crate) cluster: Option<u64>,
    /// Who the members of the new cluster are [default: those who voted in the old one]
    #[arg(long, value_name = "ID,...", value_delimiter = ',', value_parser = parse_id, requires = "into")]
    pub(crate) members: Vec<Seat>,
    /// Replace files that are there
    #[arg(long, requires = "into")]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const HELP: &str = "\
For a cluster whose majority is gone for good. If any of the disks that are missing can be brought back, bring it back instead: nothing
is lost then. What others had acknowledged and the survivor did not have is lost by this.

  quorate-kv rescue n3                      what it holds; of several survivors, take the one of the greatest recency
  quorate-kv rescue n3 --into rescued.snapshot --cluster 2
  quorate-kv snapshot restore rescued.snapshot --id 1         on the machine of each new node, and so on with 2 and 3
  quorate-kv serve 1 --cluster 2 ...                          and so on";
