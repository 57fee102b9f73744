use clap::{Args, Subcommand};

use super::Remote;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct FeatureArgs {
    #[command(subcommand)]
    pub(crate) action: Option<FeaturesAction>,
    #[command(flatten)]
    pub(crate) list: Remote<ListFeatures>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeaturesAction {
    /// Switch on all that every member knows; it is never off again, and no member goes back to a version without
    Enable(Remote<EnableFeatures>),
}

#[derive(Debug, Args)]
pub(crate) struct ListFeatures {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EnableFeatures {}
