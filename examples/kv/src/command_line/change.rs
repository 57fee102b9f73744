use clap::{Args, Subcommand};
use quorate::Seat;

use super::Remote;
use crate::layout::{Peer, parse_id};

#[derive(Debug, Subcommand)]
pub(crate) enum MembersAction {
    /// Show who takes part, in which life, and where
    List(Remote<ListMembers>),
    /// Let a node take part that was started with --join: it gets the log, and votes once it has caught up
    Add(Remote<AddMember>),
    /// Let a learner vote, once it has caught up
    Promote(Remote<NamedMember>),
    /// Let a member take part no longer, be it the leader
    Remove(Remote<NamedMember>),
    /// Tell the members that one of them is reached elsewhere
    Move(Remote<MoveMember>),
}

#[derive(Debug, Args)]
pub(crate) struct ListMembers {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AddMember {
    /// Which node, and where the others reach it
    #[arg(value_name = "ID=ADDRESS")]
    pub(crate) member: Peer,
    /// Let it get the log and not vote
    #[arg(long)]
    pub(crate) learner: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NamedMember {
    /// Which node
    #[arg(value_name = "ID", value_parser = parse_id)]
    pub(crate) id: Seat,
}

#[derive(Debug, Args)]
pub(crate) struct MoveMember {
    /// Which node, and where the others reach it from now on
    #[arg(value_name = "ID=ADDRESS")]
    pub(crate) member: Peer,
}

#[derive(Debug, Args)]
pub(crate) struct TransferTo {
    /// Who is to lead [default: whoever has the most recent log]
    #[arg(value_name = "ID", value_parser = parse_id)]
    pub(crate) id: Option<Seat>,
}
