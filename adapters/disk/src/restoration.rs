use std::path::Path;

use quorate::{Entries, HardState, Members};

use crate::{Disk, DiskError, Options, Owner, Recovered, SnapshotHeader, SnapshotReader};

/// Makes a new log that stands on the snapshot in a file, with no entry behind it and no vote, and tells `progress` how
/// many bytes of the snapshot are there. Who the members of the restored cluster are to be is written down in its
/// snapshot, for those who found it.
///
/// The log is durable when this returns. If it fails or the machine stops before, there is a log that holds nothing,
/// and the same call begins anew. Nodes forget by this what came after the snapshot: restore all of a cluster from one
/// file, or none.
///
/// # Errors
/// The directory holds the data of a node, or is another node's; the snapshot is of another cluster, or damaged. Or
/// what the system says.
pub fn restore(
    directory: &Path,
    owner: Owner,
    options: Options,
    file: &Path,
    members: Members,
    mut progress: impl FnMut(u64),
) -> Result<(), DiskError> {
    let mut from = SnapshotReader::of(file)?;
    let SnapshotHeader { cluster, snapshot, .. } = from.header();
    if cluster != owner.cluster {
        return Err(DiskError::ForeignSnapshot { file: file.to_owned(), found: cluster, wanted: owner.cluster });
    }
    let occupied = DiskError::Occupied { directory: directory.to_owned() };
    // What an earlier call has stored of a snapshot is no promise to anybody.
    let (mut disk, _) = Disk::open(directory, owner, options, |item| match item {
        Recovered::Stored(_) => Ok(()),
        _ => Err(occupied.clone()),
    })?;
    let mut snapshots = disk.snapshots();
    // Without content there is a file all the same.
    snapshots.store(snapshot, members, 0, &[])?;
    let mut offset = 0;
    loop {
        let bytes = from.next()?;
        if bytes.is_empty() {
            break;
        }
        snapshots.store(snapshot, members, offset, bytes)?;
        offset += bytes.len() as u64;
        progress(offset);
    }
    let hard_state = HardState { term: snapshot.position.term, vote: None };
    disk.write(Some(hard_state), Some(snapshot), Entries::default(), None, None)
}
