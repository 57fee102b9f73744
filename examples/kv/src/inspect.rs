use std::io::{Write, stdout};
use std::path::Path;

use quorate::Position;
use quorate_disk::{Inspection, SnapshotInspection};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::layout::name;
use crate::serve::disk_exit;

/// Prints what a node's directory holds, and changes nothing.
///
/// # Errors
/// Why it cannot be read, or that nothing of a node is in it.
pub(crate) fn run(data_dir: &Path) -> Result<Exit, Failure> {
    if !data_dir.is_dir() {
        let message = format!("there is no directory {}: check --data-dir", data_dir.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let inspection = quorate_disk::inspect(data_dir).map_err(|error| Failure::new(disk_exit(&error), error))?;
    if inspection.segments == 0 {
        let message = format!("{} holds no data of a node: check --data-dir", data_dir.display());
        return Err(Failure::new(Exit::Failed, message));
    }
    writeln!(stdout(), "{:#}", report(&inspection))?;
    match inspection.damage {
        Some(_) => Ok(Exit::Damaged),
        None => Ok(Exit::Done),
    }
}

fn report(inspection: &Inspection) -> Value {
    let owner = inspection.owner;
    let damage = inspection.damage.iter();
    json!({
        "cluster": owner.map(|owner| owner.cluster),
        "node": owner.map(|owner| name(owner.identity.seat)),
        "incarnation": owner.map(|owner| owner.identity.incarnation.0),
        "term": inspection.hard_state.term.0,
        "vote": inspection.hard_state.vote.map(name),
        "first": inspection.first.map(position),
        "last": inspection.last.map(position),
        "snapshot": inspection.snapshot.map(position),
        "snapshots": inspection.snapshots.iter().map(snapshot).collect::<Vec<_>>(),
        "segments": inspection.segments,
        "writes": inspection.batches,
        "bytes": inspection.bytes,
        "torn_bytes": inspection.torn_bytes,
        "damage": damage.collect::<Vec<_>>(),
    })
}

fn snapshot(found: &SnapshotInspection) -> Value {
    json!({
        "file": found.file,
        "position": found.header.map(|header| position(header.snapshot.position)),
        "bytes": found.header.map(|header| header.snapshot.bytes),
        "damage": found.damage,
    })
}

fn position(position: Position) -> Value {
    json!({ "index": position.index.0, "term": position.term.0 })
}
