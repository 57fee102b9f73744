use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use fastrand::Rng;
use quorate_tests::mutants::Mutant;

use crate::copy::Copy;

/// Where the mistakes are that are looked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Room {
    Core,
    Disk,
    Flash,
    Serial,
}

const SIMULATOR: &str = "simulate --forever --patience 20 --nodes 3,5,2,4,1,7";
/// Builds no more than the finders need.
const BUILD: &str = "build --profile finders --package quorate-tests --bin simulate";
/// Another copy than the tests', so that both can be at work.
const FOLDER: &str = "quorate-finders";
/// How a row says that a finder has found nothing.
const NOTHING: &str = "-";

impl Room {
    fn directory(self) -> &'static str {
        match self {
            Room::Core => "core/",
            Room::Disk => "adapters/disk/",
            Room::Flash => "adapters/flash/",
            Room::Serial => "adapters/serial/",
        }
    }

    /// What looks for mistakes by itself.
    fn finders(self) -> &'static [&'static str] {
        match self {
            Room::Core => &[SIMULATOR, "search --tour"],
            Room::Disk => &["hunt power", "hunt recovery", SIMULATOR],
            Room::Flash => &["hunt flash", "hunt boards"],
            Room::Serial => &["hunt boards", "hunt station"],
        }
    }

    fn build(self) -> String {
        match self {
            Room::Core => format!("{BUILD} --bin search --no-default-features"),
            Room::Disk | Room::Flash | Room::Serial => format!("{BUILD} --bin hunt"),
        }
    }
}

/// Builds each mutant of a room once, lets one finder after the other look for it, and adds a row to the table.
pub(crate) fn run(mut mutants: Vec<Mutant>, room: Room, table: &Path, seed: u64, seconds: u32) -> io::Result<()> {
    let known = known(table);
    mutants.retain(|mutant| mutant.file.starts_with(room.directory()));
    Rng::with_seed(seed).shuffle(&mut mutants);
    mutants.retain(|mutant| !known.contains(&mutant.name));
    let (copy, mut table) = (Copy::new(FOLDER)?, OpenOptions::new().create(true).append(true).open(table)?);
    for mutant in &mutants {
        let found = copy.with(mutant, || look(&copy, room, seconds))?.unwrap_or_else(|| "text not found |".into());
        writeln!(table, "| `{}` | {found} |", mutant.name)?;
        println!("{}: {found}", mutant.name);
    }
    Ok(())
}

/// The mutants of the rows that stand in a table.
fn known(table: &Path) -> HashSet<String> {
    let text = fs::read_to_string(table).unwrap_or_default();
    let names = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// How long the finders took, one after the other, until one found what is wrong; the rest is not asked.
fn look(copy: &Copy, room: Room, seconds: u32) -> io::Result<String> {
    if !copy.cargo(&room.build())?.is_fine {
        return Ok("does not build |".into());
    }
    let finders = room.finders();
    let mut cells = vec![String::new(); finders.len()];
    for (finder, cell) in finders.iter().zip(&mut cells) {
        let found = copy.find(finder, seconds)?;
        *cell = found.map_or_else(|| NOTHING.into(), |taken| format!("{taken:.2}"));
        if found.is_some() {
            break;
        }
    }
    Ok(cells.join(" | "))
}
