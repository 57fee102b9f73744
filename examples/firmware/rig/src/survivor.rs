use std::path::Path;
use std::{fmt, fs, io};

use lamps::{CLIENTS, FLASH_BYTES, LAYOUT, Lamps, SEATS};
use quorate::{Founding, Incarnation, Index, Members, Owner, Position, Seats};
use quorate_disk::DiskError;
use quorate_serial::Memory;
use quorate_smol::ServeError;

use crate::Failure;
use crate::board::hold;
use crate::image::Image;

/// What a machine holds that is not to run again.
pub(crate) struct Survivor {
    /// Where.
    place: String,
    pub(crate) owner: Owner,
    identity: (Founding, Incarnation),
    members: Members,
    pub(crate) last: Position,
    recency: Position,
    committed: Index,
    damaged: Option<String>,
    lamps: Lamps,
    sessions: usize,
    /// The lamps and the sessions, as a snapshot holds them on every machine.
    pub(crate) state: Vec<u8>,
}

impl Survivor {
    /// Reads a board's flash or a host's directory, and changes nothing.
    pub(crate) fn read(path: &Path) -> Result<Survivor, Failure> {
        if path.is_dir() { Survivor::of_host(path) } else { Survivor::of_board(path) }
    }

    fn of_board(path: &Path) -> Result<Survivor, Failure> {
        let place = path.display().to_string();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => Failure::new(format!(
                "{place} is in use: a board runs with it. Stop that board first; the others must not run either"
            )),
            _ => Failure::new(format!("cannot read {place}: {error}")),
        };
        let _held = hold(path).map_err(failed)?;
        let image = Image::of(fs::read(path).map_err(failed)?);
        let image = image.ok_or_else(|| Failure::new(format!("{place} is no board's flash: it has another length")))?;
        // More than the board has: for the entries that a damaged snapshot covered.
        let memory = Memory { log: vec![0; 2 * FLASH_BYTES], snapshot: vec![0; FLASH_BYTES] };
        let found = quorate_serial::rescue::<_, _, _, SEATS, CLIENTS>(Lamps::default(), image, LAYOUT, memory);
        let mut found = found.map_err(|error| Failure::new(format!("{place}: {error}. Is there another survivor?")))?;
        Ok(Survivor {
            owner: found.owner(),
            identity: found.identity(),
            members: found.members(),
            last: found.last(),
            recency: found.recency(),
            committed: found.committed(),
            damaged: found.damaged().map(|position| format!("the snapshot of index {}", position.index.0)),
            lamps: *found.app(),
            sessions: found.clients(),
            state: found.state().ok_or_else(|| Failure::new("the state is too long"))?.to_vec(),
            place,
        })
    }

    fn of_host(path: &Path) -> Result<Survivor, Failure> {
        let place = path.display().to_string();
        let found = quorate_smol::rescue(path, Lamps::default(), CLIENTS).map_err(|error| match error {
            ServeError::Disk(DiskError::InUse { .. }) => Failure::new(format!(
                "{place} is in use: a host runs on it. Stop that host first; the others must not run either"
            )),
            error => Failure::new(format!("{place}: {error}. Is there another survivor?")),
        })?;
        let mut state = Vec::new();
        found.write(&mut state).map_err(Failure::new)?;
        Ok(Survivor {
            owner: found.owner(),
            identity: found.identity(),
            members: found.members(),
            last: found.last(),
            recency: found.recency(),
            committed: found.committed(),
            damaged: found.damaged().first().map(ToString::to_string),
            lamps: *found.app(),
            sessions: found.clients(),
            state,
            place,
        })
    }
}

impl fmt::Display for Survivor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Survivor { place, owner, members, last, recency, committed, lamps, sessions, .. } = self;
        let ((founding, life), me) = (self.identity, owner.seat.0 + 1);
        let (term, index) = (recency.term.0, recency.index.0);
        writeln!(f, "survivor   {place}: machine {me}, life {life}")?;
        writeln!(f, "cluster    {}, identity {founding}", owner.cluster)?;
        writeln!(f, "members    voters {}", numbers(members.voters.union(members.outgoing)))?;
        writeln!(f, "recency    term {term}, index {index}")?;
        writeln!(f, "last       index {}, term {}", last.index.0, last.term.0)?;
        writeln!(f, "state      {lamps}, {sessions} sessions")?;
        if let Some(damaged) = &self.damaged {
            writeln!(f, "damaged    {damaged}; what came before it took its place")?;
        }
        writeln!(
            f,
            "complete   all that was acknowledged before term {term}, and in it up to index {index}, is in the state"
        )?;
        writeln!(f, "committed  index {}, for certain", committed.0)?;
        if last.index > *committed {
            let (first, last) = (committed.0 + 1, last.index.0);
            writeln!(
                f,
                "unsure     entries {first} to {last}: they are in the state, and may or may not have been acknowledged"
            )?;
        }
        let others = members.voters.union(members.outgoing).without(owner.seat);
        if others.is_empty() && last.index == *committed {
            return writeln!(f, "lost       nothing: machine {me} is the only voter");
        }
        let others = numbers(others);
        writeln!(
            f,
            "lost       what {others} acknowledged without {me}: in term {term} behind index {index}, and in later terms"
        )
    }
}

fn numbers(seats: Seats) -> String {
    seats.iter().map(|seat| (seat.0 + 1).to_string()).collect::<Vec<_>>().join(", ")
}
