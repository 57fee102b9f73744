use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use quorate::{Role, Seat, Snapshot};
use quorate_disk::SnapshotHeader;
use quorate_smol::{ClientError, Reason};

use super::draft::Draft;
use super::source::Source;
use super::{outline, progress};
use crate::command_line::{STATUS_TIMEOUT, SaveSnapshot};
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::layout::{Layout, name};
use crate::request::RequestError;

/// How often a snapshot is begun that the node gives up for later ones.
const TRIES: u32 = 5;

/// Saves a snapshot of a node to a file.
///
/// # Errors
/// Why there is none. No file was made then.
pub(crate) async fn save(args: &SaveSnapshot, layout: &Layout, timeout: Duration) -> Result<Exit, Failure> {
    let mut draft = Draft::create(&args.file, args.force)?;
    let seat = match args.node {
        Some(seat) => seat,
        None => choose(layout, timeout).await?,
    };
    let node = name(seat);
    if !layout.members.contains_key(&seat) {
        let message = format!("--node: {node} is not among the nodes: say where it is with --peer");
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut source = Source::new(layout, seat, timeout).await?;
    for _ in 0..TRIES {
        let bar = progress::bar(format!("{node} takes a snapshot"), 0);
        bar.tick();
        let (snapshot, members) = source.take().await.map_err(|error| untaken(&node, error))?;
        draft.begin(&SnapshotHeader { cluster: layout.cluster.0, members, snapshot })?;
        bar.reset();
        bar.set_message(format!("saving from {node}"));
        bar.set_length(snapshot.bytes);
        if fetch(&mut source, snapshot, &mut draft, &bar).await? {
            if draft.check() != snapshot.check {
                let message = format!(
                    "what {node} sent does not match its checksum: the node's own file is damaged. Ask another one with --node"
                );
                return Err(Failure::new(Exit::Damaged, message));
            }
            draft.keep()?;
            drop(bar);
            writeln!(stdout(), "saved {}: {}", args.file.display(), outline(snapshot))?;
            return Ok(Exit::Done);
        }
        drop(bar);
        eprintln!("{node} has taken two later snapshots meanwhile: beginning with the latest");
    }
    let message = format!(
        "{node} took two later snapshots each time before one was here. Ask when less is written, a node that is nearer, or \
         give the nodes a larger --log-size"
    );
    Err(Failure::new(Exit::Failed, message))
}

/// Appends all of a snapshot. Whether the node has kept it for so long.
async fn fetch(
    source: &mut Source,
    snapshot: Snapshot,
    draft: &mut Draft<'_>,
    bar: &ProgressBar,
) -> Result<bool, Failure> {
    let mut offset = 0;
    while offset < snapshot.bytes {
        match source.fetch(snapshot, offset).await {
            Ok(bytes) => {
                draft.append(&bytes)?;
                offset += bytes.len() as u64;
                bar.set_position(offset);
            }
            Err(ClientError::Refused(Reason::NoSnapshot)) => return Ok(false),
            Err(error) => return Err(RequestError::from(error).into()),
        }
    }
    Ok(true)
}

/// The leader, or whichever has applied most of those that are reached.
async fn choose(layout: &Layout, timeout: Duration) -> Result<Seat, Failure> {
    let started = Instant::now();
    let connection = Connection::new(layout.clone(), timeout.min(STATUS_TIMEOUT)).await?;
    let statuses = connection.statuses().await;
    let reached = statuses.iter().filter_map(|node| node.status.as_ref().ok());
    let best = reached.max_by_key(|status| (status.role == Role::Leader, status.term, status.applied));
    let Some(best) = best else {
        let silent = layout.members.keys().copied().collect();
        return Err(RequestError::from(ClientError::Unreachable { silent, waited: started.elapsed() }).into());
    };
    if best.role != Role::Leader {
        eprintln!("no node leads: asking {}, which may lag behind", name(best.seat));
    }
    Ok(best.seat)
}

fn untaken(node: &str, error: ClientError) -> Failure {
    match error {
        ClientError::Refused(Reason::NoSnapshot) => {
            let message = format!(
                "{node} has no snapshot to give: it has applied nothing yet, or cannot write one, which its standard error \
                 tells. Ask another one with --node"
            );
            Failure::new(Exit::Failed, message)
        }
        error => RequestError::from(error).into(),
    }
}
