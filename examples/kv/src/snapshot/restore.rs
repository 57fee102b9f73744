use std::io::{Write, stdout};
use std::path::Path;

use quorate::Members;
use quorate_disk::{Options, Owner};
use serde_json::json;

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
    let snapshot = header.snapshot;
    let (members, origin) = match args.members.as_slice() {
        [] => (header.members.voters, "those who vote by the snapshot"),
        named => (named.iter().copied().collect(), "as was asked for"),
    };
    let (node, all) = (name(args.id), names(members.iter()));
    if !members.contains(args.id) {
        let message = format!(
            "--id: {node} is none of the restored cluster's members ({all}, {origin}): name another one, or all of them with \
             --members"
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let data_dir = args.data_dir.clone().unwrap_or_else(|| Path::new(DATA_DIR).join(&node));
    let cluster = args.cluster.unwrap_or(header.cluster);
    let owner = Owner { cluster, seat: args.id };
    let bar = progress::bar("restoring", snapshot.bytes);
    let progress = |bytes| bar.set_position(bytes);
    quorate_disk::restore(&data_dir, owner, Options::default(), &args.file, Members::of(members), progress)
        .map_err(failure)?;
    drop(bar);
    let others = names(members.without(args.id).iter());
    if !others.is_empty() {
        eprintln!("restore {others} from the same file as well, before any of them is started");
    }
    if args.json {
        let members: Vec<_> = members.iter().map(name).collect();
        let report = json!({
            "node": node,
            "directory": data_dir,
            "index": snapshot.position.index.0,
            "term": snapshot.position.term.0,
            "bytes": snapshot.bytes,
            "crc32c": format!("{:08x}", snapshot.check),
            "cluster": cluster,
            "members": members,
        });
        writeln!(stdout(), "{report:#}")?;
        return Ok(Exit::Done);
    }
    writeln!(stdout(), "restored {node} in {}: {}", data_dir.display(), outline(snapshot))?;
    writeln!(stdout(), "members of cluster {cluster}: {all}, {origin}")?;
    Ok(Exit::Done)
}
