mod report;

use std::fs::File;
use std::io::{self, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use quorate::{BootError, Members, Seats, Snapshot};
use quorate_disk::{DiskError, SnapshotHeader};
use quorate_smol::{ServeError, ServerConfig};

use self::report::{Made, Report};
use super::draft::Draft;
use crate::command_line::Rescue;
use crate::exit::{Exit, Failure};
use crate::serve::disk_exit;
use crate::store::Store;

/// What a survivor's directory holds.
type Survivor = quorate_smol::Rescue<Store>;

/// Says what a survivor's directory holds, and saves that for a new cluster if it is asked for.
///
/// # Errors
/// Why nothing can be made of the directory, or no file.
pub(crate) fn rescue(args: &Rescue) -> Result<Exit, Failure> {
    let directory = &args.directory;
    let found = quorate_smol::rescue(directory, Store::default(), ServerConfig::CLIENTS_MAX);
    let survivor = found.map_err(|error| unusable(directory, error))?;
    let report = Report { directory, survivor: &survivor };
    let (Some(file), Some(cluster)) = (&args.into, args.cluster) else {
        print(args, &report, None)?;
        eprintln!(
            "nothing was written: to make a new cluster of it, name a file with --into, and its number with --cluster"
        );
        return Ok(Exit::Done);
    };
    check(&survivor, cluster)?;
    let members = match args.members.as_slice() {
        [] => survivor.members().voters,
        named => named.iter().copied().collect(),
    };
    let (draft, snapshot) = save(&survivor, Draft::create(file, args.force)?, cluster, members)?;
    let made = Made { file, snapshot, cluster, members, are_named: !args.members.is_empty() };
    let (beside, text) = (beside(file), format!("{}{report}{made}", report::heading()));
    write_down(&beside, args.force, &text).map_err(|error| unwritten(&beside, &error))?;
    draft.keep()?;
    print(args, &report, Some(&made))?;
    Ok(Exit::Done)
}

/// Says what the survivor holds, and what was made of it.
fn print(args: &Rescue, report: &Report<'_>, made: Option<&Made<'_>>) -> io::Result<()> {
    match (args.json, made) {
        (true, _) => writeln!(stdout(), "{:#}", report.json(made)),
        (false, Some(made)) => write!(stdout(), "{report}{made}"),
        (false, None) => write!(stdout(), "{report}"),
    }
}

/// Refuses what no new cluster can be made of.
fn check(survivor: &Survivor, cluster: u64) -> Result<(), Failure> {
    if survivor.last().index.0 == 0 {
        let message =
            "the log holds no entry, so there is nothing to rescue: found a new cluster, with empty directories";
        return Err(Failure::new(Exit::Failed, message));
    }
    if survivor.owner().cluster == cluster {
        let message = format!(
            "--cluster: {cluster} is the old cluster's number. Name another one, so that its nodes are not heard"
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(())
}

/// Writes all of the state to a file that is yet to get its name.
fn save<'a>(
    survivor: &Survivor,
    mut draft: Draft<'a>,
    cluster: u64,
    members: Seats,
) -> Result<(Draft<'a>, Snapshot), Failure> {
    let snapshot = Snapshot { position: survivor.last(), bytes: 0, check: 0 };
    let mut header = SnapshotHeader { cluster, members: Members::of(members), snapshot };
    draft.begin(&header)?;
    let mut out = BufWriter::new(&mut draft);
    let written = survivor.write(&mut out).and_then(|()| out.flush());
    drop(out);
    written.map_err(|error| draft.unwritable(&error))?;
    header.snapshot = Snapshot { bytes: draft.bytes(), check: draft.check(), ..snapshot };
    draft.head(&header)?;
    Ok((draft, header.snapshot))
}

/// Where it is written down what was done.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push(".txt");
    name.into()
}

fn write_down(path: &Path, replaces: bool, text: &str) -> io::Result<()> {
    let mut file = if replaces { File::create(path) } else { File::create_new(path) }?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let message = format!(
        "cannot write {}, which says what was done: {error}. Nothing was done. Name another file with --into, use --force, \
         or check the directory",
        path.display()
    );
    let exit = if error.kind() == io::ErrorKind::AlreadyExists { Exit::Usage } else { Exit::of_file(error) };
    Failure::new(exit, message)
}

/// Why a directory is of no use, and what to do then.
fn unusable(directory: &Path, error: ServeError) -> Failure {
    let at = directory.display();
    match error {
        ServeError::Disk(DiskError::Damaged(damage)) => Failure::new(
            Exit::Damaged,
            format_args!(
                "{damage}. Rescue another survivor. If there is none, the latest whole snapshot in {at} is a backup, which \
                 `quorate-kv snapshot restore` takes"
            ),
        ),
        ServeError::Disk(error @ DiskError::InUse { .. }) => Failure::new(
            disk_exit(&error),
            format_args!("{at} is in use: a node runs on it. Stop that node first; the others must not run either"),
        ),
        ServeError::Disk(DiskError::Inaccessible { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Failure::new(Exit::Usage, format_args!("there is no directory {at}: check its name"))
        }
        ServeError::Disk(error) => Failure::new(disk_exit(&error), error),
        ServeError::Boot(BootError::NoMember) => Failure::new(
            Exit::Failed,
            format_args!("{at} holds no data of a member of a cluster: name a node's own directory"),
        ),
        error @ (ServeError::Boot(_) | ServeError::SnapshotLost { .. }) => Failure::new(Exit::Damaged, error),
        error => Failure::new(Exit::LaterVersion, error),
    }
}
