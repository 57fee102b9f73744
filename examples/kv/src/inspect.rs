use std::io::{Write, stdout};
use std::path::Path;

use quorate::founding::Record;
use quorate::{Incarnation, Position, Roster, Seats};
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
        "node": owner.map(|owner| name(owner.seat)),
        "members": members(inspection),
        "life": inspection.record.and_then(life),
        "term": inspection.hard_state.term.0,
        "vote": inspection.hard_state.vote.map(|vote| name(vote.seat)),
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

/// Who takes part, by the last configuration that the directory knows to be committed: how, and where.
fn members(inspection: &Inspection) -> Value {
    let settled = inspection.settled.as_ref();
    let roster = settled.and_then(|settled| Roster::parse(&settled.roster));
    let founders = match inspection.record {
        Some(Record::Complete(charter) | Record::Joined(charter, _)) => Some(charter.members),
        Some(Record::Prepared(_)) | None => None,
    };
    let Some(members) = roster.map(|roster| roster.members()).or(founders) else { return Value::Null };
    let list = |seats: Seats| seats.iter().map(name).collect::<Vec<_>>();
    let known = roster.iter().flat_map(Roster::occupants).filter_map(|(seat, occupant)| {
        let address = quorate_smol::address(occupant.address)?;
        Some((name(seat), Value::from(address.to_string())))
    });
    json!({
        "since": settled.map_or(0, |settled| settled.since.0),
        "voters": list(members.voters),
        "outgoing": list(members.outgoing),
        "learners": list(members.learners),
        "addresses": known.collect::<serde_json::Map<_, _>>(),
    })
}

/// Which life of the node's store it is, if it is part of a cluster.
fn life(record: Record) -> Option<String> {
    match record {
        Record::Prepared(_) => None,
        Record::Complete(_) => Some(Incarnation::FOUNDER.to_string()),
        Record::Joined(_, incarnation) => Some(incarnation.to_string()),
    }
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
