use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{fs, io};

use lamps::{FLASH_BYTES, LAYOUT, SEATS};
use quorate::{Members, Owner, Seat, Seats, Snapshot, crc32c};
use quorate_disk::{Options, SnapshotHeader};

use crate::Failure;
use crate::board::flash_name;
use crate::image::Image;
use crate::keys::Keys;
use crate::member::host_name;
use crate::rig::{BOARDS, MIXED};
use crate::survivor::Survivor;

/// For a cluster whose majority is gone for good. If any of the flashes and disks that are missing can be brought back, bring it back
/// instead: nothing is lost then. Of several survivors, take the one of the greatest recency.
#[derive(Debug, clap::Args)]
pub struct Rescue {
    /// The flash of a board that is off, such as DIR/boards/board2.flash, or a host's directory, such as DIR/mixed/host2: it
    /// is not changed
    pub survivor: PathBuf,
    /// Make a new cluster of it here, to be started with --keep DIR, and a report of what was done
    #[arg(long, value_name = "DIR", requires = "cluster")]
    pub into: Option<PathBuf>,
    /// The new cluster's number: another one than the old cluster's, so that the old machines are not heard
    #[arg(long, value_name = "NUMBER", requires = "into")]
    pub cluster: Option<u64>,
    /// Make a board and two hosts, rather than three boards
    #[arg(long, requires = "into")]
    pub mixed: bool,
}

impl Rescue {
    /// Says what a survivor holds, and makes a new cluster of it if that is asked for.
    ///
    /// # Errors
    /// Why nothing can be made of it, or no new cluster.
    pub fn run(&self) -> Result<String, Failure> {
        let survivor = Survivor::read(&self.survivor)?;
        let (Some(into), Some(cluster)) = (&self.into, self.cluster) else {
            return Ok(format!(
                "{survivor}nothing was written: --into names a directory for a new cluster, --cluster its number\n"
            ));
        };
        if survivor.owner.cluster == cluster {
            let told =
                format!("{cluster} is the old cluster's number: name another one, so that its machines are not heard");
            return Err(Failure::new(told));
        }
        if survivor.last.index.0 == 0 {
            return Err(Failure::new(
                "the log holds no entry, so there is nothing to rescue: start with empty flashes",
            ));
        }
        let directory = into.join(if self.mixed { MIXED } else { BOARDS });
        let failed =
            |what: &Path, error: &dyn Display| Failure::new(format!("cannot write {}: {error}", what.display()));
        fs::create_dir_all(into).map_err(|error| failed(into, &error))?;
        fs::create_dir(&directory).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::new(format!("{} is there already: name another directory", directory.display()))
            }
            _ => failed(&directory, &error),
        })?;
        let command = if self.mixed { "mixed" } else { "up" };
        let told = format!(
            "{survivor}new        cluster {cluster}, in {}\nnext       start it with 'rig {command} --keep {} --cluster {cluster}'; never \
             start an old machine beside it\n",
            directory.display(),
            into.display()
        );
        let report = directory.join("rescue.txt");
        fs::write(&report, &told).map_err(|error| failed(&report, &error))?;
        let made = New { survivor: &survivor, directory: &directory, cluster };
        for seat in 0..SEATS {
            let is_board = !self.mixed || seat == 0;
            let done = if is_board { made.board(seat) } else { made.host(seat) };
            done.map_err(|error| failed(&directory, &error))?;
        }
        Keys::make(&directory)?;
        Ok(told)
    }
}

/// A cluster that is made of what a survivor holds.
struct New<'a> {
    survivor: &'a Survivor,
    directory: &'a Path,
    cluster: u64,
}

impl New<'_> {
    fn board(&self, seat: usize) -> Result<(), Box<dyn Display>> {
        let Survivor { last, state, .. } = self.survivor;
        let (mut image, mut scratch) = (Image::erased(), vec![0; FLASH_BYTES]);
        quorate_flash::restore(&mut image, LAYOUT, self.owner(seat), &mut scratch, *last, MEMBERS, state)
            .map_err(boxed)?;
        fs::write(self.directory.join(flash_name(seat)), image.bytes()).map_err(boxed)
    }

    fn host(&self, seat: usize) -> Result<(), Box<dyn Display>> {
        let Survivor { last, state, .. } = self.survivor;
        let snapshot = Snapshot { position: *last, bytes: state.len() as u64, check: crc32c(state) };
        let header = SnapshotHeader { cluster: self.cluster, members: MEMBERS, snapshot };
        let file = self.directory.join("rescued.snapshot");
        fs::write(&file, [&header.bytes()[..], state].concat()).map_err(boxed)?;
        let data_dir = self.directory.join(host_name(seat + 1));
        quorate_disk::restore(&data_dir, self.owner(seat), Options::default(), &file, MEMBERS, |_| {}).map_err(boxed)
    }

    fn owner(&self, seat: usize) -> Owner {
        Owner { cluster: self.cluster, seat: Seat(seat as u8) }
    }
}

fn boxed<E: Display + 'static>(error: E) -> Box<dyn Display> {
    Box::new(error)
}

/// All machines of the new cluster.
const MEMBERS: Members = Members::of(Seats::first(SEATS));
