use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use fastrand::Rng;
use quorate_tests::mutants::Mutant;

use crate::copy::Copy;

/// What looks for mistakes by itself.
const FINDERS: [&str; 2] = ["simulate --forever --patience 20 --nodes 3,5,2,4,1,7", "search --tour"];
/// Builds no more than they need.
const BUILD: &str = "build --profile finders --package quorate-tests --no-default-features --bin simulate --bin search";
/// Another copy than the tests', so that both can be at work.
const FOLDER: &str = "quorate-finders";
/// How a row says that a finder has found nothing.
const NOTHING: &str = "-";

/// Builds each mutant of the core once, lets one finder after the other look for it, and adds a row to the table.
pub(crate) fn run(mut mutants: Vec<Mutant>, table: &Path, seed: u64, seconds: u32) -> io::Result<()> {
    let known = known(table);
    mutants.retain(|mutant| mutant.file.starts_with("core/"));
    Rng::with_seed(seed).shuffle(&mut mutants);
    mutants.retain(|mutant| !known.contains(&mutant.name));
    let (copy, mut table) = (Copy::new(FOLDER)?, OpenOptions::new().create(true).append(true).open(table)?);
    for mutant in &mutants {
        let found = copy.with(mutant, || look(&copy, seconds))?.unwrap_or_else(|| "text not found |".into());
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
fn look(copy: &Copy, seconds: u32) -> io::Result<String> {
    if !copy.cargo(BUILD)?.is_fine {
        return Ok("does not build |".into());
    }
    let mut cells = [const { String::new() }; FINDERS.len()];
    for (finder, cell) in FINDERS.into_iter().zip(&mut cells) {
        let found = copy.find(finder, seconds)?;
        *cell = found.map_or_else(|| NOTHING.into(), |taken| format!("{taken:.2}"));
        if found.is_some() {
            break;
        }
    }
    Ok(cells.join(" | "))
}
