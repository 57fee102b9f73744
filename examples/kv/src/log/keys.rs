use std::net::SocketAddr;
use std::path::Path;

use quorate_smol::KeyId;

use super::Level;
use super::words::{info, warn};

/// The members have said to seal under another key, and this node has it.
pub(super) fn seals_under(key: KeyId) -> (Level, String) {
    info(format!("seals under key {key} from now on, as the members have said"))
}

/// They have said so, and it does not have it.
pub(super) fn lacks(key: KeyId, used: KeyId, file: &Path) -> (Level, String) {
    warn(format!(
        "lacks key {key}, under which the members seal by their word, and goes on under key {used} as long as the others have that. {}",
        bring(key, file)
    ))
}

/// What says to be of a node is sealed under a key that this one does not have.
pub(super) fn unknown(key: KeyId, from: SocketAddr, is_cut_off: bool, file: &Path) -> (Level, String) {
    let file_name = file.display();
    warn(match is_cut_off {
        true => format!(
            "lacks key {key}, under which {from} seals as a node, and knows no leader: it was away while the keys were changed, or has \
             another keyring. {}",
            bring(key, file)
        ),
        false => format!(
            "hears nothing of the node at {from}, which seals under key {key}: that is not in {file_name}, or no longer. Bring {file_name} \
             to that node, as the file that its --keys names"
        ),
    })
}

/// Where to put the key.
fn bring(key: KeyId, file: &Path) -> String {
    format!(
        "Bring the keyring of a node that has key {key} to {}: it is taken over within a second, and nothing is lost",
        file.display()
    )
}
