use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use quorate_smol::ClientKey;
use quorate_wire::Cluster;

use crate::exit::{Exit, Failure};
use crate::keys::{ClientKeys, KEYS_FILE, Keys};
use crate::layout::parse_file;

/// What is sealed with.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyArgs {
    /// The cluster's keyring, or a client's own key [default: quorate.keys]
    #[arg(long, value_name = "FILE", env = "QUORATE_KEYS", value_parser = parse_file)]
    keys: Option<PathBuf>,
    /// Seal nothing: whoever reaches a node can read, write, and pose as another one
    #[arg(long, conflicts_with = "keys")]
    pub(crate) plain: bool,
}

impl KeyArgs {
    /// Where the keys are; none if nothing is to be sealed.
    pub(crate) fn path(&self) -> Option<&Path> {
        (!self.plain).then(|| self.keys.as_deref().unwrap_or(Path::new(KEYS_FILE)))
    }

    /// Whether a file was named.
    pub(crate) fn is_named(&self) -> bool {
        self.keys.is_some()
    }

    /// What a node seals with, whose cluster is of this machine alone, or has other nodes: a first start makes the keys of the
    /// first, and nobody has to think of it.
    ///
    /// # Errors
    /// There are no keys, or they are no good.
    pub(crate) fn of_node(&self, is_first_here: bool) -> Result<Option<(PathBuf, Keys)>, Failure> {
        let Some(path) = self.path() else { return Ok(None) };
        if !self.is_named() && !path.exists() {
            if !is_first_here {
                let message = format!(
                    "there is no {KEYS_FILE} here, and nodes seal what they say: copy the one of the other nodes to here, or to where \
                     --keys says; if there is none yet, make it on one of them with `quorate-kv keyring init`. Or say --plain at \
                     all nodes"
                );
                return Err(Failure::new(Exit::Usage, message));
            }
            if Keys::draw()?.create(path).is_ok() {
                eprintln!("made {}: the nodes and clients of this directory seal with it", path.display());
            }
        }
        Ok(Some((path.to_owned(), Keys::read(path)?)))
    }

    /// What a client of this cluster seals with.
    ///
    /// # Errors
    /// There are no keys, or they are no good.
    pub(crate) fn of_client(&self, cluster: Cluster) -> Result<Option<Arc<[ClientKey]>>, Failure> {
        let Some(path) = self.path() else { return Ok(None) };
        if !self.is_named() && !path.exists() {
            let message = format!(
                "there is no {KEYS_FILE} here, and what nodes take is sealed: run this where the nodes were started, name a key with \
                 --keys, or say --plain if the nodes run so"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(Some(ClientKeys::read(path, cluster)?.list().into()))
    }
}
