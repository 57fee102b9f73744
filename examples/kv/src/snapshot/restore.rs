use std::io::{Write, stdout};
use std::path::Path;

use quorate_disk::{Options, Owner};

use super::content::Content;
use super::{failure, outline, progress};
use crate::command_line::{DATA_DIR, RestoreSnapshot};
use crate::exit::{Exit, Failure};
use crate::layout::{name, names};

/// Makes the directory of a node from a saved snapshot, all of which is checked before.
///
/// # Errors
/// Why the snapshot cannot be used, or the directory not be made.
pub(crate) fn restore(args: &RestoreSnapshot) -> Result<Exit, Failure> {
    let header = Content::read(&args.file)?.header;
    let (node, members) = (name(args.id), header.members.all());
    if !members.contains(args.id) {
        let message = format!("--id: {node} is none of the snapshot's nodes ({})", names(members.iter()));
        return Err(Failure::new(Exit::Usage, message));
    }
    let data_dir = args.data_dir.clone().unwrap_or_else(|| Path::new(DATA_DIR).join(&node));
    let cluster = args.cluster.unwrap_or(header.cluster);
    let owner = Owner { cluster, seat: args.id };
    let bar = progress::bar("restoring", header.snapshot.bytes);
    let progress = |bytes| bar.set_position(bytes);
    quorate_disk::restore(&data_dir, owner, Options::default(), &args.file, progress).map_err(failure)?;
    drop(bar);
    let others = names(members.iter().filter(|seat| *seat != args.id));
    if !others.is_empty() {
        eprintln!("restore {others} from the same file as well, before any of them is started");
    }
    writeln!(stdout(), "restored {node} in {}: {}", data_dir.display(), outline(header.snapshot))?;
    Ok(Exit::Done)
}
