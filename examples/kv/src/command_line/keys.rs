use std::env;
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
    /// The cluster's keyring, or a client's own key [default: what QUORATE_KEYS names, or quorate.keys]
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    keys: Option<PathBuf>,
    /// Seal nothing: whoever reaches a node can read, write, and pose as another one
    #[arg(long, conflicts_with = "keys")]
    plain: bool,
}

/// Names the file of keys as well: what is typed comes first.
const KEYS_VARIABLE: &str = "QUORATE_KEYS";

impl KeyArgs {
    /// The file that was named.
    fn named(&self) -> Option<PathBuf> {
        let variable = || env::var_os(KEYS_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        self.keys.clone().or_else(variable)
    }

    /// What a node seals with, whose cluster is of this machine alone, or has other nodes: a first start makes the keys of the
    /// first, and nobody has to think of it.
    ///
    /// # Errors
    /// There are no keys, or they are no good.
    pub(crate) fn of_node(&self, is_first_here: bool) -> Result<Option<(PathBuf, Keys)>, Failure> {
        if self.plain {
            return Ok(None);
        }
        let path = match self.named() {
            Some(path) => path,
            None => made(is_first_here)?,
        };
        let keys = Keys::read(&path)?;
        Ok(Some((path, keys)))
    }

    /// What a client of this cluster seals with.
    ///
    /// # Errors
    /// There are no keys, or they are no good.
    pub(crate) fn of_client(&self, cluster: Cluster) -> Result<Option<Arc<[ClientKey]>>, Failure> {
        if self.plain {
            return Ok(None);
        }
        let named = self.named();
        let path = named.as_deref().unwrap_or(Path::new(KEYS_FILE));
        if named.is_none() && !path.exists() {
            let message = format!(
                "there is no {KEYS_FILE} here, and what nodes take is sealed: run this where the nodes were started, name a key with \
                 --keys, or say --plain if the nodes run so"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(Some(ClientKeys::read(path, cluster)?.list().into()))
    }
}

/// The file of keys where the nodes are started: one is made if there is none, and these are the first nodes and of this machine.
fn made(is_first_here: bool) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(KEYS_FILE);
    if path.exists() {
        return Ok(path);
    }
    if !is_first_here {
        let message = format!(
            "there is no {KEYS_FILE} here, and nodes seal what they say: copy the one of the other nodes to here, or to where --keys \
             says; if there is none yet, make it on one of them with `quorate-kv keyring init`. Or say --plain at all nodes"
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    match Keys::draw()?.create(&path) {
        Ok(()) => eprintln!("made {KEYS_FILE}: the nodes and clients of this directory seal with it"),
        // Another node of this directory was the first.
        Err(_) if path.exists() => {}
        Err(failure) => return Err(failure),
    }
    Ok(path)
}
