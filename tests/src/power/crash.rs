use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use fastrand::Rng;

use super::files::{Files, Image, Names, overwrite};

/// What a device is taken to write as a whole or not at all.
const SECTOR: usize = 512;

/// How many crash states of one moment are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most bytes at which one write is cut, beside those around the borders of its sectors.
    pub cuts: usize,
    /// The most choices of which sectors arrived, and in which version. If there are more, so many are drawn.
    pub mixes: usize,
    /// One of so many recoveries is cut off as well.
    pub recoveries: usize,
}

/// What one power cut left.
#[derive(Clone, Debug)]
pub(crate) struct Crash {
    pub(crate) image: Image,
    /// In words.
    pub(crate) story: String,
}

/// Shows every state that a power cut may leave at this moment, within the bounds, and each once.
///
/// What is synced is there. Of the writes that are not, the first few are, and perhaps a part from the front of the
/// next one; or else each sector on its own is as it was before any of them, or after one of them. Of the changes of
/// names, the first few are there.
pub(crate) fn visit<E>(
    files: &Files,
    bounds: Bounds,
    rng: &mut Rng,
    mut show: impl FnMut(Crash) -> Result<(), E>,
) -> Result<(), E> {
    let mut seen = HashSet::new();
    let namings = namings(files);
    let mut show = |contents: &[Vec<u8>], story: &dyn Fn() -> String| {
        for (changes, names) in namings.iter().enumerate() {
            let image = image(contents, names);
            if seen.insert(digest(&image)) {
                let story = format!("{}, {changes} of {} changes of names", story(), namings.len() - 1);
                show(Crash { image, story })?;
            }
        }
        Ok(())
    };
    fronts(files, bounds, rng, &mut show)?;
    mixes(files, bounds, rng, &mut show)
}

/// One state, drawn at random.
pub(crate) fn any(files: &Files, rng: &mut Rng) -> Crash {
    let mut states = Vec::new();
    let bounds = Bounds { cuts: 4, mixes: 8, recoveries: 1 };
    let Ok(()) = visit(files, bounds, rng, |crash| {
        states.push(crash);
        Ok::<(), std::convert::Infallible>(())
    });
    states.swap_remove(rng.usize(..states.len()))
}

type Show<'a, E> = &'a mut dyn FnMut(&[Vec<u8>], &dyn Fn() -> String) -> Result<(), E>;

/// The writes arrived in their order, up to some byte.
fn fronts<E>(files: &Files, bounds: Bounds, rng: &mut Rng, show: Show<'_, E>) -> Result<(), E> {
    let mut contents = files.durable.clone();
    show(&contents, &|| "nothing that was not synced".into())?;
    for (number, write) in files.pending.iter().enumerate() {
        for cut in cuts(write.bytes.len(), bounds.cuts, rng) {
            let mut torn = contents.clone();
            write.apply_front(cut, &mut torn);
            show(&torn, &|| format!("{number} writes that were not synced, and {cut} bytes of the next"))?;
        }
        write.apply(&mut contents);
        show(&contents, &|| format!("{} writes that were not synced", number + 1))?;
    }
    Ok(())
}

/// Where a write of this length is cut: around each sector's border, and in so many other places.
fn cuts(length: usize, places: usize, rng: &mut Rng) -> Vec<usize> {
    if places >= length {
        return (1..length).collect();
    }
    let borders = (0..=length).step_by(SECTOR).flat_map(|border| border.saturating_sub(1)..=border + 1);
    let mut cuts: Vec<usize> = borders.chain((0..places).map(|_| rng.usize(..length))).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.retain(|cut| (1..length).contains(cut));
    cuts
}

/// A sector of a file that some writes have changed.
struct Sector {
    file: usize,
    offset: usize,
    /// What stood or stands there: before any of the writes, and after each that touched it.
    versions: Vec<Vec<u8>>,
}

/// Each sector arrived in some version, whatever the others did.
fn mixes<E>(files: &Files, bounds: Bounds, rng: &mut Rng, show: Show<'_, E>) -> Result<(), E> {
    let sectors = sectors(files);
    let count = sectors.iter().try_fold(1_usize, |count, sector| count.checked_mul(sector.versions.len()));
    let is_all = count.is_some_and(|count| count <= bounds.mixes);
    for number in 0..count.filter(|_| is_all).unwrap_or(bounds.mixes) {
        let mut rest = number;
        let mut contents = files.durable.clone();
        for sector in &sectors {
            let versions = sector.versions.len();
            let version = if is_all { rest % versions } else { rng.usize(..versions) };
            rest /= versions;
            if version > 0 {
                overwrite(&mut contents[sector.file], sector.offset, &sector.versions[version]);
            }
        }
        show(&contents, &|| format!("mix {number} of the {} sectors that were not synced", sectors.len()))?;
    }
    Ok(())
}

fn sectors(files: &Files) -> Vec<Sector> {
    let mut sectors: Vec<Sector> = Vec::new();
    let mut contents = files.durable.clone();
    for write in &files.pending {
        write.apply(&mut contents);
        for offset in (write.offset / SECTOR * SECTOR..write.end()).step_by(SECTOR) {
            let read = |contents: &[Vec<u8>]| {
                let file = &contents[write.file];
                file[offset.min(file.len())..(offset + SECTOR).min(file.len())].to_vec()
            };
            let known = sectors.iter().position(|sector| (sector.file, sector.offset) == (write.file, offset));
            let place = known.unwrap_or_else(|| {
                sectors.push(Sector { file: write.file, offset, versions: vec![read(&files.durable)] });
                sectors.len() - 1
            });
            sectors[place].versions.push(read(&contents));
        }
    }
    sectors
}

/// The names as they may be: with none, one, and so on of the changes that were not synced.
fn namings(files: &Files) -> Vec<Names> {
    let mut namings = vec![files.names.clone()];
    for change in &files.pending_names {
        let mut names = namings[namings.len() - 1].clone();
        change.apply(&mut names);
        namings.push(names);
    }
    namings
}

fn image(contents: &[Vec<u8>], names: &Names) -> Image {
    names.iter().map(|(name, file)| (name.clone(), contents[*file].clone())).collect()
}

fn digest(image: &Image) -> u64 {
    let mut hasher = DefaultHasher::new();
    image.hash(&mut hasher);
    hasher.finish()
}
